// The buffer's exact accounting against a slow oracle that plays millisecond by millisecond.

import PlayerModel
import SimEngine
import Testing

/// Plays one millisecond at a time; every figure is a count of milliseconds.
private struct TickingBuffer {
  var level = 0
  var played = 0
  var stalled = 0
  var stalls = 0
  var startup = 0
  var hasStarted = false
  var isStalled = false
  var isOver = false
  var holdsEnd = false
  let start: Int
  let resume: Int

  init(start: Int, resume: Int) {
    self.start = start
    self.resume = resume
  }

  mutating func tick() {
    if isOver { return }
    if !hasStarted {
      startup += 1
      return
    }
    if isStalled {
      stalled += 1
      return
    }
    if level > 0 {
      level -= 1
      played += 1
      if level == 0, holdsEnd { isOver = true }
    } else {
      isStalled = true
      stalls += 1
      stalled += 1
    }
  }

  mutating func arrive(_ duration: Int, isLast: Bool) {
    level += duration
    if isLast { holdsEnd = true }
    if !hasStarted, level >= start || isLast { hasStarted = true }
    if isStalled, level >= resume || isLast { isStalled = false }
  }
}

@Suite struct PlaybackBufferTests {
  private func time(_ ms: Int) -> SimTime { SimTime(nanoseconds: Int64(ms) * 1_000_000) }
  private func span(_ ms: Int) -> SimDuration { .milliseconds(Int64(ms)) }

  @Test("startup, stalls and play time agree with an oracle that plays millisecond by millisecond", arguments: 0..<200)
  func agreesWithTicks(seed: Int) {
    var random = RandomStream(
      StreamKey(seed: UInt64(seed), replication: 0, entity: "buffer", purpose: "property"))
    let start = random.below(3000)
    let resume = random.below(3000)
    var oracle = TickingBuffer(start: start, resume: resume)
    var buffer = PlaybackBuffer(at: .zero, startThreshold: span(start), resumeThreshold: span(resume))
    var now = 0
    let segments = 1 + random.below(20)
    for index in 0..<segments {
      let gap = random.below(4000)
      for _ in 0..<gap { oracle.tick() }
      now += gap
      if random.below(2) == 0 { buffer.advance(to: time(now)) }
      #expect(buffer.level(at: time(now)) == span(oracle.level))
      #expect(buffer.playTime(at: time(now)) == span(oracle.played))
      #expect(buffer.stallTime(at: time(now)) == span(oracle.stalled))
      let duration = 1 + random.below(4000)
      let isLast = index == segments - 1
      oracle.arrive(duration, isLast: isLast)
      buffer.segmentArrived(duration: span(duration), at: time(now), isLast: isLast)
      #expect(buffer.playhead(at: time(now)) <= buffer.downloaded)
      #expect(buffer.startupDelay == (oracle.hasStarted ? span(oracle.startup) : nil))
    }
    for _ in 0..<100_000 { oracle.tick() }
    now += 100_000
    #expect(buffer.phase(at: time(now)) == .ended)
    #expect(oracle.isOver)
    buffer.leave(at: time(now))
    #expect(buffer.playTime(at: time(now)) == span(oracle.played))
    #expect(buffer.stallTime(at: time(now)) == span(oracle.stalled))
    #expect(buffer.stallCount(at: time(now)) == oracle.stalls)
  }

  @Test("a segment that arrives at the very instant the buffer runs dry causes no stall")
  func arrivalAtDryTime() {
    var buffer = PlaybackBuffer(at: .zero, startThreshold: .zero, resumeThreshold: .zero)
    buffer.segmentArrived(duration: span(4000), at: time(100))
    #expect(buffer.dryTime == time(4100))
    buffer.segmentArrived(duration: span(4000), at: time(4100))
    #expect(buffer.stallCount(at: time(4100)) == 0)
    #expect(buffer.level(at: time(4100)) == span(4000))
  }

  @Test("a stall is booked at the instant the buffer ran dry, however late it is noticed")
  func retroactiveStall() {
    var buffer = PlaybackBuffer(at: .zero, startThreshold: .zero, resumeThreshold: span(2000))
    let transition1 = buffer.segmentArrived(duration: span(1000), at: time(500))
    #expect(transition1 == .started(after: span(500)))
    #expect(buffer.stallTime(at: time(2000)) == span(500))
    let dry2 = buffer.advance(to: time(2500))
    #expect(dry2 == time(1500))
    let transition3 = buffer.segmentArrived(duration: span(1000), at: time(3000))
    #expect(transition3 == .none)
    let transition4 = buffer.segmentArrived(duration: span(1000), at: time(3500))
    #expect(transition4 == .resumed(stallBegan: time(1500)))
    #expect(buffer.stallTime(at: time(3500)) == span(2000))
    #expect(buffer.level(at: time(3500)) == span(2000))
  }

  @Test("a jump outside the buffer empties it and its wait is no stall; a jump inside plays on at once")
  func jumps() {
    var buffer = PlaybackBuffer(at: .zero, startThreshold: .zero, resumeThreshold: .zero)
    buffer.segmentArrived(duration: span(4000), at: time(0))
    let isBuffered5 = buffer.seek(to: span(3000), at: time(1000))
    #expect(isBuffered5)
    #expect(buffer.level(at: time(1000)) == span(1000))
    let isBuffered6 = buffer.seek(to: span(60_000), at: time(1500))
    #expect(!isBuffered6)
    #expect(buffer.phase(at: time(9000)) == .seeking)
    let transition7 = buffer.segmentArrived(duration: span(4000), at: time(9000))
    #expect(transition7 == .sought(began: time(1500)))
    #expect(buffer.stallTime(at: time(10_000)) == .zero)
    #expect(buffer.playTime(at: time(10_000)) == span(2500))
    #expect(buffer.playhead(at: time(10_000)) == span(61_000))
  }

  @Test(
    "a paused session neither plays nor stalls, and a viewer who leaves before the first frame has no startup delay")
  func pauseAndLeave() {
    var buffer = PlaybackBuffer(at: .zero, startThreshold: .zero, resumeThreshold: .zero)
    let isPaused8 = buffer.pause(at: time(10))
    #expect(!isPaused8)
    buffer.segmentArrived(duration: span(1000), at: time(100))
    let isPaused9 = buffer.pause(at: time(600))
    #expect(isPaused9)
    #expect(buffer.level(at: time(50_000)) == span(500))
    buffer.resume(at: time(50_000))
    #expect(buffer.dryTime == time(50_500))
    buffer.leave(at: time(51_000))
    #expect(buffer.stallTime(at: time(51_000)) == span(500))
    #expect(buffer.playTime(at: time(51_000)) == span(1000))

    var impatient = PlaybackBuffer(at: time(7), startThreshold: .zero, resumeThreshold: .zero)
    impatient.leave(at: time(9))
    #expect(impatient.startupDelay == nil)
    #expect(impatient.phase(at: time(9)) == .ended)
  }
}
