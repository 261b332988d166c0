/// Where the warm-up of a series ends: what comes before tells of the empty start, not of the system.
public struct WarmUpCut: Hashable, Sendable {
  /// How many observations to drop from the front.
  public var observations: Int
  /// Whether the cut can be trusted. It cannot where the rule wanted to drop half of the series or more: the run is
  /// too short, or never settles.
  public var isReliable: Bool

  /// The cut of the MSER-5 rule: drop the d batches of five that minimize the estimated variance of the mean of the
  /// rest, sum (Z_j - mean)^2 / (n - d)^2, over d up to half of the batches.
  ///
  /// White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (1997); the
  /// guard after Hoad, Robinson and Davies (2010). O(n).
  public static func mser5(_ series: [Double]) -> WarmUpCut {
    let batches = series.count / 5
    guard batches >= 10 else { return WarmUpCut(observations: 0, isReliable: false) }
    let means = BatchMeans.means(of: series, size: 5)
    // From the back, the tally of the rest grows by one batch a step.
    var rest = Tally()
    var best = 0
    var smallest = Double.infinity
    for drop in stride(from: batches - 1, through: 0, by: -1) {
      rest.add(means[drop])
      guard drop <= batches / 2 else { continue }
      let count = Double(rest.count)
      let score = rest.variance * (count - 1) / (count * count)
      if score <= smallest {
        smallest = score
        best = drop
      }
    }
    return WarmUpCut(observations: best * 5, isReliable: best < batches / 2)
  }
}

/// The data of Welch's plot, from which the eye chooses a warm-up: the average over replications, smoothed.
///
/// Welch (1983); Law, "Simulation Modeling and Analysis", section 9.5.1.
public struct WelchPlot: Hashable, Sendable {
  /// The average over the replications at each position.
  public var averages: [Double]
  /// The moving average of `averages` over 2 window + 1 positions, fewer near the start.
  public var smoothed: [Double]

  /// The data for replications of one length (longer ones are cut to the shortest) and a window of at least 0.
  public init(replications: [[Double]], window: Int) {
    precondition(window >= 0, "a window is not negative")
    let length = replications.map(\.count).min() ?? 0
    averages = (0..<length).map { position in
      var sum = 0.0
      for replication in replications { sum += replication[position] }
      return sum / Double(replications.count)
    }
    smoothed = []
    let averages = averages
    smoothed = (0..<max(0, length - window)).map { position in
      let reach = min(window, position)
      var sum = 0.0
      for neighbour in (position - reach)...(position + reach) { sum += averages[neighbour] }
      return sum / Double(2 * reach + 1)
    }
  }
}
