import CDNModel
public import SimEngine
public import TextFormats

/// The content delivery network.
public struct CDNSettings: SettingsGroup, Equatable {
  /// Edge sites.
  public var edge = EdgeSettings()
  /// Caches between edge and origin; `nil` where edges fetch from the origin.
  public var regional: RegionalSettings?
  /// The origin that holds every title.
  public var origin = OriginSettings()
  /// What moving and keeping bytes costs.
  public var prices = PriceSettings()

  /// One edge tier over one origin.
  public init() {}

  /// The table of `cdn`.
  public static var settings: SettingsTable<CDNSettings> {
    SettingsTable<CDNSettings>("The content delivery network.")
      .group("edge", \.edge, "Edge sites.")
      .optionalGroup("regional", \.regional, "Caches between edge and origin; left out, edges fetch from the origin.")
      .group("origin", \.origin, "The origin that holds every title.")
      .group("prices", \.prices, "What moving and keeping bytes costs, in dollars.")
  }
}

/// Edge sites: each serves its share of the viewers from its own disk.
public struct EdgeSettings: SettingsGroup, Equatable {
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
  /// How a site decides what to keep: `hot-title-placement`, or any eviction policy with its parameters.
  public var policy = "lru"
  /// Which missed segments a reactive cache takes in.
  public var admission = "none"
  /// What a reactive cache holds when the run starts.
  public var prefill = Prefill.popular

  /// One LRU site.
  public init() {}

  /// The table of `cdn.edge`.
  public static var settings: SettingsTable<EdgeSettings> {
    SettingsTable<EdgeSettings>("Edge sites: each serves its share of the viewers from its own disk.")
      .integer("sites", \.sites, 1...1_000_000, "Edge sites of the whole platform.")
      .bytes("disk", \.diskBytes, 0...1_000_000_000_000_000_000, "Disk of one site.")
      .text(
        "policy", \.policy,
        "How a site decides what to keep: hot-title-placement, lru, s3fifo, sieve, wtinylfu, gdsf, ..., with parameters "
          + "after a colon."
      )
      .text(
        "admission", \.admission, "Which missed segments a reactive cache takes in: none, second-hit, size:max=Q, ..."
      )
      .choice("prefill", \.prefill, "What a reactive cache holds when the run starts.")
      .check { edge, places in
        do throws(PolicyFailure) {
          _ = try edge.makeCache(seed: 0)
          return []
        } catch {
          return [InputDiagnostic(place: places["policy"], message: error.description)]
        }
      }
  }

  /// An empty cache of one site.
  ///
  /// - Throws: `PolicyFailure` where policy or admission is unknown, or cannot work with the disk.
  func makeCache(seed: UInt64) throws(PolicyFailure) -> EdgeCache {
    try EdgeCache(
      EdgePolicy(policy, admission: admission), capacityBytes: diskBytes, tracksMissCauses: false, seed: seed)
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
