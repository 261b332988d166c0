// A bitrate rule that asks a trained network. The network itself lives above: here stand what it is told, and the rule.

internal import SimEngine

/// What a learned rule asks: scores of the qualities for what the player sees.
///
/// Implementations must answer the same on every machine, because sessions of a deterministic run hang on it: integer
/// arithmetic, or floats added in a fixed order.
public protocol BitrateModel: AnyObject, Sendable {
  /// The index of the largest score among the first `count`, the first of equals.
  /// - Parameter features: ``LearnedRule/featureCount`` numbers; see ``LearnedRule/features(_:_:)``.
  func choose(_ features: UnsafeBufferPointer<Float>, among count: Int) -> Int
}

/// A model that rules of many sessions share.
///
/// It is never released: a process loads a handful, and sessions hold it as a plain pointer.
public struct SharedBitrateModel: Sendable, Equatable, BitwiseCopyable {
  private final class Box: Sendable {
    let model: any BitrateModel
    init(_ model: any BitrateModel) { self.model = model }
  }

  private let box: Unmanaged<Box>

  /// Shares a model for the rest of the process's life.
  public init(_ model: any BitrateModel) { box = Unmanaged.passRetained(Box(model)) }

  /// The model.
  public var model: any BitrateModel { box._withUnsafeGuaranteedRef { $0.model } }

  /// Whether both are the same model in memory.
  public static func == (left: SharedBitrateModel, right: SharedBitrateModel) -> Bool {
    left.box.toOpaque() == right.box.toOpaque()
  }
}

/// A rule that takes the quality that a network scores highest.
///
/// The network sees the last five transfers, sizes and bitrates of the next segment, the buffer, the last quality and what
/// is left of the title, all without units, so that one network serves any ladder of at most ``qualityLimit`` qualities.
/// Before the first transfer the sustainable quality is taken. State: 50 bytes.
public struct LearnedRule: AdaptationRule {
  /// Numbers that the network is told.
  public static let featureCount = 25
  /// Most qualities that the network scores.
  public static let qualityLimit = 6

  private let shared: SharedBitrateModel
  private var state = LearnedRuleState()

  /// A rule at its start.
  public init(_ model: SharedBitrateModel) { shared = model }

  /// The quality of the largest score.
  public func choose(_ context: DecisionContext) -> Decision {
    guard state.samples > 0 else {
      return Decision(
        quality: context.ladder.sustainableQuality(
          throughputKbps: context.throughputKbps, latencyMs: context.latencyMs))
    }
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.featureCount) { features in
      state.write(context, to: features)
      let count = min(Self.qualityLimit, context.ladder.count)
      return Decision(quality: shared.model.choose(UnsafeBufferPointer(features), among: count))
    }
  }

  /// Takes in how a request ended.
  public mutating func downloaded(_ outcome: DownloadOutcome) { state.downloaded(outcome) }
}

/// What a learned rule remembers of its session; also used to make the rows that a network is trained on.
public struct LearnedRuleState: BitwiseCopyable, Sendable {
  /// Throughputs of the last five transfers in kbit/s, the latest first.
  private var throughputs = InlineArray<5, Float>(repeating: 0)
  /// How long each took, in milliseconds.
  private var times = InlineArray<5, Float>(repeating: 0)
  private var lastQuality: Int8 = 0
  /// Transfers seen, at most five.
  public private(set) var samples: UInt8 = 0

  /// A state without history.
  public init() {}

  /// Takes in a completed transfer.
  public mutating func downloaded(_ outcome: DownloadOutcome) {
    guard outcome.ending == .completed, !outcome.isReplacement, outcome.totalMs > 0 else { return }
    for index in (1..<5).reversed() {
      throughputs[index] = throughputs[index - 1]
      times[index] = times[index - 1]
    }
    throughputs[0] = Float(outcome.sizeBits / outcome.totalMs)
    times[0] = Float(outcome.totalMs)
    lastQuality = Int8(clamping: outcome.quality)
    samples = min(5, samples + 1)
  }

  /// Writes the features of a decision.
  ///
  /// - 0 to 4: log2 of throughput over the highest bitrate, from -6 to 3, the latest first; -6 where there was none;
  /// - 5 to 9: duration of the transfer over that of a segment, up to 4;
  /// - 10 to 15: time that the next segment would take at the harmonic mean of the throughputs, over its duration, up to
  ///   8, quality by quality; 8 above the ladder;
  /// - 16 to 21: bitrate of each quality over the highest; 0 above the ladder;
  /// - 22: buffer in segments, over 8, up to 2; 23: last bitrate over the highest; 24: segments left, over 32, up to 1.
  public func write(_ context: DecisionContext, to features: UnsafeMutableBufferPointer<Float>) {
    let ladder = context.ladder
    let topKbps = ladder.bitrateKbps(ladder.top)
    var reciprocals = 0.0
    for index in 0..<5 {
      let isKnown = index < Int(samples)
      let ratio = isKnown ? Double(throughputs[index]) / topKbps : 0
      let logarithm = ratio > 0 ? DeterministicMath.log(ratio) * 1.442695040888963 : -6
      features[index] = Float(min(3, max(-6, logarithm)))
      features[5 + index] = isKnown ? Float(min(4, Double(times[index]) / ladder.segmentMs)) : 0
      if isKnown, throughputs[index] > 0 { reciprocals += 1 / Double(throughputs[index]) }
    }
    let harmonicKbps = reciprocals > 0 ? Double(samples) / reciprocals : 0
    for quality in 0..<LearnedRule.qualityLimit {
      guard quality < ladder.count else {
        features[10 + quality] = 8
        features[16 + quality] = 0
        continue
      }
      let bits = context.bits(segment: context.segment, quality: quality)
      let share = harmonicKbps > 0 ? bits / harmonicKbps / ladder.segmentMs : 8
      features[10 + quality] = Float(min(8, share))
      features[16 + quality] = Float(ladder.bitrateKbps(quality) / topKbps)
    }
    features[22] = Float(min(2, context.levelMs / ladder.segmentMs / 8))
    features[23] = Float(ladder.bitrateKbps(min(Int(lastQuality), ladder.top)) / topKbps)
    let left = context.segmentCount == Int.max ? 32 : min(32, max(0, context.segmentCount - context.segment))
    features[24] = Float(Double(left) / 32)
  }
}
