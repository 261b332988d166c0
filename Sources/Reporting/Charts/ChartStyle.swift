// Colours and strokes of all charts, as CSS: once in a page, or inside a chart that stands alone.
//
// Series take the colours of Okabe and Ito ("Color Universal Design", 2008), which people with any colour vision can
// tell apart, and each has a dash pattern of its own, so that a print in grey is still readable.

/// The style shared by charts and pages.
enum ChartStyle {
  /// Series that look different; more repeat the colours with other dashes.
  static let seriesCount = 7

  /// Dashes: solid for the first series, then ever more broken.
  private static let dashes = ["none", "8 3", "2 3", "8 3 2 3", "12 4", "5 2 1 2 1 2", "1 2"]

  /// Colours of series by theme.
  ///
  /// Yellow is left to dark backgrounds, dark blue to light ones.
  private static let light = ["#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "var(--ink)"]
  private static let dark = ["#56B4E9", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#F0E442", "var(--ink)"]

  /// Custom properties for both themes, on `selector`.
  static func variables(_ selector: String) -> String {
    func properties(_ basics: String, _ colours: [String]) -> String {
      basics + colours.enumerated().map { "--c\($0):\($1);" }.joined()
    }
    let day =
      "--paper:#ffffff;--ink:#1b1f24;--soft:#57606a;--grid:#e3e7eb;--axis:#8c959f;--panel:#f6f8fa;--span:#0000001a;"
    let night =
      "--paper:#14181d;--ink:#e6edf3;--soft:#9aa5b1;--grid:#2b323a;--axis:#6b7682;--panel:#1c2128;--span:#ffffff24;"
    return """
      \(selector){color-scheme:light dark;\(properties(day, light))}
      @media (prefers-color-scheme:dark){\(selector){\(properties(night, dark))}}
      @media print{\(selector){color-scheme:light;\(properties(day, light))}}

      """
  }

  /// Rules for the elements of charts.
  static var rules: String {
    var text = """
      .chart{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;background:var(--paper)}
      .chart text{fill:var(--ink);font-variant-numeric:tabular-nums}
      .chart .title{font-size:16px;font-weight:600}
      .chart .tick,.chart .axis-title,.chart .note{fill:var(--soft)}
      .chart .tick,.chart .note{font-size:12px}
      .chart .note{pointer-events:none}
      .chart .middle{text-anchor:middle}
      .chart .end{text-anchor:end}
      .chart .grid{stroke:var(--grid)}
      .chart .axis{stroke:var(--axis)}
      .chart .zero{stroke:var(--soft);stroke-dasharray:4 3}
      .chart .span{fill:var(--span)}
      .chart .begin{stroke:var(--axis);stroke-width:1}
      .chart .beyond{fill:var(--ink)}
      .chart .hit{fill:transparent}
      .chart .hit:hover{fill:var(--span)}
      .chart .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:butt}
      .chart .ribbon{stroke:none;fill-opacity:.2}
      .chart .area{stroke:var(--paper);stroke-width:.5;fill-opacity:.85}
      .chart .again{fill-opacity:.45}
      .chart .whisker{stroke:var(--ink);stroke-width:1.5}
      .chart .frame{fill:var(--paper)}

      """
    for index in 0..<seriesCount {
      text += ".chart .s\(index){stroke:var(--c\(index));stroke-dasharray:\(dashes[index])}"
      text += ".chart .f\(index){fill:var(--c\(index))}\n"
    }
    return text
  }

  /// Class of the stroke of a series.
  static func stroke(_ index: Int) -> String { "s\(index % seriesCount)" }

  /// Classes of the fill of a series; a colour that comes a second time is paler.
  static func fill(_ index: Int) -> String { "f\(index % seriesCount)\(index / seriesCount % 2 == 1 ? " again" : "")" }
}
