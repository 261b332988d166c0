import BackendModel
import SimEngine
import Testing

/// A gateway before one part that does what a closure says.
private final class GatewayRun {
  var gateway: Gateway
  var queue = BackendQueue()
  var replies: [BackendReply] = []
  var actions: [Gateway.Action] = []
  var sent: [(attempt: Gateway.Attempt, at: SimTime)] = []
  var finished: [(outcome: CallOutcome, at: SimTime, took: SimDuration)] = []

  init(_ settings: GatewaySettings) { gateway = Gateway(settings, upstreams: ["part"], streams: streams()) }

  /// Runs until `end`; the part answers an attempt after the delay and with the outcome that it is given.
  func run(until end: SimTime, part: (Int) -> (after: SimDuration, outcome: CallOutcome)?) {
    var answers: [(at: SimTime, attempt: Gateway.Attempt, outcome: CallOutcome)] = []
    while true {
      for action in actions {
        switch action {
        case .send(let attempt, _, _):
          sent.append((attempt, queue.now))
          if let answer = part(sent.count - 1) { answers.append((queue.now + answer.after, attempt, answer.outcome)) }
        case .finished(_, _, let outcome, let took): finished.append((outcome, queue.now, took))
        }
      }
      actions.removeAll()
      answers.sort { $0.at < $1.at }
      let pending = queue.nextTime() ?? .distantFuture
      if let answer = answers.first, answer.at <= pending {
        guard answer.at <= end else {
          queue.advance(to: end)
          return
        }
        answers.removeFirst()
        moveClock(to: answer.at)
        gateway.returned(answer.attempt, answer.outcome, &queue, &actions)
      } else {
        guard let event = queue.popNext(through: end) else {
          queue.advance(to: end)
          return
        }
        if case .gateway(let timer) = event { gateway.handle(timer, &queue, &replies, &actions) }
      }
    }
  }

  func moveClock(to time: SimTime) {
    queue.advance(to: time)
  }
}

private func settings(retries: Int = 1, budget: Double = 1) -> GatewaySettings {
  var settings = GatewaySettings()
  settings.upstream.timeout = .milliseconds(100)
  settings.upstream.retries = retries
  settings.upstream.retryBudget = budget
  settings.upstream.backoff = .milliseconds(10)
  settings.upstream.jitter = 0
  settings.upstream.breaker.isEnabled = false
  return settings
}

@Suite struct GatewayTests {
  @Test("a call that is answered in time is over then")
  func answered() {
    let run = GatewayRun(settings())
    run.gateway.call(upstream: 0, ticket: 7, &run.queue, &run.actions)
    run.run(until: .seconds(10)) { _ in (.milliseconds(30), .served) }
    #expect(run.finished.map(\.outcome) == [.served] && run.finished.first?.took == .milliseconds(30))
    #expect(run.sent.count == 1 && run.gateway.lateAnswers == 0)
    #expect(run.gateway.invariantViolation(at: run.queue.now) == nil)
  }

  @Test("a call without an answer is tried again after timeout and backoff, and the late answer is dropped")
  func timeoutAndRetry() {
    let run = GatewayRun(settings())
    run.gateway.call(upstream: 0, ticket: 1, &run.queue, &run.actions)
    run.run(until: .seconds(10)) { attempt in
      attempt == 0 ? (.milliseconds(150), .served) : (.milliseconds(60), .served)
    }
    // 100 ms timeout, 10 ms backoff, 60 ms answer; the first answer comes at 150 ms and is not for the second attempt.
    #expect(run.sent.map(\.at) == [.zero, .ms(110)])
    #expect(run.finished.map(\.at) == [.ms(170)] && run.gateway.lateAnswers == 1)
    #expect(run.gateway.upstreamTotals(0).extraAttempts == 1)
  }

  @Test("attempts stop at the limit, with doubling delays between them")
  func givesUp() {
    let run = GatewayRun(settings(retries: 3))
    run.gateway.call(upstream: 0, ticket: 1, &run.queue, &run.actions)
    run.run(until: .seconds(10)) { _ in (.zero, .unavailable) }
    #expect(run.sent.map(\.at) == [.zero, .ms(10), .ms(30), .ms(70)])
    #expect(run.finished.map(\.outcome) == [.unavailable])
  }

  @Test("a part that fails every call sees the budget's share more of them, not twice as many")
  func retryAmplification() {
    let generous = GatewayRun(settings(budget: 1))
    let frugal = GatewayRun(settings(budget: 0.1))
    for _ in 0..<1_000 {
      generous.gateway.call(upstream: 0, ticket: 0, &generous.queue, &generous.actions)
      frugal.gateway.call(upstream: 0, ticket: 0, &frugal.queue, &frugal.actions)
      generous.run(until: generous.queue.now + .milliseconds(20)) { _ in (.zero, .rejected) }
      frugal.run(until: frugal.queue.now + .milliseconds(20)) { _ in (.zero, .rejected) }
    }
    #expect(generous.sent.count == 2_000)
    #expect((1_100...1_110).contains(frugal.sent.count))
    #expect(frugal.gateway.invariantViolation(at: frugal.queue.now) == nil)
  }

