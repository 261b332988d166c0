/// Two configurations compared replication by replication on common random numbers.
public struct PairedComparison: Hashable, Sendable {
  /// Mean and interval of alternative - baseline.
  public var difference: Estimate
  /// The mean of the baseline.
  public var baselineMean: Double
  /// The mean of the alternative.
  public var alternativeMean: Double
  /// The correlation of the two over the replications; `nil` where either does not vary.
  public var correlation: Double?
  /// How much of the variance of the difference common random numbers took away: 1 - var(difference) / (var(baseline)
  /// + var(alternative)); `nil` where neither varies. Negative means that they hurt.
  public var varianceReduction: Double?
  /// The two-sided p-value of no difference, or `nil` below two replications.
  public var pValue: Double?

  /// Compares values of the same replications in the same order; both arrays must have one length.
  public init(baseline: [Double], alternative: [Double], confidence: Double = 0.95) {
    precondition(baseline.count == alternative.count, "paired comparisons need the same replications on both sides")
    var left = Tally()
    var right = Tally()
    var differences = Tally()
    for (first, second) in zip(baseline, alternative) {
      left.add(first)
      right.add(second)
      differences.add(second - first)
    }
    difference = Estimate(differences, confidence: confidence)
    baselineMean = left.mean
    alternativeMean = right.mean
    guard baseline.count > 1 else { return }
    let separate = left.variance + right.variance
    if separate > 0 { varianceReduction = 1 - differences.variance / separate }
    let scale = (left.variance * right.variance).squareRoot()
    if scale > 0 { correlation = (separate - differences.variance) / (2 * scale) }
    pValue = Self.pValue(
      mean: differences.mean, standardError: (differences.variance / Double(differences.count)).squareRoot(),
      degreesOfFreedom: Double(differences.count) - 1)
  }

  /// The mean difference relative to the magnitude of the baseline's mean; `nil` for a baseline of zero.
  public var relativeDifference: Double? {
    baselineMean == 0 ? nil : difference.mean / baselineMean.magnitude
  }

  static func pValue(mean: Double, standardError: Double, degreesOfFreedom: Double) -> Double {
    guard standardError > 0 else { return mean == 0 ? 1 : 0 }
    return Quantiles.studentTTwoSided(mean / standardError, degreesOfFreedom: degreesOfFreedom)
  }
}

/// Two configurations compared whose replications have nothing in common.
public struct WelchComparison: Hashable, Sendable {
  /// Mean and interval of alternative - baseline.
  public var difference: Estimate
  /// The degrees of freedom of Welch and Satterthwaite.
  public var degreesOfFreedom: Double
  /// The two-sided p-value of no difference.
  public var pValue: Double

  /// Compares two samples of at least two values each, else `nil`. Welch, Biometrika 34 (1947).
  public init?(baseline: [Double], alternative: [Double], confidence: Double = 0.95) {
    guard baseline.count > 1, alternative.count > 1 else { return nil }
    var left = Tally()
    var right = Tally()
    for value in baseline { left.add(value) }
    for value in alternative { right.add(value) }
    let leftError = left.variance / Double(left.count)
    let rightError = right.variance / Double(right.count)
    let squaredError = leftError + rightError
    let weights =
      leftError * leftError / Double(left.count - 1) + rightError * rightError / Double(right.count - 1)
    degreesOfFreedom = weights > 0 ? squaredError * squaredError / weights : Double(left.count + right.count - 2)
    let mean = right.mean - left.mean
    let t = Quantiles.studentT(0.5 + confidence / 2, degreesOfFreedom: degreesOfFreedom)
    difference = Estimate(
      count: min(baseline.count, alternative.count), mean: mean, halfWidth: t * squaredError.squareRoot(),
      confidence: confidence)
    pValue = PairedComparison.pValue(
      mean: mean, standardError: squaredError.squareRoot(), degreesOfFreedom: degreesOfFreedom)
  }
}

/// Corrections for asking many questions of one experiment.
public enum MultipleComparisons {
  /// Holm's step-down p-values, in the order of the input: each may be compared with the level itself, and the chance
  /// of any false finding stays below the level. Holm, Scandinavian Journal of Statistics 6 (1979).
  public static func holm(_ pValues: [Double]) -> [Double] {
    let order = pValues.indices.sorted { (pValues[$0], $0) < (pValues[$1], $1) }
    var adjusted = [Double](repeating: 1, count: pValues.count)
    var largest = 0.0
    for (rank, index) in order.enumerated() {
      largest = max(largest, min(1, pValues[index] * Double(pValues.count - rank)))
      adjusted[index] = largest
    }
    return adjusted
  }
}
