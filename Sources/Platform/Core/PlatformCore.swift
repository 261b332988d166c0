import BackendModel
import CDNModel
import NetModel
import SimEngine

/// Everything that the edge sites share.
///
/// For now that is the origin: an object store behind one egress link.
///
///     site --fetch--> [first byte after `service`] --> egress link (max-min fair, capped per fetch) --segment--> site
final class PlatformCore: PlatformPartition {
  private var state: CoreState

  init(_ state: consuming CoreState) { self.state = state }

  var nextEventTime: SimTime { state.nextEventTime() }
  func run(before limit: SimTime) { state.run(before: limit) }

  func receive(_ message: PlatformMessage) { state.receive(message) }
  func takeOutbox(_ body: (PlatformMessage) -> Void) { state.takeOutbox(body) }
  /// Ends the observation at the end of the run.
  func finish(at end: SimTime) -> CoreResults { state.finish(at: end) }
  var log: EventLog { state.log }
  static var eventKinds: (component: String, names: [(UInt8, String)]) {
    ("origin", CoreState.Kind.allCases.map { ($0.rawValue, "\($0)") })
  }
}

/// What happens in the core.
enum CoreEvent: BitwiseCopyable {
  /// A request of the tier below arrives.
  case fetch(SegmentKey, for: PartitionIndex)
  /// The store has found the segment and starts to send it.
  case firstByte(SegmentKey, for: PartitionIndex)
  /// The capacity of the egress link changes.
  case linkChange
  /// The store told the origin to slow down, and the pause is over.
  case slowedDown(SegmentKey, for: PartitionIndex)
  /// A window of the time series ends.
  case snapshot
}

/// The core's state.
///
/// A struct, so that one exclusive access covers a whole window.
struct CoreState: ~Copyable {
  private var queue: EventQueue<CoreEvent>
  private var egress: EdgeLink
  private var egressCourse: LinkCourse
  /// Egress without failures.
  private let egressCapacity: BitRate
  private var serviceStream: RandomStream
  /// The object store, where the scenario has one.
  private var objects: ObjectStore?
  /// Failures and repairs of the store's devices; no request sees them, so they are caught up with when observed.
  private var devices: BackendQueue
  private let catalog: Catalog
  private let origin: OriginSettings
  private let backhaulLatency: SimDuration
  private let address: PartitionIndex
  private var outbox: [PlatformMessage] = []
  /// Segments on the egress link: key and asker by flow owner, with a list of free owners.
  private var sending: [(key: SegmentKey, asker: PartitionIndex)] = []
  private var freeOwners: [UInt32] = []
  /// Requests whose first byte has not been sent.
  private var fetchesWaiting = 0
  private var totals = CoreCounters()
  private var objectsAtWarmup = CallTotals()
  private var snapshots: [CoreSnapshot] = []
  private let observation: ObservationSchedule
  private(set) var log: EventLog

  init(scenario: Scenario, catalog: Catalog, scale: PlatformScale, directory: PartitionDirectory, run: RunIdentity) {
    address = directory.origin
    queue = EventQueue(backing: run.queue)
    egressCourse = LinkCourse(
      .constant(BitRate(bitsPerSecond: Double(scenario.network.originBitsPerSecond) * scale.keptShare)),
      faults: scenario.faults(of: .originLink))
    egress = EdgeLink(
      capacity: egressCourse.capacity(at: .zero),
      classCaps: [BitRate(bitsPerSecond: Double(scenario.network.fetchBitsPerSecond))])
    serviceStream = RandomStream(run.key(entity: "origin", purpose: "service"))
    devices = BackendQueue(backing: run.queue)
    objects = scenario.services?.objectStore.map { settings in
      ObjectStore(settings.scaled(by: scale.keptShare)) { purpose in
        RandomStream(run.key(entity: "origin", purpose: purpose))
      }
    }
    self.catalog = catalog
    origin = scenario.cdn.origin
    backhaulLatency = scenario.cdn.regional?.originLatency ?? scenario.network.backhaulLatency
    log = EventLog(run: run, partition: Int(directory.origin.rawValue))
    objects?.start(&devices)
    observation = ObservationSchedule(scenario: scenario)
    egressCapacity = egress.capacity
    queue.schedule(.snapshot, at: observation.next(after: .zero))
    if let change = egressCourse.nextChange(after: .zero) { queue.schedule(.linkChange, at: change) }
  }

  mutating func nextEventTime() -> SimTime {
    min(queue.nextTime() ?? .distantFuture, egress.nextCompletion ?? .distantFuture)
  }

