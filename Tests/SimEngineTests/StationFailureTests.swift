import SimEngine
import Testing

@Suite struct StationFailureTests {
  private enum Event: BitwiseCopyable {
    case arrival
    case crash
    case timer(StationTimer)
  }

  @Test("a crash puts out who is served and who waits, in that order, and the station goes on empty")
  func crash() {
    var queue = EventQueue<Event>()
    var station = QueueingStation(.init(servers: 2, patience: .seconds(9), isInterruptible: true))
    for tag in 0..<4 {
      station.submit(StationJob(tag: UInt64(tag), work: .seconds(5)), &queue) { .timer($0) }
    }
    queue.schedule(.crash, at: .seconds(2))
    _ = queue.popNext(before: .distantFuture)
    let departures = station.interruptAll(&queue)
    #expect(departures.map(\.job.tag) == [0, 1, 2, 3] && departures.allSatisfy { $0.outcome == .interrupted })
    #expect(departures.map(\.waited) == [.zero, .zero, .seconds(2), .seconds(2)])
    #expect(queue.nextTime() == nil && station.servingCount == 0 && station.waitingCount == 0)
    #expect(station.observers.interruptions.count == 4 && station.invariantViolation(at: queue.now) == nil)
    station.submit(StationJob(tag: 9, work: .seconds(1)), &queue) { .timer($0) }
    guard case .timer(let timer)? = queue.popNext(before: .distantFuture) else {
      Issue.record("the station does not serve after its crash")
      return
    }
    #expect(station.handle(timer, &queue) { .timer($0) }.job.tag == 9 && queue.now == .seconds(3))
  }

  /// Lives a rough life of arrivals, crashes and impatience, checked after every event up to the first violation;
  /// what the station counted in its last 2000 events.
  private func roughLife(seed: Int) -> StationObservers {
    var stream = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "station", purpose: "life"))
    var queue = EventQueue<Event>()
    var station = QueueingStation(
      .init(
        servers: 1 + seed % 3, queueLimit: 6, priorities: 2, isPreemptive: seed % 2 == 0, patience: .seconds(2),
        patienceCoversService: seed % 4 < 2, isInterruptible: true))
    queue.schedule(.arrival, at: .zero)
    queue.schedule(.crash, at: .seconds(50))
    var events = 0
    while events < 3_000, let event = queue.popNext(before: .distantFuture) {
      events += 1
      switch event {
      case .arrival:
        let job = StationJob(
          tag: 0, work: .seconds(stream.exponential(mean: 1)), priority: stream.chance(0.3) ? 0 : 1)
        station.submit(job, &queue) { .timer($0) }
        queue.schedule(.arrival, after: .seconds(stream.exponential(mean: 0.5)))
      case .crash:
        _ = station.interruptAll(&queue)
        queue.schedule(.crash, after: .seconds(stream.exponential(mean: 20)))
      case .timer(let timer): _ = station.handle(timer, &queue) { .timer($0) }
      }
      if events == 1_000 { station.resetObservers(at: queue.now) }
      let violation = station.invariantViolation(at: queue.now + .milliseconds(1))
      #expect(violation == nil)
      if violation != nil { break }
    }
    return station.observers
  }

  @Test("Little's law and flow balance hold to the nanosecond at every moment of a rough life", arguments: 1...20)
  func identities(seed: Int) {
    #expect(roughLife(seed: seed).interruptions.count > 0)
  }

  @Test("rough lives know every failure: jobs are refused, give up, are pushed out and are put out")
  func everyFailure() {
    let lives = (1...20).map { (seed: $0, observers: roughLife(seed: $0)) }
    func total(_ seeds: (Int) -> Bool, _ counter: KeyPath<StationObservers, Counter>) -> UInt64 {
      lives.filter { seeds($0.seed) }.reduce(0) { $0 + UInt64($1.observers[keyPath: counter].count) }
    }
    // One life of several servers may refuse nobody: they seldom fill a queue whose jobs give up after two seconds.
    for remainder in 0..<3 { #expect(total({ $0 % 3 == remainder }, \.rejections) > 0) }
    #expect(lives.allSatisfy { $0.seed % 3 != 0 || $0.observers.rejections.count > 0 })
    #expect(total({ $0 % 4 < 2 }, \.timeouts) > 0 && total({ $0 % 4 >= 2 }, \.timeouts) > 0)
    #expect(total({ $0 % 2 == 0 }, \.preemptions) > 0 && total({ $0 % 2 == 1 }, \.preemptions) == 0)
    #expect(lives.allSatisfy { $0.observers.interruptions.count > 0 && $0.observers.delayed.count > 0 })
  }
}
