// Dynamic: throughput while the buffer is short, BOLA once it is long.

/// DYNAMIC (Spiteri, Sitaraman, Sparacio, MMSys 2018, section 5): BOLA above a 10 s buffer, Throughput below.
///
/// Both rules decide every time, so that each keeps its state; the switch to BOLA also needs BOLA to ask for at least as
/// much as Throughput, the switch back needs it to ask for less. Downloads are abandoned by Throughput's test.
/// State: 58 bytes.
public struct DynamicRule: AdaptationRule {
  /// Whether jumps are told to the rules inside.
  public enum SeekHandling: UInt8, BitwiseCopyable, Sendable {
    /// Both rules hear of a jump.
    case forwarded
    /// Neither does, as in Sabre.
    case ignored
  }

  private var bola: BolaRule
  private var throughput: ThroughputRule
  private var usesBola = false
  private let seeks: SeekHandling

  static let thresholdMs = 10_000.0

  /// A rule from its two halves.
  public init(bola: BolaRule, throughput: ThroughputRule, seeks: SeekHandling = .forwarded) {
    self.bola = bola
    self.throughput = throughput
    self.seeks = seeks
  }

  /// The next quality by the equations above.
  public mutating func choose(_ context: DecisionContext) -> Decision {
    let byBuffer = bola.choose(context)
    let byThroughput = throughput.choose(context)
    if usesBola {
      if context.levelMs < Self.thresholdMs, byBuffer.quality < byThroughput.quality { usesBola = false }
    } else if context.levelMs > Self.thresholdMs, byBuffer.quality >= byThroughput.quality {
      usesBola = true
    }
    return usesBola ? byBuffer : byThroughput
  }

  /// The abandonment test described above.
  public func considerAbandon(_ progress: DownloadProgress) -> Int? { throughput.considerAbandon(progress) }

  /// Takes in how a request ended.
  public mutating func downloaded(_ outcome: DownloadOutcome) {
    if outcome.isReplacement { usesBola = false }
  }

  /// Takes in a jump of the viewer.
  public mutating func sought(segment: Int) {
    guard seeks == .forwarded else { return }
    bola.sought(segment: segment)
    throughput.sought(segment: segment)
  }
}

/// DYNAMIC as dash.js shipped it: BOLA-E above a 10 s buffer, Throughput below 5 s, the active one kept between.
///
/// Only the active rule decides and abandons; both hear what happened. State: 58 bytes.
public struct DynamicDashRule: AdaptationRule {
  private var bola: BolaERule
  private var throughput: ThroughputRule
  private var usesBola = false
  private let seeks: DynamicRule.SeekHandling

  static let lowMs = 5_000.0
  static let highMs = 10_000.0

  /// A rule from its two halves.
  public init(bola: BolaERule, throughput: ThroughputRule, seeks: DynamicRule.SeekHandling = .forwarded) {
    self.bola = bola
    self.throughput = throughput
    self.seeks = seeks
  }

  /// The next quality by the equations above.
  public mutating func choose(_ context: DecisionContext) -> Decision {
    if usesBola {
      if context.levelMs < Self.lowMs { usesBola = false }
    } else if context.levelMs > Self.highMs {
      usesBola = true
    }
    return usesBola ? bola.choose(context) : throughput.choose(context)
  }

  /// The abandonment test described above.
  public func considerAbandon(_ progress: DownloadProgress) -> Int? {
    usesBola ? bola.considerAbandon(progress) : throughput.considerAbandon(progress)
  }

  /// Takes in how a request ended.
  public mutating func downloaded(_ outcome: DownloadOutcome) {
    bola.downloaded(outcome)
    throughput.downloaded(outcome)
  }

  /// Takes in time idled on a full buffer.
  public mutating func waited(milliseconds: Double) {
    bola.waited(milliseconds: milliseconds)
    throughput.waited(milliseconds: milliseconds)
  }

  /// Takes in a jump of the viewer.
  public mutating func sought(segment: Int) {
    guard seeks == .forwarded else { return }
    bola.sought(segment: segment)
    throughput.sought(segment: segment)
  }
}
