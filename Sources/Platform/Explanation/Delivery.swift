import CDNModel
import SimEngine

/// What the viewers download, and from where.
struct Delivery {
  let rows: [ExplanationRow]

  init(scenario: Scenario, pattern: SegmentPattern, audience: Audience) {
    let catalog = Catalog(
      settings: scenario.catalog, premiere: scenario.viewers.premiere, media: pattern, seed: UInt64(scenario.seed))
    let rungs = catalog.rungBitsPerSecond
    let patternS = pattern.segmentDuration.seconds * Double(pattern.patternLength)
    let audio = Double(pattern.audioBytes.reduce(0, +)) * 8 / patternS
    // Each access class plays the best rung that its rate carries.
    let classes = scenario.viewers.access
    let total = classes.reduce(0) { $0 + $1.share }
    var shareOfRung = [Double](repeating: 0, count: rungs.count)
    for access in classes {
      let rung = rungs.lastIndex { $0 + audio <= Double(access.bitsPerSecond) } ?? 0
      shareOfRung[rung] += access.share / total
    }
    var video = 0.0
    for (rung, share) in shareOfRung.enumerated() { video += share * rungs[rung] }
    let bufferS = scenario.player.bufferTarget.seconds
    // A session that ends before its title throws away what lies in the buffer.
    let downloading = audience.concurrency + audience.perSecond * audience.leavesEarly * bufferS
    let egress = downloading * (video + audio)
    let hit = Self.hitRatio(scenario, catalog, shareOfRung: shareOfRung)
    let fromCache = audience.premiereShare + (1 - audience.premiereShare) * hit
    let hours = (0..<catalog.titleCount).reduce(0.0) {
      $0 + catalog.mediaTime(segments: Int(catalog.segmentCounts[$1])).seconds / 3_600
    }
    let ladder = rungs.reduce(0, +) + audio * Double(rungs.count)
    rows = [
      ExplanationRow(
        "bitrate", "kbit/s", video / 1_000, "sum over access classes of share x best rung that the class carries",
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
        "origin_traffic", "Gbit/s", egress * (1 - fromCache) / 1e9, "egress x (1 - hit ratio)",
        source: .init("origin", "origin_gbps", per: .share),
        caution: "coalesced fetches save some; a small share of a large flow is hard to tell beforehand"),
      ExplanationRow(
        "storage", "TB", hours * 3_600 * ladder / 8 / 1e12,
        "\(Int(hours.rounded())) h of titles x sum of the ladder (\(Int(ladder / 1_000)) kbit/s, one codec)"),
    ]
  }

  /// The byte hit ratio of one site: files of titles and rungs, asked for independently.
  private static func hitRatio(_ scenario: Scenario, _ catalog: Catalog, shareOfRung: [Double]) -> Double {
    var probabilities: [Double] = []
    var sizes: [Double] = []
    var weight = 0.0
    for title in 0..<catalog.titleCount where catalog.popularity[title] > 0 {
      for (rung, share) in shareOfRung.enumerated() where share > 0 {
        probabilities.append(catalog.popularity[title] * share)
        sizes.append(Double(catalog.fileBytes(title: title, rendition: rung)))
        weight += catalog.popularity[title] * share
      }
    }
    return CheApproximation.hitRatios(
      .lru, probabilities: probabilities.map { $0 / weight }, sizes: sizes,
      capacity: Double(scenario.cdn.edge.diskBytes)
    ).bytes
  }
}
