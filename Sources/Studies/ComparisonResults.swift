import Platform
public import Reporting
import SimEngine

/// What a comparison found, metric by metric and configuration by configuration.
public struct ComparisonResults: Sendable {
  let configurations: [ResultFiles.Configuration]
  let baseline: Int
  /// One row a metric and configuration.
  public let rows: [Row]

  /// One metric of one configuration against the baseline.
  public struct Row: Sendable {
    /// Name of the metric, as in summary.csv.
    public var metric: String
    /// Unit of the metric.
    public var unit: String
    /// Name of the configuration.
    public var configuration: String
    /// Replications.
    public var count: Int
    /// Mean over replications.
    public var mean: Double
    /// Half width of its 95 % interval; `nil` for one replication.
    public var halfWidth: Double?
    /// Mean of the baseline.
    public var baseline: Double
    /// Mean difference from the baseline; `nil` for the baseline itself.
    public var difference: PairedDifference?
    /// Chance of a difference at least as large if there were none, after Holm's correction over configurations.
    public var pHolm: Double?
  }

  init(configurations: [ResultFiles.Configuration], baseline: Int) {
    self.configurations = configurations
    self.baseline = baseline
    // One column of values a metric; all runs list the same platform-wide metrics in the same order.
    let metrics = configurations[baseline].results[0].summary.filter { $0.entity == "all" }
    let values = configurations.map { configuration in
      configuration.results.map { result in result.summary.filter { $0.entity == "all" }.map(\.value) }
    }
    var rows: [Row] = []
    for (index, metric) in metrics.enumerated() {
      let reference = values[baseline].map { $0[index] }
      let differences = values.indices.map { configuration in
        configuration == baseline
          ? nil : PairedDifference(of: values[configuration].map { $0[index] }, from: reference)
      }
      let corrected = Holm.corrected(differences.map { $0?.pValue })
      for configuration in values.indices {
        let sample = values[configuration].map { $0[index] }
        let tally = Tally(sample)
        rows.append(
          Row(
            metric: metric.metric, unit: metric.unit, configuration: configurations[configuration].name,
            count: sample.count, mean: tally.mean, halfWidth: PairedDifference.halfWidth(of: tally),
            baseline: Tally(reference).mean, difference: differences[configuration],
            pHolm: corrected[configuration]))
      }
    }
    self.rows = rows
  }

  /// Only the rows of some metrics; all if the list is empty.
  public func rows(metrics: [String]) -> [Row] { metrics.isEmpty ? rows : rows.filter { metrics.contains($0.metric) } }

  /// Names of all metrics.
  public var metricNames: [String] {
    rows.filter { $0.configuration == configurations[baseline].name }.map(\.metric)
  }

  /// compare.csv.
  public func table(metrics: [String] = []) -> Table {
    var table = Table(
      [
        "metric", "unit", "configuration", "n", "mean", "half_width_95", "baseline", "difference",
        "difference_half_width_95", "relative_difference", "variance_reduction", "p_holm",
      ], text: ["metric", "unit", "configuration"])
    for row in rows(metrics: metrics) {
      table.append([
        .text(row.metric), .text(row.unit), .text(row.configuration), .integer(Int64(row.count)), .known(row.mean),
        .known(row.halfWidth), .known(row.baseline), .known(row.difference?.mean), .known(row.difference?.halfWidth),
        .known(row.relativeDifference), .known(row.difference?.varianceReduction), .known(row.pHolm),
      ])
    }
    return table
  }
}

extension ComparisonResults.Row {
  /// Mean difference over the baseline's mean.
  public var relativeDifference: Double? {
    guard let difference, baseline != 0, baseline.isFinite else { return nil }
    return difference.mean / abs(baseline)
  }

  /// The row in one sentence, or `nil` for the baseline: `origin_bytes: -41.2 % +- 1.3 % (n = 20, paired)`.
  public var sentence: String? {
    guard let difference else { return nil }
    let share = relativeDifference.map { "\(signed($0 * 100)) %" } ?? "\(signed(difference.mean)) \(unit)"
    guard let halfWidth = difference.halfWidth else {
      return "\(metric): \(share) (one replication: no interval)"
    }
    let width =
      relativeDifference == nil
      ? DisplayNumber.significant(halfWidth, digits: 2)
      : "\(DisplayNumber.significant(halfWidth / abs(baseline) * 100, digits: 2)) %"
    let verdict = (pHolm ?? 1) < 0.05 ? "" : ", not significant"
    return "\(metric): \(share) +- \(width) (n = \(count), paired\(verdict))"
  }

  private func signed(_ number: Double) -> String {
    (number > 0 ? "+" : "") + DisplayNumber.significant(number, digits: 3)
  }
}

extension Table.Cell {
  /// A number, or nothing where nothing is known.
  static func known(_ value: Double?) -> Table.Cell {
    if let value, value.isFinite { .number(value) } else { .empty }
  }
}

extension ComparisonResults {
  /// What each configuration changes, for people.
  public func verdict(metrics: [String]) -> String {
    var text = "baseline: \(configurations[baseline].name)\n"
    for configuration in configurations where configuration.name != configurations[baseline].name {
      text += configuration.name + "\n"
      for row in rows(metrics: metrics) where row.configuration == configuration.name {
        if let sentence = row.sentence { text += "  \(sentence)\n" }
      }
    }
    return text
  }
}

extension CompareStudy {
  /// Writes summary.csv, timeseries.csv, cdn.csv and sessions.csv of all runs.
  public func writeSummary(of results: ComparisonResults, to directory: OutputDirectory) throws {
    let scenario = configurations[baseline].file.scenario
    try ResultFiles(directory: directory, scenario: scenario, seed: UInt64(scenario.seed))
      .writeTables(results.configurations)
  }
}
