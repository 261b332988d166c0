// What is measured of a store: availability, latencies, lost writes, and a log of what happened.

public import SimEngine

/// Totals of a store since the start of the run.
public struct StoreTotals: Sendable {
  /// When they were taken.
  public var at = SimTime.zero
  /// Commands that were answered, and those among them that write.
  public var commands: Int64 = 0
  /// See `commands`.
  public var writeCommands: Int64 = 0
  /// Commands that clients gave up, and those among them that write.
  public var failedCommands: Int64 = 0
  /// See `failedCommands`.
  public var failedWrites: Int64 = 0
  /// Writes that too few replicas confirmed in time: their clients were told that they failed.
  public var unconfirmedWrites: Int64 = 0
  /// Redirections, refusals and silences that clients met.
  public var clients = ClientCounts()
  /// Acknowledged writes, and those that were lost.
  public var writes = WriteCounts()
  /// How long at least one slot was not served.
  public var unavailable = SimDuration.zero
  /// The same, each moment weighed by the share of slots.
  public var unavailableSlots = SimDuration.zero
  /// Messages and bytes on the bus.
  public var busMessages: Int64 = 0
  /// See `busMessages`.
  public var busBytes: Int64 = 0
  /// Failovers that were won.
  public var elections: Int64 = 0
  /// Slots that changed hands in reshards.
  public var movedSlots: Int64 = 0
}

/// Observers of a store.
struct StoreMeasures {
  var totals = StoreTotals()
  /// Latencies of served commands in seconds, reads and writes apart.
  var readLatency = LogLinearHistogram()
  var writeLatency = LogLinearHistogram()
  /// What happened; moves of single slots and their MIGRATEs left out.
  var events: [ClusterEventRecord] = []
  /// Lost writes that events explain.
  var explainedLosses: Int64 = 0
  private var covered = HashSlot.count
  private var coveredSince = SimTime.zero

  /// Bus traffic before and after the stretch that is skipped, and where that lies.
  private var restFrom = SimTime.zero
  private var restUntil = SimTime.zero
  private var sentBeforeRest = BusTraffic()
  var restSent = BusTraffic()

  mutating func replied(after latency: SimDuration, isWrite: Bool, isServed: Bool) {
    totals.commands += 1
    if isWrite { totals.writeCommands += 1 }
    guard isServed else {
      totals.failedCommands += 1
      if isWrite { totals.failedWrites += 1 }
      return
    }
    if isWrite { writeLatency.add(latency) } else { readLatency.add(latency) }
  }

  mutating func read(_ event: ClusterEventRecord) {
    switch event.kind {
    case .slotAssigned:
      totals.movedSlots += 1
      return
    case .blocked, .unblocked: return
    case .writesLost: explainedLosses += event.value
    case .electionWon: totals.elections += 1
    default: break
    }
    events.append(event)
  }

  /// So many slots are served from a moment on.
  mutating func cover(slots: Int, at time: SimTime) {
    settle(at: time)
    covered = slots
  }

  private mutating func settle(at time: SimTime) {
    let span = max(.zero, time - coveredSince)
    coveredSince = max(time, coveredSince)
    guard covered < HashSlot.count else { return }
    totals.unavailable += span
    totals.unavailableSlots += span.scaled(by: Double(HashSlot.count - covered) / Double(HashSlot.count))
  }

  // MARK: Rest

  mutating func restBegins(at time: SimTime, until end: SimTime, sent: BusTraffic) {
    restFrom = time
    restUntil = end
    sentBeforeRest = sent
  }

  mutating func restEnds() { restUntil = .zero }

  /// Totals at a moment; in a skipped stretch the bus is as busy as on average over it.
  mutating func totals(at time: SimTime, sent: BusTraffic) -> StoreTotals {
    settle(at: time)
    var totals = totals
    totals.at = time
    var base = sent
    if restUntil > time, restUntil > restFrom {
      base = sentBeforeRest
      let share = (time - restFrom) / (restUntil - restFrom)
      totals.busMessages = Int64(Double(restSent.totalMessages - base.totalMessages) * share)
      totals.busBytes = Int64(Double(restSent.totalBytes - base.totalBytes) * share)
    }
    totals.busMessages += base.totalMessages
    totals.busBytes += base.totalBytes
    return totals
  }
}

extension SessionStore {
  /// Totals since the start.
  ///
  /// The store must have been advanced to the present.
  public mutating func totals() -> StoreTotals {
    var totals = measures.totals(at: now, sent: cluster.sent)
    totals.clients = clients.reduce(ClientCounts()) { $0 + $1.counts }
    totals.writes = cluster.writes
    return totals
  }

  /// What happened so far, moves of single slots left out.
  public var events: [ClusterEventRecord] { measures.events }

  /// Latencies of served reads, in seconds.
  public var readLatency: LogLinearHistogram { measures.readLatency }

  /// Latencies of served writes, in seconds.
  public var writeLatency: LogLinearHistogram { measures.writeLatency }

  /// Starts the histograms of latencies anew: the warm-up is over.
  public mutating func restartLatencies() {
    measures.readLatency = LogLinearHistogram()
    measures.writeLatency = LogLinearHistogram()
  }

  /// Slots that a running master serves, by node; 0 for all others.
  public func slots(servedBy node: Int) -> Int {
    cluster.isRunning(node) && cluster.isMaster(node) ? cluster.servedSlots(node) : 0
  }

  /// Whether all agree and all slots are served, some time after the last fault or reshard; tells what does not hold.
  ///
  /// Nothing is promised while a process is down. Otherwise twelve node timeouts are enough for suspicion, agreement,
  /// elections that are tried again, and half a minute for data to be loaded and replicas to move.
  public mutating func unconvergedClaim() -> String? {
    let bound = SimDuration.seconds(30) + .milliseconds(12 * settings.cluster.nodeTimeoutMs)
    guard now - disturbedAt > bound, cluster.isWhole else { return nil }
    let covered = cluster.coveredSlots()
    if covered < HashSlot.count { return "\(HashSlot.count - covered) slots are lost: nobody serves them" }
    return cluster.isConverged ? nil : "nodes do not agree \(bound.seconds) s after the last fault"
  }

  /// What does not hold, if anything: see `Cluster.brokenInvariant`; and every lost write is in the log.
  public func brokenInvariant() -> String? {
    if cluster.writes.lost != measures.explainedLosses {
      return "\(cluster.writes.lost) acknowledged writes are lost, but events explain \(measures.explainedLosses)"
    }
    return cluster.brokenInvariant()
  }
}
