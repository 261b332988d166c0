// Quantities printed: always with a unit, always such that reading gives the same value.

extension Quantity {
  /// The text of whole base units: in the unit that gives the smallest whole number, so `90s`, `2h`, `1536MiB`.
  /// Reading it gives exactly `value`.
  /// - Precondition: `kind` is neither `rate` nor `fraction`; `value` is not negative.
  public static func text(baseUnits value: Int64, _ kind: QuantityKind) -> String {
    precondition(value >= 0, "quantities are not negative")
    if kind == .clockTime { return clockText(value) }
    // A unit no larger than the value; for zero the customary one.
    if value == 0 { return "0" + (kind == .duration ? "s" : kind.units.first?.symbol ?? "") }
    let magnitude = UInt64(value)
    var best = (count: magnitude, symbol: kind.units.first?.symbol ?? "")
    for unit in kind.units where magnitude % unit.factor == 0 && magnitude / unit.factor < best.count {
      best = (magnitude / unit.factor, unit.symbol)
    }
    return "\(best.count)\(best.symbol)"
  }

  /// The text of a rate or a fraction. Reading it gives exactly `value`.
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
