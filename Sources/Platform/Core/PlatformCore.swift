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
  /// A window of the time series ends.
  case snapshot
}

/// The core's state.
///
/// A struct, so that one exclusive access covers a whole window.
struct CoreState: ~Copyable {
  private var queue: EventQueue<CoreEvent>
  private var egress: EdgeLink
  private var serviceStream: RandomStream
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
  private var snapshots: [CoreSnapshot] = []
  private let observation: ObservationSchedule
  private(set) var log: EventLog

  init(scenario: Scenario, catalog: Catalog, scale: PlatformScale, directory: PartitionDirectory, run: RunIdentity) {
    address = directory.origin
    queue = EventQueue(backing: run.queue)
    egress = EdgeLink(
      capacity: BitRate(bitsPerSecond: Double(scenario.network.originBitsPerSecond) * scale.keptShare),
      classCaps: [BitRate(bitsPerSecond: Double(scenario.network.fetchBitsPerSecond))])
    serviceStream = RandomStream(run.key(entity: "origin", purpose: "service"))
    self.catalog = catalog
    origin = scenario.cdn.origin
    backhaulLatency = scenario.network.backhaulLatency
    log = EventLog(run: run, partition: Int(directory.origin.rawValue))
    observation = ObservationSchedule(scenario: scenario)
    queue.schedule(.snapshot, at: observation.next(after: .zero))
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
    case .segment: preconditionFailure("nobody sends segments to the origin")
    }
  }

  mutating func takeOutbox(_ body: (PlatformMessage) -> Void) {
    for message in outbox { body(message) }
    outbox.removeAll(keepingCapacity: true)
  }

  private mutating func handle(_ event: CoreEvent, at now: SimTime) {
    switch event {
    case .fetch(let key, let asker):
      let serviceNs =
        origin.service > .zero
        ? serviceStream.lognormal(mean: Double(origin.service.nanoseconds), cv: origin.serviceCV) : 0
      fetchesWaiting += 1
      queue.schedule(
        .firstByte(key, for: asker), at: now + SimDuration(nanoseconds: Int64(min(serviceNs, 60e9).rounded())))
      note(at: now, target: UInt32(asker.rawValue), .fetch)
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
      let bytes = catalog.bytes(title: key.title, rendition: key.representation, segment: key.segment)
      _ = egress.startFlow(bytes: bytes, capClass: 0, owner: owner, at: now)
      totals.startedBytes += bytes
      note(at: now, target: UInt32(asker.rawValue), .firstByte)
    case .snapshot:
      takeSnapshot(at: now)
      note(at: now, target: 0, .snapshot)
    }
  }

  private mutating func segmentSent(owner: UInt32, at now: SimTime) {
    let (key, asker) = sending[Int(owner)]
    freeOwners.append(owner)
    let bytes = catalog.bytes(title: key.title, rendition: key.representation, segment: key.segment)
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
  }

  private mutating func note(at now: SimTime, target: UInt32, _ kind: Kind) {
    log.record(time: now, target: target, kind: kind.rawValue, draws: serviceStream.draws)
  }

  // MARK: - Observation

  private mutating func takeSnapshot(at now: SimTime) {
    queue.schedule(.snapshot, at: observation.next(after: now))
    totals.carriedBytes = egress.carriedBytes(at: now)
    snapshots.append(CoreSnapshot(at: now, totals: totals))
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
    return CoreResults(
      snapshots: snapshots, violations: violations, egressCapacity: egress.capacity,
      fetchesInCore: fetchesWaiting + sending.count - freeOwners.count)
  }

  /// Sizes of the segments that are on the link now.
  private func bytesInFlight() -> Int64 {
    var isFree = [Bool](repeating: false, count: sending.count)
    for owner in freeOwners { isFree[Int(owner)] = true }
    var total: Int64 = 0
    for (owner, segment) in sending.enumerated() where !isFree[owner] {
      total += catalog.bytes(
        title: segment.key.title, rendition: segment.key.representation, segment: segment.key.segment)
    }
    return total
  }
}
