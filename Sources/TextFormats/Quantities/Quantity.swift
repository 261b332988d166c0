// Quantities with units: text into base units and back. `Quantity.nanoseconds("250ms")` is 250 000 000, exactly.

/// Quantities with units, read into integer base units (or doubles, for rates and fractions).
///
/// Numbers are decimal with an optional fraction and exponent; one space may stand before the unit. Durations may be
/// sums (`1h30min`). What is finer than the base unit is rounded half away from zero; what would round to nothing,
/// negative values, and values beyond `Int64` are refused.
public enum Quantity {
  /// A duration in nanoseconds: `250ms`, `4s`, `15min`, `2h`, `1d`, `1h30min`.
  public static func nanoseconds(_ text: String) throws(QuantityError) -> Int64 {
    try baseUnits(text, .duration)
  }

  /// A time of day in nanoseconds since midnight: `21:00`, `21:00:30`, `21:00:30.25`.
  public static func clockNanoseconds(_ text: String) throws(QuantityError) -> Int64 {
    try baseUnits(text, .clockTime)
  }

  /// A bit rate in bits per second: `25Mbit/s`.
  public static func bitsPerSecond(_ text: String) throws(QuantityError) -> Int64 {
    try baseUnits(text, .bitRate)
  }

  /// An amount of data in bytes: `20TB`, `1.5GiB`.
  public static func bytes(_ text: String) throws(QuantityError) -> Int64 {
    try baseUnits(text, .byteSize)
  }

  /// A rate per second: `40/h`.
  public static func perSecond(_ text: String) throws(QuantityError) -> Double {
    try number(text, .rate)
  }

  /// A share: `20%` or `0.2`.
  public static func fraction(_ text: String) throws(QuantityError) -> Double {
    try number(text, .fraction)
  }

  /// A quantity of a kind that is counted in whole base units.
  /// - Precondition: `kind` is neither `rate` nor `fraction`.
  public static func baseUnits(_ text: String, _ kind: QuantityKind) throws(QuantityError) -> Int64 {
    precondition(kind != .rate && kind != .fraction, "rates and fractions are no whole numbers")
    if kind == .clockTime { return try clock(text) }
    var total: Int64 = 0
    var rest = text.trimmed[...]
    var parts = 0
    repeat {
      let term = try QuantityTerm(rest, of: text, kind: kind, allowsTail: kind == .duration)
      let unit = try term.unit(of: text, kind: kind)
      guard let magnitude = term.number.magnitude(times: unit.factor), let part = Int64(exactly: magnitude) else {
        throw QuantityError(
          "'\(text.shortened(to: 40))' is too large", suggestion: "at most \(largest(kind))")
      }
      if part == 0, term.number.mantissa != 0 {
        throw QuantityError("'\(text.shortened(to: 40))' is less than \(self.text(baseUnits: 1, kind))")
      }
      let (sum, overflow) = total.addingReportingOverflow(part)
      guard !overflow else {
        throw QuantityError(
          "'\(text.shortened(to: 40))' is too large", suggestion: "at most \(largest(kind))")
      }
      total = sum
      rest = term.tail
      parts += 1
    } while !rest.isEmpty && parts < 8
    guard rest.isEmpty else {
      throw QuantityError("'\(text.shortened(to: 40))' is not \(kind.phrase)", suggestion: kind.advice)
    }
    return total
  }

  /// A rate per second or a fraction.
  /// - Precondition: `kind` is `rate` or `fraction`.
  public static func number(_ text: String, _ kind: QuantityKind) throws(QuantityError) -> Double {
    precondition(kind == .rate || kind == .fraction, "\(kind) is a whole number of base units")
    let term = try QuantityTerm(text.trimmed[...], of: text, kind: kind, allowsTail: false)
    let value: Double?
    if kind == .fraction {
      guard term.symbol.isEmpty || term.symbol == "%" else { throw term.wrongUnit(of: text, kind: kind) }
      value = term.number.double(timesTenTo: term.symbol == "%" ? -2 : 0)
    } else {
      let unit = try term.unit(of: text, kind: kind)
      value = term.number.double(timesTenTo: 0).map { $0 / Double(unit.factor) }
    }
    guard let value, value.isFinite else {
      throw QuantityError("'\(text.shortened(to: 40))' is too large", suggestion: kind.advice)
    }
    return value
  }

