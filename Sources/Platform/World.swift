import CDNModel
public import NetModel
import PlayerModel
public import SimEngine

/// A platform assembled from a scenario, ready to run once.
///
///     site 0 --.
///     site 1 ---+-- regional --.
///     site n ------ regional ---+-- (shield) -- origin      ingest, services, cluster: reached by messages from all
///
/// Sites and what they share are partitions of one run: each window as wide as the least latency between tiers they
/// run on their own, on any number of threads, and at its border World hands their messages over in the order of the
/// partitions.
public final class World {
  private let scenario: Scenario
  private let scale: PlatformScale
  let catalog: Catalog
  private let sites: [EdgeSite]
  /// Regional caches, then the shield.
  private let middle: [RegionalCache]
  private let regionalCount: Int
  private let core: PlatformCore
  /// Partitions beside sites and core, in their order in the directory.
  private let components: [any PlatformComponent]
  private let identity: RunIdentity

  /// Builds the sites that `scale.fraction` keeps, and the core in proportion; no sites for a cluster alone.
  ///
  /// - Parameter edgeTrace: the capacity trace that `network.edge_trace` names.
  /// - Throws: `PolicyFailure` where the edge policy cannot work with the disk, `PlanRefusal` where the cluster cannot be.
  public init(
    scenario: Scenario, pattern: SegmentPattern, edgeTrace: CapacityTrace? = nil, identity: RunIdentity
  ) throws {
    self.scenario = scenario
    self.identity = identity
    let scale = PlatformScale(scenario: scenario)
    let isPlatform = scenario.kind == .platform
    let catalog = Catalog(
      settings: isPlatform ? scenario.catalog : .single, premiere: isPlatform ? scenario.viewers.premiere : nil,
      media: pattern, seed: identity.seed)
    let regionalMap = RegionalMap(scenario: scenario, scale: scale)
    let directory = PartitionDirectory(
      sites: isPlatform ? scale.keptSites : 0, regionals: isPlatform ? regionalMap.kept : 0,
      hasShield: isPlatform && scenario.cdn.shield != nil, hasIngest: isPlatform && scenario.ingest != nil,
      hasServices: isPlatform && scenario.services != nil, hasCluster: scenario.cluster != nil)
    regionalCount = directory.regionals.count
    (sites, middle) =
      try isPlatform
      ? Self.tiers(
        scenario, scale: scale, map: regionalMap, catalog: catalog, pattern: pattern, directory: directory,
        edgeTrace: edgeTrace, identity: identity) : ([], [])
    core = PlatformCore(
      CoreState(scenario: scenario, catalog: catalog, scale: scale, directory: directory, run: identity))
    var components: [any PlatformComponent] = []
    if let ingest = scenario.ingest, let address = directory.ingest {
      components.append(
        IngestCenter(
          IngestCenterState(
            scenario: scenario, settings: ingest, catalog: catalog, keyframes: pattern.keyframes, address: address,
            directory: directory, run: identity)))
    }
    if let services = scenario.services, let address = directory.services {
      components.append(
        ServicesPartition(
          ServicesState(
            scenario: scenario, settings: services, scale: scale, address: address, cluster: directory.cluster,
            run: identity)))
    }
    if let table = scenario.cluster, let address = directory.cluster {
      components.append(
        ClusterPartition(
          try ClusterState(table, scenario: scenario, scale: scale, address: address, run: identity)))
    }
    self.components = components
    self.scale = scale
    self.catalog = catalog
  }

