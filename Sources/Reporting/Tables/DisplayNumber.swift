// Numbers for people: few digits, and never the locale of the machine. Files get shortest round-trip numbers instead.

import Glibc
import TextFormats

/// Numbers as they are shown on a terminal or a page.
public enum DisplayNumber {
  /// A number rounded to significant digits, without zeros at its end: `0.3333`, `1.5e+09`.
  public static func significant(_ number: Double, digits: Int = 5) -> String {
    guard number.isFinite, number != 0 else { return NumberText.shortest(number) }
    let text = formatted("%.\(digits - 1)e", number)
    guard let rounded = Double(text) else { return text }
    let magnitude = abs(rounded)
    if magnitude >= 1e-4, magnitude < 1e15 {
      // Digits after the point that the rounding left.
      let exponent = Int(text.split(separator: "e").last ?? "0") ?? 0
      let fixed = formatted("%.\(max(0, digits - 1 - exponent))f", rounded)
      guard fixed.contains(".") else { return fixed }
      var trimmed = fixed[...]
      while trimmed.last == "0" { trimmed = trimmed.dropLast() }
      return String(trimmed.last == "." ? trimmed.dropLast() : trimmed)
    }
    return NumberText.shortest(rounded)
  }

  /// A number with a letter for its thousands: `1.3M`, `250k`, `12`.
  public static func scaled(_ number: Double) -> String {
    for (limit, letter) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] where abs(number) >= limit {
      return "\(significant(number / limit, digits: 3))\(letter)"
    }
    return significant(number, digits: 3)
  }

  /// A number rounded to a whole one, its thousands apart by narrow spaces: `102 253`.
  public static func grouped(_ number: Double) -> String {
    guard number.isFinite, abs(number) < 1e15 else { return significant(number) }
    let digits = String(Int64(abs(number.rounded())))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text += "\u{202F}" }
      text.append(digit)
    }
    return number.rounded() < 0 ? "-\(text)" : text
  }

  private static func formatted(_ format: String, _ number: Double) -> String {
    var buffer = [CChar](repeating: 0, count: 400)
    let count = withVaList([number]) { vsnprintf(&buffer, buffer.count, format, $0) }
    return String(decoding: buffer.prefix(Int(max(0, min(count, 399)))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
