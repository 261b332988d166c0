// What all sessions of one kind of player have in common. Shared by the sessions, so it costs them nothing.

public import SimEngine

/// How a player estimates its network.
public enum EstimatorSettings: Sendable, Equatable {
  /// A fast and a slow exponential average with half lives in seconds of transfer.
  case dualEwma(fastSeconds: Double, slowSeconds: Double)
  /// A summary of the last transfers, at most five.
  case recent(RecentSamples.Summary, window: Int)

  /// An estimator without samples.
  public func makeEstimator() -> ThroughputEstimator {
    switch self {
    case .dualEwma(let fast, let slow):
      .dualEwma(DualEwma(fastHalfLifeSeconds: fast, slowHalfLifeSeconds: slow))
    case .recent(let summary, let window): .recent(RecentSamples(summary, window: window))
    }
  }
}

/// The parameters of a player: rule, estimator, buffer marks.
public struct PlayerSettings: Sendable, Equatable {
  /// The bitrate rule.
  public var abr = AbrName.bola
  /// Options of the rule.
  public var options = RuleOptions()
  /// How the network is estimated.
  public var estimator = EstimatorSettings.dualEwma(fastSeconds: 3, slowSeconds: 8)
  /// What is believed of the network before the first transfer, in kbit/s.
  public var initialThroughputKbps = 1000.0
  /// Bytes that must have arrived before the estimator is believed.
  public var trustedAfterBytes: Int64 = 0
  /// Most media the buffer takes.
  public var bufferCapacity = SimDuration.seconds(25)
  /// Buffered media that starts playback; the first segment starts it if this is zero.
  public var startThreshold = SimDuration.zero
  /// Buffered media that ends a stall or a jump; the first segment ends it if this is zero.
  public var resumeThreshold = SimDuration.zero
  /// Distance to the live edge; the buffer can never hold more than it.
  ///
  /// `nil` for a title on demand.
  public var liveLatency: SimDuration?

  /// BOLA with a 25 s buffer, playing as soon as a segment is there.
  public init() {}

  /// A player as its makers configured it, or a rule with the default buffer.
  ///
  /// Sources and what is left out stand in docs/models/players.md, section "Presets".
  public static func standard(for abr: AbrName) -> PlayerSettings {
    var settings = PlayerSettings()
    settings.abr = abr
    switch abr {
    case .dashJs:
      settings.bufferCapacity = .seconds(18)
      settings.options.insufficientBufferFactor = 0.7
    case .hlsJs:
      settings.bufferCapacity = .seconds(30)
      settings.estimator = .dualEwma(fastSeconds: 3, slowSeconds: 9)
      settings.initialThroughputKbps = 500
    case .shaka:
      settings.bufferCapacity = .seconds(10)
      settings.resumeThreshold = .seconds(2)
      settings.startThreshold = .seconds(2)
      settings.estimator = .dualEwma(fastSeconds: 2, slowSeconds: 5)
      settings.initialThroughputKbps = 500
      settings.trustedAfterBytes = 128_000
    case .media3:
      settings.bufferCapacity = .seconds(50)
      settings.startThreshold = .seconds(1)
      settings.resumeThreshold = .seconds(2)
      settings.estimator = .recent(.weightedMedian, window: RecentSamples.largestWindow)
      settings.trustedAfterBytes = 512 * 1024
    case .stagefright:
      settings.bufferCapacity = .seconds(30)
      settings.startThreshold = .milliseconds(1500)
      settings.resumeThreshold = .seconds(5)
      settings.estimator = .recent(.mean, window: 3)
    case .bba2: settings.bufferCapacity = .seconds(240)
    case .robustMpc, .robustMpcStrict:
      settings.estimator = .recent(.harmonicMean, window: RecentSamples.largestWindow)
    case .bola, .bolaE, .throughput, .dynamic, .dynamicDash, .bufferBased, .fixed, .neural: break
    }
    return settings
  }

  /// Capacity that is really usable: never below two segments, never beyond the live edge.
  ///
  /// A low-latency player cannot buffer what does not exist yet, which is what caps its rule.
  public func usableCapacity(segmentDuration: SimDuration) -> SimDuration {
    max(segmentDuration * 2, min(bufferCapacity, liveLatency ?? bufferCapacity))
  }
}
