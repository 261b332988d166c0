import CGSL

/// Quantiles and tails of the distributions that intervals are made of, from GSL.
///
/// For analysis, not for the simulated path.
public enum Quantiles {
  /// The quantile of Student's t with `degreesOfFreedom` > 0 for a probability in (0, 1).
  public static func studentT(_ probability: Double, degreesOfFreedom: Double) -> Double {
    precondition(probability > 0 && probability < 1 && degreesOfFreedom > 0, "no such quantile of Student's t")
    return gsl_cdf_tdist_Pinv(probability, degreesOfFreedom)
  }

  /// P(|T| >= |t|): the two-sided p-value of a t statistic.
  public static func studentTTwoSided(_ t: Double, degreesOfFreedom: Double) -> Double {
    precondition(degreesOfFreedom > 0, "Student's t needs a positive number of degrees of freedom")
    return 2 * gsl_cdf_tdist_Q(t.magnitude, degreesOfFreedom)
  }

  /// The quantile of chi squared with `degreesOfFreedom` > 0 for a probability in (0, 1).
  public static func chiSquared(_ probability: Double, degreesOfFreedom: Double) -> Double {
    precondition(probability > 0 && probability < 1 && degreesOfFreedom > 0, "no such quantile of chi squared")
    return gsl_cdf_chisq_Pinv(probability, degreesOfFreedom)
  }

  /// P(X >= x) for chi squared: the p-value of a goodness-of-fit statistic.
  public static func chiSquaredTail(_ x: Double, degreesOfFreedom: Double) -> Double {
    precondition(x >= 0 && degreesOfFreedom > 0, "no such tail of chi squared")
    return gsl_cdf_chisq_Q(x, degreesOfFreedom)
  }

  /// The quantile of the standard normal distribution for a probability in (0, 1).
  public static func normal(_ probability: Double) -> Double {
    precondition(probability > 0 && probability < 1, "no such quantile of the normal distribution")
    return gsl_cdf_ugaussian_Pinv(probability)
  }

  /// P(Z <= z) for the standard normal distribution.
  public static func normalProbability(_ z: Double) -> Double { gsl_cdf_ugaussian_P(z) }

  /// P(X > x) for a beta variate with both parameters above 0.
  public static func betaTail(_ x: Double, alpha: Double, beta: Double) -> Double {
    precondition(alpha > 0 && beta > 0, "no such beta distribution")
    if x <= 0 { return 1 }
    if x >= 1 { return 0 }
    return gsl_cdf_beta_Q(x, alpha, beta)
  }

  /// P(X <= count) for a binomial variate of `trials` with the given success probability.
  public static func binomialProbability(_ count: Int, trials: Int, success: Double) -> Double {
    precondition(trials >= 0 && trials <= Int(UInt32.max) && success >= 0 && success <= 1, "no such binomial")
    guard count >= 0 else { return 0 }
    guard count < trials else { return 1 }
    return gsl_cdf_binomial_P(UInt32(count), success, UInt32(trials))
  }
}
