/// A time or duration as an exact fraction of seconds, kept in lowest terms.
///
/// Media clocks tick in unrelated rates (44 100, 12 288, 90 000 ticks a second); sums and comparisons stay exact, and
/// rounding happens once, where a value leaves for another clock.
public struct RationalTime: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Numerator, in lowest terms.
  public let ticks: Int64
  /// Ticks a second, positive, in lowest terms.
  public let timescale: Int64

  /// No time at all.
  public static let zero = RationalTime(ticks: 0, timescale: 1)

  /// `ticks / timescale` seconds.
  ///
  /// - Precondition: `timescale` is positive.
  public init(ticks: Int64, timescale: Int64) {
    precondition(timescale > 0, "a timescale is positive")
    let divisor = Self.greatestCommonDivisor(ticks.magnitude, timescale.magnitude)
    self.ticks = ticks / Int64(divisor)
    self.timescale = timescale / Int64(divisor)
  }

  /// Whole seconds.
  public init(seconds: Int64) { self.init(ticks: seconds, timescale: 1) }

  /// A decimal such as `4.004`, exactly; `nil` unless it is digits with at most one point and fits 64 bits.
  public init?(decimal text: some StringProtocol) {
    var digits: Int64 = 0
    var scale: Int64 = 1
    var seenPoint = false
    var seenDigit = false
    for byte in text.utf8 {
      if byte == UInt8(ascii: "."), !seenPoint {
        seenPoint = true
        continue
      }
      guard byte >= 48, byte <= 57 else { return nil }
      seenDigit = true
      if seenPoint, scale >= 1_000_000_000_000 { continue }
      let (product, overflow1) = digits.multipliedReportingOverflow(by: 10)
      let (sum, overflow2) = product.addingReportingOverflow(Int64(byte - 48))
      guard !overflow1, !overflow2 else { return nil }
      digits = sum
      if seenPoint { scale *= 10 }
    }
    guard seenDigit else { return nil }
    self.init(ticks: digits, timescale: scale)
  }

  private static func greatestCommonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return max(1, a)
  }

  /// Exact comparison by 128-bit cross products.
  public static func < (left: RationalTime, right: RationalTime) -> Bool {
    Int128(left.ticks) * Int128(right.timescale) < Int128(right.ticks) * Int128(left.timescale)
  }

  /// The exact sum, or `nil` if it does not fit 64 bits in lowest terms.
  public func adding(_ other: RationalTime) -> RationalTime? {
    Self.exact(
      Int128(ticks) * Int128(other.timescale) + Int128(other.ticks) * Int128(timescale),
      Int128(timescale) * Int128(other.timescale))
  }

  /// The exact difference, or `nil` if it does not fit 64 bits in lowest terms.
  public func subtracting(_ other: RationalTime) -> RationalTime? {
    Self.exact(
      Int128(ticks) * Int128(other.timescale) - Int128(other.ticks) * Int128(timescale),
      Int128(timescale) * Int128(other.timescale))
  }

  private static func exact(_ numerator: Int128, _ denominator: Int128) -> RationalTime? {
    var (a, b) = (numerator.magnitude, denominator.magnitude)
    while b != 0 { (a, b) = (b, a % b) }
    let divisor = Int128(max(1, a))
    guard let ticks = Int64(exactly: numerator / divisor), let scale = Int64(exactly: denominator / divisor) else {
      return nil
    }
    return RationalTime(ticks: ticks, timescale: scale)
  }

  /// Seconds, rounded to the nearest double.
  public var seconds: Double { Double(ticks) / Double(timescale) }

  /// Nanoseconds, rounded down from the exact value; `nil` beyond 64 bits (292 years).
  public var nanoseconds: Int64? {
    let product = Int128(ticks) * 1_000_000_000
    let quotient = product / Int128(timescale)
    let floored = product % Int128(timescale) < 0 ? quotient - 1 : quotient
    return Int64(exactly: floored)
  }

  /// `4` or `42496/11025`.
  public var description: String { timescale == 1 ? "\(ticks)" : "\(ticks)/\(timescale)" }
}
