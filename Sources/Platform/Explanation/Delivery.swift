import CDNModel
import SimEngine

/// What the viewers download, and from where.
struct Delivery {
  private(set) var rows: [ExplanationRow]

  init(scenario: Scenario, pattern: SegmentPattern, audience: Audience) {
    let catalog = Catalog(
      settings: scenario.catalog, premiere: scenario.viewers.premiere, media: pattern, seed: UInt64(scenario.seed))
    let rungs = catalog.rungBitsPerSecond
    let patternS = pattern.segmentDuration.seconds * Double(pattern.patternLength)
    let audio = Double(pattern.audioBytes.reduce(0, +)) * 8 / patternS
    // Each viewer plays the best file that device and access carry.
    let viewerShares = RepresentationShares(viewers: scenario.viewers, catalog: catalog) { $0 + audio <= $1 }
    let rates = catalog.codecRates.flatMap { rate in rungs.map { $0 * rate } }
    let popularity = catalog.popularity.reduce(0, +)
    var video = 0.0
    for title in 0..<catalog.titleCount where catalog.popularity[title] > 0 {
      let mean = zip(viewerShares.shares(ofTitle: title), rates).reduce(0) { $0 + $1.0 * $1.1 }
      video += catalog.popularity[title] / popularity * mean
    }
    let bufferS = scenario.player.bufferTarget.seconds
    // A session that ends before its title throws away what lies in the buffer.
    let downloading = audience.concurrency + audience.perSecond * audience.leavesEarly * bufferS
    let egress = downloading * (video + audio)
    var requests = FileRequests(catalog: catalog, viewerShares)
    let hit = requests.pass(cacheOfBytes: Double(scenario.cdn.edge.diskBytes))
    let regionalHit = scenario.cdn.regional.map { requests.pass(cacheOfBytes: Double($0.diskBytes)) }
    let fromCache = audience.premiereShare + (1 - audience.premiereShare) * hit
    let hours = (0..<catalog.titleCount).reduce(0.0) {
      $0 + catalog.mediaTime(segments: Int(catalog.segmentCounts[$1])).seconds / 3_600
    }
    let ladder = rungs.reduce(0, +) * Self.encodedShare(catalog) + audio * Double(rungs.count)
    let missed = egress * (1 - fromCache)
    rows = [
      ExplanationRow(
        "bitrate", "kbit/s", video / 1_000, "sum over access and device classes of share x best file that they carry",
        source: .init("player", "mean_bitrate_kbps", per: .none),
        caution: "rules start low, stay below the last rung that fits, and titles differ in complexity"),
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
        "hit_ratio", "", fromCache, "Che's characteristic time over the files of a site's disk; premieres always hit",
        source: .init("cdn", "byte_hit_ratio", per: .none),
        caution: "other policies than LRU, segments instead of files, prefilled or cold caches"),
      ExplanationRow(
        "origin_traffic", "Gbit/s", missed * (1 - (regionalHit ?? 0)) / 1e9,
        regionalHit == nil
          ? "egress x (1 - hit ratio)" : "egress x (1 - hit ratio) x (1 - regional hit ratio)",
        source: .init("origin", "origin_gbps", per: .share),
        caution: "coalesced fetches save some; a small share of a large flow is hard to tell beforehand"),
      ExplanationRow(
        "storage", "TB", hours * 3_600 * ladder / 8 / 1e12,
        "\(Int(hours.rounded())) h of titles x sum of the ladder (\(Int(ladder / 1_000)) kbit/s), "
          + (catalog.codecRates.count == 1 ? "one codec" : "\(catalog.codecRates.count) codecs")),
    ]
    if let regionalHit {
      let row = ExplanationRow(
        "regional_hit_ratio", "", regionalHit, "the same of a regional cache, for the files that its sites miss",
        source: .init("regional", "regional_byte_hit_ratio", per: .none),
        caution: "what passes a cache is not independent; premieres and prefilled caches hit more")
      rows.insert(row, at: rows.count - 2)
    }
  }

  /// Bytes of the catalog in every codec and rendition that it is there in, relative to one codec of all titles.
  private static func encodedShare(_ catalog: Catalog) -> Double {
    var segments = 0.0
    var encoded = 0.0
    for title in 0..<catalog.titleCount {
      let length = Double(catalog.segmentCounts[title])
      segments += length
      for (codec, rate) in catalog.codecRates.enumerated() where catalog.isEncoded(title: title, codec: codec) {
        encoded += length * rate
      }
    }
    return encoded / segments
  }
}
