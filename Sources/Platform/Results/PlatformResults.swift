import CDNModel
public import SimEngine

/// What one run found: totals of sites and core over the observed time, their time series, and a sample of sessions.
///
/// Everything is merged in the order of the partitions, so it does not depend on the threads that ran them.
public struct PlatformResults: Sendable {
  /// Name of the scenario.
  public let scenarioName: String
  /// The slice of the platform that was simulated.
  public let scale: PlatformScale
  /// What made the run that run.
  public let identity: RunIdentity
  /// Simulated time that was reached.
  public let reached: SimTime
  /// Whether the run reached the scenario's end.
  public let isComplete: Bool
  /// Events handled by all partitions.
  public let events: UInt64
  /// Digest of every event of every partition.
  public let digest: RunDigest
  /// Digests of the partitions, sites first, with their checkpoints if the run kept them.
  public let partitionDigests: [RunDigest]
  /// The events that the run was asked to keep in full.
  public let tracedEvents: [TracedEvent]
  /// Events and processor time by kind of event, the costliest first; empty unless the run was asked for it.
  public let eventProfile: [EventKindProfile]
  /// The listed sessions, by site and in the order in which they ended.
  public let sessions: [SessionRecord]
  /// The listed requests, by site and in the order in which they came; `nil` unless `player.cmcd_sample` asks for some.
  public let requests: [RequestRecord]?
  /// Start-up delays since the warm-up, in seconds.
  public let startupDelays: LogLinearHistogram
  /// Times from segment request to first byte at the player since the warm-up, in seconds.
  public let firstByteTimes: LogLinearHistogram
  /// Times from segment request to last byte since the warm-up, in seconds.
  public let downloadTimes: LogLinearHistogram

  /// Whether viewers had to deal with services.
  let hasServices: Bool
  /// Whether the scenario has outages of sites, caches or the origin.
  let hasOutages: Bool
  /// Names of the device classes and of the codecs.
  let deviceNames: [String]
  let codecNames: [String]
  let windows: [ObservedWindow]
  let observed: ObservedWindow
  let sites: [SiteResults]
  let core: CoreResults
  /// The tiers between edge and origin, if there are any.
  let regional: RegionalTier?
  let shield: RegionalTier?
  let prices: DeliveryPrices
  /// Disks that the simulated sites pay for, in bytes: of one edge site, and their part of each regional cache and of
  /// the shield.
  let edgeDiskBytes: Int64
  let regionalDiskBytes: [Int64]
  let shieldDiskBytes: Int64
  let components: [ComponentResults]
  let violations: [String]

