public import SimEngine

// Calls to the parts behind the gateway: timeout, retries within a budget, and a circuit breaker for each part.

extension Gateway {
  /// What the gateway knows about one part behind it.
  struct Upstream: Sendable {
    let name: String
    var breaker: CircuitBreaker
    var budget: RetryBudget
    var record = CallRecord()

    init(name: String, _ settings: UpstreamSettings) {
      self.name = name
      breaker = CircuitBreaker(settings.breaker)
      budget = RetryBudget(share: settings.retryBudget, reserve: settings.retryReserve)
    }
  }

  /// Begins a call to a part; what to do comes as an action, at once or with a timer.
  public mutating func call(
    upstream: UInt8, ticket: UInt64, _ queue: inout BackendQueue, _ actions: inout [Action]
  ) {
    upstreams[Int(upstream)].record.arrive()
    upstreams[Int(upstream)].budget.deposit()
    let slot: UInt32
    if let free = freeCalls.popLast() {
      slot = free
    } else {
      slot = UInt32(calls.count)
      calls.append(
        Call(
          ticket: 0, began: .zero, generation: 0, attempts: 0, upstream: 0, permit: .refused, isActive: false,
          timeout: .none))
    }
    calls[Int(slot)].ticket = ticket
    calls[Int(slot)].began = queue.now
    calls[Int(slot)].attempts = 0
    calls[Int(slot)].upstream = upstream
    calls[Int(slot)].isActive = true
    attempt(slot, &queue, &actions)
  }

  /// The part answers an attempt.
  public mutating func returned(
    _ attempt: Attempt, _ outcome: CallOutcome, _ queue: inout BackendQueue, _ actions: inout [Action]
  ) {
    guard isCurrent(attempt) else {
      lateAnswers += 1
      return
    }
    queue.cancel(calls[Int(attempt.slot)].timeout)
    settle(attempt.slot, outcome, &queue, &actions)
  }

  mutating func attemptTimedOut(_ attempt: Attempt, _ queue: inout BackendQueue, _ actions: inout [Action]) {
    guard isCurrent(attempt) else { return }
    settle(attempt.slot, .timedOut, &queue, &actions)
  }

  mutating func retryIsDue(_ attempt: Attempt, _ queue: inout BackendQueue, _ actions: inout [Action]) {
    guard isCurrent(attempt) else { return }
    self.attempt(attempt.slot, &queue, &actions)
  }

  private func isCurrent(_ attempt: Attempt) -> Bool {
    let call = calls[Int(attempt.slot)]
    return call.isActive && call.generation == attempt.generation
  }

  private mutating func attempt(_ slot: UInt32, _ queue: inout BackendQueue, _ actions: inout [Action]) {
    let index = Int(slot)
    let upstream = calls[index].upstream
    calls[index].generation &+= 1
    calls[index].attempts += 1
    calls[index].permit = upstreams[Int(upstream)].breaker.permit(at: queue.now)
    guard calls[index].permit != .refused else {
      finish(slot, .circuitOpen, at: queue.now, &actions)
      return
    }
    let attempt = Attempt(slot: slot, generation: calls[index].generation)
    calls[index].timeout = queue.scheduleCancellable(
      .gateway(.timeout(attempt)), after: settings.upstream.timeout)
    actions.append(.send(attempt, upstream: upstream, ticket: calls[index].ticket))
  }

  /// An attempt is over: tells the breaker, and ends the call or plans another attempt.
  private mutating func settle(
    _ slot: UInt32, _ outcome: CallOutcome, _ queue: inout BackendQueue, _ actions: inout [Action]
  ) {
    let index = Int(slot)
    let upstream = Int(calls[index].upstream)
    // Whatever the part still sends is of no use any more.
    calls[index].generation &+= 1
    upstreams[upstream].breaker.record(calls[index].permit, succeeded: outcome == .served, at: queue.now)
    if outcome != .served, Int(calls[index].attempts) <= settings.upstream.retries,
      upstreams[upstream].budget.withdraw(),
      let delay = retryPolicy.delay(afterFailures: Int(calls[index].attempts), &backoff)
    {
      upstreams[upstream].record.attemptAgain()
      let attempt = Attempt(slot: slot, generation: calls[index].generation)
      queue.schedule(.gateway(.retry(attempt)), after: delay)
      return
    }
    finish(slot, outcome, at: queue.now, &actions)
  }

  private mutating func finish(
    _ slot: UInt32, _ outcome: CallOutcome, at now: SimTime, _ actions: inout [Action]
  ) {
    let index = Int(slot)
    let call = calls[index]
    let took = now - call.began
    upstreams[Int(call.upstream)].record.end(outcome, after: took)
    calls[index].isActive = false
    calls[index].generation &+= 1
    freeCalls.append(slot)
    actions.append(.finished(ticket: call.ticket, upstream: call.upstream, outcome: outcome, took: took))
  }

  // MARK: - Observation

  /// What the calls to one part came to.
  public func upstreamTotals(_ upstream: Int) -> CallTotals { upstreams[upstream].record.totals }
  /// Times of the calls to one part [s], retries included, since the last reset.
  public func upstreamLatencies(_ upstream: Int) -> LogLinearHistogram { upstreams[upstream].record.latencies }
  /// The state of the breaker of one part.
  public func breakerState(_ upstream: Int, at now: SimTime) -> CircuitBreaker.State {
    upstreams[upstream].breaker.state(at: now)
  }
  /// Times that the breaker of one part opened.
  public func breakerOpenings(_ upstream: Int) -> Int64 { upstreams[upstream].breaker.openings }
}
