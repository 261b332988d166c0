public import SimEngine

// What the cluster counted, and what must hold.

extension SearchCluster {
  /// What the cluster did up to `now`; its servers are the threads of all replicas.
  public func totals(at now: SimTime) -> CallTotals {
    var totals = record.totals
    for replica in replicas { totals.read(replica.station, at: now) }
    return totals
  }

  /// Times of queries [s] since the last reset.
  public var latencies: LogLinearHistogram { record.latencies }
  /// Sub-queries that wait at replicas.
  public var waitingCount: Int { replicas.reduce(0) { $0 + $1.station.waitingCount } }

  /// Forgets the distribution at the end of the warm-up; totals go on.
  public mutating func resetLatencies() { record.resetLatencies() }

  /// What does not hold at `now`, or `nil`.
  public func invariantViolation(at now: SimTime) -> String? {
    var atReplicas = 0
    for (number, replica) in replicas.enumerated() {
      if let violation = replica.station.invariantViolation(at: now) { return "search replica \(number): \(violation)" }
      atReplicas += replica.station.waitingCount + replica.station.servingCount
    }
    var isFree = [Bool](repeating: false, count: queries.count)
    for free in freeQueries { isFree[Int(free)] = true }
    var unanswered: Int64 = 0
    var outstanding = 0
    for (index, query) in queries.enumerated() where !isFree[index] {
      if !query.isOver { unanswered += 1 }
      outstanding += Int(query.outstanding)
    }
    if record.totals.arrivals != record.totals.finished + unanswered {
      return "search: \(record.totals.arrivals) queries came, \(record.totals.finished) ended, \(unanswered) are inside"
    }
    return outstanding == atReplicas
      ? nil : "search: \(outstanding) sub-queries are awaited, \(atReplicas) are at replicas"
  }
}

/// When a new title can be found: it is indexed, and then waits for the next refresh of the index.
///
/// Refreshes come at whole multiples of the interval. A title published at a random moment waits half an interval on
/// average, and at most a whole one, besides the time to index it.
public struct SearchIndex: BitwiseCopyable, Hashable, Sendable {
  private let refreshInterval: SimDuration
  private let indexing: SimDuration

  /// The index of a cluster.
  public init(_ settings: SearchSettings) {
    refreshInterval = settings.refreshInterval
    indexing = settings.indexing
  }

  /// When a title that is published at `time` can be found first.
  public func visible(publishedAt time: SimTime) -> SimTime {
    let ready = (time + indexing).nanoseconds
    let interval = refreshInterval.nanoseconds
    return SimTime(nanoseconds: (ready + interval - 1) / interval * interval)
  }
}
