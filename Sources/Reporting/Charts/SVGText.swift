// The little of SVG that the charts need, as text.

import TextFormats

/// Pieces of SVG and HTML text.
enum SVGText {
  /// Text with the characters escaped that markup reads as its own; control characters, which XML cannot hold, are
  /// replaced.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "\n", "\t": escaped.unicodeScalars.append(scalar)
      case "\u{0}"..."\u{1F}", "\u{7F}", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// A coordinate to a tenth of a pixel.
  static func coordinate(_ value: Double) -> String {
    NumberText.shortest((min(max(value, -100_000), 100_000) * 10).rounded() / 10)
  }

  /// A straight line.
  static func line(_ css: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line class=\"\(css)\" x1=\"\(coordinate(x1))\" y1=\"\(coordinate(y1))\" x2=\"\(coordinate(x2))\" "
      + "y2=\"\(coordinate(y2))\"/>\n"
  }

  /// A rectangle, with a tooltip unless it is empty.
  static func rectangle(
    _ css: String, _ x: Double, _ y: Double, _ width: Double, _ height: Double, tooltip: String = ""
  ) -> String {
    let shape =
      "<rect class=\"\(css)\" x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" width=\"\(coordinate(max(0, width)))\" "
      + "height=\"\(coordinate(max(0, height)))\""
    return shape + (tooltip.isEmpty ? "/>\n" : "><title>\(escaped(tooltip))</title></rect>\n")
  }

  /// A piece of text.
  static func text(_ css: String, _ x: Double, _ y: Double, _ text: String, attributes: String = "") -> String {
    "<text class=\"\(css)\" x=\"\(coordinate(x))\" y=\"\(coordinate(y))\"\(attributes)>\(escaped(text))</text>\n"
  }

  /// About how wide text is at a font size, in pixels: sans-serif digits and letters are some 0.56 em wide, capitals
  /// 0.7 em.
  static func width(_ text: String, size: Double) -> Double {
    text.reduce(0) { $0 + ($1.isUppercase ? 0.7 : 0.56) } * size
  }
}

/// The outline of a line or an area: steps from point to point in tenths of a pixel, which is half the text of
/// absolute coordinates.
struct SVGPath {
  private(set) var text = ""
  private var last: (x: Int, y: Int)?

  /// A line from the last point, or a new beginning.
  mutating func draw(to x: Double, _ y: Double) {
    let here = (x: Self.tenths(x), y: Self.tenths(y))
    if let last {
      // Lines that a preceding step already reached add nothing.
      if here == last { return }
      text += "l\(Self.number(here.x - last.x))\(Self.separated(here.y - last.y))"
    } else {
      text += "M\(Self.number(here.x))\(Self.separated(here.y))"
    }
    last = here
  }

  /// The next point begins a new line.
  mutating func lift() { last = nil }

  private static func tenths(_ value: Double) -> Int { Int((min(max(value, -100_000), 100_000) * 10).rounded()) }

  private static func number(_ tenths: Int) -> String {
    let (whole, rest) = (abs(tenths) / 10, abs(tenths) % 10)
    let digits = rest == 0 ? "\(whole)" : whole == 0 ? ".\(rest)" : "\(whole).\(rest)"
    return tenths < 0 ? "-\(digits)" : digits
  }

  private static func separated(_ tenths: Int) -> String { tenths < 0 ? number(tenths) : " \(number(tenths))" }
}
