import SimEngine

/// What one part of the back end did, as running totals since the start of the run.
///
/// Totals only grow, so any window is the difference of two snapshots.
public struct CallTotals: Hashable, Sendable {
  /// Calls that ended, in the order of ``CallOutcome/allCases``.
  public private(set) var ended = [Int64](repeating: 0, count: CallOutcome.allCases.count)
  /// Calls that came.
  public internal(set) var arrivals: Int64 = 0
  /// Time from coming to the answer, summed over the served calls [ns].
  public internal(set) var latencyNs: Int64 = 0
  /// Time that servers spent working, summed over the servers [s].
  public internal(set) var busySeconds = 0.0
  /// Time that jobs spent waiting for a server, summed [s].
  public internal(set) var waitingSeconds = 0.0
  /// Time that servers were there, summed over the servers [s].
  public internal(set) var serverSeconds = 0.0
  /// Further attempts, speculative requests and hedges.
  public internal(set) var extraAttempts: Int64 = 0

  /// All zero.
  public init() {}

  /// Calls that ended in one way.
  public subscript(outcome: CallOutcome) -> Int64 { ended[Int(outcome.rawValue)] }

  /// Calls that ended.
  public var finished: Int64 { ended.reduce(0, +) }
  /// Calls that ended without an answer.
  public var failed: Int64 { finished - self[.served] }
  /// Share of the servers' time spent working; NaN without servers.
  public var utilisation: Double { busySeconds / serverSeconds }
  /// Mean time to an answer [s]; NaN without any.
  public var meanLatencySeconds: Double { Double(latencyNs) / 1e9 / Double(self[.served]) }

  mutating func end(_ outcome: CallOutcome, after latency: SimDuration) {
    ended[Int(outcome.rawValue)] += 1
    if outcome == .served { latencyNs += latency.nanoseconds }
  }

  /// Adds what a station did up to `now`.
  mutating func read(_ station: QueueingStation, at now: SimTime) {
    let waiting = station.observers.waiting.integral(through: now)
    busySeconds += station.observers.inSystem.integral(through: now) - waiting
    waitingSeconds += waiting
    serverSeconds += Double(station.configuration.servers) * now.seconds
  }

  /// Adds calls of another kind.
  mutating func add(_ other: CallTotals) {
    for index in ended.indices { ended[index] += other.ended[index] }
    arrivals += other.arrivals
    latencyNs += other.latencyNs
    busySeconds += other.busySeconds
    waitingSeconds += other.waitingSeconds
    serverSeconds += other.serverSeconds
    extraAttempts += other.extraAttempts
  }

  /// What came between two moments of one part.
  public static func - (later: CallTotals, earlier: CallTotals) -> CallTotals {
    var difference = later
    for index in difference.ended.indices { difference.ended[index] -= earlier.ended[index] }
    difference.arrivals -= earlier.arrivals
    difference.latencyNs -= earlier.latencyNs
    difference.busySeconds -= earlier.busySeconds
    difference.waitingSeconds -= earlier.waitingSeconds
    difference.serverSeconds -= earlier.serverSeconds
    difference.extraAttempts -= earlier.extraAttempts
    return difference
  }
}

/// Counts calls of one part and keeps the distribution of their latencies.
struct CallRecord: Sendable {
  private(set) var totals = CallTotals()
  /// Latencies of served calls [s] since the last reset.
  private(set) var latencies = LogLinearHistogram()

  mutating func arrive() { totals.arrivals += 1 }
  mutating func attemptAgain() { totals.extraAttempts += 1 }

  mutating func end(_ outcome: CallOutcome, after latency: SimDuration) {
    totals.end(outcome, after: latency)
    if outcome == .served { latencies.add(latency) }
  }

  /// Forgets the distribution at the end of the warm-up; totals go on.
  mutating func resetLatencies() { latencies.reset() }
}
