public import SimEngine

/// A level that moves linearly from one value to another: how much slower a degraded part is, for instance.
///
/// Failures seldom come at once. A disk that fills up or a deployment that rolls out makes a part slower over minutes,
/// and gives it back over minutes.
public struct RampedLevel: BitwiseCopyable, Hashable, Sendable {
  private var from: Double
  private var to: Double
  private var start: SimTime
  private var ramp: SimDuration

  /// A level that stays.
  public init(_ level: Double) {
    from = level
    to = level
    start = .zero
    ramp = .zero
  }

  /// The level at `time`, which must not lie before the last change.
  public func value(at time: SimTime) -> Double {
    guard ramp > .zero, time < start + ramp else { return to }
    return from + (to - from) * ((time - start) / ramp)
  }

  /// Starts to move to `level` at `time`; it is there one `ramp` later.
  public mutating func move(to level: Double, at time: SimTime, ramp: SimDuration) {
    precondition(ramp >= .zero && level.isFinite, "a ramp takes time")
    from = value(at: time)
    to = level
    start = time
    self.ramp = ramp
  }
}
