// BOLA-E: BOLA with a placeholder buffer, as dash.js ships it.

/// BOLA-E (Spiteri, Sitaraman, Sparacio, "From Theory to Practice: Improving Bitrate Adaptation in the DASH Reference
/// Player", MMSys 2018, section 4).
///
/// A virtual placeholder buffer is added to the real one, so that the objective reacts at start-up, after a jump and when
/// the application rather than the network holds the buffer down. The insufficient buffer rule guards a short real buffer.
/// State: 39 bytes.
public struct BolaERule: AdaptationRule {
  private let gammaP: Double
  private let controlMs: Double
  private var placeholderMs: Double
  private var bufferGuard: InsufficientBufferGuard
  private var lastQuality: Int16
  private var choosesByThroughput: Bool
  private let guardsBuffer: Bool
  private let cap: BolaRule.OscillationCap

  /// The buffer level, in milliseconds, below which the lowest quality is wanted.
  static let minimumBufferMs = 10_000.0
  /// Buffer added per quality, in milliseconds.
  static let bufferPerQualityMs = 2_000.0

  /// A rule for a buffer of `bufferMs` milliseconds.
  ///
  /// - Parameters:
  ///   - bufferMs: buffer capacity in milliseconds.
  ///   - gammaP: weight of a stall against utility, only used without the insufficient buffer rule; 5 by default.
  ///   - insufficientBufferRule: whether a short buffer lowers the choice; with it the parameters follow from a low mark of
  ///     10 s and a high mark of at least 10 s + 2 s per quality.
  ///   - insufficientBufferFactor: fixed factor of that rule; `nil` for the decaying one.
  ///   - cap: what to do about oscillation.
  ///   - ladder: the title's ladder.
  public init(
    bufferMs: Double, gammaP: Double = 5, insufficientBufferRule: Bool = true, insufficientBufferFactor: Double? = nil,
    cap: BolaRule.OscillationCap = .oneAbove, ladder: LadderView
  ) {
    let topUtility = ladder.utilityFromOne(ladder.top)
    if insufficientBufferRule {
      let targetMs = max(Self.minimumBufferMs + Self.bufferPerQualityMs * Double(ladder.count), bufferMs)
      self.gammaP = (topUtility - 1) / (targetMs / Self.minimumBufferMs - 1)
      controlMs = Self.minimumBufferMs / self.gammaP
    } else {
      self.gammaP = gammaP - 1
      controlMs = (bufferMs - ladder.segmentMs) / (topUtility + self.gammaP)
    }
    placeholderMs = 0
    bufferGuard = InsufficientBufferGuard(fixedFactor: insufficientBufferFactor)
    lastQuality = 0
    choosesByThroughput = true
    guardsBuffer = insufficientBufferRule
    self.cap = cap
  }

  /// The lowest level at which `quality` wins over every lower one, in milliseconds.
  private func lowestLevel(for quality: Int, _ ladder: LadderView) -> Double {
    var level = 0.0
    let kbps = ladder.bitrateKbps(quality)
    let utility = ladder.utilityFromOne(quality)
    for lower in 0..<quality {
      let lowerKbps = ladder.bitrateKbps(lower)
      let lowerUtility = ladder.utilityFromOne(lower)
      let crossing =
        controlMs * (gammaP + (kbps * lowerUtility - lowerKbps * utility) / (kbps - lowerKbps))
      level = max(level, crossing)
    }
    return level
  }

  /// The level at which the objective of `quality` falls to zero, in milliseconds.
  private func highestLevel(for quality: Int, _ ladder: LadderView) -> Double {
    controlMs * (ladder.utilityFromOne(quality) + gammaP)
  }

