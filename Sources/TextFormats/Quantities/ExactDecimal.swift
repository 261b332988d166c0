// Decimal numbers as written, without a detour through binary fractions: 0.1 s is exactly 100 000 000 ns.

/// A decimal number `mantissa * 10^exponent` read exactly from its text.
struct ExactDecimal: Equatable {
  var isNegative: Bool
  var mantissa: UInt128
  var exponent: Int

  /// Significant digits that are kept; more are refused rather than rounded.
  ///
  /// With at most 22 digits the product with the largest unit factor (2^50) stays below 2^128.
  static let digitLimit = 22

  /// Reads `[+-]digits[.digits][e[+-]digits]`; `nil` for any other text and for more significant digits than
  /// ``digitLimit``.
  init?(_ text: some Sequence<UInt8>) {
    var negative = false
    var mantissa: UInt128 = 0
    var exponent = 0
    var written = 0
    var pendingZeros = 0
    var seen = 0
    var inFraction = false
    var inExponent = false
    var exponentNegative = false
    var exponentValue: Int?
    var exponentSigned = false
    for (index, byte) in text.enumerated() {
      if inExponent {
        if byte.isDigit {
          exponentValue = min((exponentValue ?? 0) * 10 + Int(byte - 0x30), 100_000)
        } else if exponentValue == nil, !exponentSigned, byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") {
          exponentSigned = true
          exponentNegative = byte == UInt8(ascii: "-")
        } else {
          return nil
        }
      } else if byte.isDigit {
        seen += 1
        if inFraction { exponent -= 1 }
        // Zeros count only once a further digit shows that they do not just trail.
        if byte == UInt8(ascii: "0") {
          if mantissa != 0 { pendingZeros += 1 }
          continue
        }
        written += mantissa == 0 ? 1 : pendingZeros + 1
        guard written <= Self.digitLimit else { return nil }
        for _ in 0...pendingZeros { mantissa *= 10 }
        pendingZeros = 0
        mantissa += UInt128(byte - 0x30)
      } else if byte == UInt8(ascii: "."), !inFraction, seen > 0 {
        inFraction = true
      } else if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E"), seen > 0 {
        inExponent = true
      } else if index == 0, byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") {
        negative = byte == UInt8(ascii: "-")
      } else {
        return nil
      }
    }
    guard seen > 0, inExponent == (exponentValue != nil) else { return nil }
    let power = exponentValue ?? 0
    self.isNegative = negative && mantissa != 0
    self.mantissa = mantissa
    self.exponent = mantissa == 0 ? 0 : exponent + pendingZeros + (exponentNegative ? -power : power)
  }

  /// The value if it is exactly an integer that fits.
  var exactInteger: Int64? {
    guard exponent >= 0, let magnitude = magnitude(times: 1) else { return nil }
    return isNegative
      ? (magnitude == 1 << 63 ? .min : Int64(exactly: magnitude).map { -$0 }) : Int64(exactly: magnitude)
  }

  /// The value times a factor, rounded half away from zero to a whole number; `nil` beyond 2^64.
  ///
  /// The sign is dropped.
  func magnitude(times factor: UInt64) -> UInt64? {
    if mantissa == 0 { return 0 }
    if exponent >= 0 {
      guard exponent < 20 else { return nil }
      var power: UInt128 = 1
      for _ in 0..<exponent { power *= 10 }
      let (scaled, overflow) = (mantissa * UInt128(factor)).multipliedReportingOverflow(by: power)
      return overflow ? nil : UInt64(exactly: scaled)
    }
    guard exponent > -39 else { return 0 }
    var power: UInt128 = 1
    for _ in 0..<(-exponent) { power *= 10 }
    let product = mantissa * UInt128(factor)
    let (quotient, remainder) = product.quotientAndRemainder(dividingBy: power)
    return UInt64(exactly: quotient + (remainder >= power - remainder ? 1 : 0))
  }

  /// The nearest double of the value times a power of ten.
  func double(timesTenTo power: Int) -> Double? {
    Double("\(isNegative ? "-" : "")\(mantissa)e\(exponent + power)")
  }
}
