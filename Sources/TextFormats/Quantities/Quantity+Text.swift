// Quantities printed: always with a unit, always such that reading gives the same value.

extension Quantity {
  /// The text of whole base units, in the largest unit that gives a short number: `90s`, `1.5Mbit/s`, `1536MiB`.
  ///
  /// Reading it gives exactly `value`.
  /// - Precondition: `kind` is neither `rate` nor `fraction`; `value` is not negative.
  public static func text(baseUnits value: Int64, _ kind: QuantityKind) -> String {
    precondition(value >= 0, "quantities are not negative")
    if kind == .clockTime { return clockText(value) }
    if value == 0 { return "0" + (kind == .duration ? "s" : kind.units.first?.symbol ?? "") }
    let magnitude = UInt64(value)
    for unit in kind.units.reversed() where unit.factor <= magnitude {
      let (count, rest) = magnitude.quotientAndRemainder(dividingBy: unit.factor)
      if rest == 0 { return "\(count)\(unit.symbol)" }
      // Two decimals where the unit is a power of ten: 2.5Mbit/s, but never 1.5h.
      if unit.isPowerOfTen, count < 1000, (rest * 100).isMultiple(of: unit.factor) {
        let hundredths = rest * 100 / unit.factor
        let digits =
          hundredths.isMultiple(of: 10) ? "\(hundredths / 10)" : (hundredths < 10 ? "0" : "") + "\(hundredths)"
        return "\(count).\(digits)\(unit.symbol)"
      }
    }
    return "\(value)\(kind.units.first?.symbol ?? "")"
  }

  /// The largest quantity of a kind, in its largest unit and rounded down, for messages.
  static func largest(_ kind: QuantityKind) -> String {
    guard let unit = kind.units.last else { return "\(Int64.max)" }
    return "\(UInt64(Int64.max) / unit.factor)\(unit.symbol)"
  }

  /// The text of a rate or a fraction.
  ///
  /// Reading it gives exactly `value`.
  /// - Precondition: `kind` is `rate` or `fraction`; `value` is finite and not negative.
  public static func text(number value: Double, _ kind: QuantityKind) -> String {
    precondition(value >= 0 && value.isFinite, "quantities are finite and not negative")
    guard kind == .rate else { return NumberText.shortest(value) }
    for unit in kind.units {
      let count = (value * Double(unit.factor)).rounded()
      if count < 1e15, count / Double(unit.factor) == value { return "\(NumberText.shortest(count))\(unit.symbol)" }
    }
    return "\(NumberText.shortest(value))/s"
  }

  private static func clockText(_ nanoseconds: Int64) -> String {
    func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let seconds = nanoseconds / 1_000_000_000
    let rest = nanoseconds % 1_000_000_000
    var text = "\(twoDigits(seconds / 3600)):\(twoDigits(seconds / 60 % 60))"
    if seconds % 60 != 0 || rest != 0 { text += ":\(twoDigits(seconds % 60))" }
    if rest != 0 {
      var digits = "\(rest)"
      digits = String(repeating: "0", count: 9 - digits.count) + digits
      while digits.last == "0" { digits.removeLast() }
      text += ".\(digits)"
    }
    return text
  }
}
