public import SimEngine

/// A relational store: one primary with a standby, read replicas, and a cache of rows before them.
///
///     read  --> cache hit --> reply
///           '-> the least busy replica's connections --> reply
///     write --> the primary's connections --> commit log --> reply
///
/// Writes are ACID transactions. Isolation is not simulated: what conflicts cost belongs into the time of `write`.
public struct RelationalStore: Sendable {
  /// What the store asks to be told at a later time; the epoch tells timers of a primary that has died since.
  public enum Timer: BitwiseCopyable, Hashable, Sendable {
    /// A connection of the primary.
    case primary(StationTimer)
    /// A connection of a replica.
    case replica(UInt8, StationTimer)
    /// Commits have gathered long enough.
    case gathered(number: UInt32)
    /// The primary's disk has finished a flush.
    case flushed(epoch: UInt32)
    /// The oldest batch is acknowledged.
    case acknowledged(epoch: UInt32)
    /// The standby has become the primary.
    case promoted(epoch: UInt32)
  }

  struct Transaction: BitwiseCopyable, Sendable {
    var ticket: UInt64
    var arrived: SimTime
    var isWrite: Bool
  }

  /// The settings.
  public let settings: RelationalSettings
  var primary: QueueingStation
  var replicas: [QueueingStation]
  var log: CommitLog
  private var nextReplica = 0
  private var cache: RandomStream
  private var cachedRead: ServiceSampler
  private var read: ServiceSampler
  private var write: ServiceSampler
  private var slowness = RampedLevel(1)
  var transactions: [Transaction] = []
  var freeTransactions: [UInt32] = []
  /// Whether commits wait for others to share their flush, and for the how-manieth time.
  private var isGathering = false
  private var gatherings: UInt32 = 0

  var reads = CallRecord()
  var writes = CallRecord()
  var epoch: UInt32 = 0
  var isPromoting = false
  /// Whether there is a primary that takes writes.
  public internal(set) var hasPrimary = true
  /// Whether there is a standby that can take over.
  public internal(set) var hasStandby: Bool
  /// Reads that the cache answered.
  public private(set) var cacheHits: Int64 = 0
  /// Times that a standby took over.
  public internal(set) var failovers: Int64 = 0
  /// Acknowledged transactions that a failover lost; always 0 with synchronous replication.
  public internal(set) var lostCommits: Int64 = 0
  /// Transactions whose callers got an error although they were kept.
  public internal(set) var inDoubtCommits: Int64 = 0
  /// Transactions that were acknowledged without a standby.
  public private(set) var unprotectedCommits: Int64 = 0

  /// A store at time zero.
  public init(_ settings: RelationalSettings, streams: (_ purpose: String) -> RandomStream) {
    self.settings = settings
    hasStandby = settings.hasStandby
    let station = QueueingStation(
      .init(servers: settings.connections, queueLimit: settings.queueLimit, isInterruptible: true))
    primary = station
    replicas = Array(repeating: station, count: settings.readReplicas)
    log = CommitLog(
      settings, flush: streams("relational flush"), remoteFlush: streams("relational standby flush"))
    cache = streams("relational cache")
    cachedRead = ServiceSampler(settings.cachedRead, streams("relational cached read"))
    read = ServiceSampler(settings.read, streams("relational read"))
    write = ServiceSampler(settings.write, streams("relational write"))
  }

  // MARK: - Calls

  /// Reads an account.
  public mutating func read(_ ticket: UInt64, _ queue: inout BackendQueue, _ replies: inout [BackendReply]) {
    let now = queue.now
    reads.arrive()
    if cache.chance(settings.cacheHitShare) {
      cacheHits += 1
      reply(ticket, .served, arrived: now, isWrite: false, at: now + cachedRead.draw(), &replies)
      return
    }
    let job = enter(ticket, at: now, isWrite: false, work: read.draw(slowness: slowness.value(at: now)))
    if replicas.isEmpty {
      submitToPrimary(job, &queue, &replies)
      return
    }
    let replica = leastBusyReplica()
    if replicas[replica].submit(job, &queue, { .relational(.replica(UInt8(replica), $0)) }) == .rejected {
      finish(UInt32(job.tag), .rejected, at: now, &replies)
    }
  }

  /// Runs a transaction that writes.
  public mutating func write(_ ticket: UInt64, _ queue: inout BackendQueue, _ replies: inout [BackendReply]) {
    let now = queue.now
    writes.arrive()
    let job = enter(ticket, at: now, isWrite: true, work: write.draw(slowness: slowness.value(at: now)))
    submitToPrimary(job, &queue, &replies)
  }

  private mutating func submitToPrimary(
    _ job: StationJob, _ queue: inout BackendQueue, _ replies: inout [BackendReply]
  ) {
    guard hasPrimary else {
      finish(UInt32(job.tag), .unavailable, at: queue.now, &replies)
      return
    }
    if primary.submit(job, &queue, { .relational(.primary($0)) }) == .rejected {
      finish(UInt32(job.tag), .rejected, at: queue.now, &replies)
    }
  }

