/// Finds the configuration with the largest mean, dropping clearly worse ones as soon as the data allow.
///
/// With the given confidence the winner is the best one, provided that it is better than the others by at least the
/// indifference zone. Valid under common random numbers. Kim and Nelson, "A fully sequential procedure for
/// indifference-zone selection in simulation", ACM TOMACS 11 (2001), with c = 1. To find the smallest mean, negate
/// the observations.
public struct KimNelson: Sendable {
  /// Differences smaller than this do not matter, in the unit of the observations.
  public let indifference: Double
  /// The probability of a correct selection.
  public let confidence: Double
  /// Replications of every configuration before the first comparison.
  public let firstStage: Int

  /// What the procedure found.
  public struct Selection: Hashable, Sendable {
    /// The configurations that were not dropped, by number; one of them, unless the replications ran out.
    public var survivors: [Int]
    /// The survivor with the largest mean.
    public var best: Int
    /// Replications made of each configuration.
    public var replications: [Int]
  }

  /// A procedure; the indifference zone must be positive and the first stage at least 2.
  public init(indifference: Double, confidence: Double = 0.95, firstStage: Int = 10) {
    precondition(indifference > 0 && firstStage >= 2, "a positive indifference zone and two replications are needed")
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    self.indifference = indifference
    self.confidence = confidence
    self.firstStage = firstStage
  }

  /// Runs the procedure on `configurations` (at least 1) with at most `maximum` replications of each.
  ///
  /// - Parameter observe: The observation of a configuration in a replication; called once for each pair.
  public func select(
    among configurations: Int, maximum: Int, observe: (_ configuration: Int, _ replication: Int) throws -> Double
  ) rethrows -> Selection {
    precondition(configurations > 0 && maximum >= firstStage, "something to compare, and the first stage, must fit")
    var observations = [[Double]](repeating: [], count: configurations)
    for configuration in 0..<configurations {
      for replication in 0..<(configurations > 1 ? firstStage : 1) {
        observations[configuration].append(try observe(configuration, replication))
      }
    }
    var survivors = Array(0..<configurations)
    guard configurations > 1 else { return selection(survivors, observations) }
    let alpha = 1 - confidence
    let stages = Double(firstStage - 1)
    let eta = (DeterministicMath.pow(2 * alpha / Double(configurations - 1), -2 / stages) - 1) / 2
    let hSquared = 2 * eta * stages
    let variances = firstStageVariances(observations)
    var made = firstStage
    while true {
      survivors = screen(survivors, observations, variances, hSquared, made)
      if survivors.count == 1 || made == maximum { return selection(survivors, observations) }
      for configuration in survivors { observations[configuration].append(try observe(configuration, made)) }
      made += 1
    }
  }

  private func firstStageVariances(_ observations: [[Double]]) -> [[Double]] {
    observations.map { left in
      observations.map { right in
        var tally = Tally()
        for replication in 0..<firstStage { tally.add(left[replication] - right[replication]) }
        return tally.variance
      }
    }
  }

  /// Keeps i while mean_i >= mean_l - max(0, (d / 2r) (h^2 S_il^2 / d^2 - r)) for all l that are still in.
  private func screen(
    _ candidates: [Int], _ observations: [[Double]], _ variances: [[Double]], _ hSquared: Double, _ r: Int
  ) -> [Int] {
    let sums = observations.map { values in values.reduce(0, +) }
    let count = Double(r)
    let kept = candidates.filter { i in
      candidates.allSatisfy { l in
        let slack =
          indifference / (2 * count) * (hSquared * variances[i][l] / (indifference * indifference) - count)
        return i == l || sums[i] / count >= sums[l] / count - max(0, slack)
      }
    }
    return kept
  }

  private func selection(_ survivors: [Int], _ observations: [[Double]]) -> Selection {
    var best = survivors[0]
    var largest = -Double.infinity
    for configuration in survivors {
      let values = observations[configuration]
      let mean = values.reduce(0, +) / Double(values.count)
      if mean > largest {
        largest = mean
        best = configuration
      }
    }
    return Selection(survivors: survivors, best: best, replications: observations.map(\.count))
  }
}
