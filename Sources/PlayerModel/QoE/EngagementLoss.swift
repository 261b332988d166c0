// What bad quality costs in viewing, by published coefficients.

/// Viewing lost to startup delay and rebuffering (Krishnan, Sitaraman, "Video Stream Quality Impacts Viewer Behavior",
/// IMC 2012).
///
/// The study's causal estimates: beyond 2 s of startup each further second makes another 5.8 % of the viewers leave; a
/// viewer who stalls for 1 % of the title's duration watches 5 % less. Both are averages over many viewers; they say
/// nothing about one of them.
public struct EngagementLoss: Sendable, Equatable {
  /// Startup that costs nothing, in seconds.
  public var startupGraceSeconds = 2.0
  /// Share of viewers who leave for each further second of startup.
  public var leavingPerStartupSecond = 0.058
  /// Share of viewing lost for each percent of rebuffering.
  public var viewingLostPerPercentStalled = 0.05

  /// The published coefficients.
  public init() {}

  /// Share of viewers who leave before the first frame, 0 to 1.
  public func leavingShare(startupSeconds: Double) -> Double {
    min(1, max(0, startupSeconds - startupGraceSeconds) * leavingPerStartupSecond)
  }

  /// Share of viewing lost by those who stay, 0 to 1; `rebufferRatio` is stalled time over the title's duration.
  public func viewingLoss(rebufferRatio: Double) -> Double {
    min(1, max(0, rebufferRatio) * 100 * viewingLostPerPercentStalled)
  }

  /// Share of the possible viewing that is lost in all.
  public func totalLoss(startupSeconds: Double, rebufferRatio: Double) -> Double {
    1 - (1 - leavingShare(startupSeconds: startupSeconds)) * (1 - viewingLoss(rebufferRatio: rebufferRatio))
  }
}
