import CDNModel
public import SimEngine
public import TextFormats

/// Regional caches between edge sites and origin: each serves a block of neighbouring sites.
public struct RegionalSettings: SettingsGroup, Equatable {
  /// Regional caches of the whole platform.
  public var count = 4
  /// Disk of one.
  public var diskBytes: Int64 = 100_000_000_000_000
  /// How it decides what to keep.
  public var policy = "lru"
  /// Which missed segments it takes in.
  public var admission = "none"
  /// What it holds when the run starts: nothing, or the most popular files that the edges have no room for.
  public var prefill = EdgeSettings.Prefill.popular
  /// Egress to its edge sites.
  public var linkBitsPerSecond: Int64 = 100_000_000_000
  /// One-way latency to the origin, or to the shield before it.
  public var originLatency = SimDuration.milliseconds(30)
  /// Memory of one in front of its disk.
  public var memoryBytes: Int64 = 0
  /// Time to the first byte of a segment that is read from disk.
  public var diskLatency = SimDuration.zero
  /// How long a stored segment is served without asking the next tier; zero: always.
  public var timeToLive = SimDuration.zero

  /// Four of 100 TB.
  public init() {}

  /// The table of `cdn.regional`.
  public static var settings: SettingsTable<RegionalSettings> {
    SettingsTable<RegionalSettings>("Regional caches between edge sites and origin: each serves neighbouring sites.")
      .integer("count", \.count, 1...100_000, "Regional caches of the whole platform.")
      .bytes("disk", \.diskBytes, 0...1_000_000_000_000_000_000, "Disk of one.")
      .text("policy", \.policy, "How it decides what to keep: lru, s3fifo, sieve, gdsf, ..., as 'cdn.edge.policy'.")
      .text("admission", \.admission, "Which missed segments it takes in, as 'cdn.edge.admission'.")
      .choice(
        "prefill", \.prefill, "What it holds at the start: the most popular files that the edges have no room for."
      )
      .bitRate("link", \.linkBitsPerSecond, 1_000...1_000_000_000_000_000, "Egress of one to its edge sites.")
      .duration(
        "origin_latency", \.originLatency.nanoseconds, 100_000...10_000_000_000,
        "One-way latency to the origin, or to the shield."
      )
      .bytes("memory", \.memoryBytes, 0...1_000_000_000_000_000, "Memory of one in front of its disk.")
      .duration(
        "disk_latency", \.diskLatency.nanoseconds, 0...10_000_000_000,
        "Time to the first byte of a segment that is read from disk."
      )
      .duration(
        "ttl", \.timeToLive.nanoseconds, 0...2_592_000_000_000_000,
        "How long a stored segment is served without asking the next tier whether it changed; 0s: always."
      )
      .check { regional, places in
        do throws(PolicyFailure) {
          _ = try regional.makeCache(seed: 0)
          return []
        } catch {
          return [InputDiagnostic(place: places["policy"], message: error.description)]
        }
      }
  }

  /// What one is made of.
  var equipment: CacheEquipment {
    var equipment = CacheEquipment()
    equipment.memoryBytes = memoryBytes
    equipment.timeToLive = timeToLive > .zero ? timeToLive.nanoseconds : nil
    return equipment
  }

  /// An empty cache of this kind.
  func makeCache(seed: UInt64) throws(PolicyFailure) -> EdgeCache {
    try EdgeCache(
      EdgePolicy(policy, admission: admission), capacityBytes: diskBytes, tracksMissCauses: true, seed: seed)
  }
}
