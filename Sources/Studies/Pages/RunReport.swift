// report.html of a run: made from the files of its folder alone, so `simrun report` can make it again.

public import Reporting
import SimEngine
import TextFormats

/// The report of a run.
public struct RunReport {
  private let folder: ResultFolder
  private let timeline: ScenarioTimeline
  private let group: ReportPlotter.Group

  /// A report of the first configuration in a folder.
  public init(_ folder: ResultFolder) {
    self.folder = folder
    timeline = ScenarioTimeline(scenario: folder.manifest?["scenario"])
    let name = folder.configurations.first ?? "base"
    group = ReportPlotter.Group(name: name, runs: folder.runs(of: name))
  }

  /// Writes report.html, and each chart as `charts/NAME.svg`.
  public func write(to directory: OutputDirectory) throws {
    let (page, charts) = try page()
    try ReportFiles.write(page, charts, to: directory)
  }

  /// The page, and its charts by file name.
  func page() throws -> (page: ReportPage, charts: [ReportFiles.NamedChart]) {
    var plotter = ReportPlotter(
      folder: folder, groups: [group], timeAxis: timeline.axis, spans: timeline.spans)
    var charts: [ReportFiles.NamedChart] = []
    let verdict = RunVerdict(folder: folder, runs: group.runs, axis: timeline.axis)
    var sections = [
      ReportPage.Section("Verdict", [.sentences(verdict.sentences), .keyFigures(verdict.keyFigures)])
    ]
    for layout in ReportSections.all {
      if let section = try section(layout, &plotter, &charts) { sections.append(section) }
    }
    if let section = leftovers(&plotter, &charts) { sections.append(section) }
    sections.append(files)
    return (
      ReportPage(title: title, subtitle: subtitle, identity: identity, sections: sections), charts
    )
  }

  private func section(
    _ layout: SectionLayout, _ plotter: inout ReportPlotter, _ charts: inout [ReportFiles.NamedChart]
  ) throws -> ReportPage.Section? {
    plotter.spans = timeline.spans + (try layout.marks.map { try spans($0) } ?? [])
    defer { plotter.spans = timeline.spans }
    var figures: [ReportPage.Item] = []
    var sentences: [String] = []
    var tablesShown: [ReportPage.Item] = []
    for figure in layout.figures {
      switch try plotter.drawing(figure) {
      case nil: break
      case .sentence(let sentence): sentences.append(sentence)
      case .table(let title, let table): tablesShown += [.paragraph(title), .table(table)]
      case .chart(let chart, let remark):
        charts.append(.init(name: figure.file, chart: chart))
        figures.append(
          .figure(
            chart, remark: remark, dataFile: figure.form.dataFile, chartFile: "charts/\(figure.file).svg"))
      }
    }
    guard !figures.isEmpty || !sentences.isEmpty || !tablesShown.isEmpty else { return nil }
    var items: [ReportPage.Item] = []
    if !layout.introduction.isEmpty { items.append(.paragraph(layout.introduction)) }
    items += figures + tablesShown
    if !sentences.isEmpty { items.append(.paragraph(sentences.joined(separator: " "))) }
    items += try tables(layout)
    return ReportPage.Section(layout.title, items)
  }

  /// Marked events of the first run, the first of those that happen within a minute.
  private func spans(_ marks: EventMarks) throws -> [LineChart.Span] {
    guard let first = group.runs.first, let table = try folder.table(marks.file),
      let time = table.columns.firstIndex(of: marks.time), let place = table.columns.firstIndex(of: marks.place),
      let event = table.columns.firstIndex(of: "event")
    else { return [] }
    let run = folder.runs[first]
    var spans: [LineChart.Span] = []
    for row in table.rows where row[1] == run.configuration && row[2] == run.replication {
      guard let seconds = Double(row[time]), spans.count < Self.markLimit,
        seconds - (spans.last?.range.lowerBound ?? -.infinity) >= 60
      else { continue }
      let name = marks.names.isEmpty ? row[event] : marks.names.first { $0.event == row[event] }?.name
      if let name { spans.append(LineChart.Span("\(row[place]) \(name)", seconds...seconds)) }
    }
    return spans
  }

