/// When to stop adding replications: once the interval is narrow enough, or at the most that were allowed.
///
/// The half-width relative to the estimated mean must fall to g / (1 + g) for a relative error of g against the true
/// mean. Law, "Simulation Modeling and Analysis", section 9.4.1. At least ten replications keep the coverage of this
/// sequential procedure near its nominal value.
public struct StoppingRule: Hashable, Sendable {
  /// The relative error that is asked for, for example 0.05.
  public var precision: Double
  /// Replications that are made in any case.
  public var minimum: Int
  /// Replications after which it stops in any case.
  public var maximum: Int

  /// What to do next.
  public enum Decision: Hashable, Sendable {
    /// Make more replications.
    case proceed
    /// The interval is narrow enough.
    case precise
    /// The most that were allowed are made, and the interval is still wider.
    case exhausted
  }

  /// A rule; the precision must be positive, and 2 <= minimum <= maximum.
  public init(precision: Double, minimum: Int = 10, maximum: Int) {
    precondition(precision > 0 && minimum >= 2 && minimum <= maximum, "2 <= minimum <= maximum replications")
    self.precision = precision
    self.minimum = minimum
    self.maximum = maximum
  }

  /// What to do after the replications behind `estimate`.
  public func decision(after estimate: Estimate) -> Decision {
    if estimate.count < minimum { return .proceed }
    let target = precision / (1 + precision)
    // A half-width of zero is precise, also around a mean of zero.
    if estimate.halfWidth == 0 { return .precise }
    if let relative = estimate.relativeHalfWidth, relative <= target { return .precise }
    return estimate.count < maximum ? .proceed : .exhausted
  }
}
