// Lines over time or size, with intervals as ribbons and events as spans behind them; or areas stacked on each other.

/// Series as lines or stacked areas.
public struct LineChart: Chart {
  /// One line.
  public struct Series: Sendable {
    /// Its name in the legend.
    public var name: String
    /// Its points in rising order of `x`; a `y` that is not finite is a gap.
    public var points: [ChartPoint]
    /// The interval around each point, `nil` where none is known; as many as points, or none.
    public var intervals: [ClosedRange<Double>?]

    /// A series.
    public init(_ name: String, _ points: [ChartPoint], intervals: [ClosedRange<Double>?] = []) {
      precondition(intervals.isEmpty || intervals.count == points.count, "one interval a point, or none")
      self.name = name
      self.points = points
      self.intervals = intervals
    }
  }

  /// Something that happens from one time to another (or at once), shown behind the lines.
  public struct Span: Sendable {
    /// What it is.
    public var name: String
    /// Start and end on the horizontal axis.
    public var range: ClosedRange<Double>

    /// A span.
    public init(_ name: String, _ range: ClosedRange<Double>) {
      self.name = name
      self.range = range
    }
  }

  /// The title.
  public var title: String
  /// The horizontal axis.
  public var xAxis: ChartAxis
  /// The vertical axis.
  public var yAxis: ChartAxis
  /// The lines.
  public var series: [Series]
  /// What happens meanwhile.
  public var spans: [Span]
  /// Whether the series are areas on top of each other; they must share their `x`.
  public var isStacked: Bool
  /// Height in pixels at full width.
  public var height: Double

  /// A chart of lines or stacked areas.
  public init(
    _ title: String, x: ChartAxis, y: ChartAxis, series: [Series], spans: [Span] = [], isStacked: Bool = false,
    height: Double = 300
  ) {
    self.title = title
    xAxis = x
    yAxis = y
    self.series = series
    self.spans = spans
    self.isStacked = isStacked
    self.height = height
  }

  /// What the chart shows in words.
  public var summary: String {
    let ranges = series.prefix(ChartStyle.seriesCount).map { series in
      let values = series.points.map(\.y).filter(\.isFinite)
      guard let low = values.min(), let high = values.max() else { return "\(series.name): no values" }
      return "\(series.name): \(DisplayNumber.significant(low)) to \(DisplayNumber.significant(high))"
    }
    return "\(yAxis.label) over \(xAxis.label). \(ranges.joined(separator: "; "))."
  }

  /// The elements inside the `svg` element.
  public func body(width: Double) -> String {
    let shown = isStacked ? stacked : series
    let heights = shown.flatMap { series in
      series.points.map(\.y) + series.intervals.flatMap { $0.map { [$0.lowerBound, $0.upperBound] } ?? [] }
    }
    var vertical = yAxis
    if isStacked { vertical.includesZero = true }
    let x = AxisScale(xAxis, values: shown.flatMap { $0.points.map(\.x) }, isTight: true, tickCount: 8)
    let y = AxisScale(vertical, values: heights, isTight: false, tickCount: 5)
    func frame(headroom: Double) -> ChartFrame {
      ChartFrame(
        title: title, width: width, height: height, xAxis: xAxis, yAxis: yAxis, x: x, y: y,
        legend: series.enumerated().map { (name: $1.name, index: $0, mark: isStacked ? .box : .line) },
        headroom: headroom)
    }
    // Names of spans stand above the plot, where no line runs through them; how many rows they need follows from the
    // width of the plot alone.
    let rowCount = spanNames(frame(headroom: 0)).map { $0.row + 1 }.max() ?? 0
    let frame = frame(headroom: rowCount == 0 ? 0 : Double(rowCount) * Self.nameHeight + 2)
    var text = frame.background()
    text += spanText(frame)
    if isStacked {
      for (index, area) in shown.enumerated() {
        text += areaText(area, below: index == 0 ? nil : shown[index - 1], index, frame)
      }
    } else {
      for (index, line) in shown.enumerated() { text += ribbonText(line, index, frame) }
      for (index, line) in shown.enumerated() { text += lineText(line, index, frame) }
    }
    return text + hitText(frame)
  }

  /// Each series on top of those before it; a gap counts as nothing.
  private var stacked: [Series] {
    var sums: [Double] = []
    return series.map { series in
      if sums.isEmpty { sums = series.points.map { _ in 0 } }
      precondition(series.points.count == sums.count, "stacked series share their x")
      let points = series.points.enumerated().map { index, point in
        sums[index] += point.y.isFinite ? point.y : 0
        return ChartPoint(point.x, sums[index])
      }
      return Series(series.name, points)
    }
  }

  /// Thinned to columns as wide as a line is thick.
  private func thinned(_ points: [ChartPoint], _ frame: ChartFrame, columnWidth: Double = 2) -> [ChartPoint] {
    LineSampling.thinned(points) { Int((frame.across($0) / columnWidth).rounded(.down)) }
  }

  private func lineText(_ line: Series, _ index: Int, _ frame: ChartFrame) -> String {
    var path = SVGPath()
    var lonely: [(x: Double, y: Double)] = []
    var run = 0
    var last: (x: Double, y: Double)?
    func endRun() { if run == 1, let last { lonely.append(last) } }
    for point in thinned(line.points, frame) {
      guard let place = frame.point(point.x, point.y) else {
        endRun()
        path.lift()
        (run, last) = (0, nil)
        continue
      }
      path.draw(to: place.x, place.y)
      (run, last) = (run + 1, place)
    }
    endRun()
    var text = path.text.isEmpty ? "" : "<path class=\"line \(ChartStyle.stroke(index))\" d=\"\(path.text)\"/>\n"
    // A single point between gaps has no line to show it.
    for place in lonely {
      text += "<circle class=\"\(ChartStyle.fill(index))\" cx=\"\(SVGText.coordinate(place.x))\" "
      text += "cy=\"\(SVGText.coordinate(place.y))\" r=\"2.5\"/>\n"
    }
    return text
  }

