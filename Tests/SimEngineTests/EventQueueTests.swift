import SimEngine
import Testing

@Suite struct EventQueueTests {
  @Test(
    "events leave in the order of a sorted array, whatever is scheduled, cancelled or peeked at",
    arguments: QueueBacking.allCases, DelayShape.allCases)
  func agreesWithSortedArray(backing: QueueBacking, shape: DelayShape) {
    for seed in 0..<40 as Range<UInt64> {
      var stream = RandomStream(StreamKey(seed: seed, replication: 0, entity: "queue", purpose: shape.rawValue))
      let queue = QueueUnderTest(backing: backing)
      var oracle = SortedArrayOracle()
      var handles: [(id: UInt64, handle: EventHandle)] = []
      var nextID: UInt64 = 0
      // Some seeds fill up, some drain, some cancel nearly everything.
      let growth = 0.3 + 0.3 * stream.uniform()
      let cancels = stream.chance(0.3) ? 0.5 : 0.1
      for step in 0..<1500 {
        let action = stream.uniform()
        if action < growth {
          let time = queue.now + .nanoseconds(shape.draw(&stream))
          if stream.chance(0.5) {
            handles.append((nextID, queue.scheduleCancellable(nextID, at: time)))
          } else {
            queue.schedule(nextID, at: time)
          }
          oracle.schedule(nextID, at: time.nanoseconds)
          nextID += 1
        } else if action < growth + (1 - growth) * cancels {
          // Old handles stay in the list: cancelling twice, or after delivery, must do nothing.
          guard !handles.isEmpty else { continue }
          let (id, handle) = handles[stream.below(handles.count)]
          #expect(queue.isPending(handle) == oracle.pending.contains { $0.id == id })
          #expect(queue.cancel(handle) == oracle.cancel(id), "step \(step) of seed \(seed)")
        } else if action < growth + (1 - growth) * (cancels + 0.1) {
          #expect(queue.nextTime()?.nanoseconds == oracle.earliest?.time)
        } else {
          let limit = queue.now + .nanoseconds(shape.draw(&stream))
          let strict = stream.chance(0.5)
          let event = strict ? queue.popNext(before: limit) : queue.popNext(through: limit)
          let expected = oracle.popNext(through: strict ? limit.nanoseconds - 1 : limit.nanoseconds)
          #expect(event == expected, "step \(step) of seed \(seed)")
        }
        #expect(queue.count == oracle.pending.count)
        #expect(queue.isEmpty == oracle.pending.isEmpty)
        #expect(queue.now.nanoseconds == oracle.now)
      }
      while let expected = oracle.popNext(through: .max) {
        #expect(queue.popNext(through: .distantFuture) == expected)
        #expect(queue.now.nanoseconds == oracle.now)
      }
      #expect(queue.popNext(through: .distantFuture) == nil)
    }
  }

