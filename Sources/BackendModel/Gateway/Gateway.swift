public import SimEngine

/// The API gateway: a pool of servers in front, and calls to the parts behind it.
///
///     enter --> rate limit --> [queue] --> servers --> reply: go on
///     call  --> breaker --> .send ... returned --> .finished
///                  ^          | timeout, failure
///                  '- backoff, retry budget
///
/// The owner makes the calls that the gateway asks for (``Action/send(_:upstream:ticket:)``) and brings their answers
/// back with ``returned(_:_:_:_:)``. An answer that comes after its timeout is dropped: the part behind did the work in
/// vain, which is how a slow part gets slower when its callers retry.
public struct Gateway: Sendable {
  /// What the gateway asks to be told at a later time.
  public enum Timer: BitwiseCopyable, Hashable, Sendable {
    /// A server of the pool.
    case pool(StationTimer)
    /// An attempt has taken too long.
    case timeout(Attempt)
    /// The next attempt is due.
    case retry(Attempt)
  }

  /// Names one attempt of one call.
  public struct Attempt: BitwiseCopyable, Hashable, Sendable {
    var slot: UInt32
    var generation: UInt32

    /// The attempt as the ticket of a call to another part.
    public var ticket: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    /// The attempt behind a ticket.
    public init(ticket: UInt64) {
      slot = UInt32(truncatingIfNeeded: ticket)
      generation = UInt32(truncatingIfNeeded: ticket >> 32)
    }

    init(slot: UInt32, generation: UInt32) {
      self.slot = slot
      self.generation = generation
    }
  }

  /// What the owner is to do.
  public enum Action: BitwiseCopyable, Hashable, Sendable {
    /// Call a part, now.
    case send(Attempt, upstream: UInt8, ticket: UInt64)
    /// The call is over; `took` is from its beginning, waits for retries included.
    case finished(ticket: UInt64, upstream: UInt8, outcome: CallOutcome, took: SimDuration)
  }

  struct Call: BitwiseCopyable, Sendable {
    var ticket: UInt64
    var began: SimTime
    var generation: UInt32
    var attempts: UInt16
    var upstream: UInt8
    var permit: CircuitBreaker.Permit
    var isActive: Bool
    var timeout: EventHandle
  }

  /// The settings.
  public let settings: GatewaySettings
  let retryPolicy: RetryPolicy
  var pool: QueueingStation
  private var limiter: TokenBucket?
  private var service: ServiceSampler
  private var slowness = RampedLevel(1)
  var backoff: RandomStream
  var front = CallRecord()
  var upstreams: [Upstream]
  var calls: [Call] = []
  var freeCalls: [UInt32] = []
  /// Answers that came after their timeout.
  public internal(set) var lateAnswers: Int64 = 0

  /// A gateway at time zero in front of as many parts as there are names.
  public init(_ settings: GatewaySettings, upstreams names: [String], streams: (_ purpose: String) -> RandomStream) {
    precondition(names.count < 256, "a gateway calls fewer than 256 parts")
    self.settings = settings
    pool = QueueingStation(
      .init(
        servers: settings.servers, queueLimit: settings.queueLimit, priorities: 2, patience: settings.queueTimeout,
        isInterruptible: true))
    limiter = settings.rateLimit > 0 ? TokenBucket(perSecond: settings.rateLimit, burst: settings.rateBurst) : nil
    service = ServiceSampler(settings.service, streams("gateway service"))
    backoff = streams("gateway backoff")
    retryPolicy = RetryPolicy(
      retries: settings.upstream.retries, firstDelay: settings.upstream.backoff,
      jitter: settings.upstream.jitter)
    upstreams = names.map { Upstream(name: $0, settings.upstream) }
  }

  // MARK: - The front door

