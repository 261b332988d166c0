import BackendModel
import CDNModel
import NetModel
import SimEngine

/// What every tier ends at: the origin, an object store behind one egress link.
///
///     below --fetch--> [first byte after `service`] --> egress link (max-min fair, capped per fetch) --segment--> below
typealias PlatformCore = StatePartition<CoreState>

/// What happens in the core.
enum CoreEvent: BitwiseCopyable {
  /// A request of the tier below arrives.
  case fetch(SegmentKey, for: PartitionIndex)
  /// The tier below asks whether a segment that it stores has changed.
  case confirm(SegmentKey, for: PartitionIndex)
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
struct CoreState: PartitionState, ~Copyable {
  private var egress: SegmentEgress<CoreEvent>
  private var egressCourse: LinkCourse
  private var serviceStream: RandomStream
  /// Failures of the origin itself, and which requests they hit.
  private let faults: [FaultCourse]
  private var failureStream: RandomStream
  /// The object store, where the scenario has one.
  private var objects: ObjectStore?
  /// Failures and repairs of the store's devices; no request sees them, so they are caught up with when observed.
  private var devices: BackendQueue
  private let catalog: Catalog
  private let origin: OriginSettings
  /// Requests whose first byte has not been sent.
  private var fetchesWaiting = 0
  private var totals = CoreCounters()
  private var firstByteTimes = LogLinearHistogram()
  private var objectsAtWarmup = CallTotals()
  private var snapshots: [CoreSnapshot] = []
  private let observation: ObservationSchedule
  private(set) var log: EventLog

  init(scenario: Scenario, catalog: Catalog, scale: PlatformScale, directory: PartitionDirectory, run: RunIdentity) {
    let capacity = BitRate(bitsPerSecond: Double(scenario.network.originBitsPerSecond) * scale.keptShare)
    egressCourse = LinkCourse(.constant(capacity), faults: scenario.faults(of: .originLink))
    egress = SegmentEgress(
      address: directory.origin, capacity: capacity,
      fetchRate: BitRate(bitsPerSecond: Double(scenario.network.fetchBitsPerSecond)),
      latency: scenario.cdn.latencyBelowOrigin ?? scenario.network.backhaulLatency,
      passers: (
        scenario.cdn.regional == nil ? 0..<0 : directory.sites,
        scenario.cdn.latencyPastRegional(backhaul: scenario.network.backhaulLatency)
      ), backing: run.queue)
    faults = scenario.faults(of: .origin)
    failureStream = RandomStream(run.key(entity: "origin", purpose: "failures"))
    egress.setCapacity(egressCourse.capacity(at: .zero), at: .zero)
    serviceStream = RandomStream(run.key(entity: "origin", purpose: "service"))
    devices = BackendQueue(backing: run.queue)
    objects = scenario.services?.objectStore.map { settings in
      ObjectStore(settings.scaled(by: scale.keptShare)) { purpose in
        RandomStream(run.key(entity: "origin", purpose: purpose))
      }
    }
    self.catalog = catalog
    origin = scenario.cdn.origin
    log = EventLog(run: run, partition: Int(directory.origin.rawValue))
    objects?.start(&devices)
    observation = ObservationSchedule(scenario: scenario)
    egress.queue.schedule(.snapshot, at: observation.next(after: .zero))
    if let change = egressCourse.nextChange(after: .zero) { egress.queue.schedule(.linkChange, at: change) }
  }

  mutating func nextEventTime() -> SimTime { egress.nextEventTime() }

  mutating func run(before limit: SimTime) {
    log.windowBegins()
    while let step = egress.next(before: limit) {
      switch step {
      case .sent(let segment, let now): segmentSent(segment, at: now)
      case .event(let event, let now): handle(event, at: now)
      }
    }
  }

  mutating func receive(_ message: PlatformMessage) {
    switch message.body {
    case .fetch(let key): egress.queue.schedule(.fetch(key, for: message.from), at: message.at)
    case .confirm(let key): egress.queue.schedule(.confirm(key, for: message.from), at: message.at)
    default:
      preconditionFailure("only fetches and questions about segments are sent to the origin")
    }
  }

  mutating func takeOutbox(_ body: (PlatformMessage) -> Void) {
    egress.takeOutbox(body)
  }