  @Test("many thousand events drain in order of time, first in first out", arguments: QueueBacking.allCases)
  func drainsInOrder(backing: QueueBacking) {
    var stream = RandomStream(StreamKey(seed: 7, replication: 0, entity: "queue", purpose: "drain"))
    let queue = QueueUnderTest(backing: backing)
    var times: [Int64] = []
    for id in 0..<20_000 as Range<UInt64> {
      let time = Int64(stream.below(5_000)) * 1_000_003
      times.append(time)
      queue.schedule(id, at: SimTime(nanoseconds: time))
    }
    let order = times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
    for expected in order { #expect(queue.popNext(before: .distantFuture) == UInt64(expected)) }
    #expect(queue.isEmpty)
  }

  @Test("a cancelled event never moves the clock", arguments: QueueBacking.allCases)
  func cancelledEventLeavesTheClock(backing: QueueBacking) {
    let queue = QueueUnderTest(backing: backing)
    let first = queue.scheduleCancellable(1, at: .seconds(1))
    queue.schedule(2, at: .seconds(3))
    #expect(queue.cancel(first))
    #expect(queue.popNext(before: .seconds(2)) == nil)
    #expect(queue.now == .zero)
    #expect(queue.nextTime() == .seconds(3))
    // The clock did not pass the cancelled event, so an earlier one may still come.
    queue.schedule(3, at: .seconds(0.5))
    #expect(queue.popNext(before: .seconds(10)) == 3)
    #expect(queue.now == .seconds(0.5))
  }

  @Test("an event due now can still be cancelled", arguments: QueueBacking.allCases)
  func cancelsEventDueNow(backing: QueueBacking) {
    let queue = QueueUnderTest(backing: backing)
    queue.schedule(1, at: .seconds(1))
    #expect(queue.popNext(through: .seconds(1)) == 1)
    let due = queue.scheduleCancellable(2, after: .zero)
    queue.schedule(3, after: .zero)
    #expect(queue.cancel(due))
    #expect(!queue.cancel(due))
    #expect(queue.popNext(through: .seconds(1)) == 3)
    #expect(queue.popNext(through: .distantFuture) == nil)
  }

  @Test("a handle of a delivered event cancels nothing, even when its slot is in use again")
  func staleHandlesMatchNothing() {
    let queue = QueueUnderTest()
    let first = queue.scheduleCancellable(1, at: .seconds(1))
    #expect(queue.popNext(through: .seconds(1)) == 1)
    let second = queue.scheduleCancellable(2, at: .seconds(2))
    #expect(!queue.cancel(first))
    #expect(queue.isPending(second))
    #expect(!queue.cancel(.none))
    #expect(queue.popNext(through: .seconds(2)) == 2)
  }

  @Test("popNext(before:) is strict and popNext(through:) is not", arguments: QueueBacking.allCases)
  func limitsAreAsNamed(backing: QueueBacking) {
    let queue = QueueUnderTest(backing: backing)
    queue.schedule(1, at: .seconds(1))
    #expect(queue.popNext(before: .zero) == nil)
    #expect(queue.popNext(before: .seconds(1)) == nil)
    #expect(queue.now == .zero)
    #expect(queue.popNext(through: .seconds(1)) == 1)
    #expect(queue.now == .seconds(1))
    queue.schedule(2, at: .distantFuture)
    #expect(queue.popNext(before: .distantFuture) == nil)
    #expect(queue.popNext(through: .distantFuture) == 2)
  }

  @Test("peeking far ahead leaves room for earlier events", arguments: QueueBacking.allCases)
  func peekingDoesNotMoveThePivot(backing: QueueBacking) {
    let queue = QueueUnderTest(backing: backing)
    queue.schedule(100, at: .seconds(1000))
    for id in 0..<50 as Range<UInt64> {
      #expect(queue.nextTime() == .seconds(1000))
      #expect(queue.popNext(before: .seconds(999)) == nil)
      queue.schedule(id, after: .milliseconds(1))
      #expect(queue.popNext(before: .seconds(999)) == id)
    }
    #expect(queue.now == .seconds(0.05))
  }

  @Test("thousands of cancelled timers are dropped, the live ones survive", arguments: QueueBacking.allCases)
  func rebuildKeepsTheLiving(backing: QueueBacking) {
    let queue = QueueUnderTest(backing: backing)
    var survivors: [UInt64] = []
    for id in 0..<10_000 as Range<UInt64> {
      let handle = queue.scheduleCancellable(id, at: .seconds(1) + .microseconds(Int64(id * 7919 % 10_000)))
      if id % 10 == 0 { survivors.append(id) } else { queue.cancel(handle) }
    }
    #expect(queue.count == survivors.count)
    survivors.sort { $0 * 7919 % 10_000 < $1 * 7919 % 10_000 }
    for survivor in survivors { #expect(queue.popNext(before: .distantFuture) == survivor) }
    #expect(queue.isEmpty)
  }

  @Test("scheduling before the clock ends the process")
  func refusesThePast() async {
    await #expect(processExitsWith: .failure) {
      let queue = QueueUnderTest()
      queue.schedule(1, at: .seconds(2))
      _ = queue.popNext(through: .seconds(2))
      queue.schedule(2, at: .seconds(1))
    }
  }

  @Test("a negative delay ends the process")
  func refusesNegativeDelay() async {
    await #expect(processExitsWith: .failure) {
      let queue = QueueUnderTest(backing: .heap)
      queue.schedule(1, after: .nanoseconds(-1))
    }
  }

  @Test("a model that loops without time passing is stopped with the name of the event")
  func stopsEndlessInstants() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let queue = QueueUnderTest(instantLimit: 1000)
      queue.schedule(4711, after: .zero)
      while let event = queue.popNext(before: .distantFuture) { queue.schedule(event, after: .zero) }
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("without time passing") && message.contains("4711"))
  }

  @Test("a thousand events at one instant are no loop")
  func allowsBusyInstants() {
    let queue = QueueUnderTest(instantLimit: 1000)
    for round in 0..<5 as Range<UInt64> {
      for id in 0..<1000 as Range<UInt64> { queue.schedule(id, at: .seconds(Double(round))) }
      for id in 0..<1000 as Range<UInt64> { #expect(queue.popNext(before: .distantFuture) == id) }
    }
  }

  @Test(
    "the clock can move on its own up to the next event, and time goes on from there", arguments: QueueBacking.allCases)
  func advance(backing: QueueBacking) {
    var queue = EventQueue<Int>(backing: backing)
    queue.schedule(1, at: .seconds(5))
    queue.advance(to: .seconds(3))
    #expect(queue.now == .seconds(3))
    queue.schedule(2, after: .seconds(1))
    queue.advance(to: .seconds(4))
    let first = queue.popNext(before: .distantFuture)
    let second = queue.popNext(before: .distantFuture)
    #expect(first == 2 && second == 1)
    queue.advance(to: .seconds(5_000_000))
    queue.schedule(3, after: .seconds(1))
    let third = queue.popNext(before: .distantFuture)
    #expect(third == 3 && queue.now == .seconds(5_000_001))
  }
}
