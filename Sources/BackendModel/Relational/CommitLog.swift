import SimEngine

/// The write-ahead log of a primary: commits gather while a flush is running and share the next one.
///
///     commit --> [waiting] --> flush (local) ---------------------> .
///                                '--> RTT/2 --> flush (standby) --> RTT/2 --> acknowledged
///
/// A batch that begins at t is on the primary's disk at t + f, and on the standby's at
/// max(t + RTT/2, when the standby is free) + g. Synchronously it is acknowledged at
///
///     max(t + f, standby's disk + RTT/2) = t + max(f, RTT + g) when the standby is not busy,
///
/// asynchronously at t + f. The log is acknowledged in order. The primary's disk is free again at t + f whatever the
/// round trip, so distance costs latency, not throughput: the batches of a round trip are under way together.
struct CommitLog: Sendable {
  /// One flush and the transactions that share it.
  struct Batch: Sendable {
    var first: Int
    var count: Int
    /// When the standby has it on disk, if there is a standby.
    var standbyDurableAt: SimTime?
    var acknowledgedAt: SimTime
  }

  private let settings: RelationalSettings
  private var flush: ServiceSampler
  private var remoteFlush: ServiceSampler
  /// Transactions in log order, from number `firstNumber` on: those not acknowledged.
  private var transactions: [UInt32] = []
  private var firstNumber = 0
  /// Number of the first transaction that waits for a flush.
  private var nextToFlush = 0
  private(set) var isFlushing = false
  private var standbyFreeAt = SimTime.zero
  private var lastAcknowledgement = SimTime.zero
  /// Flushes whose batch is not acknowledged, in order.
  private(set) var batches: [Batch] = []
  /// Acknowledged batches that the standby may not have on disk yet, in order.
  private var unsafe: [Batch] = []
  private(set) var flushes: Int64 = 0

  init(_ settings: RelationalSettings, flush: RandomStream, remoteFlush: RandomStream) {
    self.settings = settings
    self.flush = ServiceSampler(settings.flush, flush)
    self.remoteFlush = ServiceSampler(settings.remoteFlush, remoteFlush)
  }

  var draws: UInt64 { flush.stream.draws &+ remoteFlush.stream.draws }
  /// Transactions that wait for a flush.
  var waitingCount: Int { firstNumber + transactions.count - nextToFlush }
  /// Transactions in the log that are not acknowledged.
  var pendingCount: Int { transactions.count }

  mutating func append(_ transaction: UInt32) { transactions.append(transaction) }

  /// Starts a flush of what waits; returns when the primary's disk is free again and when the batch is acknowledged.
  mutating func startFlush(at now: SimTime, hasStandby: Bool) -> (localEnd: SimTime, acknowledged: SimTime)? {
    let count = min(waitingCount, settings.groupSize)
    guard count > 0, !isFlushing else { return nil }
    isFlushing = true
    flushes += 1
    let localEnd = now + flush.draw()
    var acknowledged = localEnd
    var standbyDurableAt: SimTime?
    if hasStandby {
      let half = SimDuration(nanoseconds: settings.standbyRoundTrip.nanoseconds / 2)
      let arrives = max(now + half, standbyFreeAt)
      let durable = arrives + remoteFlush.draw()
      standbyFreeAt = durable
      standbyDurableAt = durable
      if settings.replication == .synchronous {
        acknowledged = max(localEnd, durable + (settings.standbyRoundTrip - half))
      }
    }
    acknowledged = max(acknowledged, lastAcknowledgement)
    lastAcknowledgement = acknowledged
    batches.append(
      Batch(first: nextToFlush, count: count, standbyDurableAt: standbyDurableAt, acknowledgedAt: acknowledged))
    nextToFlush += count
    return (localEnd, acknowledged)
  }

  mutating func flushEnded() { isFlushing = false }

  /// The oldest batch is acknowledged: its transactions.
  mutating func acknowledge(at now: SimTime) -> [UInt32] {
    let batch = batches.removeFirst()
    let acknowledged = Array(transactions.prefix(batch.count))
    transactions.removeFirst(batch.count)
    firstNumber += batch.count
    unsafe.removeAll { batch in batch.standbyDurableAt.map { $0 <= now } ?? false }
    unsafe.append(batch)
    return acknowledged
  }

  /// A standby joins at `now`, with everything that the primary has on disk or is about to write.
  mutating func standbyJoins(at now: SimTime) {
    unsafe.removeAll()
    standbyFreeAt = now
    for index in batches.indices where batches[index].standbyDurableAt == nil {
      batches[index].standbyDurableAt = batches[index].acknowledgedAt
    }
  }

  /// What a crash of the primary leaves when the standby takes over.
  struct Loss {
    /// Transactions that were not acknowledged: their callers get an error.
    var unacknowledged: [UInt32]
    /// Of these, how many the standby has all the same: their callers do not know.
    var inDoubt: Int
    /// Transactions that were acknowledged and that the standby does not have.
    var lost: Int
  }

  /// The primary crashes at `now`; the log of its successor starts empty.
  mutating func crash(at now: SimTime) -> Loss {
    func isDurable(_ batch: Batch) -> Bool { batch.standbyDurableAt.map { $0 <= now } ?? false }
    let loss = Loss(
      unacknowledged: transactions,
      inDoubt: batches.filter(isDurable).reduce(0) { $0 + $1.count },
      lost: unsafe.filter { !isDurable($0) }.reduce(0) { $0 + $1.count })
    firstNumber += transactions.count
    transactions.removeAll()
    nextToFlush = firstNumber
    batches.removeAll()
    unsafe.removeAll()
    isFlushing = false
    standbyFreeAt = now
    lastAcknowledgement = now
    return loss
  }
}
