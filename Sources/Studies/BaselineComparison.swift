// A run against an earlier one, from the files of both: the check that a change of the scenario or of the tool made
// nothing worse.

public import Reporting
public import SimEngine
import TextFormats

/// The platform-wide figures of one results folder against those of another.
public struct BaselineComparison: Sendable {
  /// One metric.
  public struct Row: Sendable {
    /// Name of the metric.
    public var metric: String
    /// Its unit; empty for ratios and counts.
    public var unit: String
    /// The run.
    public var estimate: Estimate
    /// The baseline; `nil` without one, or where it lacks the metric.
    public var baseline: Estimate?
    /// Run minus baseline, with an interval where both have replications.
    public var difference: Estimate?
    /// Chance of a difference at least as large if there were none.
    public var pValue: Double?

    /// The difference as a share of the baseline.
    public var relativeDifference: Double? {
      guard let baseline, let difference, baseline.mean != 0 else { return nil }
      return difference.mean / abs(baseline.mean)
    }
  }

  /// One row a metric, in the order of summary.csv.
  public let rows: [Row]
  /// Whether both used the same seed and as many replications, so that viewers are the same and differences are paired.
  public let isPaired: Bool
  /// Whether there is a baseline.
  public let hasBaseline: Bool

  /// Compares the first configuration of each folder; without a baseline the rows only tell what the run found.
  public init(_ run: ResultFolder, baseline: ResultFolder?) {
    func first(_ folder: ResultFolder) -> [Int] { folder.runs(of: folder.configurations.first ?? "") }
    let runs = first(run)
    let earlier = baseline.map { first($0) } ?? []
    let seeds = [run, baseline].map { $0?.manifest?["seed"].map { $0.plainText } }
    let isPaired = baseline != nil && runs.count == earlier.count && seeds[0] == seeds[1] && seeds[0] != nil
    self.isPaired = isPaired
    hasBaseline = baseline != nil
    rows = run.summary.compactMap { figure in
      guard figure.key.entity == "all" else { return nil }
      let values = runs.map { figure.values[$0] }
      guard values.allSatisfy(\.isFinite), !values.isEmpty else { return nil }
      var row = Row(metric: figure.key.metric, unit: figure.unit, estimate: Estimate(replications: values))
      if let other = baseline?.figure(figure.key.component, figure.key.metric)?.values {
        row.compare(values, with: earlier.map { other[$0] }, isPaired: isPaired)
      }
      return row
    }
  }

  /// baseline.csv, with the columns of compare.csv.
  public func table(configuration: String) -> Table {
    var table = Table(
      [
        "metric", "unit", "configuration", "n", "mean", "half_width_95", "baseline", "difference",
        "difference_half_width_95", "relative_difference", "variance_reduction", "p_holm",
      ], text: ["metric", "unit", "configuration"])
    for row in rows {
      table.append([
        .text(row.metric), .text(row.unit), .text(configuration), .integer(Int64(row.estimate.count)),
        .known(row.estimate.mean), .known(row.estimate.halfWidth), .known(row.baseline?.mean),
        .known(row.difference?.mean), .known(row.difference?.halfWidth), .known(row.relativeDifference), .empty,
        .known(row.pValue),
      ])
    }
    return table
  }

  /// What changed, for people: metrics that differ, the largest relative difference first.
  public func verdict(against path: String) -> String {
    var changed = rows.filter { row in
      guard let difference = row.difference, difference.mean != 0 else { return false }
      return row.pValue.map { $0 < 0.05 } ?? (difference.halfWidth == nil)
    }
    let kind = isPaired ? "paired, same viewers" : "other viewers"
    guard !changed.isEmpty else { return "baseline \(path): no certain difference (\(kind))\n" }
    changed.sort { abs($0.relativeDifference ?? .infinity) > abs($1.relativeDifference ?? .infinity) }
    var text = "baseline \(path) (\(kind)):\n"
    for row in changed.prefix(12) { text += "  \(row.sentence)\n" }
    if changed.count > 12 { text += "  and \(changed.count - 12) more in baseline.csv\n" }
    return text
  }

  /// The conditions that hold.
  ///
  /// - Throws: `Threshold.Malformed` for a metric that there is not, or a column that needs a baseline.
  public func met(_ thresholds: [Threshold]) throws(Threshold.Malformed) -> [Threshold] {
    var met: [Threshold] = []
    for threshold in thresholds {
      guard let row = rows.first(where: { $0.metric == threshold.metric }) else {
        throw Threshold.Malformed(
          description: "there is no metric '\(threshold.metric)' in this run"
            + (NameSuggestion.phrase(for: threshold.metric, in: rows.map(\.metric)).map { " (\($0))" } ?? ""))
      }
      if !hasBaseline, threshold.field != "mean", threshold.field != "half_width_95" {
        throw Threshold.Malformed(description: "'\(threshold.field)' needs --baseline-dir")
      }
      if let value = row.value(threshold.field), threshold.holds(for: value) { met.append(threshold) }
    }
    return met
  }
}

extension BaselineComparison.Row {
  fileprivate mutating func compare(_ values: [Double], with other: [Double], isPaired: Bool) {
    let known = other.filter(\.isFinite)
    guard !known.isEmpty else { return }
    baseline = Estimate(replications: known)
    if isPaired, known.count == values.count {
      let paired = PairedComparison(baseline: known, alternative: values)
      difference = paired.difference
      pValue = paired.pValue
    } else if let welch = WelchComparison(baseline: known, alternative: values) {
      difference = welch.difference
      pValue = welch.pValue
    } else {
      difference = Estimate(count: 1, mean: estimate.mean - Estimate(replications: known).mean, halfWidth: nil)
    }
  }

  fileprivate func value(_ field: String) -> Double? {
    switch field {
    case "mean": estimate.mean
    case "half_width_95": estimate.halfWidth
    case "baseline": baseline?.mean
    case "difference": difference?.mean
    case "difference_half_width_95": difference?.halfWidth
    case "relative_difference": relativeDifference
    default: pValue
    }
  }

  /// `origin_bytes: 1.9e+12 -> 1.7e+12, -9.2 % +- 1.3 %`.
  fileprivate var sentence: String {
    let before = baseline.map { DisplayNumber.significant($0.mean, digits: 4) } ?? "?"
    var text = "\(metric): \(before) -> \(DisplayNumber.significant(estimate.mean, digits: 4))"
    if !unit.isEmpty { text += " \(unit)" }
    if let relative = relativeDifference {
      text += ", \(relative > 0 ? "+" : "")\(DisplayNumber.significant(relative * 100, digits: 3)) %"
      if let halfWidth = difference?.halfWidth, let baseline {
        text += " +- \(DisplayNumber.significant(halfWidth / abs(baseline.mean) * 100, digits: 2)) %"
      }
    }
    return text
  }
}
