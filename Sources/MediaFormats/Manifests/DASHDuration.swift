/// Durations of XML Schema, `PnDTnHnMn.nS` (XML Schema part 2, section 3.2.6), without years and months, whose
/// length is not fixed.
enum DASHDuration {
  /// The exact duration, or `nil` if the text is not one.
  static func parse(_ text: String) -> RationalTime? {
    var rest = Substring(text.trimmed)
    guard rest.popFirst() == "P", !rest.isEmpty else { return nil }
    var total = RationalTime.zero
    var inTime = false
    var units: [Character: Int64] = ["D": 86_400]
    var seen = false
    while !rest.isEmpty {
      if rest.first == "T", !inTime {
        inTime = true
        rest = rest.dropFirst()
        units = ["H": 3600, "M": 60, "S": 1]
        guard !rest.isEmpty else { return nil }
        continue
      }
      let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(number.count)
      guard let unit = rest.popFirst(), let seconds = units.removeValue(forKey: unit),
        let value = RationalTime(decimal: number), unit == "S" || value.timescale == 1,
        case let (ticks, overflow) = value.ticks.multipliedReportingOverflow(by: seconds), !overflow,
        let sum = total.adding(RationalTime(ticks: ticks, timescale: value.timescale))
      else { return nil }
      // Units come in falling order, each at most once.
      if unit == "M" { units["H"] = nil }
      if unit == "S" { units = [:] }
      total = sum
      seen = true
    }
    return seen ? total : nil
  }

  /// `PT12.5S`, the exact value where it is a finite decimal, else rounded down to nanoseconds.
  static func text(_ time: RationalTime) -> String { "PT\(DecimalText.seconds(time))S" }
}

/// Exact decimals for text formats.
enum DecimalText {
  /// Seconds with as many digits as the value needs, at most nine, then rounded down.
  static func seconds(_ time: RationalTime) -> String {
    let whole = time.ticks / time.timescale
    var rest = Int128(time.ticks % time.timescale)
    guard rest > 0 else { return "\(whole)" }
    var digits = ""
    while rest != 0, digits.utf8.count < 9 {
      rest *= 10
      digits += "\(rest / Int128(time.timescale))"
      rest %= Int128(time.timescale)
    }
    return "\(whole).\(digits)"
  }
}
