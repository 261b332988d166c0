/// A point in simulated time: whole nanoseconds since the start of the run, exact and checked for overflow.
@frozen
public struct SimTime: BitwiseCopyable, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Nanoseconds since the start of the run.
  public var nanoseconds: Int64

  /// The point so many nanoseconds after the start.
  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The start of the run.
  @inlinable
  public static var zero: SimTime { SimTime(nanoseconds: 0) }

  /// Later than anything that happens: 292 years after the start.
  @inlinable
  public static var distantFuture: SimTime { SimTime(nanoseconds: .max) }

  /// The point so many seconds after the start, rounded like ``SimDuration/seconds(_:)``; traps if it does not fit.
  @inlinable
  public static func seconds(_ seconds: Double) -> SimTime { SimTime.zero + .seconds(seconds) }

  /// Seconds since the start, rounded to the nearest Double.
  @inlinable
  public var seconds: Double { Double(nanoseconds) / 1e9 }

  /// The span since the start of the run.
  @inlinable
  public var sinceStart: SimDuration { SimDuration(nanoseconds: nanoseconds) }

  /// Whether the left point is earlier.
  @inlinable
  public static func < (left: SimTime, right: SimTime) -> Bool { left.nanoseconds < right.nanoseconds }

  /// The point a span later; traps on overflow.
  @inlinable
  public static func + (time: SimTime, span: SimDuration) -> SimTime {
    SimTime(nanoseconds: time.nanoseconds + span.nanoseconds)
  }

  /// The point a span earlier; traps on overflow.
  @inlinable
  public static func - (time: SimTime, span: SimDuration) -> SimTime {
    SimTime(nanoseconds: time.nanoseconds - span.nanoseconds)
  }

  /// The span from the right point to the left one, negative if the left one is earlier; traps on overflow.
  @inlinable
  public static func - (left: SimTime, right: SimTime) -> SimDuration {
    SimDuration(nanoseconds: left.nanoseconds - right.nanoseconds)
  }

  /// Moves the point later by a span; traps on overflow.
  @inlinable
  public static func += (time: inout SimTime, span: SimDuration) { time.nanoseconds += span.nanoseconds }

  /// Seconds since the start with the digits that identify their Double, for example `12.25s`.
  public var description: String { "\(seconds)s" }
}
