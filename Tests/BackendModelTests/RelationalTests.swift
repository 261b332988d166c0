import BackendModel
import SimEngine
import Testing

/// A store, its queue, and its answers.
private final class StoreRun {
  var store: RelationalStore
  var queue = BackendQueue()
  var replies: [BackendReply] = []

  init(_ settings: RelationalSettings, seed: UInt64 = 1) {
    store = RelationalStore(settings, streams: streams(seed: seed))
  }

  func run(until end: SimTime) {
    while let event = queue.popNext(through: end) {
      if case .relational(let timer) = event { store.handle(timer, &queue, &replies) }
    }
    queue.advance(to: end)
  }
}

/// Everything constant: 3 ms of work, local flush 2 ms, remote flush 4 ms, no client round trip.
private func settings() -> RelationalSettings {
  var settings = RelationalSettings()
  settings.connections = 8
  settings.readReplicas = 0
  settings.cacheHitShare = 0
  settings.read = constant(1)
  settings.write = constant(3)
  settings.flush = constant(2)
  settings.remoteFlush = constant(4)
  settings.standbyRoundTrip = .milliseconds(20)
  settings.roundTrip = .zero
  settings.detection = .seconds(1)
  settings.promotion = .seconds(2)
  return settings
}

@Suite struct RelationalTests {
  @Test("a commit takes the longer of the local flush and the round trip with the remote flush")
  func commitLatency() {
    var run = StoreRun(settings())
    run.store.write(1, &run.queue, &run.replies)
    run.run(until: .seconds(1))
    #expect(run.replies.map(\.at) == [.ms(3 + 20 + 4)])
    var slowDisk = settings()
    slowDisk.flush = constant(50)
    run = StoreRun(slowDisk)
    run.store.write(1, &run.queue, &run.replies)
    run.run(until: .seconds(1))
    #expect(run.replies.map(\.at) == [.ms(3 + 50)])
    var asynchronous = settings()
    asynchronous.replication = .asynchronous
    run = StoreRun(asynchronous)
    run.store.write(1, &run.queue, &run.replies)
    run.run(until: .seconds(1))
    #expect(run.replies.map(\.at) == [.ms(3 + 2)])
  }

  @Test("commits that come during a flush share the next one")
  func groupCommit() {
    let run = StoreRun(settings())
    // All eight end their work at 3 ms: the first flushes alone, the other seven share the flush at 5 ms.
    for ticket in 0..<8 { run.store.write(UInt64(ticket), &run.queue, &run.replies) }
    run.run(until: .seconds(1))
    #expect(run.store.flushes == 2)
    // The standby flushes one batch after the other: 13 to 17 ms, 17 to 21 ms.
    #expect(run.replies.map(\.at) == [.ms(27)] + Array(repeating: .ms(31), count: 7))
  }

  @Test("a flush waits for more commits when told to, and for no more than the group holds")
  func commitDelay() {
    var given = settings()
    given.commitDelay = .milliseconds(5)
    given.groupSize = 4
    let run = StoreRun(given)
    for ticket in 0..<6 { run.store.write(UInt64(ticket), &run.queue, &run.replies) }
    run.run(until: .seconds(1))
    // Four fill the group at 3 ms; the flush ends at 5 ms, the other two wait until 10 ms.
    #expect(run.replies.map(\.at) == Array(repeating: .ms(27), count: 4) + Array(repeating: .ms(34), count: 2))
  }

  @Test("distance costs latency, not throughput", arguments: [1, 50])
  func throughput(roundTrip: Int64) {
    var given = settings()
    given.connections = 64
    given.write = exponential(3)
    given.flush = constant(1)
    given.remoteFlush = constant(1)
    given.standbyRoundTrip = .milliseconds(roundTrip)
    given.queueLimit = 1_000_000
    var store = RelationalStore(given, streams: streams())
    var queue = BackendQueue()
    var run = PoissonRun()
    run.run(
      calls: 50_000, perSecond: 5_000, queue: &queue, submit: { store.write($0, &$1, &$2) },
      handle: { if case .relational(let timer) = $0 { store.handle(timer, &$1, &$2) } })
    #expect(run.outcomes == [.served: 50_000])
    // Ten seconds of arrivals are done within the last round trip.
    #expect((run.last.seconds - 10).magnitude < 0.3)
    // Work 3 ms, half a flush until the next one begins, round trip, flush; the standby may be busy.
    #expect(run.latencies.mean > 0.004 + Double(roundTrip) / 1_000)
    #expect(run.latencies.mean < 0.007 + Double(roundTrip) / 1_000)
    #expect(store.invariantViolation(at: queue.now) == nil)
  }

