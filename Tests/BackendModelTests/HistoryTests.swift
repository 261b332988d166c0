import BackendModel
import Foundation
import SimEngine
import Testing

private final class StoreRun {
  var store: HistoryStore
  var queue = BackendQueue()
  var replies: [BackendReply] = []

  init(_ settings: HistorySettings, members: Int = 1_000, seed: UInt64 = 1) {
    store = HistoryStore(settings, members: members, streams: streams(seed: seed))
  }

  func run(until end: SimTime) {
    while let event = queue.popNext(through: end) {
      if case .history(let timer) = event { store.handle(timer, &queue, &replies) }
    }
    queue.advance(to: end)
  }
}

/// So many threads that nobody waits, rows that cost nothing, no round trip.
private func settings(_ read: Consistency = .quorum, _ write: Consistency = .quorum) -> HistorySettings {
  var settings = HistorySettings()
  settings.nodes = 6
  settings.threads = 10_000
  settings.queueLimit = 1_000_000
  settings.readConsistency = read
  settings.writeConsistency = write
  settings.read = exponential(10)
  settings.write = exponential(10)
  settings.roundTrip = .zero
  settings.speculation = .none
  settings.growth.rowRead = .zero
  settings.growth.chunkRead = .zero
  settings.growth.chunkWrite = .zero
  settings.growth.rowsPerMember = 0
  return settings
}

private func meanLatency(_ settings: HistorySettings, isRead: Bool, seed: UInt64) -> Double {
  var store = HistoryStore(settings, members: 10_000, streams: streams(seed: seed))
  var queue = BackendQueue()
  var run = PoissonRun()
  run.run(
    calls: 20_000, perSecond: 1_000, seed: seed, queue: &queue,
    submit: { ticket, queue, replies in
      let member = Int(ticket) * 7_919 % 10_000
      if isRead {
        store.read(ticket, member: member, &queue, &replies)
      } else {
        store.write(ticket, member: member, appendsRow: true, &queue, &replies)
      }
    },
    handle: { if case .history(let timer) = $0 { store.handle(timer, &$1, &$2) } })
  #expect(store.invariantViolation(at: queue.now) == nil)
  return run.latencies.mean
}

private func agrees(_ exact: Double, _ sample: (UInt64) -> Double) -> Bool {
  let estimate = Estimate(replications: (1...8).map { sample(UInt64($0)) })
  return (estimate.mean - exact).magnitude < 3 * (estimate.halfWidth ?? 0)
}

@Suite struct HistoryTests {
  @Test(
    "a write waits for the k-th of three replicas: the order statistic of exponential times",
    arguments: [Consistency.one, .quorum, .all])
  func writeOrderStatistic(consistency: Consistency) {
    let k = consistency.replicas(of: 3)
    let exact = 0.010 * OrderStatistics.exponentialMean(k, of: 3)
    #expect(agrees(exact) { meanLatency(settings(.one, consistency), isRead: false, seed: $0) })
  }

