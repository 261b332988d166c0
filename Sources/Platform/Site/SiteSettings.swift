import NetModel
import PlayerModel
import SimEngine

/// What all sites have in common, worked out once from the scenario.
struct SiteSettings: Sendable {
  let edgeCapacity: BitRate
  let accessCaps: [BitRate]
  let backhaulLatency: SimDuration
  let player: PlayerSettings
  /// The bitrate rule of every player.
  let rule: AbrName
  let ruleOptions: RuleOptions
  let ladder: QualityLadder
  let observation: ObservationSchedule
  let cacheBytes: Int64

  init(scenario: Scenario, catalog: Catalog) {
    edgeCapacity = BitRate(bitsPerSecond: Double(scenario.network.edgeBitsPerSecond))
    accessCaps = scenario.viewers.access.map { BitRate(bitsPerSecond: Double($0.bitsPerSecond)) }
    backhaulLatency = scenario.network.backhaulLatency
    player = scenario.player
    guard let specification = try? AbrSpecification(parsing: scenario.player.abr) else {
      preconditionFailure("a decoded scenario names a rule that can be used: '\(scenario.player.abr)'")
    }
    rule = specification.name
    var options = RuleOptions()
    options.fixedQuality = specification.fixedQuality
    options.learned = specification.learned
    ruleOptions = options
    ladder = QualityLadder(
      bitratesKbps: catalog.rungBitsPerSecond.map { $0 / 1_000 }, segmentDuration: catalog.segmentDuration)
    observation = ObservationSchedule(scenario: scenario)
    cacheBytes = scenario.cdn.edge.diskBytes
  }
}

/// One arrival process of a site and the wishes of its viewers.
struct SiteDemand {
  var arrivals: ArrivalProcess
  let planner: SessionPlanner
}
