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
  private let watched: (alpha: Double, beta: Double)

  /// - Parameters:
  ///   - resumes: whether sessions may begin in the middle of the title.
  ///   - lengthS: mean length of the titles [s].
  init(scenario: Scenario, resumes: Bool, lengthS: Double) {
    let viewers = scenario.viewers
    completes = viewers.completeShare
    self.resumes = resumes ? viewers.resumeShare : 0
    ahead = scenario.player.bufferTarget.seconds / lengthS
    watched = (viewers.partial.alpha, viewers.partial.beta)
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
    return completes + (1 - completes) * Quantiles.betaTail(share, alpha: watched.alpha, beta: watched.beta)
  }
}
