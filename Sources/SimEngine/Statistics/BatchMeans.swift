/// A confidence interval from one long run, by overlapping batch means.
///
/// Every window of m observations is a batch. The variance of the mean of n is estimated by
/// n m / ((n - m + 1) (n - m)) x the mean square deviation of the batch means, with about 1.5 (n/m - 1) degrees of
/// freedom. Meketon and Schmeiser, "Overlapping batch means: something for nothing?", WSC 1984.
public struct BatchMeans: Hashable, Sendable {
  /// Mean and interval; the count is that of non-overlapping batches.
  public var estimate: Estimate
  /// Observations a batch.
  public var batchSize: Int
  /// The correlation of neighbouring non-overlapping batch means.
  public var lagOneCorrelation: Double
  /// Whether that correlation is insignificant (within 1.96 / sqrt(batches)): if not, the run is too short and the
  /// interval too narrow.
  public var isReliable: Bool

  /// The interval of a series without its warm-up, or `nil` below 40 observations.
  ///
  /// Batches start at a thirtieth of the series and double while neighbouring ones are correlated, down to ten
  /// batches. O(n) for each size.
  public init?(_ series: [Double], confidence: Double = 0.95) {
    guard series.count >= 40 else { return nil }
    var size = max(1, series.count / 30)
    var correlation = Self.lagOneCorrelation(series, size)
    while !Self.isInsignificant(correlation, series.count / size) && series.count / (size * 2) >= 10 {
      size *= 2
      correlation = Self.lagOneCorrelation(series, size)
    }
    batchSize = size
    lagOneCorrelation = correlation
    isReliable = Self.isInsignificant(correlation, series.count / size)
    estimate = Self.overlapping(series, size, confidence)
  }

  private static func isInsignificant(_ correlation: Double, _ batches: Int) -> Bool {
    !(correlation.magnitude > 1.96 / Double(batches).squareRoot())
  }

  private static func overlapping(_ series: [Double], _ m: Int, _ confidence: Double) -> Estimate {
    let n = series.count
    var mean = 0.0
    for value in series { mean += value }
    mean /= Double(n)
    // Deviations from the mean are added up, so that the sliding sum does not lose digits.
    var sum = 0.0
    for index in 0..<m { sum += series[index] - mean }
    var squares = sum * sum
    for index in m..<n {
      sum += series[index] - series[index - m]
      squares += sum * sum
    }
    let size = Double(m)
    let total = Double(n)
    let variance = total * size / ((total - size + 1) * (total - size)) * squares / (size * size)
    let freedom = 1.5 * (total / size - 1)
    let t = Quantiles.studentT(0.5 + confidence / 2, degreesOfFreedom: freedom)
    return Estimate(
      count: n / m, mean: mean, halfWidth: t * (variance / total).squareRoot(), confidence: confidence)
  }

  private static func lagOneCorrelation(_ series: [Double], _ m: Int) -> Double {
    let means = means(of: series, size: m)
    var tally = Tally()
    for mean in means { tally.add(mean) }
    var products = 0.0
    for index in means.indices.dropFirst() { products += (means[index] - tally.mean) * (means[index - 1] - tally.mean) }
    let squares = tally.variance * Double(means.count - 1)
    return squares > 0 ? products / squares : 0
  }

  /// The means of consecutive batches; a rest that fills no batch is left out.
  static func means(of series: [Double], size: Int) -> [Double] {
    (0..<(series.count / size)).map { batch in
      var sum = 0.0
      for index in (batch * size)..<((batch + 1) * size) { sum += series[index] }
      return sum / Double(size)
    }
  }
}
