import BackendModel
import CDNModel
import SimEngine

/// What a run of the scenario asks of the machine that simulates it: events and memory, counted from how the model is
/// made.
///
/// | happens | events |
/// |---|---|
/// | a segment | its request at the edge, and its last byte on the link |
/// | a miss | its arrival at the site; at the next tier the request and the last byte; the same again at each further one |
/// | a session | arrival, patience for the start, departure, a look at its patience once a buffer and a patience, jumps |
/// | a start with services | answer and time-out at the site; gateway, account, search (a shard each, merge), position |
/// | a position written | at the site, at the gateway (twice), at the store and back |
/// | an end | at the gateway (twice), a row in the history |
struct RunLoad {
  let rows: [ExplanationRow]

  /// Bytes of memory for a stored segment: its record in the cache's slab and its place in the index.
  private static let bytesPerSegment = 30.0

  init(scenario: Scenario, delivery: Delivery) {
    var whole = scenario
    whole.warmup = .zero
    let audience = Audience(scenario: whole)
    let durationS = scenario.duration.seconds
    let scale = PlatformScale(scenario: scenario)
    let sessions = audience.perSecond * durationS * scale.keptShare
    let sessionSeconds = audience.concurrency * durationS * scale.keptShare
    let segments = delivery.segmentRequests(of: audience) * durationS * scale.keptShare
    let tiers = delivery.tiers

    let origin = 3.0
    var perMiss = 1 + origin
    if let regionalHit = tiers.regionalHit { perMiss = 1 + 2 + (1 - regionalHit) * (1 + origin) }
    let ofSegments = segments * (2 + (1 - tiers.edgeHit) * perMiss)
    let viewers = scenario.viewers
    let looks = (scenario.player.bufferTarget + viewers.patience.stallMean).seconds
    let ofSessions = 3 * sessions + sessionSeconds * (1 / looks + (viewers.seeks?.perHour ?? 0) / 3_600)
    var events = ofSegments + ofSessions
    if let services = scenario.services {
      let use = viewers.services
      let interval = scenario.cluster?.resume.writeInterval ?? use.resumeWriteInterval
      let store = scenario.cluster == nil ? Double(services.history.replication + 1) : 3
      let reads = scenario.cluster == nil ? store * viewers.resumeShare : store
      let start = 2 + 2 + 1 + use.searchShare * Double(services.search.shards + 2) + reads
      let end = 2 + Double(services.history.replication + 1)
      events += sessions * (start + end) + sessionSeconds / interval.seconds * (3 + store)
    }

    let disks =
      Double(scale.keptSites) * Double(scenario.cdn.edge.diskBytes) + tiers.storedBytesAbove
    let segmentsStored = disks / delivery.meanSegmentBytes
    let sessionBytes = Double(MemoryLayout<ViewerSession>.stride)
    let memory =
      segmentsStored * Self.bytesPerSegment + audience.concurrency * scale.keptShare * sessionBytes
    rows = [
      ExplanationRow(
        "run_events", "", events,
        "segments x (2 + misses x (1 + 2 or 3 a tier above)) + sessions x (timers + service calls), warm-up included",
        source: .init("engine", "events", per: .none),
        caution: "slow starts, slow downloads, retries, the session cluster's own life and ingest come on top"),
      ExplanationRow(
        "run_memory", "GB", memory / 1e9,
        "segments stored x \(Int(Self.bytesPerSegment)) bytes + sessions x \(Int(sessionBytes)) bytes, in the slice",
        caution: "tables grow by doubling, and full disks are assumed"),
    ]
  }
}