  private func ribbonText(_ line: Series, _ index: Int, _ frame: ChartFrame) -> String {
    let known = zip(line.points, line.intervals).compactMap { point, interval in
      interval.map { (x: point.x, low: $0.lowerBound, high: $0.upperBound) }
    }
    guard known.count > 1 else { return "" }
    let upper = thinned(known.map { ChartPoint($0.x, $0.high) }, frame, columnWidth: 6)
    let lower = thinned(known.map { ChartPoint($0.x, $0.low) }, frame, columnWidth: 6)
    return outline("ribbon \(ChartStyle.fill(index))", upper + lower.reversed(), frame)
  }

  private func areaText(_ area: Series, below: Series?, _ index: Int, _ frame: ChartFrame) -> String {
    let upper = thinned(area.points, frame)
    let lower =
      below.map { thinned($0.points, frame) }
      ?? [area.points.first, area.points.last].compactMap {
        $0.map { ChartPoint($0.x, 0) }
      }
    return outline("area \(ChartStyle.fill(index))", upper + lower.reversed(), frame)
  }

  private func outline(_ css: String, _ points: [ChartPoint], _ frame: ChartFrame) -> String {
    var path = SVGPath()
    for point in points { path.draw(to: frame.across(point.x), frame.up(point.y)) }
    return "<path class=\"\(css)\" d=\"\(path.text)z\"/>\n"
  }

  private static let nameHeight = 15.0

  /// A span's name: where it begins or ends, and in which row above the plot.
  private struct SpanName {
    var span: Span
    var x: Double
    var isLate: Bool
    var row: Int
  }

  /// Where names of spans stand; names that would run into each other stand in different rows, and what finds no place
  /// in four of them is told by the tooltip alone.
  private func spanNames(_ frame: ChartFrame) -> [SpanName] {
    var names: [SpanName] = []
    var ends = [Double](repeating: -.infinity, count: 4)
    for span in shownSpans(frame) {
      let start = frame.across(span.range.lowerBound)
      let wide = SVGText.width(span.name, size: ChartFrame.tickSize)
      let isLate = start + wide + 4 > frame.right
      let (first, last) = isLate ? (start - wide - 4, start - 4) : (start + 4, start + 4 + wide)
      guard let row = ends.firstIndex(where: { $0 < first }) else { continue }
      ends[row] = last + 6
      names.append(SpanName(span: span, x: isLate ? start - 4 : start + 4, isLate: isLate, row: row))
    }
    return names
  }

  private func shownSpans(_ frame: ChartFrame) -> [Span] {
    spans.filter { $0.range.upperBound >= frame.x.lower && $0.range.lowerBound <= frame.x.upper }
  }

  /// Spans as bands behind the lines, reaching up to their names.
  private func spanText(_ frame: ChartFrame) -> String {
    var text = ""
    for span in shownSpans(frame) {
      let start = frame.across(span.range.lowerBound)
      let width = max(2, frame.across(span.range.upperBound) - start)
      let from = frame.x.text(span.range.lowerBound)
      let to = frame.x.text(span.range.upperBound)
      text += SVGText.rectangle(
        "span", start, frame.top - frame.headroom, width, frame.bottom - frame.top + frame.headroom,
        tooltip: from == to ? "\(span.name), \(from)" : "\(span.name), \(from) to \(to)")
      // Spans that touch or overlap are told apart by their beginnings.
      text += SVGText.line("begin", start, frame.top - frame.headroom, start, frame.bottom)
    }
    for name in spanNames(frame) {
      let height = frame.top - frame.headroom + 11 + Double(name.row) * Self.nameHeight
      text += SVGText.text(name.isLate ? "note end" : "note", name.x, height, name.span.name)
    }
    return text
  }

  /// Columns that light up under the pointer and tell the values there; no script is needed.
  private func hitText(_ frame: ChartFrame) -> String {
    guard let longest = series.map(\.points).max(by: { $0.count < $1.count }), !longest.isEmpty else { return "" }
    let columns = min(60, longest.count)
    let wide = (frame.right - frame.left) / Double(columns)
    var text = ""
    for column in 0..<columns {
      let index = columns == 1 ? 0 : column * (longest.count - 1) / (columns - 1)
      let at = longest[index].x
      var lines = [frame.x.text(at)]
      for series in series.prefix(12) {
        guard let point = Self.nearest(series.points, at), point.y.isFinite else { continue }
        lines.append(
          "\(series.name): \(DisplayNumber.significant(point.y))\(yAxis.unit.isEmpty ? "" : " \(yAxis.unit)")")
      }
      let left = min(max(frame.across(at) - wide / 2, frame.left), frame.right - wide)
      text += SVGText.rectangle(
        "hit", left, frame.top, wide, frame.bottom - frame.top, tooltip: lines.joined(separator: "\n"))
    }
    return text
  }

  /// The point of a series nearest to an `x`, by bisection.
  private static func nearest(_ points: [ChartPoint], _ x: Double) -> ChartPoint? {
    var low = 0
    var high = points.count
    while low < high {
      let middle = (low + high) / 2
      if points[middle].x < x { low = middle + 1 } else { high = middle }
    }
    let candidates = [low - 1, low].filter { points.indices.contains($0) }.map { points[$0] }
    return candidates.min { abs($0.x - x) < abs($1.x - x) }
  }
}
