import CDNModel
import NetModel
import SimEngine

/// A regional cache: answers the misses of its edge sites, and asks the origin for what it does not have.
///
///     site --fetch--> lookup -- hit -----------------------> egress link --segment--> site
///                        '----- miss --fetch--> origin --segment--> admit --^
///
/// Requests of several sites for one segment in flight join one fetch.
final class RegionalCache: PlatformPartition {
  private var state: RegionalState

  init(_ state: consuming RegionalState) { self.state = state }

  var nextEventTime: SimTime { state.nextEventTime() }
  func run(before limit: SimTime) { state.run(before: limit) }
  func receive(_ message: PlatformMessage) { state.receive(message) }
  func takeOutbox(_ body: (PlatformMessage) -> Void) { state.takeOutbox(body) }
  func finish(at end: SimTime) -> RegionalResults { state.finish(at: end) }
  var log: EventLog { state.log }
  static var eventKinds: (component: String, names: [(UInt8, String)]) {
    ("regional", RegionalState.Kind.allCases.map { ($0.rawValue, "\($0)") })
  }
}

/// What happens at a regional cache.
enum RegionalEvent: BitwiseCopyable {
  /// A site asks for a segment.
  case asked(SegmentKey, by: PartitionIndex)
  /// A segment from the origin arrives.
  case fetched(SegmentKey)
  /// A window of the time series ends.
  case snapshot
}

/// The state of a regional cache.
struct RegionalState: ~Copyable {
  private let index: Int
  private let address: PartitionIndex
  private let origin: PartitionIndex
  private let catalog: Catalog
  private let siteLatency: SimDuration
  private let originLatency: SimDuration
  private let observation: ObservationSchedule
  private let diskBytes: Int64
  private let writtenBeforeStart: Int64

  private var queue: EventQueue<RegionalEvent>
  private var egress: EdgeLink
  private let egressCapacity: BitRate
  private var cache: EdgeCache
  private var fetches = FetchTable()
  /// Segments on the egress link by flow owner, with a list of free owners.
  private var sending: [(key: SegmentKey, asker: PartitionIndex)] = []
  private var freeOwners: [UInt32] = []
  private var outbox: [PlatformMessage] = []
  private var totals = RegionalCounters()
  private var snapshots: [RegionalSnapshot] = []
  private var violations: [String] = []
  private(set) var log: EventLog
  private var invariants: InvariantSchedule

  init(
    index: Int, scenario: Scenario, settings: RegionalSettings, catalog: Catalog, cache: consuming EdgeCache,
    diskBytes: Int64, keptShare: Double, directory: PartitionDirectory, run: RunIdentity
  ) {
    self.index = index
    address = directory.regionals[index]
    origin = directory.origin
    self.catalog = catalog
    writtenBeforeStart = cache.reactiveWrittenBytes
    self.cache = cache
    self.diskBytes = diskBytes
    siteLatency = scenario.network.backhaulLatency
    originLatency = settings.originLatency
    observation = ObservationSchedule(scenario: scenario)
    egressCapacity = BitRate(bitsPerSecond: Double(settings.linkBitsPerSecond) * keptShare)
    egress = EdgeLink(
      capacity: egressCapacity, classCaps: [BitRate(bitsPerSecond: Double(scenario.network.fetchBitsPerSecond))])
    queue = EventQueue(backing: run.queue)
    log = EventLog(run: run, partition: Int(address.rawValue))
    invariants = InvariantSchedule(run: run)
    queue.schedule(.snapshot, at: observation.next(after: .zero))
  }

  mutating func nextEventTime() -> SimTime {
    min(queue.nextTime() ?? .distantFuture, egress.nextCompletion ?? .distantFuture)
  }

  /// Completions on the link come before events of the same instant, as at the sites.
  mutating func run(before limit: SimTime) {
    log.windowBegins()
    while true {
      let completion = egress.nextCompletion ?? .distantFuture
      let pending = queue.nextTime() ?? .distantFuture
      if completion <= pending {
        guard completion < limit else { return }
        while let sent = egress.popCompleted(at: completion) { segmentSent(owner: sent.owner, at: completion) }
      } else {
        guard let event = queue.popNext(before: limit) else { return }
        handle(event, at: queue.now)
      }
    }
  }

  mutating func receive(_ message: PlatformMessage) {
    switch message.body {
    case .fetch(let key): queue.schedule(.asked(key, by: message.from), at: message.at)
    case .segment(let key): queue.schedule(.fetched(key), at: message.at)
    default: preconditionFailure("a regional cache knows segments only")
    }
  }

  mutating func takeOutbox(_ body: (PlatformMessage) -> Void) {
    for message in outbox { body(message) }
    outbox.removeAll(keepingCapacity: true)
  }

