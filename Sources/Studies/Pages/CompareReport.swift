// report.html of a comparison: what each configuration changes, by how much, and how sure that is.

import Platform
public import Reporting
import SimEngine
import TextFormats

/// The report of a comparison.
public struct CompareReport {
  private let results: ComparisonResults
  private let folder: ResultFolder
  private let metrics: [String]
  private let title: String
  private let timeline: ScenarioTimeline

  /// Alternatives up to which a forest plot shows one of them with all metrics; beyond, one metric with all of them.
  private static let forestsByConfiguration = 3

  /// The report of a comparison whose files stand in a folder.
  ///
  /// - Parameter metrics: the metrics that are drawn; all are in compare.csv.
  public init(_ results: ComparisonResults, file: ScenarioFile, folder: ResultFolder, metrics: [String]) {
    self.init(
      results, name: file.scenario.name, scenario: Scenario.settings.resolved(file.scenario), folder: folder,
      metrics: metrics)
  }

  /// The report of a comparison of a resolved scenario.
  init(
    _ results: ComparisonResults, name: String, scenario: JSONValue?, folder: ResultFolder, metrics: [String]
  ) {
    self.results = results
    self.folder = folder
    self.metrics = metrics
    title = "\(name): \(folder.configurations.count) configurations"
    timeline = ScenarioTimeline(scenario: scenario)
  }

  /// Writes report.html, and each chart as `charts/NAME.svg`.
  public func write(to directory: OutputDirectory) throws {
    let (page, charts) = try page()
    try ReportFiles.write(page, charts, to: directory)
  }

  /// The page, and its charts by file name.
  func page() throws -> (page: ReportPage, charts: [ReportFiles.NamedChart]) {
    var charts: [ReportFiles.NamedChart] = []
    func figure(_ chart: any Chart, _ name: String, data: String, remark: String = "") -> ReportPage.Item {
      charts.append(.init(name: name, chart: chart))
      return .figure(chart, remark: remark, dataFile: data, chartFile: "charts/\(name).svg")
    }
    var sections = [ReportPage.Section("Verdict", [.sentences(sentences)])]
    let forests = forests.map { figure($0.chart, $0.name, data: "compare.csv") }
    if !forests.isEmpty {
      let introduction =
        "Each square is the mean of the paired differences to \(short(baseline)), its whisker the 95 % interval; blue "
        + "where the interval leaves out zero. An arrow says that the interval goes on beyond the axis."
      sections.append(.init("Differences", [.paragraph(introduction)] + forests))
    }
    let bars = metrics.compactMap { metric in
      bar(metric).map { figure($0, "by-configuration-\(metric)".replacing("_", with: "-"), data: "compare.csv") }
    }
    if !bars.isEmpty {
      sections.append(
        .init(
          "By configuration", [.paragraph("Bars are means, whiskers their 95 % intervals over replications.")] + bars))
    }
    var plotter = ReportPlotter(
      folder: folder,
      groups: folder.configurations.map { .init(name: short($0), runs: folder.runs(of: $0)) },
      timeAxis: timeline.axis, spans: timeline.spans)
    var overTime: [ReportPage.Item] = []
    for layout in CompareSections.overTime {
      guard case .chart(let chart, let remark)? = try plotter.drawing(layout) else { continue }
      overTime.append(figure(chart, layout.file, data: "timeseries.csv", remark: remark))
    }
    if !overTime.isEmpty {
      let introduction = "Lines are medians over replications, bands reach from the least to the most."
      sections.append(.init("Over time", [.paragraph(introduction)] + overTime))
    }
    sections.append(
      .init(
        "Tables",
        [
          .foldedTable("Every metric and configuration", results.table(), dataFile: "compare.csv"),
          .links(
            [
              ("compare.csv", "every metric of every configuration against the baseline"),
              ("summary.csv", "every figure of every run"), ("timeseries.csv", "every figure in every window"),
              ("cdn.csv", "tiers and sites of every run"), ("sessions.csv", "viewers of every run"),
            ].filter { folder.contains($0.0) }.map { (file: $0.0, meaning: $0.1) }),
        ]))
    let replications = results.rows.map(\.count).max() ?? 0
    let subtitle =
      "The same viewers meet every configuration (common random numbers): \(replications) replications each, baseline "
      + "\(short(baseline))."
    return (ReportPage(title: title, subtitle: subtitle, sections: sections), charts)
  }

  // MARK: - Words

  private var baseline: String {
    results.configurations[results.baseline].name
  }

  private var alternatives: [String] { folder.configurations.filter { $0 != baseline } }

  private func short(_ configuration: String) -> String {
    ComparisonResults.shortName(configuration, among: folder.configurations)
  }

  /// For each alternative what is certain to differ, and what is not.
  private var sentences: [String] {
    alternatives.map { name in
      let rows = results.rows(metrics: metrics).filter { $0.configuration == name && $0.comparison != nil }
      let changes = rows.filter { isClear($0) || $0.count < 2 }.compactMap { row in
        row.sentence?.split(separator: " (").first.map { $0.replacing("+-", with: "±") }
      }
      let rest = rows.filter { !isClear($0) && $0.count >= 2 }.map { MetricPhrase.phrase(for: $0.metric) }
      var text = short(name)
      if !changes.isEmpty { text += " \(changes.joined(separator: ", "))" }
      if !rest.isEmpty {
        text += "\(changes.isEmpty ? "" : ";") does not measurably change \(rest.joined(separator: ", "))"
      }
      return text + (rows.contains { $0.count < 2 } ? " (one replication: nothing is certain)." : ".")
    }
  }

