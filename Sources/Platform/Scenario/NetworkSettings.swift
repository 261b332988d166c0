public import SimEngine
public import TextFormats

/// Links and latencies.
public struct NetworkSettings: SettingsGroup, Equatable {
  /// Capacity of the link that all viewers of one edge site share.
  public var edgeBitsPerSecond: Int64 = 25_000_000_000
  /// Capacity of the origin's egress, of the whole platform.
  public var originBitsPerSecond: Int64 = 1_000_000_000_000
  /// Rate that one fetch from the origin reaches at most.
  public var fetchBitsPerSecond: Int64 = 1_000_000_000
  /// One-way latency between an edge site and the core; it is also the lookahead of the simulation.
  public var backhaulLatency = SimDuration.milliseconds(15)

  /// 25 Gbit/s a site.
  public init() {}

  /// The table of `network`.
  public static var settings: SettingsTable<NetworkSettings> {
    SettingsTable<NetworkSettings>("Links and latencies.")
      .bitRate(
        "edge_link", \.edgeBitsPerSecond, 1_000...1_000_000_000_000_000, "Link that the viewers of a site share."
      )
      .bitRate(
        "origin_link", \.originBitsPerSecond, 1_000...1_000_000_000_000_000, "The origin's egress, whole platform."
      )
      .bitRate(
        "fetch_rate", \.fetchBitsPerSecond, 1_000...1_000_000_000_000, "Rate that one fetch from the origin reaches."
      )
      .duration(
        "backhaul_latency", \.backhaulLatency.nanoseconds, 100_000...10_000_000_000,
        "One-way latency between an edge site and the core.")
  }
}
