/// A span of simulated time in whole nanoseconds: 292 years either way, exact, and checked for overflow.
@frozen
public struct SimDuration: BitwiseCopyable, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The span in nanoseconds; negative only as a difference of two times.
  public var nanoseconds: Int64

  /// A span of so many nanoseconds.
  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// No time at all.
  @inlinable
  public static var zero: SimDuration { SimDuration(nanoseconds: 0) }

  /// A span of so many nanoseconds.
  @inlinable
  public static func nanoseconds(_ count: Int64) -> SimDuration { SimDuration(nanoseconds: count) }

  /// A span of so many microseconds; traps on overflow.
  @inlinable
  public static func microseconds(_ count: Int64) -> SimDuration { SimDuration(nanoseconds: count * 1_000) }

  /// A span of so many milliseconds; traps on overflow.
  @inlinable
  public static func milliseconds(_ count: Int64) -> SimDuration { SimDuration(nanoseconds: count * 1_000_000) }

  /// A span of so many seconds, rounded to the nearest nanosecond (halves to even).
  ///
  /// Traps if `seconds` is not finite or beyond 292 years: use ``init(checkingSeconds:)`` on input data.
  @inlinable
  public static func seconds(_ seconds: Double) -> SimDuration {
    guard let span = SimDuration(checkingSeconds: seconds) else {
      fatalError("\(seconds) s is not a span of simulated time: it must be finite and below 292 years")
    }
    return span
  }

  /// A span of so many seconds, rounded to the nearest nanosecond (halves to even); `nil` if `seconds` is not finite
  /// or does not fit.
  @inlinable
  public init?(checkingSeconds seconds: Double) {
    let rounded = (seconds * 1e9).rounded(.toNearestOrEven)
    // The comparison is also false for a NaN. 2^63 is exact as a Double; every Double below it fits.
    guard rounded > -0x1p63 && rounded < 0x1p63 else { return nil }
    nanoseconds = Int64(rounded)
  }

  /// The span of `ticks` of a clock with `timescale` ticks a second, computed exactly and rounded once to the nearest
  /// nanosecond (halves up, towards positive infinity).
  ///
  /// Convert the original tick of a medium, never a sum of rounded spans, and no drift can build up. Traps if
  /// `timescale` is not positive or the span does not fit: use ``init(checkingTicks:timescale:)`` on input data.
  @inlinable
  public init(ticks: Int64, timescale: Int64) {
    guard let span = SimDuration(checkingTicks: ticks, timescale: timescale) else {
      fatalError("\(ticks) ticks at \(timescale) a second are not a span of simulated time")
    }
    self = span
  }

  /// The span of `ticks` of a clock with `timescale` ticks a second, exact and rounded once (halves up); `nil` if
  /// `timescale` is not positive or the span does not fit in 292 years.
  @inlinable
  public init?(checkingTicks ticks: Int64, timescale: Int64) {
    guard timescale > 0 else { return nil }
    // floor((2 n 10^9 + timescale) / (2 timescale)) rounds to nearest with halves up, in 128 bits.
    // The numerator stays below 2^94 + 2^63, so nothing here can overflow.
    let numerator = Int128(ticks) * 2_000_000_000 + Int128(timescale)
    let divisor = Int128(timescale) * 2
    var quotient = numerator / divisor
    if numerator % divisor < 0 { quotient -= 1 }
    guard let exact = Int64(exactly: quotient) else { return nil }
    nanoseconds = exact
  }

  /// The span in seconds, rounded to the nearest Double.
  @inlinable
  public var seconds: Double { Double(nanoseconds) / 1e9 }

  /// The span in milliseconds, rounded to the nearest Double.
  @inlinable
  public var milliseconds: Double { Double(nanoseconds) / 1e6 }

  /// Whether the left span is shorter.
  @inlinable
  public static func < (left: SimDuration, right: SimDuration) -> Bool { left.nanoseconds < right.nanoseconds }

  /// The sum; traps on overflow.
  @inlinable
  public static func + (left: SimDuration, right: SimDuration) -> SimDuration {
    SimDuration(nanoseconds: left.nanoseconds + right.nanoseconds)
  }

  /// The difference; traps on overflow.
  @inlinable
  public static func - (left: SimDuration, right: SimDuration) -> SimDuration {
    SimDuration(nanoseconds: left.nanoseconds - right.nanoseconds)
  }

  /// The span backwards.
  @inlinable
  public static prefix func - (span: SimDuration) -> SimDuration { SimDuration(nanoseconds: -span.nanoseconds) }

  /// Adds a span; traps on overflow.
  @inlinable
  public static func += (left: inout SimDuration, right: SimDuration) { left.nanoseconds += right.nanoseconds }

  /// Subtracts a span; traps on overflow.
  @inlinable
  public static func -= (left: inout SimDuration, right: SimDuration) { left.nanoseconds -= right.nanoseconds }

  /// So many times the span; traps on overflow.
  @inlinable
  public static func * (span: SimDuration, factor: Int64) -> SimDuration {
    SimDuration(nanoseconds: span.nanoseconds * factor)
  }

  /// So many times the span; traps on overflow.
  @inlinable
  public static func * (factor: Int64, span: SimDuration) -> SimDuration { span * factor }

  /// The span divided into `divisor` parts, rounded towards zero; traps if `divisor` is zero.
  @inlinable
  public static func / (span: SimDuration, divisor: Int64) -> SimDuration {
    SimDuration(nanoseconds: span.nanoseconds / divisor)
  }

  /// How many times the right span fits into the left one.
  @inlinable
  public static func / (left: SimDuration, right: SimDuration) -> Double {
    Double(left.nanoseconds) / Double(right.nanoseconds)
  }

  /// The span times a real factor, rounded to the nearest nanosecond (halves to even); traps if the product is not a
  /// span.
  @inlinable
  public func scaled(by factor: Double) -> SimDuration {
    let product = (Double(nanoseconds) * factor).rounded(.toNearestOrEven)
    guard product > -0x1p63 && product < 0x1p63 else {
      fatalError("\(self) scaled by \(factor) is not a span of simulated time")
    }
    return SimDuration(nanoseconds: Int64(product))
  }

  /// The span in seconds with the digits that identify its Double, for example `1.5s`.
  public var description: String { "\(seconds)s" }
}
