import SimEngine

/// The mean difference of paired replications with its 95 % interval.
///
/// Student's t over the differences d_r = x_r - y_r (W. S. Gosset 1908; for common random numbers see A. M. Law,
/// "Simulation Modeling and Analysis", section 10.2).
public struct PairedDifference: Sendable, Equatable {
  /// Mean of the differences.
  public let mean: Double
  /// Half width of the 95 % interval; `nil` for a single pair.
  public let halfWidth: Double?
  /// Two-sided p-value of "there is no difference"; `nil` for a single pair.
  public let pValue: Double?
  /// Share of the variance of the difference that pairing removed, 1 - var(x - y) / (var x + var y); `nil` where neither varies.
  public let varianceReduction: Double?

  /// - Precondition: both samples have the same, positive number of values.
  init(of sample: [Double], from reference: [Double]) {
    precondition(sample.count == reference.count && !sample.isEmpty, "pairs need two equally long samples")
    let differences = Tally(zip(sample, reference).map { $0 - $1 })
    mean = differences.mean
    halfWidth = Self.halfWidth(of: differences)
    let separate = Tally(sample).variance + Tally(reference).variance
    varianceReduction = separate > 0 ? 1 - differences.variance / separate : nil
    guard differences.count > 1, mean.isFinite else {
      pValue = nil
      return
    }
    let standardError = (differences.variance / Double(differences.count)).squareRoot()
    if standardError > 0 {
      pValue = Quantiles.studentTTwoSided(mean / standardError, degreesOfFreedom: Double(differences.count - 1))
    } else {
      // Every pair differs by the same amount: none, or surely some.
      pValue = mean == 0 ? 1 : 0
    }
  }

  /// Half width of the 95 % interval of a mean; `nil` for a single value.
  static func halfWidth(of tally: Tally) -> Double? {
    guard tally.count > 1 else { return nil }
    let degrees = Double(tally.count - 1)
    return Quantiles.studentT(0.975, degreesOfFreedom: degrees) * (tally.variance / Double(tally.count)).squareRoot()
  }
}

/// The step-down correction of p-values for several comparisons.
///
/// Source: S. Holm, Scandinavian Journal of Statistics 6, 1979.
enum Holm {
  /// Corrected p-values in the same order; `nil` stays `nil` and does not count as a comparison.
  static func corrected(_ pValues: [Double?]) -> [Double?] {
    let order = pValues.indices.filter { pValues[$0] != nil }.sorted {
      (pValues[$0] ?? 1, $0) < (pValues[$1] ?? 1, $1)
    }
    var corrected = [Double?](repeating: nil, count: pValues.count)
    var running = 0.0
    for (rank, index) in order.enumerated() {
      running = max(running, min(1, Double(order.count - rank) * (pValues[index] ?? 1)))
      corrected[index] = running
    }
    return corrected
  }
}

extension Tally {
  /// The tally of some values, in their order.
  init(_ values: [Double]) {
    self.init()
    for value in values { add(value) }
  }
}
