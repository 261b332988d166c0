// From the rows of a results folder to charts: one line a metric, the median over replications with a band from the
// least to the most, and several configurations side by side.

import Reporting
import SimEngine

/// Draws figures from the rows of a folder.
struct ReportPlotter {
  /// What became of a figure.
  enum Drawing {
    /// A chart.
    case chart(any Chart, remark: String)
    /// Figures too different in size for one scale, as a table with its title.
    case table(String, Table)
    /// What needs no chart, in one sentence.
    case sentence(String)
  }

  /// Runs that are shown as one line.
  struct Group {
    /// What the runs have in common; not shown where there is only one group.
    var name: String
    /// Indices of the runs in the folder.
    var runs: [Int]
  }

  let folder: ResultFolder
  let groups: [Group]
  let timeAxis: ChartAxis
  var spans: [LineChart.Span]
  /// Rows of timeseries.csv that a figure showed, for what is left over; only ever asked for single keys.
  private(set) var drawn: Set<ResultFolder.Key> = []

  /// Lines of one figure; more are summed up.
  private static let lineLimit = 7
  private static let barLimit = 24
  /// Times below this many seconds are shown in milliseconds.
  private static let longestInMilliseconds = 0.25

  init(folder: ResultFolder, groups: [Group], timeAxis: ChartAxis, spans: [LineChart.Span]) {
    self.folder = folder
    self.groups = groups
    self.timeAxis = timeAxis
    self.spans = spans
  }

  /// Draws a figure; `nil` where the folder has no rows for it.
  mutating func drawing(_ layout: FigureLayout) throws -> Drawing? {
    switch layout.form {
    case .lines, .spread, .areas: return overTime(layout)
    case .bars: return bars(layout)
    case .groupedBars: return groupedBars(layout)
    case .missCauses: return try missCauses(layout)
    }
  }

  // MARK: - Over time

  /// A row with the name that it has in the legend.
  private struct Labelled<Row> {
    var name: String
    var row: Row
  }

  private mutating func overTime(_ layout: FigureLayout) -> Drawing? {
    var rows: [Labelled<ResultFolder.Series>] = []
    for selection in layout.rows {
      for row in folder.series where selection.matches(row.key) && !rows.contains(where: { $0.row.key == row.key }) {
        rows.append(Labelled(name: selection.label(row.key, unit: row.unit), row: row))
      }
    }
    guard let first = rows.first else { return nil }
    let text = MetricText(first.row.key.metric, unit: first.row.unit)
    rows = rows.filter { MetricText($0.row.key.metric, unit: $0.row.unit).unit == text.unit }
    for row in rows { drawn.insert(row.row.key) }
    // The only one of its kind is the total, which another figure shows.
    if layout.form == .spread, rows.count == 1 { return nil }
    var names = Self.distinct(rows.map { ($0.name, $0.row.key, $0.row.unit) })
    if layout.form == .areas { names = Self.withoutCommonWords(names) }

    var lines: [LineChart.Series] = []
    var remark = layout.remark
    for group in groups {
      var ofGroup = zip(names, rows).map { name, row in
        line(Self.joined(groups.count > 1 ? group.name : "", rows.count > 1 ? name : "", or: name), row.row, group)
      }
      if layout.form == .spread, ofGroup.count > Self.lineLimit {
        remark = "The line is the median of \(ofGroup.count), the band reaches from the least to the most."
        ofGroup = [Self.spread(ofGroup, name: Self.joined(groups.count > 1 ? group.name : "", "median", or: "median"))]
      }
      if layout.form == .areas { ofGroup = Self.aligned(ofGroup) }
      if layout.form == .areas, ofGroup.count > 2 * Self.lineLimit {
        ofGroup = Self.largest(ofGroup, count: 2 * Self.lineLimit - 1)
      }
      lines += ofGroup
    }
    lines.removeAll { $0.points.isEmpty }
    let values = lines.lazy.flatMap(\.points).map(\.y).filter(\.isFinite)
    if values.allSatisfy({ $0 == 0 }) { return .sentence("\(layout.title): none in the whole run.") }
    var unit = text.unit.isEmpty ? layout.counted : text.unit
    if unit == "s", (values.max() ?? 1) < Self.longestInMilliseconds {
      unit = "ms"
      lines = lines.map { $0.scaled(by: 1000) }
    }
    let isStacked = layout.form == .areas && Self.share(lines)
    var axis = ChartAxis(layout.axis, unit: unit, includesZero: layout.includesZero)
    if layout.spansDecades, !isStacked, Self.spansDecades(lines.lazy.flatMap(\.points).map(\.y)) {
      axis.scale = .logarithmic
    }
    return .chart(
      LineChart(
        layout.title, x: timeAxis, y: axis, series: lines, spans: spans, isStacked: isStacked), remark: remark)
  }

