// Bars side by side, with the interval of each as a whisker.

/// Values of categories as upright bars.
public struct BarChart: Chart {
  /// A value with its interval.
  public struct Value: Sendable {
    /// The value; not finite where there is none.
    public var value: Double
    /// Half the width of its interval; `nil` where none is known.
    public var halfWidth: Double?

    /// A value.
    public init(_ value: Double, halfWidth: Double? = nil) {
      self.value = value
      self.halfWidth = halfWidth
    }
  }

  /// One colour of bars.
  public struct Series: Sendable {
    /// Its name in the legend.
    public var name: String
    /// One value a category.
    public var values: [Value]

    /// A series.
    public init(_ name: String, _ values: [Value]) {
      self.name = name
      self.values = values
    }
  }

  /// The title.
  public var title: String
  /// What the categories are.
  public var xTitle: String
  /// The vertical axis.
  public var yAxis: ChartAxis
  /// Names of the categories.
  public var categories: [String]
  /// The bars.
  public var series: [Series]
  /// Height in pixels at full width.
  public var height: Double

  /// A bar chart.
  /// - Precondition: Every series has one value a category.
  public init(
    _ title: String, x xTitle: String, y yAxis: ChartAxis, categories: [String], series: [Series], height: Double = 300
  ) {
    precondition(series.allSatisfy { $0.values.count == categories.count }, "one value a category")
    self.title = title
    self.xTitle = xTitle
    self.yAxis = yAxis
    self.categories = categories
    self.series = series
    self.height = height
  }

  /// What the chart shows in words.
  public var summary: String {
    let parts = categories.enumerated().prefix(12).map { index, category in
      let values = series.map { series in
        (self.series.count > 1 ? "\(series.name) " : "") + Self.text(series.values[index], unit: "")
      }
      return "\(category): \(values.joined(separator: ", "))"
    }
    return "\(yAxis.label) by \(xTitle). \(parts.joined(separator: "; "))."
  }

  private static func text(_ value: Value, unit: String) -> String {
    let interval = value.halfWidth.map { " ± \(DisplayNumber.significant($0, digits: 3))" } ?? ""
    return DisplayNumber.significant(value.value) + interval + (unit.isEmpty ? "" : " \(unit)")
  }

  /// The elements inside the `svg` element.
  public func body(width: Double) -> String {
    var vertical = yAxis
    vertical.includesZero = true
    vertical.scale = .linear
    let extents = series.flatMap(\.values).flatMap {
      [$0.value, $0.value - ($0.halfWidth ?? 0), $0.value + ($0.halfWidth ?? 0)]
    }
    let horizontal = ChartAxis(xTitle, range: 0...Double(max(1, categories.count)))
    let x = AxisScale(horizontal, values: [], isTight: true, tickCount: 1)
    let y = AxisScale(vertical, values: extents, isTight: false, tickCount: 5)
    let frame = ChartFrame(
      title: title, width: width, height: height, xAxis: horizontal, yAxis: yAxis, x: x, y: y,
      legend: series.enumerated().map { (name: $1.name, index: $0, mark: .box) })
    var text = frame.background(xTicks: false)
    let slot = (frame.right - frame.left) / Double(max(1, categories.count))
    let wide = min(56, slot * 0.76 / Double(max(1, series.count)))
    for (category, name) in categories.enumerated() {
      let centre = frame.left + (Double(category) + 0.5) * slot
      text += SVGText.text("tick middle", centre, frame.bottom + 18, Self.fitted(name, width: slot - 6))
      for (index, series) in series.enumerated() {
        let left = centre + (Double(index) - Double(self.series.count) / 2) * wide
        let label = (self.series.count > 1 ? "\(name), \(series.name)" : name)
        text += barText(series.values[category], label, left, wide, index, frame)
      }
    }
    return text + SVGText.line("axis", frame.left, frame.up(0), frame.right, frame.up(0))
  }

  private func barText(
    _ value: Value, _ label: String, _ left: Double, _ wide: Double, _ index: Int, _ frame: ChartFrame
  ) -> String {
    guard value.value.isFinite else { return "" }
    let (zero, end) = (frame.up(0), frame.up(value.value))
    var text = SVGText.rectangle(
      ChartStyle.fill(index), left + 1, min(zero, end), wide - 2, abs(zero - end),
      tooltip: "\(label): \(Self.text(value, unit: yAxis.unit))")
    if let halfWidth = value.halfWidth, halfWidth.isFinite {
      let middle = left + wide / 2
      let (low, high) = (frame.up(value.value - halfWidth), frame.up(value.value + halfWidth))
      let cap = min(6, wide / 4)
      text += SVGText.line("whisker", middle, low, middle, high)
      text += SVGText.line("whisker", middle - cap, low, middle + cap, low)
      text += SVGText.line("whisker", middle - cap, high, middle + cap, high)
    }
    return text
  }

  /// A name cut to a width.
  static func fitted(_ name: String, width: Double) -> String {
    let room = Int(width / (ChartFrame.tickSize * 0.56))
    return name.count <= room ? name : String(name.prefix(max(1, room - 1))) + "…"
  }
}
