// The unit in which capacities, access caps and flow rates are given.

/// A data rate.
///
/// `.unlimited` stands for "no cap".
@frozen
public struct BitRate: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// The rate in bit/s; zero or more, may be infinite.
  public var bitsPerSecond: Double

  /// A rate in bit/s.
  ///
  /// Rates must not be negative or NaN.
  @inlinable
  public init(bitsPerSecond: Double) {
    precondition(bitsPerSecond >= 0, "a rate is zero or more bits per second")
    self.bitsPerSecond = bitsPerSecond
  }

  /// A rate in kbit/s (1000 bit/s).
  @inlinable
  public init(kbps: Double) { self.init(bitsPerSecond: kbps * 1000) }

  /// A rate in Mbit/s.
  @inlinable
  public init(mbps: Double) { self.init(bitsPerSecond: mbps * 1_000_000) }

  /// No cap.
  @inlinable
  public static var unlimited: BitRate { BitRate(bitsPerSecond: .infinity) }

  /// Nothing flows.
  @inlinable
  public static var zero: BitRate { BitRate(bitsPerSecond: 0) }

  /// The rate in kbit/s.
  @inlinable
  public var kbps: Double { bitsPerSecond / 1000 }

  /// Slower first.
  @inlinable
  public static func < (left: BitRate, right: BitRate) -> Bool { left.bitsPerSecond < right.bitsPerSecond }
}

/// Bytes are counted in quanta of 2^-20 byte: an integer clock of service that neither drifts nor loses precision in
/// long runs, with room for single flows of 1 TiB (`largestFlow`).
enum Quanta {
  /// Quanta in a byte, as a shift.
  static let shift: Int64 = 20
  /// Largest flow in bytes.
  ///
  /// Service clocks wrap around; differences stay unambiguous up to 2^62 quanta.
  static let largestFlow: Int64 = 1 << 40

  /// Quanta per nanosecond of a rate in bit/s: 2^20 / (8 * 1e9).
  @inline(__always)
  static func perNanosecond(_ rate: BitRate) -> Double { rate.bitsPerSecond * (131_072 / 1e9) }

  /// Service clocks need finite rates; 1 Pbit/s stands for "no limit".
  @inline(__always)
  static func finite(_ capacity: BitRate) -> Double { perNanosecond(min(capacity, BitRate(bitsPerSecond: 1e15))) }

  /// The rate in bit/s of so many quanta per nanosecond.
  @inline(__always)
  static func rate(_ quantaPerNanosecond: Double) -> BitRate {
    BitRate(bitsPerSecond: quantaPerNanosecond * (1e9 / 131_072))
  }
}
