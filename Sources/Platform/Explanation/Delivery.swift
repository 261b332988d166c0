import CDNModel
import SimEngine

/// What the viewers download, and from where.
///
/// Rows that are compared with a run speak of the slice that it simulates: a regional cache of a slice has its share of
/// the disk, but the same titles to store, so that it misses more than the whole one would.
struct Delivery {
  private(set) var rows: [ExplanationRow]
  /// What the caches of the simulated slice come to.
  let tiers: TierCourses
  /// Mean size of a segment of the files that an edge site would best store.
  let meanSegmentBytes: Double
  private let bufferS: Double
  private let segmentS: Double

  /// Segments a second of an audience; a session that ends before its title throws away what lies in the buffer.
  func segmentRequests(of audience: Audience) -> Double { downloading(audience) / segmentS }

  /// Seconds of media a second.
  private func downloading(_ audience: Audience) -> Double {
    audience.concurrency + audience.perSecond * audience.leavesEarly * bufferS
  }

  init(scenario: Scenario, pattern: SegmentPattern, audience: Audience) {
    let catalog = Catalog(
      settings: scenario.catalog, premiere: scenario.viewers.premiere, media: pattern, seed: UInt64(scenario.seed))
    let rungs = catalog.rungBitsPerSecond
    let patternS = pattern.segmentDuration.seconds * Double(pattern.patternLength)
    let audio = Double(pattern.audioBytes.reduce(0, +)) * 8 / patternS
    // Each viewer plays the best file that device and access carry.
    let viewerShares = RepresentationShares(viewers: scenario.viewers, catalog: catalog, knowsComplexity: true) {
      $0 + audio <= $1
    }
    let rates = catalog.codecRates.flatMap { rate in rungs.map { $0 * rate } }
    let popularity = catalog.popularity.reduce(0, +)
    var video = 0.0
    for title in 0..<catalog.titleCount where catalog.popularity[title] > 0 {
      let mean = zip(viewerShares.shares(ofTitle: title), rates).reduce(0) { $0 + $1.0 * $1.1 }
      video += catalog.popularity[title] / popularity * mean * catalog.complexities[title]
    }
    bufferS = scenario.player.bufferTarget.seconds
    segmentS = pattern.segmentDuration.seconds
    let downloading = audience.concurrency + audience.perSecond * audience.leavesEarly * bufferS
    let egress = downloading * (video + audio)
    let scale = PlatformScale(scenario: scenario)
    let pieces = FilePieces(scenario: scenario, catalog: catalog, viewerShares)
    let edgeBytes = Double(scenario.cdn.edge.diskBytes)
    let edge = CacheCourse(
      pieces, askers: .init(asked: pieces.asked, count: 1, keepSince: nil), capacity: edgeBytes,
      start: scenario.cdn.edge.prefill == .popular ? pieces.filling(edgeBytes, skipping: 0) : [],
      observedFrom: scenario.warmup.seconds)
    meanSegmentBytes = pieces.meanSegmentBytes(of: pieces.filling(edgeBytes, skipping: 0))
    let slice = TierCourses(scenario: scenario, scale: scale, pieces: pieces, edge: edge)
    tiers = slice
    let hours = (0..<catalog.titleCount).reduce(0.0) {
      $0 + catalog.mediaTime(segments: Int(catalog.segmentCounts[$1])).seconds / 3_600
    }
    let encoded = Self.encoded(catalog)
    let ladder = rungs.reduce(0, +) * encoded.rates + audio * Double(rungs.count) * encoded.copies
    rows = [
      ExplanationRow(
        "bitrate", "kbit/s", video / 1_000, "sum over access and device classes of share x best file that they carry",
        source: .init("player", "mean_bitrate_kbps", per: .none),
        caution: "rules start low and stay below the last rung that fits"),
      ExplanationRow(
        "segment_requests", "1/s", downloading / pattern.segmentDuration.seconds,
        "(concurrency + sessions x leave early x buffer) / segment length",
        source: .init("cdn", "requests", per: .shareAndTime),
        caution: "short views throw away less than a whole buffer; abandoned downloads ask twice"),
      ExplanationRow(
        "egress", "Gbit/s", egress / 1e9, "(concurrency + sessions x leave early x buffer) x (bitrate + audio)",
        source: .init("network", "edge_gbps", per: .share)),
      ExplanationRow(
        "edge_links", "", egress / Double(scenario.network.edgeBitsPerSecond) / 0.8,
        "egress / (80 % of one site's link); \(scenario.cdn.edge.sites) sites are there"),
      ExplanationRow(
        "hit_ratio", "", slice.edgeHit,
        "LRU from the prefilled files on: asked for since the characteristic time, or filled and not yet replaced",
        source: .init("cdn", "byte_hit_ratio", per: .none),
        caution: "other policies than LRU; players ask for other renditions than the best; failures of caches"),
      ExplanationRow(
        "storage", "TB", hours * 3_600 * ladder / 8 / 1e12,
        "\(Int(hours.rounded())) h of titles x sum of the ladder (\(Int(ladder / 1_000)) kbit/s), "
          + (catalog.codecRates.count == 1 ? "one codec" : "\(catalog.codecRates.count) codecs")),
    ]
    rows.insert(
      contentsOf: Self.tierRows(scenario, scale, egress: egress, slice: slice, pieces: pieces, edge: edge),
      at: rows.count - 1)
  }

