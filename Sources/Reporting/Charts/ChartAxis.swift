// Axes: what they measure, where a value lies on them, and where their ticks stand.

/// An axis of a chart.
public struct ChartAxis: Sendable {
  /// How values lie on the axis.
  public enum Scale: Sendable, Equatable {
    /// Evenly.
    case linear
    /// By their logarithm; values up to zero are left out.
    case logarithmic
    /// Seconds, labelled as spans of time: `30 min`, `2 h`.
    case elapsed
    /// Seconds, labelled as times of day; the value 0 is this many seconds after midnight.
    case clock(startSeconds: Double)
  }

  /// What the axis measures.
  public var title: String
  /// Its unit; empty for plain numbers.
  public var unit: String
  /// How values lie on it.
  public var scale: Scale
  /// Whether zero is shown even if no value is near it.
  ///
  /// Bars and areas always show zero.
  public var includesZero: Bool
  /// The range shown; `nil` to follow the values.
  public var range: ClosedRange<Double>?

  /// An axis.
  public init(
    _ title: String, unit: String = "", scale: Scale = .linear, includesZero: Bool = true,
    range: ClosedRange<Double>? = nil
  ) {
    self.title = title
    self.unit = unit
    self.scale = scale
    self.includesZero = includesZero
    self.range = range
  }

  /// A value of the axis as its ticks would call it: `21:07` on a clock, `90 min` on elapsed time.
  public func text(_ value: Double) -> String {
    AxisScale(self, values: [value], isTight: true, tickCount: 1).text(value)
  }

  /// `Concurrency [viewers]`; times carry their units in the labels.
  var label: String { unit.isEmpty ? title : "\(title) [\(unit)]" }
}

/// An axis fitted to values: a range and ticks.
struct AxisScale {
  struct Tick: Equatable {
    var value: Double
    var label: String
  }

  let scale: ChartAxis.Scale
  let lower: Double
  let upper: Double
  let ticks: [Tick]

  /// Fits an axis to values.
  /// - Parameters:
  ///   - values: What must be visible; numbers that are not finite are ignored.
  ///   - isTight: Whether the axis ends exactly with the values (as time does) or with a tick.
  ///   - tickCount: About how many ticks there should be.
  init(_ axis: ChartAxis, values: some Sequence<Double>, isTight: Bool, tickCount: Int) {
    scale = axis.scale
    let logarithmic = axis.scale == .logarithmic
    var low = Double.infinity
    var high = -Double.infinity
    for value in values where value.isFinite && (!logarithmic || value > 0) {
      low = min(low, value)
      high = max(high, value)
    }
    if low > high { (low, high) = logarithmic ? (1, 10) : (0, 1) }
    if axis.includesZero, axis.scale == .linear { (low, high) = (min(low, 0), max(high, 0)) }
    if let range = axis.range { (low, high) = (range.lowerBound, range.upperBound) }
    let fixed = isTight || axis.range != nil
    if logarithmic {
      (lower, upper, ticks) = Self.logarithmic(low, high, isTight: fixed)
      return
    }
    if low == high {
      let room = low == 0 ? 1 : abs(low) * 0.1
      (low, high) = (low - (axis.includesZero && low == 0 ? 0 : room), high + room)
    }
    let step: Double
    switch axis.scale {
    case .elapsed, .clock: step = AxisTicks.timeStep(for: (high - low) / Double(tickCount))
    case .linear, .logarithmic: step = AxisTicks.niceStep(for: (high - low) / Double(tickCount))
    }
    if !fixed {
      low = (low / step).rounded(.down) * step
      high = (high / step).rounded(.up) * step
    }
    lower = low
    upper = high
    let offset: Double
    if case .clock(let start) = axis.scale { offset = start } else { offset = 0 }
    // Clock ticks stand on whole hours of the day, wherever the run starts.
    let first = ((low + offset) / step - 1e-9).rounded(.up)
    let last = ((high + offset) / step + 1e-9).rounded(.down)
    let count = max(0, Int(min(last - first, 100)))
    let values = (0...count).map { (first + Double($0)) * step - offset }
    let labels = AxisTicks.labels(values, step: step, scale: axis.scale)
    ticks = zip(values, labels).map { Tick(value: $0 == 0 ? 0 : $0, label: $1) }
  }

  /// Decades between two numbers, and where there are few also their twos and fives.
  private static func logarithmic(_ low: Double, _ high: Double, isTight: Bool) -> (Double, Double, [Tick]) {
    var values: [Double] = []
    var decade = AxisTicks.decade(below: max(low, .leastNormalMagnitude))
    while decade <= high, values.count < 400 {
      values += [decade, 2 * decade, 5 * decade]
      decade *= 10
    }
    values.append(decade)
    let lower = isTight ? low : values.last { $0 <= low * (1 + 1e-12) } ?? low
    let upper = isTight ? high : values.first { $0 >= high * (1 - 1e-12) } ?? high
    var shown = values.filter { $0 >= lower * (1 - 1e-12) && $0 <= upper * (1 + 1e-12) }
    if shown.count > 10 { shown = shown.filter { abs($0 / AxisTicks.decade(below: $0) - 1) < 1e-6 } }
    return (lower, upper == lower ? lower * 10 : upper, shown.map { Tick(value: $0, label: DisplayNumber.scaled($0)) })
  }

  /// Where a value lies, 0 at the lower end and 1 at the upper; `nil` where it has no place.
  func position(_ value: Double) -> Double? {
    guard value.isFinite else { return nil }
    guard scale == .logarithmic else { return (value - lower) / (upper - lower) }
    guard value > 0 else { return nil }
    return AxisTicks.log2(value / lower) / AxisTicks.log2(upper / lower)
  }

  /// A value as the axis labels it, for tooltips.
  func text(_ value: Double) -> String {
    switch scale {
    case .linear, .logarithmic: DisplayNumber.significant(value)
    case .elapsed, .clock: AxisTicks.labels([value], step: 1, scale: scale).first ?? ""
    }
  }
}
