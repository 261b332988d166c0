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
    let metrics = Self.metrics(of: configurations)
    let values = configurations.map { configuration in
      configuration.replications.map { replication in
        var known: [PlatformMetric: Double] = [:]
        for row in replication.summary where row.entity == "all" { known[PlatformMetric(row)] = row.value }
        return metrics.map { known[$0] ?? .nan }
      }
    }
    var rows: [Row] = []
    for (index, metric) in metrics.enumerated() {
      let reference = values[baseline].map { $0[index] }
      let comparisons = values.indices.map { configuration in
        configuration == baseline
          ? nil : PairedComparison(known: reference, alternative: values[configuration].map { $0[index] })
      }
      let corrected = Self.holm(comparisons.map { $0?.pValue })
      for configuration in values.indices {
        let estimate = Estimate(known: values[configuration].map { $0[index] })
        rows.append(
          Row(
            metric: Self.name(metric, among: metrics), unit: metric.unit,
            configuration: configurations[configuration].name,
            count: estimate.count, mean: estimate.mean, halfWidth: estimate.halfWidth,
            baseline: Estimate(known: reference).mean, comparison: comparisons[configuration],
            pHolm: corrected[configuration]))
      }
    }
    self.rows = rows
  }

  /// A platform-wide metric of some component.
  private struct PlatformMetric: Hashable {
    let component: String
    let metric: String
    let unit: String

    init(_ row: MetricRow) {
      component = row.component
      metric = row.metric
      unit = row.unit
    }
  }

  /// Every platform-wide metric of any run, in the order in which the runs list them: a configuration may lack a
  /// component that another one has.
  private static func metrics(of configurations: [ResultFiles.Configuration]) -> [PlatformMetric] {
    var metrics: [PlatformMetric] = []
    var listed: Set<PlatformMetric> = []
    for row in configurations.lazy.flatMap(\.replications).flatMap(\.summary) where row.entity == "all" {
      let metric = PlatformMetric(row)
      if listed.insert(metric).inserted { metrics.append(metric) }
    }
    return metrics
  }

  /// The name alone where it says all, else after the component: `gateway.latency_p95_s`.
  private static func name(_ metric: PlatformMetric, among metrics: [PlatformMetric]) -> String {
    let namesakes = metrics.count { $0.metric == metric.metric }
    return namesakes == 1 ? metric.metric : "\(metric.component).\(metric.metric)"
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
  /// Whether the difference is told from chance at the 5 % level, after Holm's correction.
  var isSignificant: Bool { (pHolm ?? 1) < 0.05 }

  /// The row in one sentence, or `nil` for the baseline:
  /// `cuts origin traffic by 41.2 % +- 1.3 % (n = 20, paired)`.
  public var sentence: String? {
    guard let comparison else { return nil }
    let difference = comparison.difference
    let name = MetricPhrase.phrase(for: metric)
    // Percentages of a mean of zero would say nothing.
    let isRelative = comparison.relativeDifference != nil
    let factor = isRelative ? 100 / abs(baseline) : 1
    let unit = isRelative ? " %" : self.unit.isEmpty ? "" : " \(self.unit)"
    let size = DisplayNumber.significant(abs(difference.mean) * factor, digits: 3) + unit
    let verb = difference.mean < 0 ? "cuts" : "raises"
    guard let halfWidth = difference.halfWidth else {
      return difference.mean == 0
        ? "leaves \(name) as it is (one replication: no interval)"
        : "\(verb) \(name) by \(size) (one replication: no interval)"
    }
    let width = DisplayNumber.significant(halfWidth * factor, digits: 2) + unit
    return "\(verb) \(name) by \(size) +- \(width) (n = \(count), paired)"
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
    let names = configurations.map(\.name)
    var text = "baseline: \(names[baseline])\n"
    for name in names where name != names[baseline] {
      let subject = Self.shortName(name, among: names)
      let compared = rows(metrics: metrics).filter { $0.configuration == name }
      for row in compared where row.isSignificant || row.count < 2 {
        if let sentence = row.sentence { text += "\(subject) \(sentence)\n" }
      }
      let unclear = compared.filter { !$0.isSignificant && $0.count >= 2 }.map { MetricPhrase.phrase(for: $0.metric) }
      if !unclear.isEmpty { text += "\(subject) does not measurably change \(unclear.joined(separator: ", "))\n" }
    }
    return text
  }

  /// The value alone where all configurations vary the same single key.
  static func shortName(_ name: String, among names: [String]) -> String {
    func key(_ name: String) -> Substring { name.prefix { $0 != "=" } }
    guard let equals = name.firstIndex(of: "="),
      names.allSatisfy({ key($0) == key(name) && !$0.contains(" ") })
    else { return name }
    return String(name[name.index(after: equals)...])
  }
}
