// Sessions on random networks, for learned bitrate rules: where their training rows come from, and where they are tried.

import Platform
public import PlayerModel
import SimEngine

/// Sessions of a scenario's ladder over drawn networks, chunk by chunk.
///
/// A network is a sequence of periods of 1 to 5 s whose logarithmic bandwidth follows a first-order autoregression
/// (coefficient 0.9, innovation 0.35) around a mean drawn uniformly in the logarithm between 0.6 times the lowest and 1.6
/// times the highest bitrate, with a latency between 20 and 120 ms; one period in thirty drops to a tenth. Everything is
/// drawn from streams named by seed and session, so that all rules meet the same networks.
public struct BitrateSessions: Sendable {
  /// The ladder of all sessions.
  public let ladder: QualityLadder
  /// Segments of a session.
  public let segmentCount: Int
  /// Decides networks and starting points.
  public let seed: UInt64
  private let bits: [Double]
  private let rows: Int

  static let capacityMs = 30_000.0
  /// Price of a second of rebuffering in the score, in Mbit/s: that of the linear form of Yin et al., SIGCOMM 2015.
  static let rebufferPenalty = 4.3

  /// Sessions with the ladder of a scenario.
  public init(_ file: ScenarioFile, segments: Int = 40, seed: UInt64) {
    let pattern = file.pattern
    let patternSeconds = pattern.segmentDuration.seconds * Double(pattern.patternLength)
    let own = pattern.videoBytes.map { Double($0.reduce(0, +)) * 8 / patternSeconds }
    let rungs = file.scenario.catalog.rungsBitsPerSecond
    let rates = rungs.isEmpty ? own : rungs.map { Double($0) }
    ladder = QualityLadder(bitratesKbps: rates.map { $0 / 1000 }, segmentDuration: pattern.segmentDuration)
    rows = pattern.patternLength
    var bits: [Double] = []
    for position in 0..<rows {
      for quality in rates.indices {
        bits.append(Double(pattern.videoBytes[quality][position]) * 8 * rates[quality] / own[quality])
      }
    }
    self.bits = bits
    segmentCount = segments
    self.seed = seed
  }

  /// How a session went.
  public struct Outcome: Sendable {
    /// Mean over the segments of R - 4.3 rebuffering - |dR|, R in Mbit/s.
    public var quality = 0.0
    /// Seconds of rebuffering after the first segment.
    public var rebufferSeconds = 0.0
    /// Mean bitrate in kbit/s.
    public var meanKbps = 0.0
    /// Changes of quality.
    public var switches = 0
    /// Decisions in which the rule agreed with the oracle, where it was asked.
    public var agreements = 0
    /// Features of every decision, ``LearnedRule/featureCount`` each, where rows were kept.
    public var features: [Float] = []
    /// What the oracle would have done, one a decision.
    public var labels: [Int] = []
  }

  /// A decision: what a rule sees, what it remembers, and the network itself, which only an oracle may look at.
  public struct Decision {
    /// What every rule sees.
    public let context: DecisionContext
    /// The network as it will be.
    let network: TraceNetwork
    let lastQuality: Int
  }

  /// The network of a session.
  func trace(session: Int) -> NetworkTrace {
    var random = RandomStream(
      StreamKey(seed: seed, replication: UInt64(session), entity: "bitrate training", purpose: "network"))
    let (low, high) = (0.6 * ladder.bitratesKbps[0], 1.6 * ladder.bitratesKbps[ladder.count - 1])
    let logMean = DeterministicMath.log(low) + random.uniform() * DeterministicMath.log(high / low)
    let latencyMs = random.uniform(from: 20, to: 120)
    var deviation = random.normal() * 0.5
    let periods = (0..<200).map { _ in
      deviation = 0.9 * deviation + 0.35 * random.normal()
      let dip = random.chance(1.0 / 30) ? 0.1 : 1
      return NetworkTrace.Period(
        durationMs: random.uniform(from: 1_000, to: 5_000),
        bandwidthKbps: max(10, DeterministicMath.exp(logMean + deviation) * dip), latencyMs: latencyMs)
    }
    return NetworkTrace(source: "session \(session)", periods: periods)
  }

