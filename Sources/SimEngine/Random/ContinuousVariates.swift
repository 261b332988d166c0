// Continuous variates. Those by inversion take exactly one draw and grow with the uniform number: under common random
// numbers and in antithetic pairs they stay in step. Those by rejection (gamma and beta) take a varying number of
// draws: give them a stream of their own.

extension RandomStream {
  /// An exponential variate with the given mean, by inversion; one draw.
  @inlinable
  public mutating func exponential(mean: Double) -> Double {
    // u and 1 - u are alike; the complement makes the variate grow with u.
    -mean * DeterministicMath.log(1 - uniformOpen())
  }

  /// An exponential span with the given mean, rounded to the nanosecond; one draw.
  @inlinable
  public mutating func exponential(mean: SimDuration) -> SimDuration {
    mean.scaled(by: exponential(mean: 1))
  }

  /// A normal variate, by inversion; one draw.
  public mutating func normal(mean: Double = 0, standardDeviation: Double = 1) -> Double {
    mean + standardDeviation * DeterministicMath.normalQuantile(uniformOpen())
  }

  /// A lognormal variate exp(mu + sigma Z), by inversion; one draw.
  public mutating func lognormal(mu: Double, sigma: Double) -> Double {
    DeterministicMath.exp(normal(mean: mu, standardDeviation: sigma))
  }

  /// A lognormal variate with the given mean and coefficient of variation (standard deviation / mean), by inversion;
  /// one draw.
  ///
  /// See ``LognormalShape`` to derive the parameters once.
  public mutating func lognormal(mean: Double, cv: Double) -> Double {
    let shape = LognormalShape(mean: mean, cv: cv)
    return lognormal(mu: shape.mu, sigma: shape.sigma)
  }

  /// A Laplace variate around zero with the given scale (half of it is positive, with mean `scale`), by inversion; one
  /// draw.
  public mutating func laplace(scale: Double) -> Double {
    let u = uniformOpen()
    return u < 0.5 ? scale * DeterministicMath.log(2 * u) : -scale * DeterministicMath.log(2 * (1 - u))
  }

  /// A gamma variate with the given shape and scale (mean `shape * scale`), by rejection.
  ///
  /// Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000); a shape below one is
  /// raised by one and corrected by u^(1/shape). Both parameters must be positive.
  public mutating func gamma(shape: Double, scale: Double) -> Double {
    precondition(shape > 0 && scale >= 0, "a gamma variate needs a positive shape")
    guard shape >= 1 else {
      let boosted = gamma(shape: shape + 1, scale: scale)
      return boosted * DeterministicMath.pow(uniformOpen(), 1 / shape)
    }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let z = normal()
      let root = 1 + c * z
      guard root > 0 else { continue }
      let v = root * root * root
      let u = uniformOpen()
      let square = z * z
      if u < 1 - 0.0331 * square * square { return d * v * scale }
      if DeterministicMath.log(u) < 0.5 * square + d * (1 - v + DeterministicMath.log(v)) { return d * v * scale }
    }
  }

  /// A beta variate in [0, 1] (mean `alpha / (alpha + beta)`), from two gamma variates, by rejection.
  ///
  /// Parameters so small that both gammas round to zero (below about 0.002) give the limit: 0 or 1.
  public mutating func beta(_ alpha: Double, _ beta: Double) -> Double {
    let x = gamma(shape: alpha, scale: 1)
    let y = gamma(shape: beta, scale: 1)
    guard x + y > 0 else { return chance(alpha / (alpha + beta)) ? 1 : 0 }
    return x / (x + y)
  }
}

/// The parameters of a lognormal distribution derived from its mean and coefficient of variation.
@frozen
public struct LognormalShape: BitwiseCopyable, Hashable, Sendable {
  /// Mean of the logarithm.
  public var mu: Double
  /// Standard deviation of the logarithm.
  public var sigma: Double

  /// sigma^2 = ln(1 + cv^2), mu = ln(mean) - sigma^2 / 2; the mean must be positive and the cv not negative.
  public init(mean: Double, cv: Double) {
    precondition(mean > 0 && cv >= 0, "a lognormal variate needs a positive mean and a cv that is not negative")
    let variance = DeterministicMath.log1p(cv * cv)
    sigma = variance.squareRoot()
    mu = DeterministicMath.log(mean) - variance / 2
  }
}
