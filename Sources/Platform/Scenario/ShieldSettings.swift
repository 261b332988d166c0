import CDNModel
public import SimEngine
public import TextFormats

/// The origin shield: one cache that all regional caches ask before the origin is.
public struct ShieldSettings: SettingsGroup, Equatable {
  /// Disk.
  public var diskBytes: Int64 = 400_000_000_000_000
  /// How it decides what to keep.
  public var policy = "lru"
  /// Which missed segments it takes in.
  public var admission = "none"
  /// What it holds when the run starts: nothing, or the most popular files that the tiers below have no room for.
  public var prefill = EdgeSettings.Prefill.popular
  /// Egress to the regional caches, of the whole platform.
  public var linkBitsPerSecond: Int64 = 400_000_000_000
  /// One-way latency to the origin.
  public var originLatency = SimDuration.milliseconds(5)
  /// How long a stored segment is served without asking the origin; zero: always.
  public var timeToLive = SimDuration.zero

  /// 400 TB near the origin.
  public init() {}

  /// The table of `cdn.shield`.
  public static var settings: SettingsTable<ShieldSettings> {
    SettingsTable<ShieldSettings>("The origin shield: one cache that all regional caches ask before the origin is.")
      .bytes("disk", \.diskBytes, 0...1_000_000_000_000_000_000, "Disk.")
      .text("policy", \.policy, "How it decides what to keep, as 'cdn.edge.policy'.")
      .text("admission", \.admission, "Which missed segments it takes in, as 'cdn.edge.admission'.")
      .choice(
        "prefill", \.prefill, "What it holds at the start: the best files that the tiers below have no room for."
      )
      .bitRate(
        "link", \.linkBitsPerSecond, 1_000...1_000_000_000_000_000, "Egress to the regional caches, whole platform."
      )
      .duration(
        "origin_latency", \.originLatency.nanoseconds, 100_000...10_000_000_000, "One-way latency to the origin."
      )
      .duration(
        "ttl", \.timeToLive.nanoseconds, 0...2_592_000_000_000_000,
        "How long a stored segment is served without asking the origin whether it changed; 0s: always."
      )
      .check { shield, places in
        do throws(PolicyFailure) {
          _ = try shield.cache.makeCache(seed: 0)
          return []
        } catch {
          return [InputDiagnostic(place: places["policy"], message: error.description)]
        }
      }
  }

  /// The shield as a cache of the tier below it would be described.
  var cache: RegionalSettings {
    var settings = RegionalSettings()
    settings.count = 1
    settings.diskBytes = diskBytes
    settings.policy = policy
    settings.admission = admission
    settings.prefill = prefill
    settings.linkBitsPerSecond = linkBitsPerSecond
    settings.originLatency = originLatency
    settings.timeToLive = timeToLive
    return settings
  }
}
