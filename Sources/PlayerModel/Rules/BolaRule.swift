// BOLA: choose the quality that maximises a Lyapunov drift-plus-penalty objective over the buffer level.

/// BOLA in its basic, U and O variants (Spiteri, Urgaonkar, Sitaraman, "BOLA: Near-Optimal Bitrate Adaptation for Online
/// Videos", INFOCOM 2016; practical variants: Spiteri, Sitaraman, Sparacio, MMSys 2018, section 4).
///
/// The chosen quality maximises `(Vp * (u[q] + gp) - level) / b[q]`, all times in milliseconds. `basic` keeps the control
/// parameter Vp fixed by the buffer capacity; otherwise Vp follows the part of the title already played or still to come
/// (BOLA-FINITE), and slow downloads are abandoned by the same objective over the bits that remain.
/// An increase beyond what the throughput sustains is capped: BOLA-U goes one quality above the sustainable one,
/// BOLA-O stays at it and waits until the buffer asks for more.
/// State: 38 bytes.
public struct BolaRule: AdaptationRule {
  /// What to do when the objective asks for more than the network sustains.
  public enum OscillationCap: UInt8, BitwiseCopyable, Sendable {
    /// One quality above the sustainable one (BOLA-U).
    case oneAbove
    /// At the sustainable quality, waiting for the buffer to drain (BOLA-O).
    case strict
  }

  private let bufferMs: Double
  private let gammaP: Double
  private var controlMs: Double
  private var seekSegment: Int32
  private var lastQuality: Int16
  private let basic: Bool
  private let cap: OscillationCap

  /// A rule for a buffer of `bufferMs` milliseconds.
  ///
  /// - Parameters:
  ///   - bufferMs: buffer capacity in milliseconds, more than one segment.
  ///   - gammaP: weight of a stall against utility; 5 by default.
  ///   - basic: fixed control parameter and no abandonment.
  ///   - cap: what to do about oscillation.
  ///   - ladder: the title's ladder.
  public init(
    bufferMs: Double, gammaP: Double = 5, basic: Bool = false, cap: OscillationCap = .oneAbove, ladder: LadderView
  ) {
    self.bufferMs = bufferMs
    self.gammaP = gammaP
    self.basic = basic
    self.cap = cap
    controlMs = (bufferMs - ladder.segmentMs) / (ladder.utility(ladder.top) + gammaP)
    seekSegment = 0
    lastQuality = 0
  }

  /// The next quality by the equations above.
  public mutating func choose(_ context: DecisionContext) -> Decision {
    let ladder = context.ladder
    if !basic {
      let nearerEnd = min(context.segment - Int(seekSegment), context.segmentCount - context.segment)
      let dynamicMs = max(Double(nearerEnd) / 2, 3) * ladder.segmentMs
      controlMs = (min(bufferMs, dynamicMs) - ladder.segmentMs) / (ladder.utility(ladder.top) + gammaP)
    }
    var quality = 0
    var best = -Double.infinity
    for candidate in 0..<ladder.count {
      let score =
        (controlMs * (ladder.utility(candidate) + gammaP) - context.levelMs) / ladder.bitrateKbps(candidate)
      if score > best {
        best = score
        quality = candidate
      }
    }
    var delayMs = 0.0
    let last = Int(lastQuality)
    if quality > last {
      let sustainable = ladder.sustainableQuality(
        throughputKbps: context.throughputKbps, latencyMs: context.latencyMs)
      if quality > sustainable {
        if last > sustainable {
          quality = last
        } else if cap == .oneAbove {
          quality = sustainable + 1
        } else {
          quality = sustainable
          if quality < ladder.top {
            delayMs = max(0, context.levelMs - controlMs * (gammaP + ladder.utility(quality)))
          }
        }
      }
    }
    lastQuality = Int16(quality)
    return Decision(quality: quality, delayMs: delayMs)
  }

  /// The abandonment test described above.
  public func considerAbandon(_ progress: DownloadProgress) -> Int? {
    guard !basic else { return nil }
    let ladder = progress.ladder
    let remaining = progress.sizeBits - progress.receivedBits
    guard progress.receivedBits > 0, remaining > 0 else { return nil }
    var best = (controlMs * (gammaP + ladder.utility(progress.quality)) - progress.levelMs) / remaining
    guard best >= 0 else { return nil }
    let currentKbps = ladder.bitrateKbps(progress.quality)
    var target: Int?
    for candidate in 0..<progress.quality {
      let bits = progress.sizeBits * ladder.bitrateKbps(candidate) / currentKbps
      let score = (controlMs * (gammaP + ladder.utility(candidate)) - progress.levelMs) / bits
      if bits < remaining, score > best {
        best = score
        target = candidate
      }
    }
    return target
  }

  /// Takes in how a request ended.
  public mutating func downloaded(_ outcome: DownloadOutcome) {
    if case .abandoned(let target) = outcome.ending { lastQuality = Int16(target) }
  }

  /// Takes in a jump of the viewer.
  public mutating func sought(segment: Int) { seekSegment = Int32(clamping: segment) }
}