  /// One metric of a group of runs: the median over the runs, with the band that holds them all.
  private func line(_ name: String, _ row: ResultFolder.Series, _ group: Group) -> LineChart.Series {
    let factor = MetricText(row.key.metric, unit: row.unit).factor
    let runs = group.runs.map { row.points[$0] }.filter { !$0.isEmpty }
    guard let longest = runs.max(by: { $0.count < $1.count }) else { return LineChart.Series(name, []) }
    var points: [ChartPoint] = []
    var intervals: [ClosedRange<Double>?] = []
    for index in longest.indices {
      let x = longest[index].x
      let values = runs.compactMap { points in
        points.indices.contains(index) && points[index].x == x && points[index].y.isFinite
          ? points[index].y * factor : nil
      }.sorted()
      points.append(ChartPoint(x, Self.median(values)))
      intervals.append(values.count > 1 ? values[0]...values[values.count - 1] : nil)
    }
    return LineChart.Series(name, points, intervals: runs.count > 1 ? intervals : [])
  }

  /// Many lines as one.
  private static func spread(_ lines: [LineChart.Series], name: String) -> LineChart.Series {
    let longest = lines.map(\.points).max { $0.count < $1.count } ?? []
    var points: [ChartPoint] = []
    var intervals: [ClosedRange<Double>?] = []
    for index in longest.indices {
      let values = lines.compactMap { line in
        line.points.indices.contains(index) && line.points[index].y.isFinite ? line.points[index].y : nil
      }.sorted()
      points.append(ChartPoint(longest[index].x, median(values)))
      intervals.append(values.count > 1 ? values[0]...values[values.count - 1] : nil)
    }
    return LineChart.Series(name, points, intervals: intervals)
  }

  /// The lines with the largest areas below them, the rest as one.
  private static func largest(_ lines: [LineChart.Series], count: Int) -> [LineChart.Series] {
    func area(_ line: LineChart.Series) -> Double {
      line.points.reduce(0) { $0 + ($1.y.isFinite ? $1.y : 0) }
    }
    let order = lines.indices.sorted { (area(lines[$1]), $0) < (area(lines[$0]), $1) }
    let kept = order.prefix(count).sorted()
    let others = order.dropFirst(count).map { lines[$0] }
    guard let model = others.first, share(lines) else { return kept.map { lines[$0] } }
    let sum = model.points.indices.map { index in
      ChartPoint(
        model.points[index].x,
        others.reduce(0) { $0 + ($1.points[index].y.isFinite ? $1.points[index].y : 0) })
    }
    return kept.map { lines[$0] } + [LineChart.Series("\(others.count) others", sum)]
  }

  /// Lines with the same points in time, so that they can be stacked: what is not there yet, or no more, is zero.
  private static func aligned(_ lines: [LineChart.Series]) -> [LineChart.Series] {
    if share(lines) { return lines }
    var times: [Double] = []
    for time in lines.flatMap({ $0.points.map(\.x) }).sorted() where time != times.last { times.append(time) }
    return lines.map { line in
      var next = 0
      let points = times.map { time in
        guard next < line.points.count, line.points[next].x == time else { return ChartPoint(time, 0) }
        next += 1
        return line.points[next - 1]
      }
      return LineChart.Series(line.name, points)
    }
  }

  /// Whether lines have the same points in time.
  private static func share(_ lines: [LineChart.Series]) -> Bool {
    guard let first = lines.first else { return true }
    return lines.allSatisfy { $0.points.map(\.x) == first.points.map(\.x) }
  }

  static func median(_ sorted: [Double]) -> Double {
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }

  // MARK: - Over the whole run