  /// The next quality by the equations above.
  public mutating func choose(_ context: DecisionContext) -> Decision {
    let ladder = context.ladder
    let sustainable = ladder.sustainableQuality(throughputKbps: context.throughputKbps, latencyMs: context.latencyMs)
    if choosesByThroughput {
      choosesByThroughput = false
      bufferGuard.restart()
      placeholderMs = max(0, lowestLevel(for: sustainable, ladder) - context.levelMs)
      return Decision(quality: sustainable)
    }
    var quality = 0
    var best = -Double.infinity
    let virtualMs = context.levelMs + placeholderMs
    for candidate in 0..<ladder.count {
      let score =
        (controlMs * (ladder.utilityFromOne(candidate) + gammaP) - virtualMs) / ladder.bitrateKbps(candidate)
      if score > best {
        best = score
        quality = candidate
      }
    }
    let last = Int(lastQuality)
    if quality > last, quality > sustainable {
      quality = max(last, sustainable) + (cap == .oneAbove ? 1 : 0)
    }
    var delayMs = virtualMs - highestLevel(for: quality, ladder)
    if delayMs > 0 {
      if delayMs <= placeholderMs {
        placeholderMs -= delayMs
        delayMs = 0
      } else {
        delayMs -= placeholderMs
        placeholderMs = 0
      }
    } else {
      delayMs = 0
    }
    if quality == ladder.top { delayMs = 0 }
    if guardsBuffer, let lower = bufferGuard.cap(quality, context) {
      quality = lower
      delayMs = 0
      placeholderMs = min(max(0, lowestLevel(for: quality, ladder) - context.levelMs), placeholderMs)
    }
    return Decision(quality: quality, delayMs: delayMs)
  }

  /// The abandonment test described above.
  public func considerAbandon(_ progress: DownloadProgress) -> Int? {
    let ladder = progress.ladder
    var remaining = progress.sizeBits - progress.receivedBits
    guard progress.receivedBits > 0, remaining > 0 else { return nil }
    let levelMs = max(0, progress.levelMs + placeholderMs - progress.firstByteMs)
    let throughputKbps = progress.receivedBits / (progress.elapsedMs - progress.firstByteMs)
    // A new request costs another time to first byte, during which the running one would go on.
    remaining -= progress.firstByteMs * throughputKbps
    guard remaining > 0 else { return nil }
    let currentKbps = ladder.bitrateKbps(progress.quality)
    var best = (controlMs * (gammaP + ladder.utilityFromOne(progress.quality)) - levelMs) / remaining
    var target: Int?
    for candidate in 0..<progress.quality {
      let bits = progress.sizeBits * ladder.bitrateKbps(candidate) / currentKbps
      let score = (controlMs * (gammaP + ladder.utilityFromOne(candidate)) - levelMs) / bits
      if bits < remaining, score > best {
        best = score
        target = candidate
      }
    }
    return target
  }

  /// Takes in how a request ended.
  public mutating func downloaded(_ outcome: DownloadOutcome) {
    lastQuality = Int16(outcome.quality)
    let ladder = outcome.ladder
    switch outcome.ending {
    case .completed where outcome.isReplacement:
      // The bits went into media that was already buffered.
      placeholderMs += ladder.segmentMs
    case .completed:
      let levelAtRequestMs = outcome.levelMs + outcome.totalMs
      placeholderMs = min(
        placeholderMs, max(0, highestLevel(for: outcome.quality, ladder) - levelAtRequestMs))
      if outcome.levelMs > 0 {
        placeholderMs = max(placeholderMs, lowestLevel(for: outcome.quality, ladder) - levelAtRequestMs)
      }
    case .abandoned(let target) where !outcome.isReplacement:
      let wantedMs = target > 0 ? lowestLevel(for: target, ladder) : Self.minimumBufferMs
      placeholderMs = min(placeholderMs, max(0, wantedMs - outcome.levelMs))
    case .abandoned, .replacementDropped:
      break
    }
  }

  /// Takes in time idled on a full buffer.
  public mutating func waited(milliseconds: Double) { placeholderMs += milliseconds }

  /// Takes in a jump of the viewer.
  public mutating func sought(segment: Int) { choosesByThroughput = true }
}
