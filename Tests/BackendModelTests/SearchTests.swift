import BackendModel
import SimEngine
import Testing

private final class ClusterRun {
  var cluster: SearchCluster
  var queue = BackendQueue()
  var replies: [BackendReply] = []

  init(_ settings: SearchSettings) { cluster = SearchCluster(settings, streams: streams()) }

  func run(until end: SimTime) {
    while let event = queue.popNext(through: end) {
      if case .search(let timer) = event { cluster.handle(timer, &queue, &replies) }
    }
    queue.advance(to: end)
  }
}

private func settings(shards: Int) -> SearchSettings {
  var settings = SearchSettings()
  settings.shards = shards
  settings.replicas = 2
  settings.threads = 10_000
  settings.queueLimit = 1_000_000
  settings.service = exponential(12)
  settings.merge = constant(0)
  settings.roundTrip = .zero
  return settings
}

private func run(_ settings: SearchSettings, calls: Int = 20_000, seed: UInt64 = 1) -> (PoissonRun, SearchCluster) {
  var cluster = SearchCluster(settings, streams: streams(seed: seed))
  var queue = BackendQueue()
  var run = PoissonRun()
  run.run(
    calls: calls, perSecond: 500, seed: seed, queue: &queue, submit: { cluster.query($0, &$1, &$2) },
    handle: { if case .search(let timer) = $0 { cluster.handle(timer, &$1, &$2) } })
  #expect(cluster.invariantViolation(at: queue.now) == nil)
  return (run, cluster)
}

@Suite struct SearchTests {
  @Test("a query waits for the slowest of its shards: the harmonic number of exponential times", arguments: [1, 5, 20])
  func fanOut(shards: Int) {
    let exact = 0.012 * OrderStatistics.exponentialMean(shards, of: shards)
    let estimate = Estimate(
      replications: (1...8).map { run(settings(shards: shards), calls: 10_000, seed: UInt64($0)).0.latencies.mean })
    #expect((estimate.mean - exact).magnitude < 3 * (estimate.halfWidth ?? 0), "\(estimate), exact \(exact)")
  }

  @Test("the tail grows with the fan-out: the query's p99 is the shard's p99.8 with five shards")
  func tail() {
    let (_, cluster) = run(settings(shards: 5), calls: 100_000)
    // F(t)^5 = 0.99: t = -mean ln(1 - 0.99^(1/5)).
    let exact = -0.012 * DeterministicMath.log(1 - DeterministicMath.pow(0.99, 0.2))
    #expect((cluster.latencies.quantile(0.99) / exact - 1).magnitude < 0.03)
  }

  @Test("a hedge cuts the tail and costs the share of shards that are late")
  func hedging() {
    var hedged = settings(shards: 5)
    hedged.hedgeAfter = .milliseconds(36)
    let (_, plain) = run(settings(shards: 5), calls: 40_000)
    let (_, quick) = run(hedged, calls: 40_000)
    #expect(quick.latencies.quantile(0.99) < 0.8 * plain.latencies.quantile(0.99))
    // Each of five shards is late with probability exp(-3).
    let totals = quick.totals(at: .seconds(1_000))
    let share = Double(totals.extraAttempts) / (5 * 40_000)
    #expect((share - DeterministicMath.exp(-3)).magnitude < 0.003)
  }

  @Test("with a hedge a query takes the first of two answers of a late shard")
  func hedgedOnce() {
    var given = settings(shards: 1)
    given.service = constant(100)
    given.hedgeAfter = .milliseconds(10)
    let run = ClusterRun(given)
    run.cluster.slowDown(shard: 0, to: 10, at: .zero)
    run.cluster.query(1, &run.queue, &run.replies)
    run.cluster.slowDown(shard: 0, to: 1, at: .zero)
    run.run(until: .seconds(10))
    #expect(run.replies.map(\.at) == [.ms(110)])
    #expect(run.cluster.invariantViolation(at: run.queue.now) == nil)
  }

  @Test("a dead replica's queries go to the other one; a shard without any is left out, or fails the query")
  func failures() {
    for allowsPartial in [true, false] {
      var given = settings(shards: 3)
      given.service = constant(10)
      given.allowsPartial = allowsPartial
      let run = ClusterRun(given)
      run.cluster.query(1, &run.queue, &run.replies)
      run.run(until: .ms(4))
      run.cluster.failReplica(shard: 1, replica: 0, &run.queue, &run.replies)
      run.cluster.failReplica(shard: 1, replica: 0, &run.queue, &run.replies)
      run.run(until: .ms(50))
      #expect(run.replies.map(\.outcome) == [.served] && run.replies.map(\.at) == [.ms(14)])
      run.cluster.failReplica(shard: 1, replica: 1, &run.queue, &run.replies)
      run.cluster.query(2, &run.queue, &run.replies)
      run.run(until: .ms(100))
      #expect(run.replies.last?.outcome == (allowsPartial ? .served : .unavailable))
      #expect(run.cluster.partialAnswers == (allowsPartial ? 1 : 0))
      run.cluster.returnReplica(shard: 1, replica: 1)
      run.cluster.query(3, &run.queue, &run.replies)
      run.run(until: .ms(200))
      #expect(run.replies.last?.outcome == .served && run.cluster.partialAnswers == (allowsPartial ? 1 : 0))
      #expect(run.cluster.invariantViolation(at: run.queue.now) == nil)
    }
  }

  @Test("replicas that crash and return at random lose no query", arguments: 1...10)
  func chaos(seed: Int) {
    var given = settings(shards: 4)
    given.threads = 2
    given.queueLimit = 20
    given.hedgeAfter = .milliseconds(30)
    let run = ClusterRun(given)
    var choices = streams(seed: UInt64(seed))("chaos")
    var calls: UInt64 = 0
    for _ in 0..<5_000 {
      switch choices.below(100) {
      case 0...1:
        run.cluster.failReplica(shard: choices.below(4), replica: choices.below(2), &run.queue, &run.replies)
      case 2...4: run.cluster.returnReplica(shard: choices.below(4), replica: choices.below(2))
      default:
        run.cluster.query(calls, &run.queue, &run.replies)
        calls += 1
      }
      run.run(until: run.queue.now + .seconds(choices.exponential(mean: 0.006)))
      if calls % 100 == 0 { #expect(run.cluster.invariantViolation(at: run.queue.now) == nil) }
    }
    run.run(until: run.queue.now + .seconds(100))
    #expect(UInt64(run.replies.count) == calls && Set(run.replies.map(\.ticket)).count == run.replies.count)
    #expect(run.cluster.partialAnswers > 0)
    #expect(run.cluster.invariantViolation(at: run.queue.now) == nil)
  }

  @Test("a new title is found after indexing and the next refresh: half an interval later on average")
  func refresh() {
    var given = SearchSettings()
    given.refreshInterval = .seconds(30)
    given.indexing = .seconds(10)
    let index = SearchIndex(given)
    #expect(index.visible(publishedAt: .seconds(20)) == .seconds(30))
    #expect(index.visible(publishedAt: .seconds(20.000_000_001)) == .seconds(60))
    var moments = streams()("moments")
    var waits = Tally()
    for _ in 0..<20_000 {
      let at = SimTime.seconds(moments.uniform(from: 0, to: 100_000))
      waits.add((index.visible(publishedAt: at) - at).seconds)
    }
    #expect((waits.mean - 25).magnitude < 0.3 && (waits.maximum ?? 0) <= 40)
  }
}
