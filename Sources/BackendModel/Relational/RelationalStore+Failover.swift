public import SimEngine

// The death of a primary, its succession, and what must hold across it.

extension RelationalStore {
  /// The primary dies: its transactions fail, and writes are refused until the standby has taken over.
  ///
  /// Without a standby there is no primary until ``returnNode(at:)``.
  public mutating func failPrimary(_ queue: inout BackendQueue, _ replies: inout [BackendReply]) {
    guard hasPrimary else { return }
    let now = queue.now
    hasPrimary = false
    epoch &+= 1
    forgetGathering()
    for departure in primary.interruptAll(&queue) {
      finish(UInt32(departure.job.tag), .unavailable, at: now, &replies)
    }
    let loss = log.crash(at: now)
    for transaction in loss.unacknowledged { finish(transaction, .unavailable, at: now, &replies) }
    guard hasStandby else { return }
    lostCommits += Int64(loss.lost)
    inDoubtCommits += Int64(loss.inDoubt)
    hasStandby = false
    isPromoting = true
    queue.schedule(.relational(.promoted(epoch: epoch)), after: settings.detection + settings.promotion)
  }

  /// The node that died comes back: as the standby, or as the primary if there was nobody to succeed it.
  ///
  /// A node that returns before its successor is promoted still becomes the standby: the decision has been made.
  public mutating func returnNode(at now: SimTime) {
    if hasPrimary && !settings.hasStandby { return }
    if hasPrimary || isPromoting {
      hasStandby = true
      log.standbyJoins(at: now)
    } else {
      hasPrimary = true
    }
  }

  // MARK: - Observation

  /// What the store did up to `now`, reads and writes together.
  public func totals(at now: SimTime) -> CallTotals {
    var totals = readTotals
    totals.add(writeTotals)
    totals.read(primary, at: now)
    for replica in replicas { totals.read(replica, at: now) }
    return totals
  }

  /// Reads so far.
  public var readTotals: CallTotals { reads.totals }
  /// Transactions so far.
  public var writeTotals: CallTotals { writes.totals }
  /// Times of reads [s] since the last reset.
  public var readLatencies: LogLinearHistogram { reads.latencies }
  /// Times of transactions [s] since the last reset.
  public var writeLatencies: LogLinearHistogram { writes.latencies }
  /// Transactions that wait for a connection.
  public var waitingCount: Int { replicas.reduce(primary.waitingCount) { $0 + $1.waitingCount } }
  /// Flushes of the log.
  public var flushes: Int64 { log.flushes }

  /// Forgets the distributions at the end of the warm-up; totals go on.
  public mutating func resetLatencies() {
    reads.resetLatencies()
    writes.resetLatencies()
  }

  /// What does not hold at `now`, or `nil`.
  public func invariantViolation(at now: SimTime) -> String? {
    for station in [primary] + replicas {
      if let violation = station.invariantViolation(at: now) { return "relational store: \(violation)" }
    }
    let inside = Int64(transactions.count - freeTransactions.count)
    let ended = reads.totals.finished + writes.totals.finished
    if reads.totals.arrivals + writes.totals.arrivals != ended + inside {
      return "relational store: transactions that came are neither ended nor inside"
    }
    let onStations = replicas.reduce(primary.waitingCount + primary.servingCount) {
      $0 + $1.waitingCount + $1.servingCount
    }
    if inside != Int64(onStations + log.pendingCount) {
      return "relational store: \(inside) transactions are inside, \(onStations + log.pendingCount) are found"
    }
    if settings.replication == .synchronous, lostCommits > 0 {
      return "relational store: \(lostCommits) acknowledged transactions were lost in spite of a synchronous standby"
    }
    return nil
  }
}
