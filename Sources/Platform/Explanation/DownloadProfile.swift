import SimEngine

/// How likely a session is to download each part of its title.
///
/// A session begins at the start, or anywhere if it resumes; it watches all that is left, or a beta distributed share of
/// it, and the player is a buffer ahead. So the first minutes of a title are asked for several times as often as its
/// last.
struct DownloadProfile {
  private let completes: Double
  private let resumes: Double
  /// Buffer over the length of a title.
  private let ahead: Double
  private let watched: BetaDistribution

  /// - Parameters:
  ///   - resumes: whether sessions may begin in the middle of the title.
  ///   - lengthS: mean length of the titles [s].
  init(scenario: Scenario, resumes: Bool, lengthS: Double) {
    let viewers = scenario.viewers
    completes = viewers.completeShare
    self.resumes = resumes ? viewers.resumeShare : 0
    ahead = scenario.player.bufferTarget.seconds / lengthS
    watched = BetaDistribution(alpha: viewers.partial.alpha, beta: viewers.partial.beta)
  }

  /// Probability that a session downloads the position, a share of the title's length.
  func chance(at position: Double) -> Double {
    let fromStart = chance(at: position, startingAt: 0)
    guard resumes > 0 else { return fromStart }
    // Those who resume start anywhere with equal chance; who starts behind the position does not need it.
    let steps = 32
    var resumed = 0.0
    for step in 0..<steps {
      resumed += chance(at: position, startingAt: position * (Double(step) + 0.5) / Double(steps))
    }
    return (1 - resumes) * fromStart + resumes * resumed / Double(steps) * position
  }

  private func chance(at position: Double, startingAt start: Double) -> Double {
    let share = (position - start - ahead) / (1 - start)
    return completes + (1 - completes) * watched.chance(above: share)
  }
}

/// The beta distribution, as far as sessions need it.
struct BetaDistribution {
  private let alpha: Double
  private let beta: Double
  private let whole: Double

  init(alpha: Double, beta: Double) {
    self.alpha = alpha
    self.beta = beta
    whole = Self.lowerHalf(0.5, alpha, beta) + Self.lowerHalf(0.5, beta, alpha)
  }

  /// Probability of a larger value.
  func chance(above value: Double) -> Double {
    if value <= 0 { return 1 }
    if value >= 1 { return 0 }
    return value <= 0.5
      ? 1 - Self.lowerHalf(value, alpha, beta) / whole : Self.lowerHalf(1 - value, beta, alpha) / whole
  }

  /// The integral of x^(a-1) (1-x)^(b-1) from 0 to `end` <= 1/2, over s = x^p with p = min(a, 1): the density may be
  /// infinite at 0.
  private static func lowerHalf(_ end: Double, _ a: Double, _ b: Double) -> Double {
    let steps = 48
    let p = min(a, 1)
    let top = DeterministicMath.pow(end, p)
    var sum = 0.0
    for step in 0..<steps {
      let x = DeterministicMath.pow(top * (Double(step) + 0.5) / Double(steps), 1 / p)
      sum += DeterministicMath.pow(x, a - p) * DeterministicMath.pow(1 - x, b - 1)
    }
    return sum / Double(steps) * top / p
  }
}
