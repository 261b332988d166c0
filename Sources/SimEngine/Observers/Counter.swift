/// Counts things that happen.
@frozen
public struct Counter: BitwiseCopyable, Hashable, Sendable {
  /// How many there were.
  public var count: UInt64

  /// A counter at zero.
  @inlinable
  public init() { count = 0 }

  /// Counts `amount` more; traps on overflow.
  @inlinable
  public mutating func add(_ amount: UInt64 = 1) { count += amount }

  /// Adds what another counter saw.
  @inlinable
  public mutating func merge(_ other: Counter) { count += other.count }

  /// Starts again from zero, for example at the end of the warm-up.
  @inlinable
  public mutating func reset() { count = 0 }

  /// Events a second over a span; NaN over no time.
  @inlinable
  public func rate(over span: SimDuration) -> Double { Double(count) / span.seconds }
}
