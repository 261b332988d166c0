/// Service times with a given mean and squared coefficient of variation (scv, variance / mean^2).
///
/// | scv | distribution |
/// |---|---|
/// | 0 | deterministic |
/// | 0 < scv < 1 | gamma with shape 1 / scv |
/// | 1 | exponential |
/// | > 1 | hyperexponential: two exponential phases with balanced means |
///
/// Balanced means (each phase carries half of the work): p = (1 + sqrt((scv - 1) / (scv + 1))) / 2, phase means
/// mean / (2 p) and mean / (2 (1 - p)). Tijms, "A First Course in Stochastic Models", appendix B.
public enum ServiceDistribution: Hashable, Sendable {
  /// Always the mean [s].
  case deterministic(mean: Double)
  /// Gamma with the given shape and scale [s].
  case gamma(shape: Double, scale: Double)
  /// Exponential with the given mean [s].
  case exponential(mean: Double)
  /// With probability `p` exponential with the first mean [s], else with the second.
  case hyperexponential(p: Double, firstMean: Double, secondMean: Double)

  /// The distribution with the given mean in seconds, positive, and the given scv, not negative.
  public init(mean: Double, scv: Double) {
    precondition(mean > 0 && scv >= 0 && scv.isFinite, "a positive mean and a scv from zero up are needed")
    switch scv {
    case 0: self = .deterministic(mean: mean)
    case ..<1: self = .gamma(shape: 1 / scv, scale: mean * scv)
    case 1: self = .exponential(mean: mean)
    default:
      let p = (1 + ((scv - 1) / (scv + 1)).squareRoot()) / 2
      self = .hyperexponential(p: p, firstMean: mean / (2 * p), secondMean: mean / (2 * (1 - p)))
    }
  }

  /// Draws a service time.
  public func draw(_ stream: inout RandomStream) -> SimDuration {
    switch self {
    case .deterministic(let mean): .seconds(mean)
    case .gamma(let shape, let scale): .seconds(stream.gamma(shape: shape, scale: scale))
    case .exponential(let mean): .seconds(stream.exponential(mean: mean))
    case .hyperexponential(let p, let firstMean, let secondMean):
      .seconds(stream.exponential(mean: stream.chance(p) ? firstMean : secondMean))
    }
  }
}
