import CDNModel
import NetModel
public import SimEngine

/// A platform assembled from a scenario, ready to run once.
///
///     site 0 --.
///     site 1 ---+-- backhaul (latency = lookahead) -- core
///     site n --'
///
/// Sites and what they share are partitions of one run: each window as wide as the backhaul latency they run on their own, on any
/// number of threads, and at its border World hands their messages over in the order of the partitions.
public final class World {
  private let scenario: Scenario
  private let scale: PlatformScale
  private let catalog: Catalog
  private let sites: [EdgeSite]
  private let core: PlatformCore
  /// Partitions beside sites and core, in their order in the directory.
  private let components: [any PlatformComponent] = []
  private let identity: RunIdentity

  /// Builds the sites that `scale.fraction` keeps, and the core in proportion.
  ///
  /// - Throws: `PolicyFailure` where the edge policy cannot work with the disk.
  public init(scenario: Scenario, pattern: SegmentPattern, identity: RunIdentity) throws {
    self.scenario = scenario
    self.identity = identity
    let scale = PlatformScale(scenario: scenario)
    let catalog = Catalog(
      settings: scenario.catalog, premiere: scenario.viewers.premiere, media: pattern, seed: identity.seed)
    let settings = SiteSettings(scenario: scenario, catalog: catalog)
    let demand = Demand(scenario: scenario)
    let directory = PartitionDirectory(sites: scale.keptSites)
    let placement = Placement(scenario: scenario, catalog: catalog, demand: demand)
    sites = try (0..<scale.keptSites).map { index in
      let processes = demand.processes(
        site: index, catalog: catalog, viewers: scenario.viewers, sessionSample: scenario.output.sessionSample,
        identity: identity)
      let cache = try placement.makeCache(
        scenario.cdn.edge, seed: identity.key(entity: "edge-\(index)", purpose: "cache").bits)
      return EdgeSite(
        EdgeSiteState(
          index: index, catalog: catalog, settings: settings, cache: cache, demand: processes, directory: directory,
          run: identity))
    }
    core = PlatformCore(
      CoreState(scenario: scenario, catalog: catalog, scale: scale, directory: directory, run: identity))
    self.scale = scale
    self.catalog = catalog
  }

  /// Runs the scenario to its end.
  ///
  /// - Parameters:
  ///   - jobs: threads; never changes a result.
  ///   - keepsGoing: told the progress at every window's border; `false` stops the run there.
  /// - Throws: `BrokenInvariants` if the run contradicts itself.
  public func run(jobs: Int, keepsGoing: (RunProgress) -> Bool = { _ in true }) throws -> PlatformResults {
    let end = SimTime.zero + scenario.duration
    let partitions: [any PlatformPartition] = sites + [core] + components
    let windows = WindowedExecution(
      partitions: partitions, lookahead: scenario.network.backhaulLatency, jobs: jobs)
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