  private static func clock(_ text: String) throws(QuantityError) -> Int64 {
    let wrong = QuantityError(
      "'\(text.shortened(to: 40))' is not a time of day", suggestion: QuantityKind.clockTime.advice)
    let parts = text.trimmed.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3 else { throw wrong }
    for part in parts.prefix(2) {
      guard (1...2).contains(part.utf8.count), part.utf8.allSatisfy(\.isDigit) else { throw wrong }
    }
    guard let hours = Int64(parts[0]), let minutes = Int64(parts[1]), hours < 24, minutes < 60 else { throw wrong }
    var nanoseconds = (hours * 60 + minutes) * 60_000_000_000
    if parts.count == 3 {
      guard parts[2].utf8.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") }),
        let seconds = ExactDecimal(parts[2].utf8)?.magnitude(times: 1_000_000_000), seconds < 60_000_000_000
      else { throw wrong }
      nanoseconds += Int64(seconds)
    }
    return nanoseconds
  }
}

/// A number and the unit after it, before the unit is understood.
struct QuantityTerm {
  var number: ExactDecimal
  /// The unit as written; empty when there is none.
  var symbol: String
  /// What stands after the unit, if sums are allowed.
  var tail: Substring

  init(_ rest: Substring, of text: String, kind: QuantityKind, allowsTail: Bool) throws(QuantityError) {
    let shown = text.shortened(to: 40)
    let bytes = Array(rest.utf8)
    let end = Self.numberEnd(bytes)
    guard end > 0 else {
      throw QuantityError("'\(shown)' is not \(kind.phrase)", suggestion: kind.advice)
    }
    guard let number = ExactDecimal(bytes[..<end]) else {
      throw QuantityError(
        "the number in '\(shown)' is malformed or has more than \(ExactDecimal.digitLimit) digits",
        suggestion: kind.advice)
    }
    guard !number.isNegative else { throw QuantityError("'\(shown)' is negative", suggestion: kind.advice) }
    self.number = number
    var start = end
    if start < bytes.count, bytes[start] == UInt8(ascii: " ") { start += 1 }
    var stop = bytes.count
    if allowsTail, let next = bytes[start...].firstIndex(where: \.isDigit) { stop = next }
    symbol = String(decoding: bytes[start..<stop], as: UTF8.self).trimmed
    tail = String(decoding: bytes[stop...], as: UTF8.self)[...]
  }

  private static func numberEnd(_ bytes: [UInt8]) -> Int {
    var end = 0
    if let first = bytes.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") { end = 1 }
    let digits = end
    while end < bytes.count, bytes[end].isDigit || bytes[end] == UInt8(ascii: ".") { end += 1 }
    guard bytes[digits..<end].contains(where: \.isDigit) else { return 0 }
    if end < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e") {
      var after = end + 1
      if after < bytes.count, bytes[after] == UInt8(ascii: "-") || bytes[after] == UInt8(ascii: "+") { after += 1 }
      if after < bytes.count, bytes[after].isDigit {
        while after < bytes.count, bytes[after].isDigit { after += 1 }
        end = after
      }
    }
    return end
  }

  /// The unit that the symbol names.
  func unit(of text: String, kind: QuantityKind) throws(QuantityError) -> QuantityUnit {
    guard let unit = kind.units.first(where: { $0.symbol == symbol }) else { throw wrongUnit(of: text, kind: kind) }
    return unit
  }

  /// What is wrong with the unit: it is missing, belongs to another kind, or is spelled in another way.
  func wrongUnit(of text: String, kind: QuantityKind) -> QuantityError {
    let shown = text.shortened(to: 40)
    if symbol.isEmpty { return QuantityError("'\(shown)' has no unit", suggestion: kind.advice) }
    for other in QuantityKind.allCases where other != kind && other.units.contains(where: { $0.symbol == symbol }) {
      return QuantityError("'\(shown)' is \(other.phrase), not \(kind.phrase)", suggestion: kind.advice)
    }
    if symbol == "%", kind != .fraction {
      return QuantityError("'\(shown)' is a fraction, not \(kind.phrase)", suggestion: kind.advice)
    }
    let near = nearest(in: kind)
    let other = QuantityKind.allCases.lazy.filter { $0 != kind }.compactMap { nearest(in: $0) == nil ? nil : $0 }.first
    if near == nil, let other {
      return QuantityError("'\(shown)' looks like \(other.phrase), not \(kind.phrase)", suggestion: kind.advice)
    }
    let suggestion = near.map { "did you mean '\($0.symbol)'?" } ?? kind.advice
    return QuantityError(
      "'\(symbol.shortened(to: 20))' in '\(shown)' is no unit of \(kind.phrase)", suggestion: suggestion)
  }

  private func nearest(in kind: QuantityKind) -> QuantityUnit? {
    if let alias = kind.units.first(where: { $0.aliases.contains(symbol) }) { return alias }
    let lower = symbol.lowercased()
    return kind.units.first { unit in
      unit.symbol.lowercased() == lower || unit.aliases.contains { $0.lowercased() == lower }
    }
  }
}

extension String {
  /// Without spaces and tabs at both ends.
  var trimmed: String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    var rest = self[...].drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest = rest.dropLast() }
    return String(rest)
  }
}
