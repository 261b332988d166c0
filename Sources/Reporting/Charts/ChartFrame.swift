// What all charts share: title, legend, axes with grid, and the text alternative.

/// A chart that draws itself as SVG.
public protocol Chart: Sendable {
  /// The title, which says what is shown.
  var title: String { get }
  /// What the chart shows in words, for people who do not see it.
  var summary: String { get }
  /// Height in pixels at full width.
  var height: Double { get }
  /// The elements inside the `svg` element.
  func body(width: Double) -> String
}

extension Chart {
  /// Width in pixels of the drawing; pages scale it.
  static var width: Double { 760 }

  /// The chart as an `svg` element.
  /// - Parameter standalone: Whether it is a file of its own, with its name space and style, or part of a page that
  ///   has the style.
  public func svg(standalone: Bool = true) -> String {
    let (width, height) = (Self.width, height)
    var text = "<svg class=\"chart\" role=\"img\" aria-label=\"\(SVGText.escaped("\(title). \(summary)"))\""
    text += " viewBox=\"0 0 \(SVGText.coordinate(width)) \(SVGText.coordinate(height))\""
    if standalone {
      text += " xmlns=\"http://www.w3.org/2000/svg\" width=\"\(SVGText.coordinate(width))\""
      text += " height=\"\(SVGText.coordinate(height))\""
    }
    text += ">\n"
    if standalone {
      text += "<style>\n\(ChartStyle.variables("svg"))\(ChartStyle.rules)</style>\n"
      text += SVGText.rectangle("frame", 0, 0, width, height)
    }
    return text + body(width: width) + "</svg>\n"
  }
}

/// The plot area with its axes, and the drawing of everything around it.
struct ChartFrame {
  /// What stands for a series in the legend.
  enum Mark {
    case line, box
  }

  let left: Double
  let right: Double
  let top: Double
  let bottom: Double
  let x: AxisScale
  let y: AxisScale
  /// Room between the title of the vertical axis and the plot, for the names of spans.
  let headroom: Double
  private let title: String
  private let legend: [(name: String, index: Int, mark: Mark)]
  private let xAxis: ChartAxis
  private let yAxis: ChartAxis
  private let size: (width: Double, height: Double)

  static let tickSize = 12.0
  static let legendSize = 13.0

  init(
    title: String, width: Double, height: Double, xAxis: ChartAxis, yAxis: ChartAxis, x: AxisScale, y: AxisScale,
    legend: [(name: String, index: Int, mark: Mark)], headroom: Double = 0
  ) {
    self.title = title
    self.headroom = headroom
    self.xAxis = xAxis
    self.yAxis = yAxis
    self.x = x
    self.y = y
    self.legend = legend
    size = (width, height)
    let widest = y.ticks.map { SVGText.width($0.label, size: Self.tickSize) }.max() ?? 0
    left = max(44, widest + 14)
    right = width - 18
    let rows = Self.rows(of: legend, width: width)
    top = 62 + headroom + (legend.count > 1 ? Double(rows.count) * 20 : 0)
    bottom = height - 44
  }

  /// Where a point lies in pixels; `nil` where it has no place.
  func point(_ xValue: Double, _ yValue: Double) -> (x: Double, y: Double)? {
    guard let across = x.position(xValue), let up = y.position(yValue) else { return nil }
    return (left + across * (right - left), bottom - up * (bottom - top))
  }

  /// Horizontal pixel of a value, kept inside the plot.
  func across(_ value: Double) -> Double {
    left + min(max(x.position(value) ?? 0, 0), 1) * (right - left)
  }

  /// Vertical pixel of a value, kept inside the plot.
  func up(_ value: Double) -> Double {
    bottom - min(max(y.position(value) ?? 0, 0), 1) * (bottom - top)
  }

  /// Title, axis titles, legend, grid and ticks: what lies behind the data.
  func background(xTicks: Bool = true, yTicks: Bool = true) -> String {
    var text = SVGText.text("title", 12, 24, title)
    // The title of the vertical axis lies flat above it, where it can be read without turning one's head.
    text += SVGText.text("axis-title", 12, top - headroom - 14, yAxis.label)
    text += SVGText.text("axis-title middle", (left + right) / 2, size.height - 8, xAxis.label)
    text += legendText
    if yTicks {
      for tick in y.ticks {
        let height = up(tick.value)
        text += SVGText.line("grid", left, height, right, height)
        text += SVGText.text("tick end", left - 7, height + 4, tick.label)
      }
    }
    if xTicks {
      for tick in x.ticks {
        let across = across(tick.value)
        text += SVGText.line("axis", across, bottom, across, bottom + 4)
        // The last label would leave the drawing if it stood centred below its tick.
        let half = SVGText.width(tick.label, size: Self.tickSize) / 2
        let centre = min(max(across, half + 2), size.width - half - 2)
        text += SVGText.text("tick middle", centre, bottom + 18, tick.label)
      }
    }
    return text + SVGText.line("axis", left, bottom, right, bottom)
  }

  private var legendText: String {
    guard legend.count > 1 else { return "" }
    var text = ""
    for (row, entries) in Self.rows(of: legend, width: size.width).enumerated() {
      var across = 12.0
      let height = 46 + Double(row) * 20
      for entry in entries {
        switch entry.mark {
        case .line:
          text += SVGText.line("line \(ChartStyle.stroke(entry.index))", across, height - 4, across + 26, height - 4)
        case .box: text += SVGText.rectangle(ChartStyle.fill(entry.index), across + 7, height - 10, 12, 12)
        }
        text += SVGText.text("legend", across + 32, height, entry.name)
        across += Self.entryWidth(entry.name)
      }
    }
    return text
  }

  private static func entryWidth(_ name: String) -> Double { 32 + SVGText.width(name, size: legendSize) + 18 }

  /// The legend broken into rows.
  private static func rows(
    of legend: [(name: String, index: Int, mark: Mark)], width: Double
  ) -> [[(name: String, index: Int, mark: Mark)]] {
    var rows: [[(name: String, index: Int, mark: Mark)]] = [[]]
    var across = 12.0
    for entry in legend {
      let needed = entryWidth(entry.name)
      if across + needed > width, rows.last?.isEmpty == false {
        rows.append([])
        across = 12
      }
      rows[rows.count - 1].append(entry)
      across += needed
    }
    return rows
  }
}
