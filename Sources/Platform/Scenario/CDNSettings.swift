public import SimEngine
public import TextFormats

/// The content delivery network.
public struct CDNSettings: SettingsGroup, Equatable {
  /// Edge sites.
  public var edge = EdgeSettings()
  /// The origin that holds every title.
  public var origin = OriginSettings()

  /// One edge tier over one origin.
  public init() {}

  /// The table of `cdn`.
  public static var settings: SettingsTable<CDNSettings> {
    SettingsTable<CDNSettings>("The content delivery network.")
      .group("edge", \.edge, "Edge sites.")
      .group("origin", \.origin, "The origin that holds every title.")
  }
}

/// Edge sites: each serves its share of the viewers from its own disk.
public struct EdgeSettings: SettingsGroup, Equatable {
  /// How a site decides what to keep.
  public enum Policy: String, CaseIterable, Sendable {
    /// Keeps what was asked for last, evicts what was not asked for longest.
    case lru
    /// Keeps the files with the most expected bytes served per byte stored; nothing else enters.
    case hotTitlePlacement = "hot-title-placement"
  }

  /// What a reactive cache holds when the run starts.
  public enum Prefill: String, CaseIterable, Sendable {
    /// Nothing.
    case empty
    /// The files that placement would choose, the most popular ones most recently used.
    case popular
  }

  /// Edge sites of the whole platform.
  public var sites = 1
  /// Disk of one site.
  public var diskBytes: Int64 = 2_000_000_000_000
  /// How a site decides what to keep.
  public var policy = Policy.lru
  /// What a reactive cache holds when the run starts.
  public var prefill = Prefill.popular

  /// One LRU site.
  public init() {}

  /// The table of `cdn.edge`.
  public static var settings: SettingsTable<EdgeSettings> {
    SettingsTable<EdgeSettings>("Edge sites: each serves its share of the viewers from its own disk.")
      .integer("sites", \.sites, 1...1_000_000, "Edge sites of the whole platform.")
      .bytes("disk", \.diskBytes, 0...1_000_000_000_000_000_000, "Disk of one site.")
      .choice("policy", \.policy, "How a site decides what to keep.")
      .choice("prefill", \.prefill, "What a reactive cache holds when the run starts.")
  }
}

/// The origin: an object store that holds every segment.
public struct OriginSettings: SettingsGroup, Equatable {
  /// Mean time from a request to the first byte.
  public var service = SimDuration.milliseconds(20)
  /// Coefficient of variation of that time (lognormal).
  public var serviceCV = 1.0

  /// 20 ms on average.
  public init() {}

  /// The table of `cdn.origin`.
  public static var settings: SettingsTable<OriginSettings> {
    SettingsTable<OriginSettings>("The origin: an object store that holds every segment.")
      .duration(
        "service", \.service.nanoseconds, 0...60_000_000_000, "Mean time from a request to the first byte."
      )
      .number("service_cv", \.serviceCV, 0...10, "Coefficient of variation of that time (lognormal).")
  }
}