  @Test("an open breaker ends calls at once and spares the part")
  func breakerSpares() {
    var given = settings(retries: 0)
    given.upstream.breaker = BreakerSettings()
    given.upstream.breaker.minimumCalls = 10
    given.upstream.breaker.window = 10
    let run = GatewayRun(given)
    for _ in 0..<100 {
      run.gateway.call(upstream: 0, ticket: 0, &run.queue, &run.actions)
      run.run(until: run.queue.now) { _ in (.zero, .unavailable) }
    }
    #expect(run.sent.count == 10 && run.finished.count == 100)
    #expect(run.gateway.upstreamTotals(0)[.circuitOpen] == 90)
    #expect(run.gateway.breakerState(0, at: run.queue.now) == .open)
  }

  @Test("urgent calls are served before others that wait, and a full queue turns calls away")
  func frontDoor() {
    var given = settings()
    given.servers = 1
    given.service = constant(10)
    given.queueLimit = 2
    let run = GatewayRun(given)
    for (ticket, urgent) in [(1, false), (2, false), (3, true), (4, true)] {
      run.gateway.enter(UInt64(ticket), isUrgent: urgent, &run.queue, &run.replies)
    }
    run.run(until: .seconds(1)) { _ in nil }
    #expect(run.replies.map(\.ticket) == [4, 1, 3, 2])
    #expect(run.replies.map(\.outcome) == [.rejected, .served, .served, .served])
    #expect(run.replies.map(\.at) == [.zero, .ms(10), .ms(20), .ms(30)])
    #expect(run.gateway.invariantViolation(at: run.queue.now) == nil)
  }

  @Test("calls wait no longer than their timeout, and a crash puts everybody out")
  func queueTimeoutAndCrash() {
    var given = settings()
    given.servers = 1
    given.service = constant(1_000)
    given.queueTimeout = .milliseconds(300)
    let run = GatewayRun(given)
    for ticket in 1...3 { run.gateway.enter(UInt64(ticket), isUrgent: true, &run.queue, &run.replies) }
    run.run(until: .ms(500)) { _ in nil }
    #expect(run.replies.map(\.outcome) == [.timedOut, .timedOut] && run.replies.map(\.at) == [.ms(300), .ms(300)])
    run.gateway.enter(9, isUrgent: true, &run.queue, &run.replies)
    run.gateway.crash(&run.queue, &run.replies)
    #expect(run.replies.suffix(2).map(\.outcome) == [.unavailable, .unavailable])
    #expect(run.replies.suffix(2).map(\.ticket) == [1, 9])
    run.gateway.enter(10, isUrgent: true, &run.queue, &run.replies)
    run.run(until: .seconds(5)) { _ in nil }
    #expect(run.replies.last?.outcome == .served)
    #expect(run.gateway.invariantViolation(at: run.queue.now) == nil)
  }

  @Test("the pool waits as Erlang C says", arguments: [(1, 0.7), (4, 0.9), (16, 0.8)])
  func erlangC(servers: Int, load: Double) {
    var given = settings()
    given.servers = servers
    given.queueLimit = 1_000_000
    given.queueTimeout = .seconds(3_600)
    given.service = exponential(10)
    let perSecond = load * Double(servers) * 100
    let means = (0..<10).map { replication in
      var gateway = Gateway(given, upstreams: [], streams: streams(replication: UInt64(replication)))
      var queue = BackendQueue()
      var run = PoissonRun()
      var actions: [Gateway.Action] = []
      run.run(
        calls: 40_000, perSecond: perSecond, seed: UInt64(replication + 1), queue: &queue,
        submit: { gateway.enter($0, isUrgent: true, &$1, &$2) },
        handle: { event, queue, replies in
          if case .gateway(let timer) = event { gateway.handle(timer, &queue, &replies, &actions) }
        })
      #expect(gateway.invariantViolation(at: queue.now) == nil)
      return run.latencies.mean
    }
    let exact = 0.010 * (1 + ErlangFormulas.meanWait(servers: servers, load: load * Double(servers), serviceCV: 1))
    let estimate = Estimate(replications: means)
    // Three half-widths of a 95 % interval: far beyond chance.
    #expect((estimate.mean - exact).magnitude < 3 * (estimate.halfWidth ?? 0), "\(estimate), exact \(exact)")
  }

  @Test("twice the rate limit is answered half of the time")
  func rateLimit() {
    var given = settings()
    given.servers = 1_000
    given.service = constant(1)
    given.rateLimit = 100
    given.rateBurst = 10
    var gateway = Gateway(given, upstreams: [], streams: streams())
    var queue = BackendQueue()
    var run = PoissonRun()
    var actions: [Gateway.Action] = []
    run.run(
      calls: 20_000, perSecond: 200, queue: &queue, submit: { gateway.enter($0, isUrgent: true, &$1, &$2) },
      handle: { event, queue, replies in
        if case .gateway(let timer) = event { gateway.handle(timer, &queue, &replies, &actions) }
      })
    let share = Double(run.outcomes[.rateLimited] ?? 0) / 20_000
    #expect((share - 0.5).magnitude < 0.02)
  }
}
