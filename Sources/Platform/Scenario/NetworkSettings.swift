import NetModel
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
  /// How connections between players and edge start.
  public var tcp = TCPSettings()
  /// Capacity trace that every edge link follows, scaled to the mean `edge_link`; empty: constant.
  public var edgeTrace = ""
  /// Traffic of others that comes and goes on every edge link.
  public var crossTraffic: CrossTrafficSettings?

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
        "One-way latency between an edge site and the core."
      )
      .group("tcp", \.tcp, "How connections between players and edge start.")
      .text(
        "edge_trace", \.edgeTrace,
        "Trace (Sabre JSON, Pensieve or Mahimahi), relative to the scenario file, that every edge link follows from a "
          + "moment of its own, scaled so that its mean is 'edge_link'."
      )
      .optionalGroup("cross_traffic", \.crossTraffic, "Traffic of others that comes and goes on every edge link.")
      .check { network, places in
        network.edgeTrace.isEmpty || network.crossTraffic == nil
          ? []
          : [InputDiagnostic(place: places["cross_traffic"], message: "a link follows 'edge_trace' or this, not both")]
      }
  }
}

/// TCP between players and edge: slow start in a fluid network (docs/models/network.md).
public struct TCPSettings: SettingsGroup, Equatable {
  /// Segments that a new connection may send before the first acknowledgement.
  public var initialWindow: Int64 = 10
  /// Idle time after which the window falls back to the initial one; zero: never.
  public var restartAfterIdle = SimDuration.zero

  /// Ten segments, windows kept while idle.
  public init() {}

  /// The table of `network.tcp`.
  public static var settings: SettingsTable<TCPSettings> {
    SettingsTable<TCPSettings>("TCP between players and edge: slow start in a fluid network.")
      .integer(
        "initial_window", \.initialWindow, 1...1_000,
        "Segments of 1448 bytes that a new connection may send before the first acknowledgement."
      )
      .duration(
        "restart_after_idle", \.restartAfterIdle.nanoseconds, 0...3_600_000_000_000,
        "Idle time after which a connection starts anew with the initial window; 0s: never.")
  }

  /// The stack that these settings describe.
  var profile: TCPProfile {
    var profile = TCPProfile()
    profile.initialWindowSegments = initialWindow
    profile.restartAfterIdle = restartAfterIdle > .zero ? restartAfterIdle : nil
    return profile
  }
}

/// Traffic of others on an edge link: on and off for exponential times.
public struct CrossTrafficSettings: SettingsGroup, Equatable {
  /// Share of the link that it takes while it is on.
  public var share = 0.2
  /// Mean time for which it is on.
  public var meanOn = SimDuration.milliseconds(30_000)
  /// Mean time for which it is off.
  public var meanOff = SimDuration.milliseconds(60_000)

  /// A fifth of the link, a third of the time.
  public init() {}

  /// The table of `network.cross_traffic`.
  public static var settings: SettingsTable<CrossTrafficSettings> {
    SettingsTable<CrossTrafficSettings>("Traffic of others on an edge link: on and off for exponential times.")
      .fraction("share", \.share, 0...1, "Share of the link that it takes while it is on.")
      .duration("mean_on", \.meanOn.nanoseconds, 1_000_000...86_400_000_000_000, "Mean time for which it is on.")
      .duration("mean_off", \.meanOff.nanoseconds, 1_000_000...86_400_000_000_000, "Mean time for which it is off.")
  }
}