  /// Plays a session.
  /// - Parameters:
  ///   - keepsRows: Whether features and the oracle's choices are kept.
  ///   - choose: Told a decision and the features of a learned rule, says the quality.
  public func play(
    session: Int, keepsRows: Bool = false, choose: (Decision, UnsafeBufferPointer<Float>) -> Int
  ) -> Outcome {
    var network = TraceNetwork(trace(session: session))
    var state = LearnedRuleState()
    var outcome = Outcome()
    var (bufferMs, lastQuality) = (0.0, -1)
    let features = UnsafeMutableBufferPointer<Float>.allocate(capacity: LearnedRule.featureCount)
    defer { features.deallocate() }
    return bits.withUnsafeBufferPointer { table in
      guard let base = table.baseAddress else { return outcome }
      let sizes = SegmentSizes(bits: base, rows: rows, columns: ladder.count)
      return withExtendedLifetime(ladder) {
        let view = ladder.view()
        for segment in 0..<segmentCount {
          let context = DecisionContext(
            segment: segment, segmentCount: segmentCount, levelMs: bufferMs, throughputKbps: view.bitrateKbps(0),
            latencyMs: 50, ladder: view, sizes: sizes)
          var quality = 0
          if lastQuality >= 0 {
            state.write(context, to: features)
            let decision = Decision(context: context, network: network, lastQuality: lastQuality)
            quality = min(view.top, max(0, choose(decision, UnsafeBufferPointer(features))))
            if keepsRows {
              outcome.features.append(contentsOf: features)
              outcome.labels.append(BitrateOracle.choice(decision))
              if outcome.labels.last == quality { outcome.agreements += 1 }
            }
          }
          let step = BitrateOracle.download(context, quality: quality, segment: segment, &network, bufferMs: &bufferMs)
          let megabits = view.bitrateKbps(quality) / 1000
          // The first segment is the start, not a stall.
          let stallSeconds = segment == 0 ? 0 : step.stallMs / 1000
          let change = lastQuality < 0 ? 0 : abs(megabits - view.bitrateKbps(lastQuality) / 1000)
          outcome.quality += (megabits - Self.rebufferPenalty * stallSeconds - change) / Double(segmentCount)
          outcome.rebufferSeconds += stallSeconds
          outcome.meanKbps += view.bitrateKbps(quality) / Double(segmentCount)
          if lastQuality >= 0, lastQuality != quality { outcome.switches += 1 }
          lastQuality = quality
          state.downloaded(
            DownloadOutcome(
              segment: segment, quality: quality, sizeBits: sizes.bits(segment: segment, quality: quality),
              receivedBits: sizes.bits(segment: segment, quality: quality), totalMs: step.downloadMs, firstByteMs: 0,
              levelMs: bufferMs, ladder: view))
        }
        return outcome
      }
    }
  }
}

/// Model-predictive control that knows the future of its network: what a learned rule imitates.
///
/// All plans of the next five segments are tried on the network as it will be; the first step of the best is taken, of
/// equals the first. Branches that cannot reach the best so far, were the top quality free from now on, are cut.
public enum BitrateOracle {
  static let horizon = 5

  /// The quality of the best plan.
  public static func choice(_ decision: BitrateSessions.Decision) -> Int {
    var search = Search(context: decision.context)
    search.descend(
      step: 0, network: decision.network, bufferMs: decision.context.levelMs, last: decision.lastQuality, value: 0,
      first: 0)
    return search.bestFirst
  }

  /// Fetches a segment, and waits where the buffer is full.
  @inline(__always)
  static func download(
    _ context: DecisionContext, quality: Int, segment: Int, _ network: inout TraceNetwork, bufferMs: inout Double
  ) -> (downloadMs: Double, stallMs: Double) {
    let bits = context.bits(segment: segment, quality: quality)
    let downloadMs = network.firstByte() + network.transfer(bits: bits)
    let stallMs = max(0, downloadMs - bufferMs)
    bufferMs = max(0, bufferMs - downloadMs) + context.ladder.segmentMs
    let excess = bufferMs + context.ladder.segmentMs - BitrateSessions.capacityMs
    if excess > 0 {
      network.wait(ms: excess)
      bufferMs -= excess
    }
    return (downloadMs, stallMs)
  }

  private struct Search {
    let context: DecisionContext
    var best = -Double.infinity
    var bestFirst = 0

    mutating func descend(
      step: Int, network: TraceNetwork, bufferMs: Double, last: Int, value: Double, first: Int
    ) {
      let left = min(BitrateOracle.horizon, context.segmentCount - context.segment) - step
      guard left > 0 else {
        if value > best { (best, bestFirst) = (value, first) }
        return
      }
      let ladder = context.ladder
      guard value + Double(left) * ladder.bitrateKbps(ladder.top) / 1000 > best else { return }
      let lastMegabits = ladder.bitrateKbps(last) / 1000
      for quality in 0..<ladder.count {
        var (next, level) = (network, bufferMs)
        let outcome = BitrateOracle.download(
          context, quality: quality, segment: context.segment + step, &next, bufferMs: &level)
        let megabits = ladder.bitrateKbps(quality) / 1000
        let gain =
          megabits - BitrateSessions.rebufferPenalty * outcome.stallMs / 1000 - abs(megabits - lastMegabits)
        descend(
          step: step + 1, network: next, bufferMs: level, last: quality, value: value + gain,
          first: step == 0 ? quality : first)
      }
    }
  }
}
