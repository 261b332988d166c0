import CDNModel
public import SimEngine
public import TextFormats

/// The content delivery network.
public struct CDNSettings: SettingsGroup, Equatable {
  /// Edge sites.
  public var edge = EdgeSettings()
  /// Caches between edge and origin; `nil` where edges fetch from the origin.
  public var regional: RegionalSettings?
  /// One cache between regional caches and origin; `nil` where regional caches fetch from the origin.
  public var shield: ShieldSettings?
  /// Where viewers go whose edge site is lost; `nil` where they have no other site.
  public var steering: SteeringSettings?
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
      .optionalGroup(
        "shield", \.shield, "One cache between regional caches and origin; left out, they fetch from the origin."
      )
      .optionalGroup(
        "steering", \.steering, "Where viewers go whose edge site is lost; left out, they have no other site."
      )
      .group("origin", \.origin, "The origin that holds every title.")
      .group("prices", \.prices, "What moving and keeping bytes costs, in dollars.")
      .check { cdn, places in
        guard cdn.shield != nil, cdn.regional == nil else { return [] }
        return [
          InputDiagnostic(
            place: places["shield"], message: "shields the origin from regional caches, of which there are none",
            suggestion: "add 'regional'")
        ]
      }
  }
}

extension CDNSettings {
  /// One way between the origin and the tier that asks it, where there is one between edge and origin.
  var latencyBelowOrigin: SimDuration? { shield?.originLatency ?? regional?.originLatency }

  /// One way between an edge site and what stands above its regional cache, which it asks while that is lost.
  func latencyPastRegional(backhaul: SimDuration) -> SimDuration {
    backhaul + (regional?.originLatency ?? .zero)
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
  /// Cache servers of one site, which share its disk and memory equally.
  public var servers = 1
  /// Requests in flight at one server over the mean, at most.
  public var loadFactor = 1.25
  /// What is spread over the servers.
  public var spread = Spread.file
  /// Memory of one site in front of its disk.
  public var memoryBytes: Int64 = 0
  /// Hits on disk that bring a segment into memory.
  public var promotionHits = 1
  /// Time to the first byte of a segment that is read from disk.
  public var diskLatency = SimDuration.zero
  /// How long a stored segment is served without asking the next tier; zero: always.
  public var timeToLive = SimDuration.zero

  /// How hot-title placement foretells the demand.
  public var forecaster = "demand"
  /// How often a forecaster has a site filled anew.
  public var refillInterval = SimDuration.seconds(3_600)
  /// Rate at which a site is filled.
  public var fillBitsPerSecond: Int64 = 1_200_000_000
  /// Share of the placed bytes for further copies of the most popular files.
  public var replicaShare = 0.0
  /// Segments at the beginning of each file that are kept for good.
  public var prefixSegments = 0
  /// Share of the disk for these prefixes.
  public var prefixShare = 0.1
  /// Segments that are fetched ahead of a viewer.
  public var prefetch = 0

  /// What is spread over the servers of a site.
  public enum Spread: String, CaseIterable, Sendable {
    /// Each segment for itself.
    case segment
    /// All segments of a rendition together.
    case file
    /// All renditions of a title together.
    case title

    /// The keys that the ring of servers sees.
    var scope: SegmentScope {
      switch self {
      case .segment: .segment
      case .file: .file
      case .title: .title
      }
    }
  }

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
      .integer("servers", \.servers, 1...250, "Cache servers of one site, which share its disk and memory equally.")
      .number(
        "load_factor", \.loadFactor, 1...100,
        "Requests in flight at one server over the mean, at most; beyond it the next server takes a request."
      )
      .choice("spread", \.spread, "What consistent hashing spreads over the servers.")
      .bytes("memory", \.memoryBytes, 0...1_000_000_000_000_000, "Memory of one site in front of its disk.")
      .integer("promotion_hits", \.promotionHits, 1...2, "Hits on disk that bring a segment into memory.")
      .duration(
        "disk_latency", \.diskLatency.nanoseconds, 0...10_000_000_000,
        "Time to the first byte of a segment that is read from disk."
      )
      .duration(
        "ttl", \.timeToLive.nanoseconds, 0...2_592_000_000_000_000,
        "How long a stored segment is served without asking the next tier whether it changed; 0s: always."
      )
      .text(
        "forecaster", \.forecaster,
        "How hot-title-placement foretells: demand (knows the rates of the scenario), last-window, average:weight=0.1, "
          + "learned:model=FILE,precision=w8a8."
      )
      .duration(
        "refill", \.refillInterval.nanoseconds, 1_000_000_000...86_400_000_000_000,
        "How often a forecaster has a site filled anew."
      )
      .bitRate("fill_rate", \.fillBitsPerSecond, 1_000...1_000_000_000_000, "Rate at which a site is filled.")
      .fraction(
        "replica_share", \.replicaShare, 0...1,
        "Share of the bytes that hot-title-placement fills for further copies of the most popular files, on other "
          + "servers of the site; 0: each file on one server."
      )
      .integer(
        "prefix_segments", \.prefixSegments, 0...100_000,
        "Segments at the beginning of each file that are kept for good, the most worthwhile files first."
      )
      .fraction("prefix_share", \.prefixShare, 0...1, "Share of the disk for these prefixes.")
      .integer(
        "prefetch", \.prefetch, 0...1_000, "Segments that a site fetches ahead of the one that a viewer asks for."
      )
      .check { edge, places in
        do throws(PolicyFailure) {
          let cache = try edge.makeCache(seed: 0)
          if cache.pinnedCapacityBytes == 0, edge.forecaster != "demand" {
            return [
              InputDiagnostic(
                place: places["forecaster"], message: "foretells for a placement, but the policy is \(edge.policy)",
                suggestion: "\"policy\": \"hot-title-placement\"")
            ]
          }
          let placesFiles = cache.pinnedCapacityBytes > 0
          if edge.replicaShare > 0, !placesFiles || edge.servers == 1 {
            return [
              InputDiagnostic(
                place: places["replica_share"],
                message: placesFiles
                  ? "copies files to other servers, but a site has one"
                  : "copies placed files, but the policy is \(edge.policy)",
                suggestion: placesFiles ? "\"servers\": 4" : "\"policy\": \"hot-title-placement\"")
            ]
          }
          guard edge.servers > 1, edge.spread == .segment, placesFiles || edge.prefixSegments > 0 else { return [] }
          let what = placesFiles ? "\(edge.policy) places whole files" : "prefixes are parts of whole files"
          return [
            InputDiagnostic(
              place: places["spread"], message: "\(what), so servers cannot share them",
              suggestion: "\"file\" or \"title\"")
          ]
        } catch {
          return [InputDiagnostic(place: places["policy"], message: error.description)]
        }
      }
      .check { edge, places in
        do throws(PolicyFailure) {
          _ = try edge.forecasterChoice
          return []
        } catch {
          return [InputDiagnostic(place: places["forecaster"], message: error.description)]
        }
      }
  }