  private func totals(_ layout: FigureLayout) -> [Labelled<ResultFolder.Figure>] {
    var rows: [Labelled<ResultFolder.Figure>] = []
    for selection in layout.rows {
      for row in folder.summary
      where selection.matches(row.key) && row.values.contains(where: \.isFinite)
        && !rows.contains(where: { $0.row.key == row.key })
      {
        rows.append(Labelled(name: selection.label(row.key, unit: row.unit), row: row))
      }
    }
    guard let first = rows.first else { return [] }
    let unit = MetricText(first.row.key.metric, unit: first.row.unit).unit
    return rows.filter { MetricText($0.row.key.metric, unit: $0.row.unit).unit == unit }
  }

  /// The mean over a group of runs with its interval.
  private func value(_ row: ResultFolder.Figure, _ group: Group) -> BarChart.Value {
    let factor = MetricText(row.key.metric, unit: row.unit).factor
    return Self.value(group.runs.map { row.values[$0] * factor })
  }

  private static func value(_ values: [Double]) -> BarChart.Value {
    let known = values.filter(\.isFinite)
    guard !known.isEmpty else { return BarChart.Value(.nan) }
    let estimate = Estimate(replications: known)
    return BarChart.Value(estimate.mean, halfWidth: estimate.halfWidth)
  }

  private func bars(_ layout: FigureLayout) -> Drawing? {
    let rows = Array(totals(layout).prefix(Self.barLimit))
    guard let first = rows.first else { return nil }
    let names = Self.withoutCommonWords(Self.distinct(rows.map { ($0.name, $0.row.key, $0.row.unit) }))
    return drawing(
      layout, unit: MetricText(first.row.key.metric, unit: first.row.unit).unit, categories: names,
      series: groups.map { group in .init(group.name, rows.map { value($0.row, group) }) })
  }

  private func groupedBars(_ layout: FigureLayout) -> Drawing? {
    let rows = totals(layout)
    guard let first = rows.first else { return nil }
    // A group a component, or an entity where there is only one component.
    let byEntity = rows.allSatisfy { $0.row.key.component == first.row.key.component }
    func group(_ row: Labelled<ResultFolder.Figure>) -> String {
      byEntity ? row.row.key.entity : row.row.key.component
    }
    var components: [String] = []
    var metrics: [String] = []
    for row in rows {
      if !components.contains(group(row)) { components.append(group(row)) }
      if !metrics.contains(row.name) { metrics.append(row.name) }
    }
    let names = Self.withoutCommonWords(metrics)
    let series = zip(metrics, names).prefix(Self.lineLimit).map { metric, name in
      BarChart.Series(
        name,
        components.map { component in
          let row = rows.first { group($0) == component && $0.name == metric }
          return row.map { value($0.row, groups[0]) } ?? .init(.nan)
        })
    }
    return drawing(
      layout, unit: MetricText(first.row.key.metric, unit: first.row.unit).unit,
      categories: components.map { $0.replacing("_", with: " ") }, series: series)
  }

  /// Shares of the requests of each tier that were missed, by cause, from cdn.csv.
  private func missCauses(_ layout: FigureLayout) throws -> Drawing? {
    guard let table = try folder.table("cdn.csv") else { return nil }
    func column(_ name: String) -> Int? { table.columns.firstIndex(of: name) }
    guard let tier = column("tier"), let entity = column("entity"), let requests = column("requests"),
      let configuration = column("configuration")
    else { return nil }
    let causes = table.columns.indices.filter { table.columns[$0].hasPrefix("miss_") }
    let totals = table.rows.filter {
      $0[entity] == "all" && $0[configuration] == folder.runs[groups[0].runs[0]].configuration
    }
    var tiers: [String] = []
    for row in totals where !tiers.contains(row[tier]) { tiers.append(row[tier]) }
    func share(_ row: [String], _ cause: Int) -> Double {
      100 * (Double(row[cause]) ?? .nan) / (Double(row[requests]) ?? .nan)
    }
    let present = causes.filter { cause in totals.contains { share($0, cause) > 0 } }
    tiers.removeAll { name in
      totals.allSatisfy { row in row[tier] != name || present.allSatisfy { !(share(row, $0) > 0) } }
    }
    guard !tiers.isEmpty else { return .sentence("\(layout.title): none in the whole run.") }
    return drawing(
      layout, unit: "%",
      categories: present.map { String(table.columns[$0].dropFirst(5)).replacing("_", with: " ") },
      series: tiers.map { name in
        BarChart.Series(
          name,
          present.map { cause in Self.value(totals.filter { $0[tier] == name }.map { share($0, cause) }) })
      })
  }