  /// Completions on the link come before events of the same instant, so that a link's rates never lag an event.
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
    case .fetch(let key): queue.schedule(.fetch(key, for: message.from), at: message.at)
    default:
      preconditionFailure("only fetches are sent to the origin")
    }
  }

  mutating func takeOutbox(_ body: (PlatformMessage) -> Void) {
    for message in outbox { body(message) }
    outbox.removeAll(keepingCapacity: true)
  }

  private mutating func handle(_ event: CoreEvent, at now: SimTime) {
    switch event {
    case .fetch(let key, let asker):
      fetchesWaiting += 1
      find(key, for: asker, at: now)
      note(at: now, target: UInt32(asker.rawValue), .fetch)
    case .slowedDown(let key, let asker):
      find(key, for: asker, at: now)
      note(at: now, target: UInt32(asker.rawValue), .slowedDown)
    case .firstByte(let key, let asker):
      fetchesWaiting -= 1
      let owner: UInt32
      if let free = freeOwners.popLast() {
        owner = free
        sending[Int(owner)] = (key, asker)
      } else {
        owner = UInt32(sending.count)
        sending.append((key, asker))
      }
      let bytes = catalog.bytes(title: key.title, representation: key.representation, segment: key.segment)
      _ = egress.startFlow(bytes: bytes, capClass: 0, owner: owner, at: now)
      totals.startedBytes += bytes
      note(at: now, target: UInt32(asker.rawValue), .firstByte)
    case .linkChange:
      egress.setCapacity(egressCourse.capacity(at: now), at: now)
      if let change = egressCourse.nextChange(after: now) { queue.schedule(.linkChange, at: change) }
      note(at: now, target: 0, .linkChange)
    case .snapshot:
      takeSnapshot(at: now)
      note(at: now, target: 0, .snapshot)
    }
  }

  /// Looks for a segment: after the object store's time, or the origin's where there is none, its first byte is sent.
  ///
  /// A prefix over its rate tells the origin to slow down; it asks again a little later.
  private mutating func find(_ key: SegmentKey, for asker: PartitionIndex, at now: SimTime) {
    let bytes = catalog.bytes(title: key.title, representation: key.representation, segment: key.segment)
    switch objects?.get(key: UInt64(key.title), bytes: bytes, at: now) {
    case .sending(let firstByte, _): queue.schedule(.firstByte(key, for: asker), at: firstByte)
    case .throttled: queue.schedule(.slowedDown(key, for: asker), at: now + Self.slowDownPause)
    case nil:
      let serviceNs =
        origin.service > .zero
        ? serviceStream.lognormal(mean: Double(origin.service.nanoseconds), cv: origin.serviceCV) : 0
      queue.schedule(
        .firstByte(key, for: asker), at: now + SimDuration(nanoseconds: Int64(min(serviceNs, 60e9).rounded())))
    }
  }

  /// How long the origin waits when the object store tells it to slow down.
  private static let slowDownPause = SimDuration.milliseconds(100)

  private mutating func segmentSent(owner: UInt32, at now: SimTime) {
    let (key, asker) = sending[Int(owner)]
    freeOwners.append(owner)
    let bytes = catalog.bytes(title: key.title, representation: key.representation, segment: key.segment)
    totals.sent += 1
    totals.sentBytes += bytes
    outbox.append(PlatformMessage(at: now + backhaulLatency, from: address, to: asker, body: .segment(key)))
    note(at: now, target: UInt32(asker.rawValue), .sent)
  }

  /// Numbers of the kinds of events in the digest.
  enum Kind: UInt8, CaseIterable {
    case fetch = 1
    case firstByte = 2
    case sent = 3
    case snapshot = 4
    case linkChange = 5
    case slowedDown = 6
  }

  private mutating func note(at now: SimTime, target: UInt32, _ kind: Kind) {
    let draws = serviceStream.draws &+ (objects?.draws ?? 0)
    log.record(time: now, target: target, kind: kind.rawValue, draws: draws)
  }

  // MARK: - Observation

  private mutating func takeSnapshot(at now: SimTime) {
    queue.schedule(.snapshot, at: observation.next(after: now))
    totals.carriedBytes = egress.carriedBytes(at: now)
    snapshots.append(CoreSnapshot(at: now, totals: totals))
    while case .objects(let timer)? = devices.popNext(through: now) { objects?.handle(timer, &devices) }
    if observation.endsWarmup(now) {
      objects?.resetLatencies()
      objectsAtWarmup = objects?.totals ?? CallTotals()
    }
  }

  mutating func finish(at end: SimTime) -> CoreResults {
    if snapshots.last?.at != end {
      totals.carriedBytes = egress.carriedBytes(at: end)
      snapshots.append(CoreSnapshot(at: end, totals: totals))
    }
    var violations: [String] = []
    if totals.startedBytes != egress.completedBytes + bytesInFlight() {
      violations.append(
        "origin: \(totals.startedBytes) bytes were sent, \(egress.completedBytes) arrived, \(bytesInFlight()) are in flight"
      )
    }
    if let violation = objects?.invariantViolation { violations.append(violation) }
    return CoreResults(
      snapshots: snapshots, violations: violations, objectStore: objectStoreRows, egressCapacity: egressCapacity,
      fetchesInCore: fetchesWaiting + sending.count - freeOwners.count)
  }

  /// Rows of summary.csv about the object store, warm-up left out.
  private var objectStoreRows: [MetricRow] {
    guard let objects else { return [] }
    let window = objects.totals - objectsAtWarmup
    var rows: [MetricRow] = []
    func add(_ metric: String, _ unit: String, _ value: Double) {
      rows.append(MetricRow(component: "object_store", metric: metric, unit: unit, value: value))
    }
    add("requests", "", Double(window.arrivals))
    add("shards_lost", "", Double(objects.shardsLost))
    add("shards_repaired", "", Double(objects.shardsRepaired))
    add("objects_lost", "", objects.objectsLost)
    add("throttled", "", Double(window[.rateLimited]))
    add("first_byte_mean_s", "s", window.meanLatencySeconds)
    if objects.latencies.count > 0 {
      add("first_byte_p50_s", "s", objects.latencies.quantile(0.5))
      add("first_byte_p95_s", "s", objects.latencies.quantile(0.95))
      add("first_byte_p99_s", "s", objects.latencies.quantile(0.99))
    }
    return rows
  }

  /// Sizes of the segments that are on the link now.
  private func bytesInFlight() -> Int64 {
    var isFree = [Bool](repeating: false, count: sending.count)
    for owner in freeOwners { isFree[Int(owner)] = true }
    var total: Int64 = 0
    for (owner, segment) in sending.enumerated() where !isFree[owner] {
      total += catalog.bytes(
        title: segment.key.title, representation: segment.key.representation, segment: segment.key.segment)
    }
    return total
  }
}
