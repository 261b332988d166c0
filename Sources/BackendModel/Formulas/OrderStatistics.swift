/// What waiting for the k-th of n independent replies costs, without simulation.
public enum OrderStatistics {
  /// The mean of the k-th smallest of n exponential times, in means of one.
  ///
  /// It is the sum of 1/i for i from n-k+1 to n; for k = n the n-th harmonic number.
  /// Rényi, "On the theory of order statistics" (1953).
  public static func exponentialMean(_ k: Int, of n: Int) -> Double {
    precondition(k >= 1 && k <= n, "the k-th of n needs 1 <= k <= n")
    var mean = 0.0
    for remaining in (n - k + 1)...n { mean += 1 / Double(remaining) }
    return mean
  }

  /// The probability that at least k of n independent times are over, where each is over with `probability`:
  /// the distribution function of the k-th smallest at the point where F = `probability`.
  public static func probability(atLeast k: Int, of n: Int, each probability: Double) -> Double {
    precondition(k >= 1 && k <= n && probability >= 0 && probability <= 1, "the k-th of n needs 1 <= k <= n")
    var sum = 0.0
    for count in k...n {
      var term = 1.0
      for index in 0..<count { term *= Double(n - index) / Double(count - index) * probability }
      for _ in count..<n { term *= 1 - probability }
      sum += term
    }
    return min(1, sum)
  }

  /// The mean of the k-th smallest of n independent times with the given distribution function, by integrating
  /// 1 - P(k-th <= t) over t with Simpson's rule on 2000 pieces, up to `upper`.
  ///
  /// Choose `upper` so large that hardly any time is longer.
  public static func mean(_ k: Int, of n: Int, upTo upper: Double, distribution: (Double) -> Double) -> Double {
    let pieces = 2_000
    let width = upper / Double(pieces)
    func survival(_ index: Int) -> Double {
      1 - probability(atLeast: k, of: n, each: min(1, max(0, distribution(Double(index) * width))))
    }
    var sum = survival(0) + survival(pieces)
    for index in 1..<pieces { sum += (index.isMultiple(of: 2) ? 2 : 4) * survival(index) }
    return sum * width / 3
  }
}
