import CDNModel
import SimEngine

/// What an edge site holds when the run starts, worked out once for all sites.
///
/// The forecast is the scenario's own demand: how often each title will be asked for, times the share of the viewers
/// whose access carries each rendition best. Placement ranks files by the bytes that a byte of disk is expected to
/// serve; a reactive cache is filled with the same files, so that comparisons start from equally warm caches.
struct Placement {
  private let candidates: [PlacementCandidate]
  private let order: [Int]
  private let catalog: Catalog

  init(scenario: Scenario, catalog: Catalog, demand: Demand) {
    self.catalog = catalog
    let viewerShares = Self.viewerShares(viewers: scenario.viewers, catalog: catalog)
    let endS = scenario.duration.seconds
    let regular = demand.regular.expectedArrivals(until: endS)
    let premiere = demand.premiere?.expectedArrivals(until: endS) ?? 0
    let weightSum = catalog.popularity.reduce(0, +)
    var candidates: [PlacementCandidate] = []
    candidates.reserveCapacity(catalog.titleCount * catalog.representationCount)
    for title in 0..<catalog.titleCount {
      let sessions =
        title == catalog.premiereTitle
        ? premiere : regular * catalog.popularity[title] / max(weightSum, .leastNonzeroMagnitude)
      let shares = viewerShares.shares(ofTitle: title)
      for representation in 0..<catalog.representationCount
      where catalog.isEncoded(title: title, codec: representation / catalog.renditionCount) {
        let bytes = catalog.fileBytes(title: title, representation: representation)
        candidates.append(
          PlacementCandidate(
            title: title, representation: representation,
            expectedBytesServed: sessions * shares[representation] * Double(bytes), storedBytes: bytes))
      }
    }
    self.candidates = candidates
    order = PlacedTitles.order(candidates)
  }

  /// Shares of the viewers by the highest rendition that fits into 80 % of their access rate, in their device's codec.
  static func viewerShares(viewers: ViewerSettings, catalog: Catalog) -> RepresentationShares {
    RepresentationShares(viewers: viewers, catalog: catalog) { file, access in file <= access * 0.8 }
  }

  /// The cache of one site as it is when the run starts: placed files, and a reactive share filled as `prefill` says.
  ///
  /// - Throws: `PolicyFailure` where the policy cannot work with the disk.
  func makeCache(_ edge: EdgeSettings, seed: UInt64) throws(PolicyFailure) -> EdgeCache {
    var cache = try edge.makeCache(seed: seed)
    if cache.pinnedCapacityBytes > 0 {
      cache.placed = PlacedTitles(filling: cache.pinnedCapacityBytes, from: candidates)
    }
    let reactiveBytes = edge.diskBytes - cache.pinnedCapacityBytes
    if edge.prefill == .popular, reactiveBytes > 0 { fill(&cache, capacityBytes: reactiveBytes) }
    return cache
  }

  /// The cache of one regional as it is when the run starts: with `prefill`, the best files that edges have no room for.
  ///
  /// - Throws: `PolicyFailure` where the policy cannot work with the disk.
  func makeCache(
    _ regional: RegionalSettings, diskBytes: Int64, behind edge: EdgeSettings, seed: UInt64
  ) throws(PolicyFailure) -> EdgeCache {
    var cache = try regional.cache(capacityBytes: diskBytes, seed: seed)
    if cache.pinnedCapacityBytes > 0 {
      cache.placed = PlacedTitles(filling: cache.pinnedCapacityBytes, from: candidates)
    }
    let reactiveBytes = diskBytes - cache.pinnedCapacityBytes
    if regional.prefill == .popular, reactiveBytes > 0 {
      fill(&cache, capacityBytes: reactiveBytes, skipping: edge.diskBytes)
    }
    return cache
  }

  /// Admits the files that fit, the most worthwhile last, so that they are the most recently used.
  ///
  /// - Parameter skipping: bytes of the best files that lie elsewhere already.
  private func fill(_ cache: inout EdgeCache, capacityBytes: Int64, skipping: Int64 = 0) {
    var room = capacityBytes
    var elsewhere = skipping
    var chosen: [Int] = []
    for index in order where candidates[index].expectedBytesServed > 0 {
      // A title that has not been released yet cannot have been watched.
      guard candidates[index].file.title != catalog.premiereTitle else { continue }
      if candidates[index].storedBytes <= elsewhere {
        elsewhere -= candidates[index].storedBytes
        continue
      }
      guard candidates[index].storedBytes <= room, !cache.placed.contains(candidates[index].file) else { continue }
      room -= candidates[index].storedBytes
      chosen.append(index)
    }
    for index in chosen.reversed() {
      let file = candidates[index].file
      for segment in 0..<Int(catalog.segmentCounts[file.title]) {
        let bytes = catalog.bytes(title: file.title, representation: file.representation, segment: segment)
        cache.admit(
          SegmentKey(title: file.title, representation: file.representation, segment: segment), bytes: bytes)
      }
    }
  }
}
