extension RandomStream {
  /// A geometric variate from 0 up with the given mean (failures before the first success, success probability
  /// 1 / (1 + mean)), by inversion; one draw.
  public mutating func geometric(mean: Double) -> Int {
    precondition(mean >= 0 && mean < 1e15, "a geometric variate needs a mean from 0 to 1e15")
    let u = uniformOpen()
    guard mean > 0 else { return 0 }
    // P(X > k) = (mean / (1 + mean))^(k + 1), so X = floor(ln(1 - u) / ln(mean / (1 + mean))).
    return Int(DeterministicMath.log(1 - u) / -DeterministicMath.log1p(1 / mean))
  }

  /// A Poisson variate with the given mean (at most 1e15).
  ///
  /// Below a mean of 10 by inversion, one draw; above by Hörmann's transformed rejection ("The transformed rejection
  /// method for generating Poisson random variables", Insurance: Mathematics and Economics 12, 1993, algorithm PTRS),
  /// a varying number of draws.
  public mutating func poisson(mean: Double) -> Int {
    precondition(mean >= 0 && mean <= 1e15, "a Poisson variate needs a mean from 0 to 1e15")
    return mean < 10 ? poissonByInversion(mean) : poissonByRejection(mean)
  }

  private mutating func poissonByInversion(_ mean: Double) -> Int {
    let u = uniform()
    var term = DeterministicMath.exp(-mean)
    var cumulative = term
    var count = 0
    // Beyond 200 every term is below the resolution of a uniform number.
    while u >= cumulative && count < 200 {
      count += 1
      term *= mean / Double(count)
      cumulative += term
    }
    return count
  }

  private mutating func poissonByRejection(_ mean: Double) -> Int {
    let b = 0.931 + 2.53 * mean.squareRoot()
    let a = -0.059 + 0.02483 * b
    let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    let squeeze = 0.9277 - 3.6224 / (b - 2)
    let logMean = DeterministicMath.log(mean)
    while true {
      let u = uniformOpen() - 0.5
      let v = uniformOpen()
      let us = 0.5 - u.magnitude
      let k = ((2 * a / us + b) * u + mean + 0.43).rounded(.down)
      if us >= 0.07 && v <= squeeze { return Int(k) }
      if k < 0 || (us < 0.013 && v > us) { continue }
      let bound = DeterministicMath.log(v * inverseAlpha / (a / (us * us) + b))
      if bound <= k * logMean - mean - DeterministicMath.logFactorial(k) { return Int(k) }
    }
  }
}

extension DeterministicMath {
  /// ln(k!) for a whole k >= 0: exact products to 15!, above it Stirling's series with a relative error near 1e-16.
  public static func logFactorial(_ k: Double) -> Double {
    precondition(k >= 0 && k.rounded() == k, "a factorial needs a whole number that is not negative")
    guard k > 15 else {
      var product = 1.0
      for factor in 0..<Int(k) { product *= Double(factor + 1) }
      return log(product)
    }
    // ln(2 pi) / 2 = 0.9189385332046727...
    let inverse = 1 / k
    let square = inverse * inverse
    let correction = inverse * (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square * (1.0 / 1680))))
    return (k + 0.5) * log(k) - k + 0.918_938_533_204_672_8 + correction
  }
}
