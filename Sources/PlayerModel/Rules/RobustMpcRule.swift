// Robust MPC: look a few segments ahead with a cautious throughput forecast, and take the first step of the best plan.

/// RobustMPC (Yin, Jindal, Sekar, Sinopoli, "A Control-Theoretic Approach for Dynamic Adaptive Video Streaming over HTTP",
/// SIGCOMM 2015, section 5), with the constants of Pensieve's implementation.
///
/// Forecast: harmonic mean of the last 5 throughputs (latency included), divided by 1 + the largest of the last 5 relative
/// errors of that mean. Plan: the sequence of at most 5 qualities that maximises
/// `sum R - 4.3 s^-1 * rebuffering - sum |dR|` with R in Mbit/s.
///
/// The search walks the tree of plans depth first, so that plans share the work of their common prefix, and cuts a branch
/// only where even stall-free top quality for all that is left cannot reach a value that some plan is known to have:
/// the chosen plan, ties included, is the one that plain enumeration finds.
///
/// `History` is the precision in which the window is kept: `Double` for agreement with Pensieve, `Float` where a session
/// must stay small. State: 50 bytes with `Float`.
public struct RobustMpcRule<History: BinaryFloatingPoint & BitwiseCopyable & Sendable>: AdaptationRule {
  /// Which of several plans with the same value wins.
  public enum TieRule: UInt8, BitwiseCopyable, Sendable {
    /// The first in lexicographic order.
    case first
    /// The last in lexicographic order.
    case last
  }

  private var throughputs: InlineArray<5, History>
  private var errors: InlineArray<5, History>
  private var harmonic: History
  private var samples: UInt8
  private var lastQuality: Int8
  private let ties: TieRule
  /// How many segments beyond the next one the size lookup starts; Pensieve's is off by one.
  private let sizeOffset: UInt8

  static var horizon: Int { 5 }
  static var rebufferPenalty: Double { 4.3 }

  /// A rule without history.
  ///
  /// - Parameters:
  ///   - ties: which of several best plans is taken.
  ///   - sizeOffset: index shift of the segment sizes that a plan looks at; 0, or 1 to agree with Pensieve.
  public init(ties: TieRule = .first, sizeOffset: Int = 0) {
    throughputs = InlineArray(repeating: 0)
    errors = InlineArray(repeating: 0)
    harmonic = 0
    samples = 0
    lastQuality = 0
    self.ties = ties
    self.sizeOffset = UInt8(clamping: sizeOffset)
  }

  /// Takes in how a request ended.
  public mutating func downloaded(_ outcome: DownloadOutcome) {
    guard outcome.ending == .completed, !outcome.isReplacement else { return }
    lastQuality = Int8(clamping: outcome.quality)
    guard outcome.totalMs > 0 else { return }
    // Megabytes a second, in the operations and the order of the reference.
    let throughput = History(outcome.sizeBits / 8 / outcome.totalMs / 1000)
    let error = samples == 0 ? 0 : abs(harmonic - throughput) / throughput
    let kept = min(Int(samples), 4)
    if samples >= 5 {
      for index in 0..<4 {
        throughputs[index] = throughputs[index + 1]
        errors[index] = errors[index + 1]
      }
    }
    throughputs[kept] = throughput
    errors[kept] = error
    samples = UInt8(kept + 1)
    var reciprocals: History = 0
    for index in 0...kept { reciprocals += 1 / throughputs[index] }
    harmonic = 1 / (reciprocals / History(kept + 1))
  }

  /// The next quality by the equations above.
  public mutating func choose(_ context: DecisionContext) -> Decision {
    guard samples > 0 else {
      return Decision(
        quality: context.ladder.sustainableQuality(
          throughputKbps: context.throughputKbps, latencyMs: context.latencyMs))
    }
    var worst: History = 0
    for index in 0..<Int(samples) { worst = max(worst, errors[index]) }
    let predicted = Double(harmonic / (1 + worst))
    let horizon = min(Self.horizon, context.segmentCount - context.segment)
    guard horizon > 0 else { return Decision(quality: Int(lastQuality)) }
    var search = PlanSearch(
      context: context, horizon: horizon, firstSegment: context.segment + Int(sizeOffset),
      predictedMegabytesPerSecond: predicted, rebufferPenalty: Self.rebufferPenalty, lastWins: ties == .last)
    return Decision(quality: search.best(after: min(Int(lastQuality), context.ladder.top)))
  }
}

