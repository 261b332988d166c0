// Buffer-based adaptation: the quality is a function of the buffer level alone. And, for comparison, no adaptation.

/// BBA-0 with a reservoir and a cushion (Huang et al., "A Buffer-Based Approach to Rate Adaptation", SIGCOMM 2014,
/// section 4), in the linear form over quality indices that Pensieve uses as its baseline.
///
/// Lowest quality below the reservoir, highest above reservoir + cushion, in between
/// `trunc(top * (level - reservoir) / cushion)`. State: 16 bytes.
public struct BufferBasedRule: AdaptationRule {
  private let reservoirSeconds: Double
  private let cushionSeconds: Double

  /// A rule from its two marks in seconds; Pensieve's are 5 and 10.
  /// - Precondition: the cushion is positive.
  public init(reservoirSeconds: Double = 5, cushionSeconds: Double = 10) {
    precondition(cushionSeconds > 0 && reservoirSeconds >= 0, "a cushion has a width")
    self.reservoirSeconds = reservoirSeconds
    self.cushionSeconds = cushionSeconds
  }

  /// The next quality by the equations above.
  public mutating func choose(_ context: DecisionContext) -> Decision {
    let level = context.levelMs / 1000
    let top = context.ladder.top
    if level < reservoirSeconds { return Decision(quality: 0) }
    if level >= reservoirSeconds + cushionSeconds { return Decision(quality: top) }
    return Decision(quality: Int(Double(top) * (level - reservoirSeconds) / cushionSeconds))
  }
}

/// Always the same quality.
///
/// State: 2 bytes.
public struct FixedRule: AdaptationRule {
  private let quality: Int16

  /// A rule that asks for `quality`, or for the top where the ladder is shorter.
  /// - Precondition: `quality` is not negative.
  public init(quality: Int) {
    precondition(quality >= 0, "a quality is not negative")
    self.quality = Int16(clamping: quality)
  }

  /// The next quality by the equations above.
  public mutating func choose(_ context: DecisionContext) -> Decision {
    Decision(quality: min(Int(quality), context.ladder.top))
  }
}