  // MARK: - Requests

  private mutating func handle(_ event: RegionalEvent, at now: SimTime) {
    switch event {
    case .asked(let key, let site):
      asked(key, by: site, at: now)
      note(.asked, target: UInt32(site.rawValue), at: now)
    case .fetched(let key):
      fetchArrives(key, at: now)
      note(.fetched, target: UInt32(truncatingIfNeeded: key.rawValue), at: now)
    case .snapshot:
      queue.schedule(.snapshot, at: observation.next(after: now))
      takeSnapshot(at: now)
      note(.snapshot, target: 0, at: now)
    }
  }

  private mutating func asked(_ key: SegmentKey, by site: PartitionIndex, at now: SimTime) {
    if cache.lookup(key, bytes: bytes(key)).isHit {
      send(key, to: site, at: now)
      return
    }
    switch fetches.join(key, waiter: UInt32(site.rawValue)) {
    case .started:
      totals.fetches += 1
      outbox.append(PlatformMessage(at: now + originLatency, from: address, to: origin, body: .fetch(key)))
    case .joined: totals.coalesced += 1
    }
  }

  private mutating func fetchArrives(_ key: SegmentKey, at now: SimTime) {
    totals.fetched += 1
    totals.fetchedBytes += bytes(key)
    cache.admit(key, bytes: bytes(key))
    guard var waiters = fetches.complete(key) else {
      violations.append("regional \(index) got a segment that it had not asked for: \(key)")
      return
    }
    while let site = fetches.next(&waiters) { send(key, to: PartitionIndex(Int(site)), at: now) }
  }

  private mutating func send(_ key: SegmentKey, to site: PartitionIndex, at now: SimTime) {
    let owner: UInt32
    if let free = freeOwners.popLast() {
      owner = free
      sending[Int(owner)] = (key, site)
    } else {
      owner = UInt32(sending.count)
      sending.append((key, site))
    }
    totals.startedBytes += bytes(key)
    _ = egress.startFlow(bytes: bytes(key), capClass: 0, owner: owner, at: now)
  }

  private mutating func segmentSent(owner: UInt32, at now: SimTime) {
    let (key, site) = sending[Int(owner)]
    freeOwners.append(owner)
    totals.sent += 1
    totals.sentBytes += bytes(key)
    outbox.append(PlatformMessage(at: now + siteLatency, from: address, to: site, body: .segment(key)))
    note(.sent, target: UInt32(site.rawValue), at: now)
  }

  private func bytes(_ key: SegmentKey) -> Int64 {
    catalog.bytes(title: key.title, representation: key.representation, segment: key.segment)
  }

  // MARK: - Observation

  /// Numbers of the kinds of events in the digest.
  enum Kind: UInt8, CaseIterable {
    case asked = 1
    case fetched = 2
    case sent = 3
    case snapshot = 4
  }

  private mutating func note(_ kind: Kind, target: UInt32, at now: SimTime) {
    log.record(time: now, target: target, kind: kind.rawValue, draws: 0)
    if invariants.isDue(after: kind.rawValue) { checkInvariants(at: now) }
  }

  private mutating func takeSnapshot(at now: SimTime) {
    totals.carriedBytes = egress.carriedBytes(at: now)
    totals.writtenBytes = cache.reactiveWrittenBytes - writtenBeforeStart
    totals.evictions = Int64(cache.evictions)
    for outcome in EdgeOutcome.allCases {
      totals.outcomeRequests[Int(outcome.rawValue)] = Int64(cache.counters[outcome].requests)
      totals.outcomeBytes[Int(outcome.rawValue)] = cache.counters[outcome].bytes
    }
    snapshots.append(RegionalSnapshot(at: now, totals: totals, residentBytes: cache.residentBytes))
    checkInvariants(at: now)
  }

  private mutating func checkInvariants(at now: SimTime) {
    func expect(_ holds: Bool, _ claim: String, in violations: inout [String]) {
      if !holds { violations.append("regional \(index) at \(now.seconds) s: \(claim)") }
    }
    expect(cache.residentBytes <= diskBytes, "the cache holds no more than its disk", in: &violations)
    expect(
      totals.fetches == totals.fetched + Int64(fetches.count), "every fetch has arrived or is in flight",
      in: &violations)
    expect(
      totals.sentBytes == egress.completedBytes, "what the link delivered was sent on to sites", in: &violations)
    expect(
      egress.activeFlows == sending.count - freeOwners.count, "each flow carries one segment to one site",
      in: &violations)
  }

  mutating func finish(at end: SimTime) -> RegionalResults {
    if snapshots.last?.at != end { takeSnapshot(at: end) }
    return RegionalResults(
      index: index, snapshots: snapshots, violations: violations, egressCapacity: egressCapacity)
  }
}