  /// The replica with the fewest transactions; among equals they take turns.
  private mutating func leastBusyReplica() -> Int {
    var best = nextReplica
    var fewest = Int.max
    for offset in replicas.indices {
      let replica = (nextReplica + offset) % replicas.count
      let load = replicas[replica].servingCount + replicas[replica].waitingCount
      if load < fewest {
        best = replica
        fewest = load
      }
    }
    nextReplica = (nextReplica + 1) % replicas.count
    return best
  }

  // MARK: - Time

  /// Handles a timer of the store.
  public mutating func handle(_ timer: Timer, _ queue: inout BackendQueue, _ replies: inout [BackendReply]) {
    let now = queue.now
    switch timer {
    case .primary(let timer):
      let departure = primary.handle(timer, &queue) { .relational(.primary($0)) }
      let transaction = UInt32(departure.job.tag)
      if transactions[Int(transaction)].isWrite {
        log.append(transaction)
        flushIfDue(&queue)
      } else {
        finish(transaction, .served, at: now, &replies)
      }
    case .replica(let replica, let timer):
      let departure = replicas[Int(replica)].handle(timer, &queue) { .relational(.replica(replica, $0)) }
      finish(UInt32(departure.job.tag), .served, at: now, &replies)
    case .gathered(let number):
      guard isGathering, number == gatherings else { return }
      startFlush(&queue)
    case .flushed(let timerEpoch):
      guard timerEpoch == epoch else { return }
      log.flushEnded()
      flushIfDue(&queue)
    case .acknowledged(let timerEpoch):
      guard timerEpoch == epoch else { return }
      for transaction in log.acknowledge(at: now) {
        if !hasStandby { unprotectedCommits += 1 }
        finish(transaction, .served, at: now, &replies)
      }
    case .promoted(let timerEpoch):
      guard timerEpoch == epoch else { return }
      hasPrimary = true
      isPromoting = false
      failovers += 1
    }
  }

  private mutating func flushIfDue(_ queue: inout BackendQueue) {
    guard !log.isFlushing, log.waitingCount > 0 else { return }
    if settings.commitDelay == .zero || log.waitingCount >= settings.groupSize {
      startFlush(&queue)
    } else if !isGathering {
      isGathering = true
      gatherings &+= 1
      queue.schedule(.relational(.gathered(number: gatherings)), after: settings.commitDelay)
    }
  }

  private mutating func startFlush(_ queue: inout BackendQueue) {
    isGathering = false
    guard let flush = log.startFlush(at: queue.now, hasStandby: hasStandby) else { return }
    queue.schedule(.relational(.flushed(epoch: epoch)), at: flush.localEnd)
    queue.schedule(.relational(.acknowledged(epoch: epoch)), at: flush.acknowledged)
  }

  // MARK: - Transactions

  private mutating func enter(_ ticket: UInt64, at now: SimTime, isWrite: Bool, work: SimDuration) -> StationJob {
    let transaction = Transaction(ticket: ticket, arrived: now, isWrite: isWrite)
    if let free = freeTransactions.popLast() {
      transactions[Int(free)] = transaction
      return StationJob(tag: UInt64(free), work: work)
    }
    transactions.append(transaction)
    return StationJob(tag: UInt64(transactions.count - 1), work: work)
  }

  mutating func finish(
    _ number: UInt32, _ outcome: CallOutcome, at now: SimTime, _ replies: inout [BackendReply]
  ) {
    let transaction = transactions[Int(number)]
    freeTransactions.append(number)
    reply(
      transaction.ticket, outcome, arrived: transaction.arrived, isWrite: transaction.isWrite, at: now, &replies)
  }

  private mutating func reply(
    _ ticket: UInt64, _ outcome: CallOutcome, arrived: SimTime, isWrite: Bool, at done: SimTime,
    _ replies: inout [BackendReply]
  ) {
    let at = done + settings.roundTrip
    if isWrite { writes.end(outcome, after: at - arrived) } else { reads.end(outcome, after: at - arrived) }
    replies.append(BackendReply(ticket: ticket, outcome: outcome, at: at))
  }

  // MARK: - Degradation

  /// Makes every statement `factor` times slower, over a ramp; 1 is normal.
  public mutating func slowDown(to factor: Double, at now: SimTime, ramp: SimDuration = .zero) {
    slowness.move(to: factor, at: now, ramp: ramp)
  }

  mutating func forgetGathering() { isGathering = false }

  /// Random draws so far.
  public var draws: UInt64 {
    cache.draws &+ cachedRead.stream.draws &+ read.stream.draws &+ write.stream.draws &+ log.draws
  }
}