/// The exhaustive search of a model-predictive rule over all plans of a few segments.
///
/// A segment takes `megabytes / predicted` seconds; buffer in seconds, bitrates in kbit/s.
struct PlanSearch {
  private let ladder: LadderView
  private let horizon: Int
  private let rebufferPenalty: Double
  private let lastWins: Bool
  private let startBuffer: Double
  private let segmentSeconds: Double
  private let topKbps: Double
  /// Download seconds of plan step and quality, `horizon * count` of them.
  private var downloadSeconds: InlineArray<160, Double>
  private let count: Int
  private var bestValue = -Double.infinity
  private var bestFirst = 0
  private var found = false
  /// A value that some plan reaches; branches that stay below it by more than rounding are cut.
  private var reachable = -Double.infinity

  /// Far above the rounding of sums of a few hundred, far below any difference that could matter.
  private static let roundingMargin = 1e-6
  /// Largest ladder that the search takes, in qualities.
  static let largestLadder = 32

  init(
    context: DecisionContext, horizon: Int, firstSegment: Int, predictedMegabytesPerSecond: Double,
    rebufferPenalty: Double, lastWins: Bool
  ) {
    precondition(horizon <= 5 && context.ladder.count <= Self.largestLadder, "a plan has few steps and qualities")
    ladder = context.ladder
    self.horizon = horizon
    self.rebufferPenalty = rebufferPenalty
    self.lastWins = lastWins
    startBuffer = context.levelMs / 1000
    segmentSeconds = context.ladder.segmentMs / 1000
    count = context.ladder.count
    topKbps = ladder.bitrateKbps(count - 1)
    downloadSeconds = InlineArray(repeating: 0)
    for step in 0..<horizon {
      for quality in 0..<count {
        let megabytes = context.bits(segment: firstSegment + step, quality: quality) / 8 / 1e6
        downloadSeconds[step * count + quality] = megabytes / predictedMegabytesPerSecond
      }
    }
  }

  /// First quality of the best plan after a segment of quality `last`.
  mutating func best(after last: Int) -> Int {
    let lastKbps = ladder.bitrateKbps(last)
    for quality in 0..<count { reachable = max(reachable, constantPlanValue(quality, lastKbps)) }
    descend(step: 0, buffer: startBuffer, sumKbps: 0, sumChange: 0, rebuffer: 0, lastKbps: lastKbps, first: 0)
    return bestFirst
  }

  private func constantPlanValue(_ quality: Int, _ lastKbps: Double) -> Double {
    var buffer = startBuffer
    var rebuffer = 0.0
    for step in 0..<horizon { play(downloadSeconds[step * count + quality], &buffer, &rebuffer) }
    let kbps = ladder.bitrateKbps(quality)
    return value(Double(horizon) * kbps, abs(kbps - lastKbps), rebuffer)
  }

  @inline(__always)
  private func play(_ seconds: Double, _ buffer: inout Double, _ rebuffer: inout Double) {
    if buffer < seconds {
      rebuffer += seconds - buffer
      buffer = 0
    } else {
      buffer -= seconds
    }
    buffer += segmentSeconds
  }

  @inline(__always)
  private func value(_ sumKbps: Double, _ sumChange: Double, _ rebuffer: Double) -> Double {
    sumKbps / 1000 - rebufferPenalty * rebuffer - sumChange / 1000
  }

  private mutating func descend(
    step: Int, buffer: Double, sumKbps: Double, sumChange: Double, rebuffer: Double, lastKbps: Double, first: Int
  ) {
    let stepsLeft = horizon - step - 1
    for quality in 0..<count {
      let kbps = ladder.bitrateKbps(quality)
      var nextBuffer = buffer
      var nextRebuffer = rebuffer
      play(downloadSeconds[step * count + quality], &nextBuffer, &nextRebuffer)
      let nextSum = sumKbps + kbps
      let nextChange = sumChange + abs(kbps - lastKbps)
      let nextFirst = step == 0 ? quality : first
      if stepsLeft == 0 {
        let total = value(nextSum, nextChange, nextRebuffer)
        if total > bestValue || !found || (lastWins && total >= bestValue) {
          bestValue = total
          bestFirst = nextFirst
          found = true
          reachable = max(reachable, total)
        }
        continue
      }
      // What is left adds at most the top bitrate a step, and pays once for climbing there.
      let ceiling = value(
        nextSum + Double(stepsLeft) * topKbps, nextChange + (topKbps - kbps), nextRebuffer)
      if ceiling < reachable - Self.roundingMargin { continue }
      descend(
        step: step + 1, buffer: nextBuffer, sumKbps: nextSum, sumChange: nextChange, rebuffer: nextRebuffer,
        lastKbps: kbps, first: nextFirst)
    }
  }
}