  private mutating func handle(_ event: CoreEvent, at now: SimTime) {
    switch event {
    case .fetch(let key, let asker):
      if fails(key, isConditional: false, for: asker, at: now) {
        note(at: now, target: UInt32(asker.rawValue), .failed)
        return
      }
      fetchesWaiting += 1
      find(key, for: asker, at: now)
      note(at: now, target: UInt32(asker.rawValue), .fetch)
    case .confirm(let key, let asker):
      if fails(key, isConditional: true, for: asker, at: now) {
        note(at: now, target: UInt32(asker.rawValue), .failed)
        return
      }
      // Segments never change once they are published. The answer is a header, so no link is in its way.
      totals.confirmed += 1
      egress.post(.confirmed(key), to: asker, after: egress.latency(to: asker) + origin.service, at: now)
      note(at: now, target: UInt32(asker.rawValue), .confirm)
    case .slowedDown(let key, let asker):
      find(key, for: asker, at: now)
      note(at: now, target: UInt32(asker.rawValue), .slowedDown)
    case .firstByte(let key, let asker):
      fetchesWaiting -= 1
      egress.send(key, bytes: catalog.bytes(of: key), to: asker, at: now)
      note(at: now, target: UInt32(asker.rawValue), .firstByte)
    case .linkChange:
      egress.setCapacity(egressCourse.capacity(at: now), at: now)
      if let change = egressCourse.nextChange(after: now) { egress.queue.schedule(.linkChange, at: change) }
      note(at: now, target: 0, .linkChange)
    case .snapshot:
      takeSnapshot(at: now)
      note(at: now, target: 0, .snapshot)
    }
  }

  /// Whether a failure of the origin hits a request; then the asker is told.
  private mutating func fails(
    _ key: SegmentKey, isConditional: Bool, for asker: PartitionIndex, at now: SimTime
  ) -> Bool {
    if faults.isEmpty { return false }
    let remaining = faults.reduce(1) { $0 * $1.factor(at: now) }
    guard remaining < 1, failureStream.uniform() >= remaining else { return false }
    totals.failures += 1
    egress.reply(.refused(key, Refusal(isConditional: isConditional, isByOrigin: true)), to: asker, at: now)
    return true
  }

  /// Looks for a segment: after the object store's time, or the origin's where there is none, its first byte is sent.
  ///
  /// A prefix over its rate tells the origin to slow down; it asks again a little later.
  private mutating func find(_ key: SegmentKey, for asker: PartitionIndex, at now: SimTime) {
    switch objects?.get(key: UInt64(key.title), bytes: catalog.bytes(of: key), at: now) {
    case .sending(let firstByte, _): sends(key, for: asker, at: firstByte, askedAt: now)
    case .throttled: egress.queue.schedule(.slowedDown(key, for: asker), at: now + Self.slowDownPause)
    case nil:
      let serviceNs =
        origin.service > .zero
        ? serviceStream.lognormal(mean: Double(origin.service.nanoseconds), cv: origin.serviceCV) : 0
      let service = SimDuration(nanoseconds: Int64(min(serviceNs, 60e9).rounded()))
      sends(key, for: asker, at: now + service, askedAt: now)
    }
  }

  private mutating func sends(_ key: SegmentKey, for asker: PartitionIndex, at time: SimTime, askedAt: SimTime) {
    firstByteTimes.add(time - askedAt)
    egress.queue.schedule(.firstByte(key, for: asker), at: time)
  }

  /// How long the origin waits when the object store tells it to slow down.
  private static let slowDownPause = SimDuration.milliseconds(100)

  private mutating func segmentSent(_ segment: SegmentEgress<CoreEvent>.Sending, at now: SimTime) {
    totals.sent += 1
    totals.sentBytes += segment.bytes
    egress.deliver(segment, at: now)
    note(at: now, target: UInt32(segment.asker.rawValue), .sent)
  }

  static var eventKinds: (component: String, names: [(UInt8, String)]) {
    ("origin", Kind.allCases.map { ($0.rawValue, "\($0)") })
  }

  /// Numbers of the kinds of events in the digest.
  enum Kind: UInt8, CaseIterable {
    case fetch = 1
    case firstByte = 2
    case sent = 3
    case snapshot = 4
    case linkChange = 5
    case slowedDown = 6
    case confirm = 7
    case failed = 8
  }

  private mutating func note(at now: SimTime, target: UInt32, _ kind: Kind) {
    let draws = serviceStream.draws &+ failureStream.draws &+ (objects?.draws ?? 0)
    log.record(time: now, target: target, kind: kind.rawValue, draws: draws)
  }

  // MARK: - Observation

  private mutating func takeSnapshot(at now: SimTime) {
    egress.queue.schedule(.snapshot, at: observation.next(after: now))
    totals.carriedBytes = egress.carriedBytes(at: now)
    snapshots.append(CoreSnapshot(at: now, totals: totals))
    while case .objects(let timer)? = devices.popNext(through: now) { objects?.handle(timer, &devices) }
    if observation.endsWarmup(now) {
      firstByteTimes = LogLinearHistogram()
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
    if let contradiction = egress.contradiction { violations.append("origin: \(contradiction)") }
    if let violation = objects?.invariantViolation { violations.append(violation) }
    return CoreResults(
      snapshots: snapshots, violations: violations, firstByteTimes: firstByteTimes, objectStore: objectStoreRows,
      egressCapacity: egress.capacity,
      fetchesInCore: fetchesWaiting + egress.count)
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
}
