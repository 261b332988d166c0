// Sabre's command line as a value.

/// The options of a session in Sabre's semantics, with Sabre's defaults.
public struct SabreOptions: Sendable, Equatable {
  /// How throughput and latency are averaged.
  public enum Estimator: Sendable, Equatable {
    /// Exponential averages with half lives in seconds.
    case ewma([Double])
    /// Means over the last so many requests.
    case sliding([Int])
  }

  /// Which buffered segment a better choice may replace.
  public enum Replacement: String, Sendable, CaseIterable {
    /// None.
    case none
    /// The first that is worse.
    case left
    /// The last that is worse.
    case right
  }

  /// A jump of the viewer.
  public struct Seek: Sendable, Equatable {
    /// Media time of the next request at which the viewer jumps, in seconds.
    public var whenSeconds: Double
    /// Media time jumped to, in seconds.
    public var toSeconds: Double

    /// A jump from one media time to another, in seconds.
    public init(whenSeconds: Double, toSeconds: Double) {
      self.whenSeconds = whenSeconds
      self.toSeconds = toSeconds
    }
  }

  /// Buffer capacity in seconds (`-b`).
  public var bufferSeconds = 25.0
  /// Averages (`-ma`, `-hl`, `-ws`).
  public var estimator = Estimator.ewma([3, 8])
  /// Whether downloads may be abandoned (not `-noa`).
  public var abandons = true
  /// Replacement (`-r`).
  public var replacement = Replacement.none
  /// Factor on every bandwidth (`-nm`).
  public var networkMultiplier = 1.0
  /// Length of the title in seconds (`-ml`); the size table repeats.
  ///
  /// `nil` for the title as it is.
  public var movieSeconds: Double?
  /// Jump (`-s`).
  public var seek: Seek?

  /// Sabre's defaults.
  public init() {}
}