  /// Whether a difference is certain, and more than the rounding of sums.
  private func isClear(_ row: ComparisonResults.Row) -> Bool {
    row.isSignificant && abs(row.comparison?.difference.mean ?? 0) > 1e-6 * abs(row.baseline)
  }

  // MARK: - Charts

  private func bar(_ metric: String) -> BarChart? {
    let rows = results.rows(metrics: [metric])
    guard let unit = rows.first?.unit, rows.contains(where: { $0.mean.isFinite && $0.mean != 0 }) else { return nil }
    let text = MetricText(metric, unit: unit)
    return BarChart(
      text.name.capitalisedFirst, x: "configuration",
      y: ChartAxis("mean", unit: text.unit.isEmpty ? "count" : text.unit),
      categories: rows.map { short($0.configuration) },
      series: [
        .init("mean", rows.map { .init($0.mean * text.factor, halfWidth: $0.halfWidth.map { $0 * text.factor }) })
      ])
  }

  private var forests: [(name: String, chart: ForestChart)] {
    func row(_ row: ComparisonResults.Row, name: String) -> ForestChart.Row? {
      guard let comparison = row.comparison, let relative = comparison.relativeDifference, row.baseline != 0 else {
        return nil
      }
      let half = comparison.difference.halfWidth.map { $0 / abs(row.baseline) }
      return .init(
        name, relative * 100, interval: half.map { ((relative - $0) * 100)...((relative + $0) * 100) })
    }
    func chart(_ title: String, _ rows: [ForestChart.Row]) -> ForestChart {
      ForestChart(title, axis: ChartAxis("relative difference", unit: "%", range: Self.range(rows)), rows: rows)
    }
    if alternatives.count <= Self.forestsByConfiguration {
      return alternatives.enumerated().compactMap { index, name in
        let rows = results.rows(metrics: metrics).filter { $0.configuration == name }
          .compactMap { row($0, name: MetricText($0.metric, unit: $0.unit).name) }
        return rows.isEmpty
          ? nil : ("difference-\(index + 1)", chart("\(short(name)) against \(short(baseline))", rows))
      }
    }
    return metrics.compactMap { metric in
      let rows = results.rows(metrics: [metric]).compactMap { row($0, name: short($0.configuration)) }
      guard let unit = results.rows(metrics: [metric]).first?.unit, !rows.isEmpty else { return nil }
      let text = MetricText(metric, unit: unit).name
      return (
        "difference-\(metric)".replacing("_", with: "-"),
        chart("\(text.capitalisedFirst) against \(short(baseline))", rows)
      )
    }
  }

  /// A range that one vague row cannot stretch until the others are points: at most four times the median reach.
  private static func range(_ rows: [ForestChart.Row]) -> ClosedRange<Double>? {
    func reach(_ row: ForestChart.Row) -> Double {
      max(abs(row.value), abs(row.interval?.lowerBound ?? row.value), abs(row.interval?.upperBound ?? row.value))
    }
    let reaches = rows.map { reach($0) }.filter { $0.isFinite && $0 > 0 }.sorted()
    // Where nothing differs at all, zero stands in the middle.
    guard let largest = reaches.last else { return -1...1 }
    guard largest > 4 * reaches[reaches.count / 2] else { return nil }
    let limit = 4 * reaches[reaches.count / 2]
    let step = ForestChart.step(for: limit / 3)
    return -3 * step...3 * step
  }
}

/// What a comparison shows over time.
enum CompareSections {
  static let overTime = [
    FigureLayout(
      "startup", "Start-up delay", axis: "from arrival to the first frame", [.init("player", "startup_mean_s")]),
    FigureLayout(
      "rebuffering", "Rebuffering", axis: "stalled share of viewing time", [.init("player", "rebuffer_ratio")]),
    FigureLayout(
      "bitrate", "Bit rate of what was played", axis: "nominal bit rate", [.init("player", "mean_bitrate_kbps")],
      includesZero: false),
    FigureLayout(
      "byte-hit-ratio", "Bytes that the edge had", axis: "share of the bytes asked for",
      [.init("cdn", "byte_hit_ratio")], includesZero: false),
    FigureLayout("origin-traffic", "Traffic of the origin", axis: "traffic", [.init("origin", "origin_gbps")]),
    FigureLayout(
      "utilisation", "Use of the edge links", axis: "carried of what the links could carry",
      [.init("network", "edge_utilisation")]),
    FigureLayout(
      "unavailability", "Time without service of some slot", axis: "unserved in the window",
      [.init("cluster", "cluster_unavailable_s")]),
    FigureLayout(
      "backlog", "Work that waits for an encoder", axis: "waiting", [.init("ingest", "backlog_core_h")]),
  ]
}
