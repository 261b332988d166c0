import CDNModel
import SimEngine

/// What an edge site holds when the run starts, worked out once for all sites.
///
/// The forecast is the scenario's own demand: how often each title will be asked for, times the share of the viewers
/// whose access carries each rendition best. Placement ranks files by the bytes that a byte of disk is expected to
/// serve; a reactive cache is filled with the same files, so that comparisons start from equally warm caches.
struct Placement {
  let candidates: [PlacementCandidate]
  /// Their indices, the most worthwhile first.
  let order: [Int]
  private let catalog: Catalog
  /// Share of a title's viewers who want each candidate.
  private let shares: [Double]

  private init(_ candidates: [PlacementCandidate], shares: [Double], catalog: Catalog) {
    self.candidates = candidates
    self.shares = shares
    self.catalog = catalog
    order = PlacedTitles.order(candidates)
  }

  /// The same files for other expectations: sessions by title.
  func candidates(sessions: (Int) -> Double) -> [PlacementCandidate] {
    zip(candidates, shares).map { known, share in
      var candidate = known
      candidate.expectedBytesServed = sessions(known.file.title) * share * Double(known.storedBytes)
      return candidate
    }
  }

  /// The placement that other expectations lead to.
  func foretold(sessions: (Int) -> Double) -> Placement {
    Placement(candidates(sessions: sessions), shares: shares, catalog: catalog)
  }

  init(scenario: Scenario, catalog: Catalog, demand: Demand) {
    let viewerShares = Self.viewerShares(viewers: scenario.viewers, catalog: catalog)
    let endS = scenario.duration.seconds
    let regular = demand.regular.expectedArrivals(until: endS)
    let premiere = demand.premiere?.expectedArrivals(until: endS) ?? 0
    let weightSum = catalog.popularity.reduce(0, +)
    var candidates: [PlacementCandidate] = []
    var wanted: [Double] = []
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
        wanted.append(shares[representation])
      }
    }
    self.init(candidates, shares: wanted, catalog: catalog)
  }

  /// Shares of the viewers by the highest rendition that fits into 80 % of their access rate, in their device's codec.
  static func viewerShares(viewers: ViewerSettings, catalog: Catalog) -> RepresentationShares {
    RepresentationShares(viewers: viewers, catalog: catalog) { file, access in file <= access * 0.8 }
  }

  /// The cache servers of one site as they are when the run starts: placed files, and a reactive share filled as
  /// `prefill` says.
  ///
  /// - Throws: `PolicyFailure` where the policy cannot work with the disk.
  func makeServers(_ edge: EdgeSettings, seed: UInt64) throws(PolicyFailure) -> CacheServers {
    let equipment = edge.equipment
    let copies =
      equipment.replicaShare > 0
      ? equipment.copies(of: candidates, serverBytes: try edge.makeCache(seed: seed).pinnedCapacityBytes) : nil
    return try CacheServers(equipment, seed: seed) { share throws(PolicyFailure) in
      var cache = try edge.makeCache(seed: share.count == 1 ? seed : seed &+ UInt64(share.server))
      if cache.pinnedCapacityBytes > 0 {
        cache.placed = PlacedTitles(
          filling: cache.pinnedCapacityBytes,
          from: share.placeable(candidates, copies: copies))
      }
      if cache.prefixCapacityBytes > 0 {
        let placed = cache.placed
        let files = order.map { candidates[$0].file }.filter { share.holds($0) && !placed.contains($0) }
        cache.prefixes = PlacedPrefixes(
          segments: edge.prefixSegments, filling: cache.prefixCapacityBytes,
          files: files.map { ($0, prefixBytes(of: $0, segments: edge.prefixSegments)) })
      }
      let reactiveBytes =
        edge.diskBytes / Int64(share.count) - cache.pinnedCapacityBytes - cache.prefixCapacityBytes
      if edge.prefill == .popular, reactiveBytes > 0 {
        fill(&cache, capacityBytes: reactiveBytes, of: share, whole: edge.spread != .segment)
      }
      return cache
    }
  }

  /// The cache of a middle tier as it is when the run starts: with `prefill`, the best files that the tiers below have
  /// no room for.
  ///
  /// - Throws: `PolicyFailure` where the policy cannot work with the disk.
  func makeServers(
    _ regional: RegionalSettings, below: Int64, seed: UInt64
  ) throws(PolicyFailure) -> CacheServers {
    try CacheServers(regional.equipment, seed: seed) { share throws(PolicyFailure) in
      var cache = try regional.makeCache(seed: seed)
      if cache.pinnedCapacityBytes > 0 {
        cache.placed = PlacedTitles(filling: cache.pinnedCapacityBytes, from: candidates)
      }
      let reactiveBytes = regional.diskBytes - cache.pinnedCapacityBytes
      if regional.prefill == .popular, reactiveBytes > 0 {
        fill(&cache, capacityBytes: reactiveBytes, of: share, skipping: below)
      }
      return cache
    }
  }

  private func prefixBytes(of file: SegmentKey, segments: Int) -> Int64 {
    (0..<min(segments, Int(catalog.segmentCounts[file.title]))).reduce(0) {
      $0 + catalog.bytes(title: file.title, representation: file.representation, segment: $1)
    }
  }

  /// Admits the files that fit, the most worthwhile last, so that they are the most recently used.
  ///
  /// - Parameters:
  ///   - share: what of the site's files belongs on the server.
  ///   - whole: whether servers hold whole files, or each its part of every file.
  ///   - skipping: bytes of the best files that lie elsewhere already.
  private func fill(
    _ cache: inout EdgeCache, capacityBytes: Int64, of share: ServerShare, whole: Bool = true, skipping: Int64 = 0
  ) {
    var room = whole ? capacityBytes : capacityBytes * Int64(share.count)
    var elsewhere = skipping
    var chosen: [Int] = []
    for index in order where candidates[index].expectedBytesServed > 0 {
      // A title that has not been released yet cannot have been watched.
      guard candidates[index].file.title != catalog.premiereTitle else { continue }
      if candidates[index].storedBytes <= elsewhere {
        elsewhere -= candidates[index].storedBytes
        continue
      }
      guard candidates[index].storedBytes <= room, !cache.placed.contains(candidates[index].file),
        !whole || share.holds(candidates[index].file)
      else { continue }
      room -= candidates[index].storedBytes
      chosen.append(index)
    }
    for index in chosen.reversed() {
      let file = candidates[index].file
      for segment in 0..<Int(catalog.segmentCounts[file.title]) {
        let key = SegmentKey(title: file.title, representation: file.representation, segment: segment)
        if whole || share.holds(key) { cache.admit(key, bytes: catalog.bytes(of: key)) }
      }
    }
  }
}
