/// A mean with its confidence interval, as replications or batches give it.
///
/// One replication gives no interval: the half-width is then `nil`, never zero.
public struct Estimate: Hashable, Sendable, CustomStringConvertible {
  /// How many independent observations stand behind it.
  public var count: Int
  /// The mean; NaN of nothing.
  public var mean: Double
  /// Half the width of the interval, or `nil` where there are too few observations for one.
  public var halfWidth: Double?
  /// The confidence of the interval, for example 0.95.
  public var confidence: Double

  /// An estimate whose parts are known.
  public init(count: Int, mean: Double, halfWidth: Double?, confidence: Double = 0.95) {
    self.count = count
    self.mean = mean
    self.halfWidth = halfWidth
    self.confidence = confidence
  }

  /// Mean and interval of independent observations: mean +- t(n - 1, 1 - alpha/2) s / sqrt(n).
  ///
  /// With Student's t, not the normal quantile, which would make the interval of five replications 29 % too short.
  public init(_ tally: Tally, confidence: Double = 0.95) {
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    count = Int(tally.count)
    mean = tally.mean
    self.confidence = confidence
    guard count > 1 else {
      halfWidth = nil
      return
    }
    let t = Quantiles.studentT(0.5 + confidence / 2, degreesOfFreedom: Double(count - 1))
    halfWidth = t * (tally.variance / Double(count)).squareRoot()
  }

  /// Mean and interval of independent observations, one a replication, in the order of the replications.
  public init(replications: [Double], confidence: Double = 0.95) {
    var tally = Tally()
    for value in replications { tally.add(value) }
    self.init(tally, confidence: confidence)
  }

  /// The interval, or `nil` where there is none.
  public var interval: ClosedRange<Double>? {
    guard let halfWidth, halfWidth.isFinite else { return nil }
    return (mean - halfWidth)...(mean + halfWidth)
  }

  /// The half-width relative to the magnitude of the mean; `nil` without an interval or for a mean of zero.
  public var relativeHalfWidth: Double? {
    guard let halfWidth, mean != 0 else { return nil }
    return halfWidth / mean.magnitude
  }

  /// `12.5 +- 0.3 (n = 20)`, or the mean and why it has no interval.
  public var description: String {
    guard let halfWidth else { return "\(mean) (n = \(count): no interval)" }
    return "\(mean) +- \(halfWidth) (n = \(count))"
  }
}