  private static let markLimit = 12

  /// What no section draws: plain figures, so that a metric is never invisible.
  private func leftovers(
    _ plotter: inout ReportPlotter, _ charts: inout [ReportFiles.NamedChart]
  ) -> ReportPage.Section? {
    let rest = folder.series.filter { row in
      row.key.entity == "all" && !plotter.drawn.contains(row.key)
    }
    var items: [ReportPage.Item] = []
    for row in rest.prefix(40) {
      let text = MetricText(row.key.metric, unit: row.unit)
      let component = row.key.component.replacing("_", with: " ")
      let layout = FigureLayout(
        "\(row.key.component)-\(row.key.metric)".replacing("_", with: "-"),
        "\(component): \(text.name)".capitalisedFirst, axis: text.name,
        [MetricSelection(exactly: row.key)])
      guard let drawing = try? plotter.drawing(layout), case .chart(let chart, let remark) = drawing else { continue }
      charts.append(.init(name: layout.file, chart: chart))
      items.append(
        .figure(chart, remark: remark, dataFile: "timeseries.csv", chartFile: "charts/\(layout.file).svg"))
    }
    return items.isEmpty ? nil : ReportPage.Section("Further measures", items)
  }

  // MARK: - Tables

  private func tables(_ layout: SectionLayout) throws -> [ReportPage.Item] {
    var items: [ReportPage.Item] = []
    let rows = folder.summary.filter { layout.tableComponents.matches($0.key.component) }
    let totals = rows.filter { $0.key.entity == "all" }
    if !totals.isEmpty {
      items.append(.foldedTable("Figures: \(layout.title.lowercased())", totalsTable(totals), dataFile: "summary.csv"))
    }
    if let table = entityTable(rows.filter { $0.key.entity != "all" }) {
      items.append(.foldedTable("One by one: \(layout.title.lowercased())", table, dataFile: "summary.csv"))
    }
    for file in layout.files {
      if let table = try fileTable(file) {
        items.append(.foldedTable("The beginning of \(file)", table, dataFile: file))
      }
    }
    return items
  }

  /// The first rows of a table of the folder, those of the first run.
  private func fileTable(_ file: String) throws -> Table? {
    guard let first = group.runs.first, let table = try folder.table(file), table.columns.count > 3 else { return nil }
    let run = folder.runs[first]
    let rows = table.rows.lazy.filter { $0[1] == run.configuration && $0[2] == run.replication }.prefix(Self.fileRows)
    let columns = Array(table.columns.dropFirst(3))
    let text = columns.indices.filter { column in
      rows.contains { Double($0[column + 3]) == nil && !$0[column + 3].isEmpty }
    }
    var shown = Table(columns, text: text.map { columns[$0] })
    for row in rows {
      shown.append(row.dropFirst(3).map { Double($0).map { .number($0) } ?? ($0.isEmpty ? .empty : .text($0)) })
    }
    return shown.rows.isEmpty ? nil : shown
  }

  private static let fileRows = 60

  private func totalsTable(_ rows: [ResultFolder.Figure]) -> Table {
    let hasIntervals = group.runs.count > 1
    var table = Table(
      ["component", "metric", "unit", "value"] + (hasIntervals ? ["± 95 %", "n"] : []),
      text: ["component", "metric", "unit"])
    for row in rows {
      let known = group.runs.map { row.values[$0] }.filter(\.isFinite)
      let estimate = known.isEmpty ? nil : Estimate(replications: known)
      var cells: [Table.Cell] = [
        .text(row.key.component), .text(row.key.metric), .text(row.unit), .known(estimate?.mean),
      ]
      if hasIntervals { cells += [.known(estimate?.halfWidth), .integer(Int64(known.count))] }
      table.append(cells)
    }
    return table
  }

