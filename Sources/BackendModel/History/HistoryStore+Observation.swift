public import SimEngine

// What the store counted, and what must hold.

extension HistoryStore {
  /// What the store did up to `now`, reads and writes together.
  public func totals(at now: SimTime) -> CallTotals {
    var totals = readTotals
    totals.add(writeTotals)
    for node in nodes { totals.read(node.station, at: now) }
    return totals
  }

  /// Reads so far.
  public var readTotals: CallTotals { reads.totals }
  /// Writes so far.
  public var writeTotals: CallTotals { writes.totals }
  /// Times of reads [s] since the last reset.
  public var readLatencies: LogLinearHistogram { reads.latencies }
  /// Times of writes [s] since the last reset.
  public var writeLatencies: LogLinearHistogram { writes.latencies }
  /// Requests that wait at nodes.
  public var waitingCount: Int { nodes.reduce(0) { $0 + $1.station.waitingCount } }
  /// Hints that were ever stored.
  public var hintsStored: Int64 { nodes.reduce(0) { $0 + $1.hints.stored } }
  /// Hints that have reached their node.
  public var hintsReplayed: Int64 { nodes.reduce(0) { $0 + $1.hints.replayed } }
  /// Hints that wait, or are on their way.
  public var hintsPending: Int64 { nodes.reduce(0) { $0 + $1.hints.pending + $1.hints.replaying } }
  /// Writes that a node lacks and nobody kept: the node was away for longer than the hint window.
  public var writesMissed: Int64 { nodes.reduce(0) { $0 + $1.hints.missed } }

  /// Forgets the distributions at the end of the warm-up; totals go on.
  public mutating func resetLatencies() {
    reads.resetLatencies()
    writes.resetLatencies()
  }

  /// What does not hold at `now`, or `nil`.
  public func invariantViolation(at now: SimTime) -> String? {
    if let violation = growth.invariantViolation { return violation }
    var atNodes = 0
    for (number, node) in nodes.enumerated() {
      if let violation = node.station.invariantViolation(at: now) { return "history node \(number): \(violation)" }
      if !node.hints.isConserved { return "history node \(number): hints were lost or made up" }
      atNodes += node.station.waitingCount + node.station.servingCount
    }
    var isFree = [Bool](repeating: false, count: calls.count)
    for free in freeCalls { isFree[Int(free)] = true }
    var unanswered: Int64 = 0
    var outstanding = 0
    for (index, call) in calls.enumerated() where !isFree[index] {
      if !call.isOver { unanswered += 1 }
      outstanding += Int(call.outstanding)
    }
    let arrivals = reads.totals.arrivals + writes.totals.arrivals
    let finished = reads.totals.finished + writes.totals.finished
    if arrivals != finished + unanswered {
      return "history: \(arrivals) calls came, \(finished) ended, \(unanswered) are inside"
    }
    return outstanding <= atNodes ? nil : "history: \(outstanding) requests are awaited, \(atNodes) are at nodes"
  }
}
