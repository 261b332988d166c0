import Platform
public import Reporting
public import SimEngine

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
    /// The paired comparison with the baseline; `nil` for the baseline itself.
    public var comparison: PairedComparison?
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
      let comparisons = values.indices.map { configuration in
        configuration == baseline
          ? nil : PairedComparison(baseline: reference, alternative: values[configuration].map { $0[index] })
      }
      let corrected = Self.holm(comparisons.map { $0?.pValue })
      for configuration in values.indices {
        let estimate = Estimate(replications: values[configuration].map { $0[index] })
        rows.append(
          Row(
            metric: metric.metric, unit: metric.unit, configuration: configurations[configuration].name,
            count: estimate.count, mean: estimate.mean, halfWidth: estimate.halfWidth,
            baseline: Estimate(replications: reference).mean, comparison: comparisons[configuration],
            pHolm: corrected[configuration]))
      }
    }
    self.rows = rows
  }

  /// Holm's correction over the comparisons that have a p-value.
  private static func holm(_ pValues: [Double?]) -> [Double?] {
    let compared = pValues.indices.filter { pValues[$0] != nil }
    let corrected = MultipleComparisons.holm(compared.compactMap { pValues[$0] })
    var result = [Double?](repeating: nil, count: pValues.count)
    for (index, value) in zip(compared, corrected) { result[index] = value }
    return result
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
        .known(row.halfWidth), .known(row.baseline), .known(row.comparison?.difference.mean),
        .known(row.comparison?.difference.halfWidth),
        .known(row.comparison?.relativeDifference), .known(row.comparison?.varianceReduction), .known(row.pHolm),
      ])
    }
    return table
  }
}

extension ComparisonResults.Row {
  /// The row in one sentence, or `nil` for the baseline: `origin_bytes: -41.2 % +- 1.3 % (n = 20, paired)`.
  public var sentence: String? {
    guard let comparison else { return nil }
    let difference = comparison.difference
    let relative = comparison.relativeDifference
    let share = relative.map { "\(signed($0 * 100)) %" } ?? "\(signed(difference.mean)) \(unit)"
    guard let halfWidth = difference.halfWidth else {
      return "\(metric): \(share) (one replication: no interval)"
    }
    let width =
      relative == nil
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
