import CDNModel
import SimEngine

/// The back of the envelope: what a scenario should lead to, worked out without simulation, each figure with its
/// formula.
///
/// Figures are those of the whole platform, on average over the time after the warm-up, without failures and waiting.
/// Where a run differs by much, either the envelope leaves out what matters (each row says what), or the simulator is
/// wrong.
public struct Explanation: Sendable {
  /// The rows, from users to hardware.
  public let rows: [ExplanationRow]

  /// Explains a scenario with the segment sizes of its ladder.
  public init(scenario: Scenario, pattern: SegmentPattern) {
    let audience = Audience(scenario: scenario)
    let delivery = Delivery(scenario: scenario, pattern: pattern, audience: audience)
    var rows = audience.rows + delivery.rows
    if let services = scenario.services {
      rows += ServiceLoad(scenario: scenario, services: services, audience: audience).rows
    }
    if let ingest = scenario.ingest { rows += IngestLoad(scenario: scenario, ingest: ingest).rows }
    rows += RunLoad(scenario: scenario, delivery: delivery).rows
    self.rows = rows
  }
}

/// Who comes and how long they stay.
struct Audience {
  /// Sessions a second of the whole platform.
  let perSecond: Double
  /// Share of them that are a premiere's.
  let premiereShare: Double
  /// Mean time that a session plays [s].
  let sessionS: Double
  /// Sessions at once.
  let concurrency: Double
  /// Share of the sessions that leave before the end of their title.
  let leavesEarly: Double
  let rows: [ExplanationRow]

  init(scenario: Scenario) {
    let viewers = scenario.viewers
    let demand = Demand(scenario: scenario)
    let sites = Double(scenario.cdn.edge.sites)
    let from = scenario.warmup.seconds
    let to = scenario.duration.seconds
    func arrivals(_ rate: PiecewiseLinearRate?, until time: Double) -> Double {
      (rate?.expectedArrivals(until: max(0, time)) ?? 0) * sites
    }
    let regular = arrivals(demand.regular, until: to) - arrivals(demand.regular, until: from)
    let premiere = arrivals(demand.premiere, until: to) - arrivals(demand.premiere, until: from)
    perSecond = (regular + premiere) / (to - from)
    premiereShare = premiere / (regular + premiere)

    let shares = weightedLengths(scenario.catalog.lengths)
    let lengthS = shares.reduce(0) { $0 + $1.share * $1.seconds }
    let watched =
      viewers.completeShare + (1 - viewers.completeShare) * viewers.partial.alpha
      / (viewers.partial.alpha + viewers.partial.beta)
    let regularS = lengthS * (1 - viewers.resumeShare / 2) * watched
    let premiereS = (viewers.premiere?.length.seconds ?? 0) * watched
    let meanS = (1 - premiereShare) * regularS + premiereShare * premiereS
    sessionS = meanS
    leavesEarly = 1 - viewers.completeShare

    // Those who are there at t came within the last E[S]; averaged over the observed time by the midpoint rule.
    let steps = 400
    var total = 0.0
    for step in 0..<steps {
      let time = from + (to - from) * (Double(step) + 0.5) / Double(steps)
      total += arrivals(demand.regular, until: time) - arrivals(demand.regular, until: time - regularS)
      total += arrivals(demand.premiere, until: time) - arrivals(demand.premiere, until: time - premiereS)
    }
    let inside = total / Double(steps)
    concurrency = inside
    rows = [
      ExplanationRow(
        "sessions", "1/s", perSecond, "memberships x sessions_per_day / 86400 s x diurnal / mean(diurnal) + premiere",
        source: .init("viewers", "sessions", per: .shareAndTime)),
      ExplanationRow(
        "session_length", "s", meanS,
        "E[length] x (1 - resume_share / 2) x (complete + (1 - complete) x alpha / (alpha + beta))"),
      ExplanationRow(
        "concurrency", "", inside, "arrivals of the last E[session] (Little: lambda x E[session] where it is steady)",
        source: .init("viewers", "concurrency_mean", per: .share),
        caution: "sessions differ in length: after the start and after a peak they leave later than their mean"),
    ]
  }
}

/// Means of the mixture of title lengths.
private func weightedLengths(_ lengths: [TitleLengthSettings]) -> [(share: Double, seconds: Double)] {
  let total = lengths.reduce(0) { $0 + $1.share }
  return lengths.map { ($0.share / total, $0.mean.seconds) }
}