  /// A call comes in; the reply says whether it may go on.
  ///
  /// Urgent calls are served before others that wait: a viewer who waits for a first frame before a position that is
  /// written back.
  public mutating func enter(
    _ ticket: UInt64, isUrgent: Bool, _ queue: inout BackendQueue, _ replies: inout [BackendReply]
  ) {
    front.arrive()
    let now = queue.now
    if limiter?.take(at: now) == false {
      refuse(ticket, .rateLimited, at: now, &replies)
      return
    }
    let work = service.draw(slowness: slowness.value(at: now))
    let job = StationJob(tag: ticket, work: work, priority: isUrgent ? 0 : 1)
    if pool.submit(job, &queue, { .gateway(.pool($0)) }) == .rejected { refuse(ticket, .rejected, at: now, &replies) }
  }

  private mutating func refuse(
    _ ticket: UInt64, _ outcome: CallOutcome, at now: SimTime, _ replies: inout [BackendReply]
  ) {
    front.end(outcome, after: .zero)
    replies.append(BackendReply(ticket: ticket, outcome: outcome, at: now))
  }

  // MARK: - Failures

  /// Makes every server `factor` times slower, over a ramp; 1 is normal.
  public mutating func slowDown(to factor: Double, at now: SimTime, ramp: SimDuration = .zero) {
    slowness.move(to: factor, at: now, ramp: ramp)
  }

  /// All servers restart: whoever waits or is served gets an error.
  public mutating func crash(_ queue: inout BackendQueue, _ replies: inout [BackendReply]) {
    for departure in pool.interruptAll(&queue) {
      front.end(.unavailable, after: departure.sojourn)
      replies.append(BackendReply(ticket: departure.job.tag, outcome: .unavailable, at: queue.now))
    }
  }

  // MARK: - Time

  /// Handles a timer of the gateway.
  public mutating func handle(
    _ timer: Timer, _ queue: inout BackendQueue, _ replies: inout [BackendReply], _ actions: inout [Action]
  ) {
    switch timer {
    case .pool(let timer):
      let departure = pool.handle(timer, &queue) { .gateway(.pool($0)) }
      let outcome: CallOutcome = departure.outcome == .served ? .served : .timedOut
      front.end(outcome, after: departure.sojourn)
      replies.append(BackendReply(ticket: departure.job.tag, outcome: outcome, at: queue.now))
    case .timeout(let attempt): attemptTimedOut(attempt, &queue, &actions)
    case .retry(let attempt): retryIsDue(attempt, &queue, &actions)
    }
  }

  // MARK: - Observation

  /// What the front door did up to `now`.
  public func totals(at now: SimTime) -> CallTotals {
    var totals = front.totals
    totals.read(pool, at: now)
    return totals
  }

  /// Calls that wait for a server.
  public var waitingCount: Int { pool.waitingCount }
  /// Times at the front door [s] since the last reset.
  public var latencies: LogLinearHistogram { front.latencies }
  /// Random draws so far.
  public var draws: UInt64 { service.stream.draws &+ backoff.draws }

  /// Forgets the distributions at the end of the warm-up; totals go on.
  public mutating func resetLatencies() {
    front.resetLatencies()
    for index in upstreams.indices { upstreams[index].record.resetLatencies() }
  }

  /// What does not hold at `now`, or `nil`.
  public func invariantViolation(at now: SimTime) -> String? {
    if let violation = pool.invariantViolation(at: now) { return "gateway: \(violation)" }
    let inside = Int64(pool.waitingCount + pool.servingCount)
    if front.totals.arrivals != front.totals.finished + inside {
      return "gateway: \(front.totals.arrivals) calls came, \(front.totals.finished) ended, \(inside) are inside"
    }
    var active = [Int64](repeating: 0, count: upstreams.count)
    for call in calls where call.isActive { active[Int(call.upstream)] += 1 }
    for (index, upstream) in upstreams.enumerated() {
      let totals = upstream.record.totals
      if totals.arrivals != totals.finished + active[index] {
        return "gateway: \(totals.arrivals) calls to \(upstream.name), \(totals.finished) ended, \(active[index]) run"
      }
    }
    return nil
  }
}
