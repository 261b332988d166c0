// A session of the simulator's own player over a recorded network, with its log.

internal import SimEngine

/// One request of a platform session.
struct TraceRequest {
  var segment: Int
  var quality: Int
  var sentAt: SimTime
  var firstByteAt: SimTime
  var endedAt: SimTime
  var level: SimDuration
  var sizeBytes: Int64
  var receivedBytes: Int64
  var abandonTo: Int?
  var cmcd: CMCD
}

/// Drives a `SegmentPlayer` over a `NetworkSource` and keeps the log that quality figures are folded from.
///
/// Clean where Sabre has quirks: an abandoned request is followed by one for its target, every rule hears of jumps, and a
/// stall counts whenever the buffer runs dry during play.
struct TraceSession<Network: NetworkSource> {
  private var network: Network
  private var player: SegmentPlayer
  private let settings: PlayerSettings
  private let title: TitleView
  private let abandons: Bool
  private var seekPending: SabreOptions.Seek?
  private var now = SimTime.zero
  private var hasStarved = false

  private(set) var requests: [TraceRequest] = []
  private(set) var log = [SessionRecord(.playRequested, at: .zero)]
  /// Bitrates of the buffered segments that have not begun to play, and where they begin.
  private var upcoming: [(start: SimDuration, kbps: Double)] = []
  private var nextUpcoming = 0
  /// A point at which the playhead was known while playing.
  private var playing: (since: SimTime, playhead: SimDuration)?

  /// A progress report is due after this time and this many bits, whichever takes longer.
  private static var leastSliceMs: Double { 50 }
  private static var leastSliceBits: Double { 12_000 }

  init(
    network: Network, settings: PlayerSettings, title: TitleView, abandons: Bool, seek: SabreOptions.Seek?
  ) {
    self.network = network
    self.settings = settings
    self.title = title
    self.abandons = abandons
    seekPending = seek
    player = SegmentPlayer(at: .zero, settings: settings, title: title)
  }

  /// Plays to the end.
  ///
  /// Answers the session value after its last frame, and when that was.
  mutating func run() -> (player: SegmentPlayer, end: SimTime) {
    session: while true {
      seekIfDue()
      switch player.nextRequest(at: now, settings: settings, title: title) {
      case .nothing: break session
      case .wait(let until): pass(until: until)
      case .request(let segment, let quality, let sendAt):
        if sendAt > now { pass(until: sendAt) }
        var target: Int? = quality
        while let quality = target { target = request(segment, quality) }
      }
    }
    if let dry = player.buffer.dryTime, dry > now { now = dry }
    settle()
    player.leave(at: now, title: title)
    log.append(SessionRecord(.ended, at: now))
    return (player, now)
  }

  private mutating func pass(until: SimTime) {
    network.wait(ms: (until - now).milliseconds)
    synchronise(atLeast: until)
  }

  /// Reads the network's clock; waits are never cut short by its rounding.
  private mutating func synchronise(atLeast time: SimTime) {
    now = max(time, SimTime(nanoseconds: Int64((network.clockMs * 1e6).rounded())))
  }

  private mutating func seekIfDue() {
    guard let seek = seekPending, player.buffer.playhead(at: now) >= .seconds(seek.whenSeconds) else { return }
    seekPending = nil
    settle()
    let target = min(SimDuration.seconds(seek.toSeconds), title.duration - .nanoseconds(1))
    guard player.seek(to: target, at: now, title: title) else {
      // Inside the buffer: what lies between is skipped.
      let playhead = player.buffer.playhead(at: now)
      while nextUpcoming + 1 < upcoming.count, upcoming[nextUpcoming + 1].start <= playhead { nextUpcoming += 1 }
      playing = playing.map { _ in (now, playhead) }
      return
    }
    if player.buffer.hasStarted { log.append(SessionRecord(.seekBegan, at: now)) }
    upcoming.removeAll(keepingCapacity: true)
    nextUpcoming = 0
    playing = nil
  }

