/// A quantile of independent observations with a distribution-free interval from order statistics.
///
/// The number of observations below the true q-quantile is binomial(n, q), so the observations of ranks l and u cover
/// it with the probability that this number lies in l ... u - 1. Observations of one simulation run are seldom
/// independent: use it over replications, or over sessions that do not influence each other.
public struct QuantileInterval: Hashable, Sendable {
  /// Which quantile, in (0, 1).
  public var q: Double
  /// The observation of rank ceil(q n).
  public var value: Double
  /// The interval, or `nil` where there are too few observations for the confidence.
  public var interval: ClosedRange<Double>?
  /// The probability with which the interval covers the quantile: at least the confidence that was asked for.
  public var coverage: Double

  /// The quantile and interval of observations in any order. O(n log n).
  public init(_ values: [Double], q: Double, confidence: Double = 0.95) {
    let sorted = values.sorted()
    self.init(count: sorted.count, q: q, confidence: confidence) { sorted[$0 - 1] }
  }

  /// The quantile and interval of the observations in a histogram, each within its relative error. O(buckets).
  public init(_ histogram: LogLinearHistogram, q: Double, confidence: Double = 0.95) {
    precondition(histogram.count <= UInt64(UInt32.max), "order statistics need at most 2^32 observations")
    self.init(count: Int(histogram.count), q: q, confidence: confidence) { histogram.value(atRank: UInt64($0)) }
  }

  private init(count: Int, q: Double, confidence: Double, valueAtRank: (Int) -> Double) {
    precondition(q > 0 && q < 1 && confidence > 0 && confidence < 1, "q and the confidence lie between 0 and 1")
    self.q = q
    guard count > 0 else {
      value = .nan
      coverage = 0
      return
    }
    value = valueAtRank(min(count, max(1, Int((q * Double(count)).rounded(.up)))))
    let tail = (1 - confidence) / 2
    // The largest lower rank and the smallest upper rank that keep each tail.
    let below = Self.firstRank(count, q, reaching: tail)
    let above = Self.firstRank(count, q, reaching: 1 - tail) + 1
    guard below >= 1, above <= count else {
      coverage = 0
      return
    }
    coverage =
      Quantiles.binomialProbability(above - 1, trials: count, success: q)
      - Quantiles.binomialProbability(below - 1, trials: count, success: q)
    interval = valueAtRank(below)...valueAtRank(above)
  }

  /// The smallest k with P(binomial <= k) >= the given probability, by bisection.
  private static func firstRank(_ count: Int, _ q: Double, reaching probability: Double) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if Quantiles.binomialProbability(middle, trials: count, success: q) >= probability {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return low
  }
}
