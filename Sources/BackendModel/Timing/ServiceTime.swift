public import SimEngine
public import TextFormats

/// How long a piece of work takes: a mean, a spread and a shape.
public struct ServiceTime: SettingsGroup, Hashable {
  /// Shape of the distribution.
  public enum Shape: String, CaseIterable, Sendable {
    /// Skewed to the right, by mean and coefficient of variation.
    case lognormal
    /// Memoryless; the coefficient of variation is 1.
    case exponential
    /// Always the mean.
    case constant
  }

  /// Mean.
  public var mean = SimDuration.milliseconds(5)
  /// Coefficient of variation of the lognormal shape.
  public var cv = 1.0
  /// Shape.
  public var shape = Shape.lognormal

  /// 5 ms on average, lognormal.
  public init() {}

  /// A service time.
  public init(mean: SimDuration, cv: Double = 1, shape: Shape = .lognormal) {
    self.mean = mean
    self.cv = cv
    self.shape = shape
  }

  /// The table of a service time.
  public static var settings: SettingsTable<ServiceTime> {
    SettingsTable<ServiceTime>("How long a piece of work takes.")
      .duration("mean", \.mean.nanoseconds, 0...2_592_000_000_000_000, "Mean.")
      .number("cv", \.cv, 0...10, "Coefficient of variation (lognormal only).")
      .choice("shape", \.shape, "Shape of the distribution.")
  }
}

/// Draws service times of one kind from a stream of its own.
struct ServiceSampler: Sendable {
  /// No service takes longer than this many means; it bounds what a lognormal tail can do to a station.
  private static let longestOverMean = 1e4

  private let time: ServiceTime
  private let lognormal: LognormalShape
  private(set) var stream: RandomStream

  init(_ time: ServiceTime, _ stream: RandomStream) {
    self.time = time
    lognormal = LognormalShape(mean: 1, cv: time.cv)
    self.stream = stream
  }

  /// A service time, `slowness` times as long as usual; one draw, none for a constant.
  mutating func draw(slowness: Double = 1) -> SimDuration {
    guard time.mean > .zero else { return .zero }
    let factor =
      switch time.shape {
      case .constant: 1.0
      case .exponential: stream.exponential(mean: 1)
      case .lognormal: stream.lognormal(mu: lognormal.mu, sigma: lognormal.sigma)
      }
    return time.mean.scaled(by: min(factor, Self.longestOverMean) * slowness)
  }
}