  /// A row an entity, a column a metric.
  private func entityTable(_ rows: [ResultFolder.Figure]) -> Table? {
    var entities: [String] = []
    var metrics: [String] = []
    var places: [String: [String: Int]] = [:]
    for (place, row) in rows.enumerated() {
      if places[row.key.entity] == nil { entities.append(row.key.entity) }
      if !metrics.contains(row.key.metric) { metrics.append(row.key.metric) }
      places[row.key.entity, default: [:]][row.key.metric] = place
    }
    guard !entities.isEmpty, metrics.count <= 24 else { return nil }
    var table = Table(["entity"] + metrics, text: ["entity"])
    for entity in entities {
      table.append(
        [.text(entity)]
          + metrics.map { metric in
            guard let place = places[entity]?[metric] else { return .empty }
            let known = group.runs.map { rows[place].values[$0] }.filter(\.isFinite)
            return known.isEmpty ? .empty : .known(known.reduce(0, +) / Double(known.count))
          })
    }
    return table
  }

  // MARK: - Around the sections

  private var scenario: JSONValue? { folder.manifest?["scenario"] }

  private var title: String { scenario?["name"]?.plainText ?? "Results" }

  private var subtitle: String {
    var parts: [String] = []
    if let description = scenario?["description"]?.plainText, !description.isEmpty { parts.append(description) }
    if let sites = folder.figure("engine", "simulated_sites")?.values.first,
      let share = folder.figure("engine", "kept_share")?.values.first, share < 1
    {
      parts.append(
        "Simulated: \(sites == 1 ? "one edge site" : "\(DisplayNumber.significant(sites)) edge sites"), "
          + "\(DisplayNumber.significant(share * 100, digits: 3)) % of the platform; figures are those of the simulated part"
          + (folder.figure("ingest", "simulated_share") == nil ? "." : "; ingest is simulated whole."))
    }
    if group.runs.count > 1 {
      parts.append(
        "\(group.runs.count) replications: figures are means ± half their 95 % interval; lines are medians, bands reach "
          + "from the least to the most.")
    }
    if folder.manifest?["status"]?.plainText == "incomplete" {
      parts.append("INTERRUPTED: the results are partial.")
    }
    return parts.joined(separator: " ")
  }

  private var identity: [(name: String, value: String)] {
    guard let manifest = folder.manifest else { return [] }
    let names = [
      ("seed", "seed"), ("replications", "replications"), ("digest", "digest"), ("events", "event_count"),
      ("simrun", "tool_version"), ("source", "git_revision"), ("scenario SHA-256", "scenario_sha256"),
    ]
    return names.compactMap { name, key in manifest[key].map { (name, $0.plainText) } }
  }

  private var files: ReportPage.Section {
    let described = [
      ("summary.csv", "every figure of the platform and of its parts, warm-up left out"),
      ("timeseries.csv", "every figure in every window of simulated time"),
      ("cdn.csv", "tiers and sites: requests, hits, causes of misses, evictions"),
      ("sessions.csv", "one viewer a row: what was asked for, what came of it"),
      ("cmcd.csv", "requests of a sample of sessions: what the player told (CTA-5004), what the edge did"),
      ("frames.csv", "sessions that were played again frame by frame"),
      ("frame_stages.csv", "one session of each site, stage by stage from segment to screen"),
      ("cluster_events.csv", "what happened in the session-state cluster"),
      ("service_events.csv", "what happened at the services"),
      ("ingest.csv", "one title a row, from upload to publication"),
      ("run.json", "version, arguments, seed, scenario with all its defaults, digest, machine"),
      ("results.sqlite", "the same tables in SQLite"),
    ]
    return ReportPage.Section(
      "Files", [.links(described.filter { folder.contains($0.0) }.map { (file: $0.0, meaning: $0.1) })])
  }
}

extension JSONValue {
  /// A scalar as plain text; empty for what has parts.
  var plainText: String {
    switch self {
    case .text(let text): text
    case .integer(let integer): "\(integer)"
    case .number(let number): NumberText.shortest(number)
    case .flag(let flag): flag ? "true" : "false"
    case .null, .array, .object: ""
    }
  }
}

extension FigureLayout.Form {
  /// The file that a figure of this form is drawn from.
  var dataFile: String {
    switch self {
    case .lines, .spread, .areas: "timeseries.csv"
    case .bars, .groupedBars: "summary.csv"
    case .missCauses: "cdn.csv"
    }
  }
}