  @Test("a read that asks only the replicas it needs waits for the last of them, one that asks all for the k-th")
  func readOrderStatistic() {
    for consistency in Consistency.allCases {
      let k = consistency.replicas(of: 3)
      var given = settings(consistency)
      #expect(
        agrees(0.010 * OrderStatistics.exponentialMean(k, of: k)) { meanLatency(given, isRead: true, seed: $0) })
      given.readFanOut = .all
      #expect(
        agrees(0.010 * OrderStatistics.exponentialMean(k, of: 3)) { meanLatency(given, isRead: true, seed: $0) })
    }
  }

  @Test("lognormal quorum latency is what numerical integration of the order statistic gives")
  func lognormalOrderStatistic() {
    var given = settings()
    given.write = ServiceTime(mean: .milliseconds(10), cv: 1)
    let shape = LognormalShape(mean: 0.010, cv: 1)
    let exact = OrderStatistics.mean(2, of: 3, upTo: 0.5) { time in
      time > 0 ? 0.5 * erfc((shape.mu - DeterministicMath.log(time)) / shape.sigma / 2.0.squareRoot()) : 0
    }
    #expect(agrees(exact) { meanLatency(given, isRead: false, seed: $0) })
  }

  @Test("rows lie on distinct nodes, and every node gets about its share")
  func ring() {
    let run = StoreRun(settings(.all, .all))
    for member in 0..<1_000 {
      run.store.write(UInt64(member), member: member, appendsRow: true, &run.queue, &run.replies)
    }
    run.run(until: .seconds(10))
    #expect(run.replies.count == 1_000 && run.store.totals(at: run.queue.now)[.served] == 1_000)
    // With one node of six dead, ALL fails for the rows that lie on it: half of them.
    run.store.failNode(2, &run.queue, &run.replies)
    run.run(until: .seconds(60))
    run.replies.removeAll()
    for member in 0..<1_000 { run.store.read(UInt64(member), member: member, &run.queue, &run.replies) }
    run.run(until: .seconds(80))
    let failed = run.replies.count { $0.outcome == .unavailable }
    #expect((350...650).contains(failed) && run.replies.count == 1_000)
  }

  @Test("quorum goes on with one node down, and hints bring it up to date when it is back")
  func hintedHandOff() {
    var given = settings()
    given.hintReplayPerSecond = 1_000
    given.detection = .seconds(1)
    let run = StoreRun(given)
    run.store.failNode(1, &run.queue, &run.replies)
    var ticket: UInt64 = 0
    for step in 0..<5_000 {
      run.store.write(ticket, member: step % 1_000, appendsRow: false, &run.queue, &run.replies)
      ticket += 1
      run.run(until: run.queue.now + .milliseconds(1))
    }
    run.run(until: run.queue.now + .seconds(5))
    #expect(run.replies.count == 5_000 && run.replies.allSatisfy { $0.outcome == .served })
    let stored = run.store.hintsStored
    #expect(stored > 1_500 && stored < 3_500 && run.store.hintsPending == stored)
    run.store.returnNode(1, &run.queue)
    run.run(until: run.queue.now + .milliseconds(500))
    // Replay is limited: 1000 a second.
    #expect(run.store.hintsReplayed <= 700 && run.store.hintsReplayed + run.store.hintsPending == stored)
    run.run(until: run.queue.now + .seconds(10))
    #expect(run.store.hintsReplayed == stored && run.store.hintsPending == 0)
    #expect(run.store.invariantViolation(at: run.queue.now) == nil)
  }

  @Test("after the hint window writes are missed, not hinted")
  func hintWindow() {
    var given = settings()
    given.hintWindow = .seconds(2)
    given.detection = .zero
    let run = StoreRun(given)
    run.store.failNode(1, &run.queue, &run.replies)
    run.run(until: .seconds(2))
    run.store.write(0, member: 1, appendsRow: false, &run.queue, &run.replies)
    let hinted = run.store.hintsStored
    run.run(until: .seconds(3))
    for member in 0..<100 {
      run.store.write(1, member: member, appendsRow: false, &run.queue, &run.replies)
    }
    #expect(run.store.hintsStored == hinted && run.store.writesMissed > 20)
  }

  @Test("a node that is dead without anybody knowing costs reads their timeout, unless they speculate")
  func silentNode() {
    func lost(_ speculation: HistorySettings.Speculation) -> (failed: Int, slowest: SimDuration) {
      var given = settings(.one, .quorum)
      given.read = constant(5)
      given.speculation = speculation
      given.speculationDelay = .milliseconds(20)
      given.timeout = .seconds(2)
      given.detection = .seconds(3_600)
      let run = StoreRun(given)
      run.store.failNode(0, &run.queue, &run.replies)
      for member in 0..<1_000 { run.store.read(UInt64(member), member: member, &run.queue, &run.replies) }
      run.run(until: .seconds(30))
      #expect(run.replies.count == 1_000 && run.store.invariantViolation(at: run.queue.now) == nil)
      return (run.replies.count { $0.outcome == .timedOut }, (run.replies.map(\.at).max() ?? .zero) - .zero)
    }
    let without = lost(.none)
    #expect((100...250).contains(without.failed) && without.slowest == .seconds(2))
    let with = lost(.fixed)
    #expect(with.failed == 0 && with.slowest == .milliseconds(25))
  }

  @Test("speculation at a percentile asks about that share of the reads twice")
  func speculationShare() {
    var given = settings(.one, .one)
    given.speculation = .percentile
    given.speculationPercentile = 0.95
    var store = HistoryStore(given, members: 1_000, streams: streams())
    var queue = BackendQueue()
    var run = PoissonRun()
    run.run(
      calls: 40_000, perSecond: 500, queue: &queue,
      submit: { store.read($0, member: Int($0 % 1_000), &$1, &$2) },
      handle: { if case .history(let timer) = $0 { store.handle(timer, &$1, &$2) } })
    let share = Double(store.readTotals.extraAttempts) / 40_000
    #expect(share > 0.04 && share < 0.09, "\(share)")
    #expect(store.invariantViolation(at: queue.now) == nil)
  }

  @Test("reads with R + W > N are never at risk; with less they are while hints wait")
  func consistency() {
    for (consistency, isAtRisk) in [(Consistency.quorum, false), (.one, true)] {
      var given = settings(consistency, consistency)
      given.detection = .zero
      given.hintReplayPerSecond = 0.01
      let run = StoreRun(given)
      run.store.failNode(0, &run.queue, &run.replies)
      run.run(until: .ms(10))
      for member in 0..<200 {
        run.store.write(0, member: member, appendsRow: false, &run.queue, &run.replies)
      }
      run.run(until: .seconds(1))
      run.store.returnNode(0, &run.queue)
      for member in 0..<200 { run.store.read(0, member: member, &run.queue, &run.replies) }
      run.run(until: .seconds(2))
      #expect((run.store.readsAtRisk > 0) == isAtRisk)
    }
  }

  @Test("nodes that crash and return at random lose no call, no hint and no row", arguments: 1...10)
  func chaos(seed: Int) {
    var given = settings(.quorum, .quorum)
    given.threads = 4
    given.queueLimit = 50
    given.speculation = .percentile
    given.detection = .milliseconds(300)
    given.timeout = .milliseconds(500)
    given.growth.liveRows = 5
    given.growth.chunkWrite = .milliseconds(20)
    let run = StoreRun(given, seed: UInt64(seed))
    var choices = streams(seed: UInt64(seed))("chaos")
    var calls: UInt64 = 0
    for _ in 0..<5_000 {
      let member = choices.below(1_000)
      switch choices.below(100) {
      case 0: run.store.failNode(choices.below(6), &run.queue, &run.replies)
      case 1...2: run.store.returnNode(choices.below(6), &run.queue)
      case 3...50:
        run.store.read(calls, member: member, &run.queue, &run.replies)
        calls += 1
      default:
        run.store.write(calls, member: member, appendsRow: choices.chance(0.5), &run.queue, &run.replies)
        calls += 1
      }
      run.run(until: run.queue.now + .seconds(choices.exponential(mean: 0.002)))
      if calls % 100 == 0 { #expect(run.store.invariantViolation(at: run.queue.now) == nil) }
    }
    for node in 0..<6 { run.store.returnNode(node, &run.queue) }
    run.run(until: run.queue.now + .seconds(100))
    #expect(run.store.invariantViolation(at: run.queue.now) == nil)
    #expect(UInt64(run.replies.count) == calls && Set(run.replies.map(\.ticket)).count == run.replies.count)
    #expect(run.store.hintsPending == 0 && run.store.hintsReplayed == run.store.hintsStored)
    #expect(run.store.hintsStored > 0)
  }
}