  init(
    scenario: Scenario, scale: PlatformScale, catalog: Catalog, identity: RunIdentity, reached: SimTime,
    sites: [SiteResults], core: CoreResults, regional: RegionalTier?, shield: RegionalTier?,
    components others: [ComponentResults],
    logs: [NamedEventLog]
  ) {
    scenarioName = scenario.name
    hasOutages = scenario.failures.contains {
      [.edgeServer, .edgeSite, .regionalCache, .origin].contains($0.component)
    }
    hasServices = scenario.services != nil
    deviceNames = scenario.viewers.devices.map(\.name)
    codecNames = catalog.codecNames
    self.scale = scale
    self.identity = identity
    self.reached = reached
    isComplete = reached >= .zero + scenario.duration
    self.sites = sites
    self.core = core
    self.regional = regional
    self.shield = shield
    let components = [regional, shield].compactMap { $0?.results } + others
    self.components = components
    prices = scenario.cdn.prices.prices
    let map = RegionalMap(scenario: scenario, scale: scale)
    edgeDiskBytes = scenario.cdn.edge.diskBytes
    regionalDiskBytes = (0..<map.kept).map {
      Int64(Double(scenario.cdn.regional?.diskBytes ?? 0) * map.keptShare(of: $0))
    }
    shieldDiskBytes = Int64(Double(scenario.cdn.shield?.diskBytes ?? 0) * scale.keptShare)
    partitionDigests = logs.map(\.log.digest)
    tracedEvents = logs.flatMap(\.log.trace)
    eventProfile = Self.profile(logs)
    events = logs.reduce(0) { $0 + $1.log.digest.eventCount }
    var digest = RunDigest()
    for partition in partitionDigests { digest.merge(partition) }
    self.digest = digest
    sessions = sites.flatMap(\.records)
    requests = scenario.player.cmcdSample > 0 ? sites.flatMap(\.requests) : nil
    var startups = LogLinearHistogram()
    var downloads = LogLinearHistogram()
    var firstBytes = LogLinearHistogram()
    for site in sites {
      startups.merge(site.startupDelays)
      downloads.merge(site.downloadTimes)
      firstBytes.merge(site.firstByteTimes)
    }
    startupDelays = startups
    downloadTimes = downloads
    firstByteTimes = firstBytes

    let moments = core.snapshots.map(\.at)
    var violations = sites.flatMap(\.violations) + core.violations + components.flatMap(\.violations)
    if sites.contains(where: { $0.snapshots.map(\.at) != moments }) {
      violations.append("sites and core were not observed at the same moments")
    }
    let warmupEnd = SimTime.zero + scenario.warmup
    var windows: [ObservedWindow] = []
    for index in moments.indices {
      windows.append(ObservedWindow(from: index == 0 ? nil : index - 1, to: index, sites: sites, core: core))
    }
    self.windows = windows
    // A run that was stopped during its warm-up has nothing to leave out yet.
    let cut = moments.lastIndex { $0 <= warmupEnd && $0 < reached }
    observed = ObservedWindow(
      from: scenario.warmup > .zero ? cut : nil, to: moments.count - 1, sites: sites, core: core)
    self.violations = violations
  }

  /// The logs of one component together, by kind of event.
  private static func profile(_ logs: [NamedEventLog]) -> [EventKindProfile] {
    var rows: [EventKindProfile] = []
    for (kinds, log) in logs {
      guard let profile = log.profile else { return [] }
      for (number, name) in kinds.names {
        let seconds = Double(profile.nanoseconds[Int(number)]) / 1e9
        let count = profile.events[Int(number)]
        if let row = rows.firstIndex(where: { $0.component == kinds.component && $0.kind == name }) {
          rows[row].events += count
          rows[row].cpuSeconds += seconds
        } else {
          rows.append(
            EventKindProfile(component: kinds.component, kind: name, events: count, cpuSeconds: seconds))
        }
      }
    }
    return rows.sorted { ($1.cpuSeconds, $0.component, $0.kind) < ($0.cpuSeconds, $1.component, $1.kind) }
  }
}

/// The log of a partition, and what its kinds of events are called.
typealias NamedEventLog = (kinds: (component: String, names: [(UInt8, String)]), log: EventLog)

/// Sites and core between two snapshots.
struct ObservedWindow: Sendable {
  let from: SimTime
  let to: SimTime
  /// What each site did in the window.
  let sites: [SiteCounters]
  /// What all sites did in the window.
  let total: SiteCounters
  let core: CoreCounters
  /// Sessions at all sites at the end of the window.
  let active: Int
  /// The most sessions at once at each site in the window.
  let sitePeaks: [Int]
  let residentBytes: [Int64]

  init(from start: Int?, to end: Int, sites results: [SiteResults], core: CoreResults) {
    from = start.map { core.snapshots[$0].at } ?? .zero
    to = core.snapshots[end].at
    sites = results.map { site in
      site.snapshots[end].totals - (start.map { site.snapshots[$0].totals } ?? SiteCounters())
    }
    total = sites.reduce(SiteCounters(), +)
    self.core = core.snapshots[end].totals - (start.map { core.snapshots[$0].totals } ?? CoreCounters())
    active = results.reduce(0) { $0 + $1.snapshots[end].active }
    let first = start.map { $0 + 1 } ?? 0
    sitePeaks = results.map { site in site.snapshots[first...end].reduce(0) { max($0, $1.activePeak) } }
    residentBytes = results.map { $0.snapshots[end].residentBytes }
  }

  var seconds: Double { (to - from).seconds }
}