  /// The forecaster of the placement; `nil` where it knows the demand.
  var forecasterChoice: ForecasterChoice? {
    get throws(PolicyFailure) { forecaster == "demand" ? nil : try ForecasterChoice(forecaster) }
  }

  /// An empty cache of one server.
  ///
  /// - Throws: `PolicyFailure` where policy or admission is unknown, or cannot work with the disk.
  func makeCache(seed: UInt64) throws(PolicyFailure) -> EdgeCache {
    try EdgeCache(
      EdgePolicy(policy, admission: admission), capacityBytes: diskBytes / Int64(servers),
      prefixShare: prefixSegments > 0 ? prefixShare : 0, tracksMissCauses: true, seed: seed)
  }

  /// What a site is made of.
  var equipment: CacheEquipment {
    var equipment = CacheEquipment()
    equipment.servers = servers
    equipment.loadFactor = loadFactor
    equipment.spread = spread.scope
    equipment.memoryBytes = memoryBytes
    equipment.promotionHits = promotionHits
    equipment.replicaShare = replicaShare
    equipment.timeToLive = timeToLive > .zero ? timeToLive.nanoseconds : nil
    return equipment
  }
}

/// The origin: an object store that holds every segment.
public struct OriginSettings: SettingsGroup, Equatable {
  /// Mean time from a request to the first byte.
  public var service = SimDuration.milliseconds(20)
  /// Coefficient of variation of that time (lognormal).
  public var serviceCV = 1.0
  /// How long an edge site waits before it asks again for what the origin failed to give.
  public var retryAfter = SimDuration.seconds(1)

  /// 20 ms on average.
  public init() {}

  /// The table of `cdn.origin`.
  public static var settings: SettingsTable<OriginSettings> {
    SettingsTable<OriginSettings>("The origin: an object store that holds every segment.")
      .duration(
        "service", \.service.nanoseconds, 0...60_000_000_000, "Mean time from a request to the first byte."
      )
      .number("service_cv", \.serviceCV, 0...10, "Coefficient of variation of that time (lognormal).")
      .duration(
        "retry_after", \.retryAfter.nanoseconds, 1_000_000...600_000_000_000,
        "How long an edge site waits before it asks again for what the origin failed to give.")
  }
}
