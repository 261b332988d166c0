import CDNModel
import IngestModel
import NetModel
import PlayerModel
import SimEngine

/// What all sites have in common, worked out once from the scenario.
struct SiteSettings: Sendable {
  let edgeCapacity: BitRate
  let accessCaps: [BitRate]
  /// Round-trip time that each access class adds.
  let accessRoundTrips: [SimDuration]
  let tcp: TCPProfile
  /// Failures of the cache servers by site.
  let serverFaults: [[FaultCourse]]
  /// Outages of named servers by site.
  let serverOutages: [[ServerOutage]]
  /// Outages of whole sites by site.
  let siteOutages: [[SiteOutage]]
  /// Where viewers of a lost site go, if anywhere.
  let steering: SteeringSettings?
  /// One way to the tier above the regional caches.
  let latencyPastRegional: SimDuration
  /// How long a site waits before it asks again for what the origin failed to give.
  let retryAfter: SimDuration
  let servers: Int
  let diskLatency: SimDuration
  /// What a site fetches ahead of its viewers.
  let prefetch: SegmentPrefetch
  let backhaulLatency: SimDuration
  let player: PlayerSettings
  /// The bitrate rule of every player.
  let rule: AbrName
  let ruleOptions: RuleOptions
  /// How every player estimates its network: as the makers of the rule do.
  let estimator: EstimatorSettings
  /// What is believed of the network before `trustedAfterBytes` have come, in kbit/s.
  let initialThroughputKbps: Double
  let trustedAfterBytes: Int64
  let ladder: QualityLadder
  let devices: [DeviceClass]
  /// How viewers jump; `nil` where nobody does.
  let seeks: SeekSettings?
  let observation: ObservationSchedule
  let cacheBytes: Int64
  /// The title that cannot be watched before ingest has published it.
  let awaitedTitle: UInt32?
  /// The services behind a play button, if there are any.
  let services: SiteServices?
  /// How often a session writes its resume offset, where there is a cluster to keep it.
  let offsetInterval: SimDuration

  /// Cost of a picture by codec relative to H.264; `nil` for what is usual of the codec.
  let decodeFactors: [Double?]
  /// Pictures of a segment, where sessions are played again frame by frame.
  let frames: FramePattern?

  init(scenario: Scenario, catalog: Catalog, scale: PlatformScale, frames: FramePattern? = nil) {
    self.frames = frames
    decodeFactors =
      scenario.catalog.codecs.isEmpty
      ? [nil] : scenario.catalog.codecs.map { $0.decodeFactor > 0 ? $0.decodeFactor : nil }
    services = SiteServices(scenario: scenario, scale: scale)
    edgeCapacity = BitRate(bitsPerSecond: Double(scenario.network.edgeBitsPerSecond))
    accessCaps = scenario.viewers.access.map { access in
      AccessClass(
        name: "", share: access.share, cap: BitRate(bitsPerSecond: Double(access.bitsPerSecond)),
        roundTrip: access.roundTrip, lossRate: access.loss
      ).connectionCap(pathRoundTrip: scenario.viewers.roundTrip.mean)
    }
    accessRoundTrips = scenario.viewers.access.map(\.roundTrip)
    tcp = scenario.network.tcp.profile
    serverFaults = (0..<scale.keptSites).map { scenario.faults(of: .edgeCache, entity: $0) }
    serverOutages = (0..<scale.keptSites).map { scenario.serverOutages(site: $0) }
    siteOutages = (0..<scale.keptSites).map { scenario.siteOutages(site: $0) }
    steering = scenario.cdn.steering
    latencyPastRegional = scenario.cdn.latencyPastRegional(backhaul: scenario.network.backhaulLatency)
    retryAfter = scenario.cdn.origin.retryAfter
    servers = scenario.cdn.edge.servers
    prefetch = SegmentPrefetch(depth: scenario.cdn.edge.prefetch)
    diskLatency = scenario.cdn.edge.diskLatency
    backhaulLatency = scenario.network.backhaulLatency
    player = scenario.player
    guard let specification = try? AbrSpecification(parsing: scenario.player.abr) else {
      preconditionFailure("a decoded scenario names a rule that can be used: '\(scenario.player.abr)'")
    }
    rule = specification.name
    let standard = PlayerModel.PlayerSettings.standard(for: specification.name)
    estimator = standard.estimator
    initialThroughputKbps = standard.initialThroughputKbps
    trustedAfterBytes = standard.trustedAfterBytes
    var options = standard.options
    options.fixedQuality = specification.fixedQuality
    options.learned = specification.learned
    ruleOptions = options
    ladder = QualityLadder(
      bitratesKbps: catalog.rungBitsPerSecond.map { $0 / 1_000 }, segmentDuration: catalog.segmentDuration)
    devices = DeviceClass.classes(of: scenario.viewers, catalog: catalog)
    seeks = scenario.viewers.seeks
    observation = ObservationSchedule(scenario: scenario)
    cacheBytes = scenario.cdn.edge.diskBytes
    let isAwaited = scenario.ingest?.planned.contains { $0.isPremiere } ?? false
    awaitedTitle = isAwaited ? catalog.premiereTitle.map { UInt32($0) } : nil
    offsetInterval = scenario.cluster?.resume.writeInterval ?? .zero
  }
}

/// One arrival process of a site and the wishes of its viewers.
struct SiteDemand {
  var arrivals: ArrivalProcess
  let planner: SessionPlanner
}
