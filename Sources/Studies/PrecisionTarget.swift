import Platform
import Reporting
public import SimEngine
import TextFormats

/// How narrow the intervals of some metrics must be before a study stops to add replications.
///
/// Sequential procedure of Law, "Simulation Modeling and Analysis", section 9.4.1, on every metric (`StoppingRule`).
public struct PrecisionTarget: Sendable {
  /// The rule.
  public var rule: StoppingRule
  /// The metrics, as summary.csv names them.
  public var metrics: [String]

  /// Figures of viewers, cache and cost that settle within tens of replications.
  public static let standardMetrics = ["startup_mean_s", "mean_bitrate_kbps", "byte_hit_ratio", "origin_bytes"]

  /// A target for some metrics.
  public init(rule: StoppingRule, metrics: [String] = standardMetrics) {
    self.rule = rule
    self.metrics = metrics
  }

  /// How the target was met.
  struct Report: Sendable, Equatable {
    /// Replications made.
    var count: Int
    /// Whether every metric is precise.
    var isReached: Bool
    /// The metric with the widest interval, and its half-width relative to its mean.
    var widest: String
    var relativeHalfWidth: Double?

    /// One line for people.
    var text: String {
      let width = relativeHalfWidth.map { "+- \(DisplayNumber.significant($0 * 100, digits: 2)) %" } ?? "no interval"
      return "\(isReached ? "reached" : "NOT reached") after \(count) replications (widest: \(widest), \(width))"
    }
  }

  /// The report once the study may stop, `nil` while it should go on.
  ///
  /// A metric that a run does not have counts as never precise.
  func report(after replications: [Replication]) -> Report? {
    var widest = (metric: metrics.first ?? "", relative: Double?.some(-1))
    var decisions: [StoppingRule.Decision] = []
    for metric in metrics {
      var estimate = Estimate(known: replications.map { $0.value(metric) ?? .nan })
      // Replications that observed nothing count towards the most that may be made.
      estimate.count = replications.count
      let relative = estimate.halfWidth == 0 ? 0 : estimate.relativeHalfWidth.flatMap { $0.isNaN ? nil : $0 }
      if let known = widest.relative, relative.map({ $0 > known }) ?? true { widest = (metric, relative) }
      decisions.append(rule.decision(after: estimate))
    }
    if decisions.contains(.proceed) { return nil }
    return Report(
      count: replications.count, isReached: !decisions.contains(.exhausted), widest: widest.metric,
      relativeHalfWidth: widest.relative)
  }
}

/// A metric that no run has.
public struct UnknownMetric: Error {
  /// The name as given.
  public let name: String
  /// What was probably meant.
  public let suggestion: String?
}

extension PrecisionTarget {
  /// Checks the names against what a run has.
  func check(against replication: Replication) throws(UnknownMetric) {
    let known = replication.summary.filter { $0.entity == "all" }.map(\.metric)
    for name in metrics where !known.contains(name) {
      throw UnknownMetric(name: name, suggestion: NameSuggestion.phrase(for: name, in: known))
    }
  }
}