  /// Requests a segment.
  ///
  /// Answers the quality to request instead if it was abandoned.
  private mutating func request(_ segment: Int, _ quality: Int) -> Int? {
    let sizeBytes = title.bytes(segment: segment, quality: quality)
    let sizeBits = Double(sizeBytes) * 8
    let sentAt = now
    let level = player.buffer.level(at: now)
    let cmcd = player.cmcd(segment: segment, quality: quality, at: now, hasStarved: hasStarved, title: title)
    hasStarved = false
    let firstByteMs = network.firstByte()
    synchronise(atLeast: sentAt)
    let firstByteAt = now
    var received = 0.0
    var leastMs = Self.leastSliceMs - firstByteMs
    var abandonTo: Int?
    while received < sizeBits, abandonTo == nil {
      let slice = network.receive(bits: sizeBits - received, leastBits: Self.leastSliceBits, leastMs: leastMs)
      leastMs = Self.leastSliceMs
      received += slice.bits
      synchronise(atLeast: now)
      // A remainder below a bit is rounding.
      if sizeBits - received < 1 { received = sizeBits }
      guard abandons, received < sizeBits else { continue }
      let transfer = SegmentTransfer(
        segment: segment, quality: quality, requestedAt: sentAt, firstByteAt: firstByteAt,
        receivedBytes: Int64(received / 8))
      abandonTo = player.considerAbandon(transfer, at: now, title: title)
    }
    settle()
    let transfer = SegmentTransfer(
      segment: segment, quality: quality, requestedAt: sentAt, firstByteAt: firstByteAt,
      receivedBytes: Int64((received / 8).rounded()))
    if let abandonTo {
      player.abandoned(transfer, target: abandonTo, at: now, title: title)
    } else {
      upcoming.append((player.buffer.downloaded, title.ladder.bitrateKbps(quality)))
      note(player.completed(transfer, at: now, title: title))
    }
    requests.append(
      TraceRequest(
        segment: segment, quality: quality, sentAt: sentAt, firstByteAt: firstByteAt, endedAt: now, level: level,
        sizeBytes: sizeBytes, receivedBytes: transfer.receivedBytes, abandonTo: abandonTo, cmcd: cmcd))
    return abandonTo
  }

  /// Logs the segments that began and the stall that began up to now.
  private mutating func settle() {
    logSegments(until: player.buffer.playhead(at: now))
    let dry = player.buffer.advance(now)
    player.settle(at: now, title)
    guard let dry, player.buffer.phase(at: now) == .stalled else { return }
    hasStarved = true
    playing = nil
    log.append(SessionRecord(.stallBegan, at: dry))
  }

  private mutating func note(_ transition: PlaybackBuffer.Transition) {
    switch transition {
    case .none: return
    case .started: log.append(SessionRecord(.firstFrame, at: now))
    case .resumed: log.append(SessionRecord(.stallEnded, at: now))
    case .sought: log.append(SessionRecord(.seekEnded, at: now))
    }
    playing = (now, player.buffer.playhead(at: now))
    logSegments(until: player.buffer.playhead(at: now) + .nanoseconds(1))
  }

  /// Logs the segments that begin before the playhead gets to `playhead`.
  private mutating func logSegments(until playhead: SimDuration) {
    guard let playing else { return }
    while nextUpcoming < upcoming.count, upcoming[nextUpcoming].start < playhead {
      let segment = upcoming[nextUpcoming]
      let time = playing.since + max(.zero, segment.start - playing.playhead)
      log.append(SessionRecord(.segmentStarted(kbps: segment.kbps), at: time))
      nextUpcoming += 1
    }
  }
}

extension PlaybackBuffer {
  /// When the buffer ran dry before `time`, without booking it.
  fileprivate func advance(_ time: SimTime) -> SimTime? {
    var copy = self
    return copy.advance(to: time)
  }
}
