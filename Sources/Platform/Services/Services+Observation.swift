import BackendModel
import SimEngine

// What the services count, when they look at it, and what must hold.

/// Requests by kind and outcome, as running totals.
struct ServiceCounters: Sendable {
  private(set) var served = [Int64](repeating: 0, count: 3)
  private(set) var failed = [Int64](repeating: 0, count: 3)
  /// Sessions that began without their position.
  var positionsMissed: Int64 = 0
  /// Titles that ingest has published, and those of them that a search finds.
  var titlesPublished: Int64 = 0
  var titlesFound: Int64 = 0

  mutating func count(_ kind: ServiceRequest.Kind, _ outcome: CallOutcome) {
    if outcome == .served { served[Int(kind.rawValue)] += 1 } else { failed[Int(kind.rawValue)] += 1 }
  }

  subscript(served kind: ServiceRequest.Kind) -> Int64 { served[Int(kind.rawValue)] }
  subscript(failed kind: ServiceRequest.Kind) -> Int64 { failed[Int(kind.rawValue)] }
}

/// The services' totals at one moment.
struct ServiceSnapshot: Sendable {
  var at: SimTime
  var counters: ServiceCounters
  var gateway: CallTotals
  var relational: CallTotals
  var history: CallTotals
  var search: CallTotals
  /// Jobs that wait at each of them now.
  var waiting: (gateway: Int, relational: Int, history: Int, search: Int)
  var lateAnswers: Int64
  var hintsPending: Int64
  var hintsReplayed: Int64
  var breakerOpenings: Int64
  var partialAnswers: Int64
}

extension ServicesState {
  mutating func takeSnapshot(at now: SimTime) {
    var openings: Int64 = 0
    for upstream in ServiceUpstream.allCases { openings += gateway.breakerOpenings(Int(upstream.rawValue)) }
    snapshots.append(
      ServiceSnapshot(
        at: now, counters: counters, gateway: gateway.totals(at: now), relational: relational.totals(at: now),
        history: history.totals(at: now), search: search.totals(at: now),
        waiting: (gateway.waitingCount, relational.waitingCount, history.waitingCount, search.waitingCount),
        lateAnswers: gateway.lateAnswers, hintsPending: history.hintsPending, hintsReplayed: history.hintsReplayed,
        breakerOpenings: openings, partialAnswers: search.partialAnswers))
    checkInvariants(at: now)
  }

  /// Forgets the distributions at the end of the warm-up; totals go on.
  mutating func resetLatencies() {
    gateway.resetLatencies()
    relational.resetLatencies()
    history.resetLatencies()
    search.resetLatencies()
  }

  /// What must hold at every snapshot of every run; what does not is reported with the run and fails it.
  mutating func checkInvariants(at now: SimTime) {
    let claims = [
      gateway.invariantViolation(at: now), relational.invariantViolation(at: now),
      history.invariantViolation(at: now), search.invariantViolation(at: now),
    ]
    for claim in claims {
      if let claim { violations.append("services at \(now.seconds) s: \(claim)") }
    }
  }

  mutating func finish(at end: SimTime) -> ComponentResults {
    timers.advance(to: max(end, timers.now))
    if snapshots.last?.at != end { takeSnapshot(at: end) }
    return results(end: end)
  }
}