  @Test("a dead primary fails what is inside, refuses writes until the standby has taken over, and loses nothing")
  func failover() {
    let run = StoreRun(settings())
    for ticket in 0..<3 { run.store.write(UInt64(ticket), &run.queue, &run.replies) }
    run.run(until: .ms(29))
    // The first is acknowledged at 27 ms; the other two are on the standby at 21 ms, acknowledged at 31 ms.
    #expect(run.replies.map(\.outcome) == [.served])
    run.store.write(3, &run.queue, &run.replies)
    run.store.failPrimary(&run.queue, &run.replies)
    #expect(run.replies.map(\.outcome) == [.served, .unavailable, .unavailable, .unavailable])
    #expect(run.store.inDoubtCommits == 2 && run.store.lostCommits == 0)
    run.run(until: .ms(3_028))
    run.store.write(4, &run.queue, &run.replies)
    #expect(run.replies.last?.outcome == .unavailable)
    run.run(until: .ms(3_029))
    run.store.write(5, &run.queue, &run.replies)
    run.run(until: .ms(4_000))
    #expect(run.replies.last?.outcome == .served && run.store.failovers == 1)
    // There is no standby any more: 3 ms of work and 2 ms of flush.
    #expect(run.replies.last?.at == .ms(3_034) && run.store.unprotectedCommits == 1)
    run.store.returnNode(at: run.queue.now)
    run.store.write(6, &run.queue, &run.replies)
    run.run(until: .ms(5_000))
    #expect(run.replies.last?.at == .ms(4_027))
    #expect(run.store.invariantViolation(at: run.queue.now) == nil)
  }

  @Test("without a standby there is no primary until the dead one is back")
  func noStandby() {
    var given = settings()
    given.hasStandby = false
    let run = StoreRun(given)
    run.store.failPrimary(&run.queue, &run.replies)
    run.run(until: .seconds(100))
    #expect(!run.store.hasPrimary && run.store.failovers == 0)
    run.store.returnNode(at: run.queue.now)
    run.store.write(1, &run.queue, &run.replies)
    run.run(until: .seconds(101))
    #expect(run.replies.map(\.at) == [.ms(100_005)] && !run.store.hasStandby)
  }

  @Test("an asynchronous standby loses what it had not yet flushed")
  func asynchronousLoss() {
    var given = settings()
    given.replication = .asynchronous
    let run = StoreRun(given)
    run.store.write(0, &run.queue, &run.replies)
    run.run(until: .ms(6))
    #expect(run.replies.map(\.outcome) == [.served])
    run.store.failPrimary(&run.queue, &run.replies)
    #expect(run.store.lostCommits == 1)
  }

  @Test("no failure at any moment makes a synchronous store lose an acknowledged transaction", arguments: 1...20)
  func noLoss(seed: Int) {
    var given = settings()
    given.write = exponential(3)
    given.flush = exponential(2)
    given.remoteFlush = exponential(4)
    given.detection = .milliseconds(200)
    given.promotion = .milliseconds(300)
    let run = StoreRun(given, seed: UInt64(seed))
    var moments = streams(seed: UInt64(seed))("failures")
    var written: UInt64 = 0
    for _ in 0..<50 {
      for _ in 0..<20 {
        run.store.write(written, &run.queue, &run.replies)
        written += 1
        run.run(until: run.queue.now + .seconds(moments.exponential(mean: 0.002)))
      }
      run.store.failPrimary(&run.queue, &run.replies)
      run.run(until: run.queue.now + .seconds(moments.exponential(mean: 0.5)))
      run.store.returnNode(at: run.queue.now)
      run.run(until: run.queue.now + .seconds(1))
      #expect(run.store.invariantViolation(at: run.queue.now) == nil)
    }
    #expect(run.store.lostCommits == 0 && run.store.failovers > 10)
    #expect(UInt64(run.replies.count) == written, "everybody gets exactly one answer")
    #expect(Set(run.replies.map(\.ticket)).count == run.replies.count)
  }

  @Test("reads take turns at the least busy replica, and go on while there is no primary")
  func readReplicas() {
    var given = settings()
    given.readReplicas = 2
    given.connections = 1
    var run = StoreRun(given)
    run.store.failPrimary(&run.queue, &run.replies)
    for ticket in 0..<4 { run.store.read(UInt64(ticket), &run.queue, &run.replies) }
    run.run(until: .ms(100))
    #expect(run.replies.map(\.outcome) == Array(repeating: .served, count: 4))
    #expect(run.replies.map(\.at) == [.ms(1), .ms(1), .ms(2), .ms(2)])
    var alone = settings()
    alone.readReplicas = 0
    run = StoreRun(alone)
    run.store.failPrimary(&run.queue, &run.replies)
    run.store.read(0, &run.queue, &run.replies)
    #expect(run.replies.map(\.outcome) == [.unavailable])
  }

  @Test("the cache answers its share of the reads")
  func cache() {
    var given = settings()
    given.cacheHitShare = 0.8
    given.readReplicas = 1
    let run = StoreRun(given)
    for ticket in 0..<10_000 {
      run.store.read(UInt64(ticket), &run.queue, &run.replies)
      run.run(until: run.queue.now + .milliseconds(2))
    }
    #expect((Double(run.store.cacheHits) / 10_000 - 0.8).magnitude < 0.016)
    #expect(run.replies.count == 10_000)
  }
}