  private static func tiers(
    _ scenario: Scenario, scale: PlatformScale, map: RegionalMap, catalog: Catalog, pattern: SegmentPattern,
    directory: PartitionDirectory, edgeTrace: CapacityTrace?, identity: RunIdentity
  ) throws -> ([EdgeSite], [RegionalCache]) {
    let settings = SiteSettings(scenario: scenario, catalog: catalog, scale: scale, frames: pattern.frames)
    let demand = Demand(scenario: scenario)
    let filling = try FillingPlan(
      scenario: scenario, catalog: catalog, demand: demand, pattern: pattern, identity: identity)
    let placement = filling?.placement ?? Placement(scenario: scenario, catalog: catalog, demand: demand)
    let sites = try directory.sites.map { index in
      let processes = demand.processes(
        site: index, catalog: catalog, viewers: scenario.viewers, sessionSample: scenario.output.sessionSample,
        frameSample: scenario.player.frameSample, cmcdSample: scenario.player.cmcdSample, identity: identity)
      let cache = try placement.makeServers(
        scenario.cdn.edge, seed: identity.key(entity: "edge-\(index)", purpose: "cache").bits)
      return EdgeSite(
        EdgeSiteState(
          index: index, catalog: catalog, settings: settings, cache: cache, demand: processes,
          filling: filling.map { SiteFilling($0) },
          linkCourse: LinkCourse(scenario: scenario, site: index, trace: edgeTrace, run: identity),
          parent: directory.regionals.isEmpty ? directory.origin : directory.regionals[map.regional(of: index)],
          directory: directory, run: identity))
    }
    let edgeBytes = scenario.cdn.edge.diskBytes
    var middle: [RegionalCache] = []
    func addCache(_ position: TierPosition, _ settings: RegionalSettings, below: Int64) throws {
      let cache = try placement.makeServers(
        settings, below: below,
        seed: identity.key(entity: position.name, purpose: "cache").bits)
      middle.append(
        RegionalCache(
          RegionalState(
            position, scenario: scenario, settings: settings, catalog: catalog, cache: cache,
            run: identity)))
    }
    let regional = scenario.cdn.regional ?? RegionalSettings()
    for (index, address) in directory.regionals.enumerated() {
      let position = TierPosition(
        name: "regional-\(index)", parent: directory.shield ?? directory.origin, address: address,
        latencyBelow: scenario.network.backhaulLatency, passers: (0..<0, .zero),
        outages: scenario.regionalOutages(index), keptShare: map.keptShare(of: index))
      try addCache(position, regional, below: edgeBytes)
    }
    if let shield = scenario.cdn.shield, let address = directory.shield {
      let position = TierPosition(
        name: "shield", parent: directory.origin, address: address, latencyBelow: regional.originLatency,
        passers: (
          directory.sites, scenario.cdn.latencyPastRegional(backhaul: scenario.network.backhaulLatency)
        ), outages: [], keptShare: scale.keptShare)
      try addCache(position, shield.cache, below: edgeBytes + regional.diskBytes)
    }
    return (sites, middle)
  }

  private func tier(_ name: String, _ caches: ArraySlice<RegionalCache>, at end: SimTime) -> RegionalTier? {
    if caches.isEmpty { return nil }
    return RegionalTier(tier: name, caches: caches.map { $0.finish(at: end) }, warmupEnd: .zero + scenario.warmup)
  }

  /// Runs the scenario to its end.
  ///
  /// - Parameters:
  ///   - jobs: threads; never changes a result.
  ///   - keepsGoing: told the progress at every window's border; `false` stops the run there.
  /// - Throws: `BrokenInvariants` if the run contradicts itself.
  public func run(jobs: Int, keepsGoing: (RunProgress) -> Bool = { _ in true }) throws -> PlatformResults {
    let end = SimTime.zero + scenario.duration
    let partitions: [any PlatformPartition] = sites + middle + [core] + components
    let windows = WindowedExecution(
      partitions: partitions, lookahead: scenario.lookahead, jobs: jobs)
    let reached = windows.run(
      until: end,
      exchange: {
        for partition in partitions { partition.takeOutbox { partitions[Int($0.to.rawValue)].receive($0) } }
      },
      keepsGoing: { time in
        keepsGoing(
          RunProgress(time: time, end: end, events: { partitions.reduce(0) { $0 + $1.log.digest.eventCount } }))
      })
    let results = PlatformResults(
      scenario: scenario, scale: scale, catalog: catalog, identity: identity, reached: reached,
      sites: sites.map { $0.finish(at: reached) }, core: core.finish(at: reached),
      regional: tier("regional", middle.prefix(regionalCount), at: reached),
      shield: tier("shield", middle.dropFirst(regionalCount), at: reached),
      components: components.map { $0.finish(at: reached) },
      logs: partitions.map { (type(of: $0).eventKinds, $0.log) })
    if !results.violations.isEmpty { throw BrokenInvariants(claims: results.violations) }
    return results
  }
}

/// How far a run has come.
public struct RunProgress {
  /// Simulated time reached.
  public let time: SimTime
  /// Simulated time at which the run ends.
  public let end: SimTime
  /// Counts the events so far; asked only when it is shown.
  public let events: () -> UInt64
}

/// A run that contradicts itself: an error in the simulator, never in the scenario.
public struct BrokenInvariants: Error, CustomStringConvertible {
  /// What did not hold, where and when.
  public let claims: [String]

  /// The first few claims, and how many there are.
  public var description: String {
    let shown = claims.prefix(5).joined(separator: "\n  ")
    return "\(claims.count) invariant(s) broke:\n  \(shown)"
  }
}

extension Scenario {
  /// The least time that a message between partitions takes.
  var lookahead: SimDuration {
    [cdn.regional?.originLatency, cdn.shield?.originLatency].reduce(network.backhaulLatency) { min($0, $1 ?? $0) }
  }
}
