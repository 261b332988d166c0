// Throughput: what the network has carried, with a safety margin and a guard for a short buffer.

/// The insufficient buffer rule of dash.js: a segment must arrive before the buffer that is left runs dry.
///
/// `safe = factor * (level - latency) * throughput` bits are allowed; the factor decays from 0.9 by 0.9 a decision to 0.5.
public struct InsufficientBufferGuard: BitwiseCopyable, Sendable {
  private var factor: Double
  private let decays: Bool

  /// A guard with a factor that decays from 0.9, or a fixed one.
  public init(fixedFactor: Double? = nil) {
    factor = fixedFactor ?? 0.9
    decays = fixedFactor == nil
  }

  /// Starts the decay again.
  mutating func restart() { if decays { factor = 0.9 } }

  /// The quality that fits, at most `quality`, or `nil` if `quality` itself fits.
  ///
  /// Advances the decay.
  public mutating func cap(_ quality: Int, _ context: DecisionContext) -> Int? {
    let safeBits = factor * (context.levelMs - context.latencyMs) * context.throughputKbps
    if decays { factor = max(factor * 0.9, 0.5) }
    for lower in 0..<quality where context.ladder.bitrateKbps(lower + 1) * context.ladder.segmentMs > safeBits {
      return lower
    }
    return nil
  }
}

/// Throughput-based adaptation as in dash.js (Spiteri, Sitaraman, Sparacio, MMSys 2018, section 2).
///
/// Chooses the highest quality that the estimate, times a safety factor, sustains. A download that is going to last longer
/// than 1.8 segment durations is abandoned after 0.5 s if a lower quality would need fewer bits than are left.
/// State: 18 bytes.
public struct ThroughputRule: AdaptationRule {
  private var bufferGuard: InsufficientBufferGuard
  private let safetyFactor: Double
  private let guardsBuffer: Bool

  /// A rule.
  ///
  /// - Parameters:
  ///   - safetyFactor: share of the estimated throughput that may be used; 0.9 by default.
  ///   - insufficientBufferRule: whether a short buffer lowers the choice.
  ///   - insufficientBufferFactor: fixed factor of that rule; `nil` for the decaying one.
  public init(
    safetyFactor: Double = 0.9, insufficientBufferRule: Bool = true, insufficientBufferFactor: Double? = nil
  ) {
    bufferGuard = InsufficientBufferGuard(fixedFactor: insufficientBufferFactor)
    self.safetyFactor = safetyFactor
    guardsBuffer = insufficientBufferRule
  }

  /// The next quality by the equations above.
  public mutating func choose(_ context: DecisionContext) -> Decision {
    var quality = context.ladder.sustainableQuality(
      throughputKbps: context.throughputKbps * safetyFactor, latencyMs: context.latencyMs)
    if guardsBuffer, let lower = bufferGuard.cap(quality, context) { quality = lower }
    return Decision(quality: quality)
  }

  /// The abandonment test described above.
  public func considerAbandon(_ progress: DownloadProgress) -> Int? {
    guard progress.elapsedMs >= 500, progress.elapsedMs > progress.firstByteMs else { return nil }
    let ladder = progress.ladder
    let throughputKbps = progress.receivedBits / (progress.elapsedMs - progress.firstByteMs)
    let remaining = progress.sizeBits - progress.receivedBits
    guard progress.elapsedMs + remaining / throughputKbps > 1.8 * ladder.segmentMs else { return nil }
    let target = ladder.sustainableQuality(
      throughputKbps: throughputKbps * safetyFactor, latencyMs: progress.latencyMs)
    guard target < progress.quality,
      progress.sizeBits * ladder.bitrateKbps(target) / ladder.bitrateKbps(progress.quality) < remaining
    else { return nil }
    return target
  }
}
