/// Writes JSON as text, one token after the other; commas are placed by the writer.
struct JSONText {
  private(set) var text = ""
  private var needsComma = false

  mutating func open(_ bracket: Character) {
    separate()
    text.append(bracket)
    needsComma = false
  }

  mutating func close(_ bracket: Character) {
    text.append(bracket)
    needsComma = true
  }

  mutating func key(_ name: String) {
    separate()
    appendQuoted(name)
    text += ":"
    needsComma = false
  }

  mutating func value(_ number: some BinaryInteger) {
    separate()
    text += Self.exchangeable(number)
    needsComma = true
  }

  mutating func value(_ number: Double) {
    separate()
    text += number.isFinite ? "\(number)" : "null"
    needsComma = true
  }

  mutating func value(_ string: String) {
    separate()
    appendQuoted(string)
    needsComma = true
  }

  mutating func null() {
    separate()
    text += "null"
    needsComma = true
  }

  mutating func line() { text += "\n" }

  private mutating func separate() {
    if needsComma { text += "," }
  }

  private mutating func appendQuoted(_ string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\r": text += "\\r"
      default:
        if scalar.value < 32 || scalar.value == 127 {
          let digits = String(scalar.value, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        } else {
          text.unicodeScalars.append(scalar)
        }
      }
    }
    text += "\""
  }

  /// Integers beyond 2^53 as the shortest decimal of their double, which is what most JSON readers turn them into
  /// (RFC 8259 section 6); all others exactly.
  private static func exchangeable(_ number: some BinaryInteger) -> String {
    guard number.magnitude > 1 << 53 else { return "\(number)" }
    // `1.8446744073709552e+19` becomes `18446744073709552000`.
    let parts = "\(Double(number))".split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return "\(number)" }
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let fraction = mantissa.count > 1 ? mantissa[1] : ""
    guard exponent >= fraction.utf8.count else { return "\(number)" }
    return mantissa[0] + fraction + String(repeating: "0", count: exponent - fraction.utf8.count)
  }
}