  private func drawing(
    _ layout: FigureLayout, unit: String, categories: [String], series: [BarChart.Series]
  ) -> Drawing {
    let values = series.flatMap(\.values).map(\.value).filter(\.isFinite)
    if values.allSatisfy({ $0 == 0 }) { return .sentence("\(layout.title): none in the whole run.") }
    var series = series
    var shownUnit = unit.isEmpty ? layout.counted : unit
    if unit == "s", (values.max() ?? 1) < Self.longestInMilliseconds {
      shownUnit = "ms"
      series = series.map { one in
        .init(one.name, one.values.map { .init($0.value * 1000, halfWidth: $0.halfWidth.map { $0 * 1000 }) })
      }
    }
    if layout.spansDecades, Self.spansDecades(values) {
      return .table(
        "\(layout.title)\(shownUnit.isEmpty ? "" : " [\(shownUnit)]")", Self.table(layout, categories, series))
    }
    if categories.count == 1, series.count == 1, let value = series[0].values.first {
      // One bar says no more than its number.
      let interval = value.halfWidth.map { " ± \(DisplayNumber.significant($0, digits: 2))" } ?? ""
      let name = ["", "all"].contains(categories[0]) ? "" : "\(categories[0]) "
      let number = "\(DisplayNumber.significant(value.value, digits: 3))\(interval)"
      let spoken = ["1/s": "a second", "1/h": "an hour"][shownUnit] ?? shownUnit
      return .sentence("\(layout.title): \(name)\(number)\(spoken.isEmpty ? "" : " \(spoken)").")
    }
    return .chart(
      BarChart(
        layout.title, x: layout.categories, y: ChartAxis(layout.axis, unit: shownUnit), categories: categories,
        series: series), remark: layout.remark)
  }

  /// Whether positive values differ so much that the small ones would vanish on a linear scale.
  private static func spansDecades(_ values: some Sequence<Double>) -> Bool {
    var low = Double.infinity
    var high = 0.0
    for value in values where value > 0 && value.isFinite {
      low = min(low, value)
      high = max(high, value)
    }
    return high > 100 * low
  }

  /// Bars as a table: a row a category, a column a series.
  private static func table(_ layout: FigureLayout, _ categories: [String], _ series: [BarChart.Series]) -> Table {
    let name = layout.categories.isEmpty ? "part" : layout.categories
    var table = Table([name] + series.map(\.name), text: [name])
    for (index, category) in categories.enumerated() {
      table.append([.text(category)] + series.map { .known($0.values[index].value) })
    }
    return table
  }

  // MARK: - Names

  /// Names with the metric added, and then the entity, where several rows would have the same.
  private static func distinct(_ rows: [(name: String, key: ResultFolder.Key, unit: String)]) -> [String] {
    var names = rows.map(\.name)
    func add(_ part: (ResultFolder.Key, String) -> String) {
      let repeated = names
      for index in names.indices where repeated.filter({ $0 == repeated[index] }).count > 1 {
        names[index] += ", \(part(rows[index].key, rows[index].unit))"
      }
    }
    add { MetricText($0.metric, unit: $1).name }
    add { key, _ in key.entity }
    return names
  }

  /// Names without the words with which all of them begin: `startup blame origin` among its kind is `origin`.
  private static func withoutCommonWords(_ names: [String]) -> [String] {
    guard names.count > 1 else { return names }
    let words = names.map { $0.split(separator: " ") }
    let shortest = words.map(\.count).min() ?? 0
    var common = 0
    while common + 1 < shortest, words.allSatisfy({ $0[common] == words[0][common] }) { common += 1 }
    return words.map { $0.dropFirst(common).joined(separator: " ") }
  }

  /// Two names as one; `fallback` where both are empty.
  private static func joined(_ first: String, _ second: String, or fallback: String) -> String {
    switch (first.isEmpty, second.isEmpty) {
    case (true, true): fallback
    case (true, false): second
    case (false, true): first
    case (false, false): "\(first): \(second)"
    }
  }
}

extension LineChart.Series {
  /// The same line in another unit.
  fileprivate func scaled(by factor: Double) -> LineChart.Series {
    LineChart.Series(
      name, points.map { ChartPoint($0.x, $0.y * factor) },
      intervals: intervals.map { $0.map { $0.lowerBound * factor...$0.upperBound * factor } })
  }
}
