// A forest plot: differences with their intervals, one below the other, against the line of no difference.

/// Differences with intervals, one a row.
public struct ForestChart: Chart {
  /// One difference.
  public struct Row: Sendable {
    /// What is compared.
    public var name: String
    /// The difference.
    public var value: Double
    /// Its interval; `nil` where none is known.
    public var interval: ClosedRange<Double>?

    /// A difference.
    public init(_ name: String, _ value: Double, interval: ClosedRange<Double>?) {
      self.name = name
      self.value = value
      self.interval = interval
    }

    /// Whether the interval leaves out zero.
    var isClear: Bool { interval.map { !$0.contains(0) } ?? false }
  }

  /// The title.
  public var title: String
  /// The horizontal axis, on which zero means no difference.
  public var axis: ChartAxis
  /// The differences.
  public var rows: [Row]

  /// A forest plot.
  public init(_ title: String, axis: ChartAxis, rows: [Row]) {
    self.title = title
    self.axis = axis
    self.rows = rows
  }

  /// A step of ticks that people would choose, at least as large as a rough one.
  public static func step(for rough: Double) -> Double { AxisTicks.niceStep(for: rough) }

  /// Height in pixels at full width.
  public var height: Double { 96 + 30 * Double(max(1, rows.count)) }

  /// What the chart shows in words.
  public var summary: String {
    let parts = rows.prefix(12).map { "\($0.name): \(Self.text($0))" }
    return "\(axis.label), with intervals. \(parts.joined(separator: "; "))."
  }

  /// The end of a whisker: a stroke, or an arrow where the interval goes on beyond the axis.
  private func end(_ x: Double, _ y: Double, isBeyond: Bool, towards side: Double) -> String {
    guard isBeyond else { return SVGText.line("whisker", x, y - 5, x, y + 5) }
    var path = SVGPath()
    for (dx, dy) in [(8.0 * side, 0.0), (0, -5), (0, 5)] { path.draw(to: x + dx, y + dy) }
    return "<path class=\"beyond\" d=\"\(path.text)z\"/>\n"
  }

  private static func text(_ row: Row) -> String {
    let interval = row.interval.map { " (\(number($0.lowerBound)) to \(number($0.upperBound)))" }
    return number(row.value) + (interval ?? "")
  }

  /// Three digits; what is smaller than a millionth is the rounding of sums, not a difference.
  private static func number(_ value: Double) -> String {
    abs(value) < 1e-6 ? "0" : DisplayNumber.significant(value, digits: 3)
  }

  /// The elements inside the `svg` element.
  public func body(width: Double) -> String {
    var horizontal = axis
    horizontal.includesZero = true
    horizontal.scale = .linear
    let extents = rows.flatMap { [$0.value, $0.interval?.lowerBound ?? $0.value, $0.interval?.upperBound ?? $0.value] }
    let x = AxisScale(horizontal, values: extents, isTight: false, tickCount: 6)
    let names = rows.map { SVGText.width($0.name, size: ChartFrame.legendSize) }.max() ?? 0
    let texts = rows.map { SVGText.width(Self.text($0), size: ChartFrame.tickSize) }.max() ?? 0
    let left = min(width * 0.4, names + 28)
    let right = width - min(width * 0.3, texts + 24)
    let (top, bottom) = (44.0, height - 46)
    func across(_ value: Double) -> Double { left + min(max(x.position(value) ?? 0, 0), 1) * (right - left) }
    var text = SVGText.text("title", 12, 24, title)
    for tick in x.ticks {
      text += SVGText.line("grid", across(tick.value), top, across(tick.value), bottom)
      text += SVGText.text("tick middle", across(tick.value), bottom + 17, tick.label)
    }
    text += SVGText.line("axis", left, bottom, right, bottom)
    text += SVGText.line("zero", across(0), top - 4, across(0), bottom)
    text += SVGText.text("axis-title middle", (left + right) / 2, height - 8, axis.label)
    for (index, row) in rows.enumerated() where row.value.isFinite {
      let middle = top + 20 + 30 * Double(index)
      text += SVGText.text("legend", 12, middle + 4, BarChart.fitted(row.name, width: left - 16))
      if let interval = row.interval {
        let (low, high) = (across(interval.lowerBound), across(interval.upperBound))
        text += SVGText.line("whisker", low, middle, high, middle)
        text += end(low, middle, isBeyond: interval.lowerBound < x.lower, towards: -1)
        text += end(high, middle, isBeyond: interval.upperBound > x.upper, towards: 1)
      }
      if row.value >= x.lower, row.value <= x.upper {
        text += SVGText.rectangle(ChartStyle.fill(row.isClear ? 0 : 6), across(row.value) - 5, middle - 5, 10, 10)
      }
      text += SVGText.text("tick", right + 14, middle + 4, Self.text(row))
      text += SVGText.rectangle(
        "hit", left, middle - 15, right - left, 30, tooltip: "\(row.name): \(Self.text(row)) \(axis.unit)")
    }
    return text
  }
}
