public import SimEngine
public import TextFormats

/// Where viewers go whose edge site is lost.
public struct SteeringSettings: SettingsGroup, Equatable {
  /// From a request that nobody answers to the one at another site.
  public var detection = SimDuration.seconds(3)
  /// How much longer the round trip to the other site is.
  public var extraRoundTrip = SimDuration.milliseconds(20)
  /// Nearest working sites over which the viewers are spread.
  public var candidates = 2

  /// After three seconds, to the two nearest sites.
  public init() {}

  /// The table of `cdn.steering`.
  public static var settings: SettingsTable<SteeringSettings> {
    SettingsTable<SteeringSettings>("Where viewers go whose edge site is lost: to the nearest that works, by number.")
      .duration(
        "detection", \.detection.nanoseconds, 0...600_000_000_000,
        "From a request that nobody answers to the one at another site."
      )
      .duration(
        "extra_round_trip", \.extraRoundTrip.nanoseconds, 0...10_000_000_000,
        "How much longer the round trip to the other site is."
      )
      .integer("candidates", \.candidates, 1...1_000, "Nearest working sites over which the viewers are spread.")
  }
}