  /// The caches above the edge and the origin, as the slice has them and, where that differs, as the platform has.
  private static func tierRows(
    _ scenario: Scenario, _ scale: PlatformScale, egress: Double, slice: TierCourses, pieces: FilePieces,
    edge: CacheCourse
  ) -> [ExplanationRow] {
    let caution =
      "renditions that hardly anybody plays miss most, and which these are depends on the player; coalesced fetches"
    let path = "egress x (1 - hit ratio)" + (slice.regionalHit == nil ? "" : " x (1 - regional hit ratio)")
    var rows: [ExplanationRow] = []
    let map = RegionalMap(scenario: scenario, scale: scale)
    let share = (0..<map.kept).reduce(0.0) { $0 + map.keptShare(of: $1) } / Double(max(1, map.kept))
    if let hit = slice.regionalHit {
      rows.append(
        ExplanationRow(
          "regional_hit_ratio", "", hit,
          "the same of a regional cache for what its sites miss"
            + (share < 1 ? "; in the slice, with \(Int((share * 100).rounded())) % of its sites" : ""),
          source: .init("regional", "regional_byte_hit_ratio", per: .none), caution: caution))
    }
    rows.append(
      ExplanationRow(
        "origin_traffic", "Gbit/s", egress * slice.originShare / 1e9,
        path + (slice.regionalHit != nil && share < 1 ? ", as the slice has it, over the kept share" : ""),
        source: .init("origin", "origin_gbps", per: .share),
        caution: caution + "; a full link of the origin makes players ask for less"))
    guard slice.regionalHit != nil, share < 1 else { return rows }
    var all = scenario
    all.scale.fraction = 1
    let whole = TierCourses(scenario: all, scale: PlatformScale(scenario: all), pieces: pieces, edge: edge)
    rows.append(
      ExplanationRow(
        "regional_hit_ratio_whole", "", whole.regionalHit ?? 0, "the same at scale.fraction 1"))
    rows.append(
      ExplanationRow(
        "origin_traffic_whole", "Gbit/s", egress * whole.originShare / 1e9, "the same at scale.fraction 1"))
    return rows
  }

  /// What the catalog takes in every codec that its titles are there in, relative to one codec of all titles: the sum of
  /// the codecs' rates, and how many of them there are.
  private static func encoded(_ catalog: Catalog) -> (rates: Double, copies: Double) {
    var segments = 0.0
    var rates = 0.0
    var copies = 0.0
    for title in 0..<catalog.titleCount {
      let length = Double(catalog.segmentCounts[title])
      segments += length
      for (codec, rate) in catalog.codecRates.enumerated() where catalog.isEncoded(title: title, codec: codec) {
        rates += length * rate
        copies += length
      }
    }
    return (rates / segments, copies / segments)
  }
}
