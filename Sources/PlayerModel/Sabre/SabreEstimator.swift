// Sabre's two estimators, with any number of half lives or windows, in the C library's arithmetic.

internal import Glibc

/// Throughput and latency as Sabre estimates them: the smallest throughput and the largest latency over all averages.
struct SabreEstimator {
  private(set) var throughputKbps = 0.0
  private(set) var latencyMs = 0.0
  private var kind: Kind

  private enum Kind {
    case ewma(Ewma)
    case sliding(Sliding)
  }

  private struct Ewma {
    var halfLivesMs: [Double]
    /// Half lives of the latency, in requests.
    var latencyHalfLives: [Double]
    var throughputs: [Double]
    var latencies: [Double]
    var totalMs = 0.0
    var count = 0.0
  }

  private struct Sliding {
    var windows: [Int]
    var throughputs: [Double] = []
    var latencies: [Double] = []
  }

  /// One half, read at run time: a compiler that sees the constant turns `pow(0.5, x)` into `exp2(-x)`, which differs in
  /// the last bit for some x.
  private let half = Double("0.5") ?? 0.5

  /// Most samples a sliding window keeps.
  private static let slidingLimit = 20

  init(_ choice: SabreOptions.Estimator, segmentMs: Double) {
    switch choice {
    case .ewma(let halfLivesSeconds):
      let ms = halfLivesSeconds.map { $0 * 1000 }
      kind = .ewma(
        Ewma(
          halfLivesMs: ms, latencyHalfLives: ms.map { $0 / segmentMs },
          throughputs: ms.map { _ in 0 }, latencies: ms.map { _ in 0 }))
    case .sliding(let windows): kind = .sliding(Sliding(windows: windows))
    }
  }

  mutating func push(ms: Double, kbps: Double, latencyMs latency: Double) {
    // Taken out and put back, so that its arrays stay uniquely referenced.
    let current = kind
    kind = .sliding(Sliding(windows: []))
    switch current {
    case .ewma(var ewma):
      ewma.totalMs += ms
      ewma.count += 1
      var lowest = Double.infinity
      var highest = 0.0
      for index in ewma.halfLivesMs.indices {
        // determinism: Sabre uses the C library, and this profile agrees with it.
        let keep = pow(half, ms / ewma.halfLivesMs[index])
        ewma.throughputs[index] = keep * ewma.throughputs[index] + (1 - keep) * kbps
        // determinism: Sabre uses the C library, and this profile agrees with it.
        let throughputBias = 1 - pow(half, ewma.totalMs / ewma.halfLivesMs[index])
        lowest = min(lowest, ewma.throughputs[index] / throughputBias)
        // determinism: Sabre uses the C library, and this profile agrees with it.
        let keepLatency = pow(half, 1 / ewma.latencyHalfLives[index])
        ewma.latencies[index] = keepLatency * ewma.latencies[index] + (1 - keepLatency) * latency
        // determinism: Sabre uses the C library, and this profile agrees with it.
        let latencyBias = 1 - pow(half, ewma.count / ewma.latencyHalfLives[index])
        highest = max(highest, ewma.latencies[index] / latencyBias)
      }
      throughputKbps = lowest
      latencyMs = highest
      kind = .ewma(ewma)
    case .sliding(var sliding):
      sliding.throughputs.append(kbps)
      sliding.latencies.append(latency)
      if sliding.throughputs.count > Self.slidingLimit {
        sliding.throughputs.removeFirst()
        sliding.latencies.removeFirst()
      }
      throughputKbps = sliding.windows.map { Self.mean(sliding.throughputs.suffix($0)) }.min() ?? kbps
      latencyMs = sliding.windows.map { Self.mean(sliding.latencies.suffix($0)) }.max() ?? latency
      kind = .sliding(sliding)
    }
  }

  private static func mean(_ samples: ArraySlice<Double>) -> Double {
    var sum = 0.0
    for sample in samples { sum += sample }
    return sum / Double(samples.count)
  }
}
