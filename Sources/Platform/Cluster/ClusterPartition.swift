import ClusterModel
import SimEngine

/// The cluster that keeps sessions and resume offsets, behind the gateway's instances.
///
///     services, or site --offset command--> [instance: slot map] --> node --MOVED, ASK--> node --> reply
///
/// A viewer's commands come through one instance, whichever site they are from.
typealias ClusterPartition = StatePartition<ClusterState>

/// A command about a resume offset.
struct OffsetCommand: BitwiseCopyable {
  /// What the sender knows it by; it comes back with the reply.
  var token: UInt64
  /// The viewer's key.
  var key: UInt64
  /// Whether it writes.
  var isWrite: Bool
}

/// What became of such a command.
struct OffsetReply: BitwiseCopyable {
  /// The command's.
  var token: UInt64
  /// See `token`.
  var key: UInt64
  var isWrite: Bool
  /// Whether it was served; otherwise the gateway gave it up.
  var isServed: Bool
}

/// What happens in the partition; the store's own events are the store's.
enum ClusterPartitionEvent: BitwiseCopyable {
  /// A site's command arrives at an instance of the gateway: its place among those that wait.
  case command(UInt32)
  /// The next command that comes from nowhere in particular.
  case load
  /// A window of the time series ends.
  case snapshot
}

/// The partition's state.
struct ClusterState: PartitionState, ~Copyable {
  private var store: SessionStore
  private var queue: EventQueue<ClusterPartitionEvent>
  private var outbox: [PlatformMessage] = []
  private let address: PartitionIndex
  private let backhaulLatency: SimDuration
  private let keys: UInt64
  private let instances: Int
  private let observation: ObservationSchedule
  /// Commands of sites by place, from their arrival to their reply, with a list of free places.
  private var waiting: [(command: OffsetCommand, from: PartitionIndex)] = []
  private var freeWaiting: [UInt32] = []
  private var replies: [StoreReply] = []
  private var load: ClusterLoad
  private var record: ClusterRecord
  private var violations: [String] = []
  private var invariants: InvariantSchedule
  private(set) var log: EventLog

  /// The token of commands that nobody waits for.
  private static let nobody = UInt64.max

  /// - Throws: `PlanRefusal` where the scenario describes no store.
  init(_ table: ClusterTable, scenario: Scenario, scale: PlatformScale, address: PartitionIndex, run: RunIdentity)
    throws(PlanRefusal)
  {
    let settings = table.storeSettings(
      start: scenario.start, memberships: scenario.viewers.memberships, loadShare: scale.keptShare)
    var store = try SessionStore(
      settings, key: run.key(entity: "cluster", purpose: "store"), horizon: .zero + scenario.duration)
    record = ClusterRecord(start: store.totals())
    self.store = store
    self.address = address
    queue = EventQueue(backing: run.queue)
    backhaulLatency = scenario.network.backhaulLatency
    keys = UInt64(max(1, settings.keys))
    instances = settings.instances
    observation = ObservationSchedule(scenario: scenario)
    log = EventLog(run: run, partition: Int(address.rawValue))
    invariants = InvariantSchedule(run: run)
    load = ClusterLoad(
      table.load, share: scale.keptShare, stream: RandomStream(run.key(entity: "cluster", purpose: "load")))
    if let first = load.next(after: .zero) { queue.schedule(.load, at: first) }
    queue.schedule(.snapshot, at: observation.next(after: .zero))
  }

  // MARK: Time

  mutating func nextEventTime() -> SimTime {
    min(queue.nextTime() ?? .distantFuture, store.nextEventTime ?? .distantFuture)
  }

  /// Commands that arrive come before the store's own events of the same instant.
  mutating func run(before limit: SimTime) {
    log.windowBegins()
    while true {
      let pending = queue.nextTime() ?? .distantFuture
      let inStore = store.nextEventTime ?? .distantFuture
      if pending <= inStore {
        guard let event = queue.popNext(before: limit) else { return }
        handle(event, at: queue.now)
      } else {
        guard inStore < limit else { return }
        store.advance(through: inStore)
        takeReplies(at: inStore)
      }
    }
  }

  private mutating func handle(_ event: ClusterPartitionEvent, at now: SimTime) {
    switch event {
    case .command(let place):
      let command = waiting[Int(place)].command
      store.submit(
        StoreCommand(
          token: UInt64(place), instance: Int(command.key % UInt64(instances)), key: command.key % keys,
          isWrite: command.isWrite), at: now)
      note(.command, target: UInt32(truncatingIfNeeded: command.key), at: now)
    case .load:
      let command = load.command(keys: keys, instances: instances)
      store.submit(
        StoreCommand(
          token: Self.nobody, instance: command.instance, key: command.key, isWrite: command.isWrite), at: now)
      if let next = load.next(after: now) { queue.schedule(.load, at: next) }
      note(.load, target: UInt32(command.instance), at: now)
    case .snapshot:
      takeSnapshot(at: now)
      queue.schedule(.snapshot, at: observation.next(after: now))
      note(.snapshot, target: UInt32(truncatingIfNeeded: store.cluster.digest.value), at: now)
    }
  }

  private mutating func takeReplies(at now: SimTime) {
    store.takeReplies(into: &replies)
    for reply in replies {
      note(.reply, target: UInt32(truncatingIfNeeded: reply.token), at: now)
      guard reply.token != Self.nobody else { continue }
      let place = UInt32(reply.token)
      let (command, from) = waiting[Int(place)]
      freeWaiting.append(place)
      let body = OffsetReply(token: command.token, key: command.key, isWrite: reply.isWrite, isServed: reply.isServed)
      outbox.append(
        PlatformMessage(at: reply.at + backhaulLatency, from: address, to: from, body: .offsetReply(body)))
    }
  }

  // MARK: Messages

  mutating func receive(_ message: PlatformMessage) {
    switch message.body {
    case .offset(let command):
      let place: UInt32
      if let free = freeWaiting.popLast() {
        place = free
        waiting[Int(place)] = (command, message.from)
      } else {
        place = UInt32(waiting.count)
        waiting.append((command, message.from))
      }
      queue.schedule(.command(place), at: message.at)
    default:
      preconditionFailure("the cluster keeps offsets only")
    }
  }

  mutating func takeOutbox(_ body: (PlatformMessage) -> Void) {
    for message in outbox { body(message) }
    outbox.removeAll(keepingCapacity: true)
  }

  // MARK: Observation

  static let eventKinds = (component: "cluster", names: Kind.allCases.map { ($0.rawValue, "\($0)") })

  /// Numbers of the kinds of events in the digest.
  enum Kind: UInt8, CaseIterable {
    case command = 1
    case reply = 2
    case load = 3
    case snapshot = 4
  }

  private mutating func note(_ kind: Kind, target: UInt32, at now: SimTime) {
    log.record(time: now, target: target, kind: kind.rawValue, draws: store.cluster.draws)
    if invariants.isDue(after: kind.rawValue) { checkInvariants(at: now) }
  }

  private mutating func checkInvariants(at now: SimTime) {
    if let claim = store.brokenInvariant() { violations.append("cluster at \(now.seconds) s: \(claim)") }
  }

  private mutating func takeSnapshot(at now: SimTime) {
    store.advance(through: now)
    takeReplies(at: now)
    let served = (0..<store.cluster.nodeCount).map { store.slots(servedBy: $0) }
    record.add(store.totals(), served: served)
    if observation.endsWarmup(now) {
      store.restartLatencies()
      record.endWarmup()
    }
    checkInvariants(at: now)
  }

  mutating func finish(at end: SimTime) -> ComponentResults {
    if record.lastMoment != end { takeSnapshot(at: end) }
    if let claim = store.unconvergedClaim() { violations.append("cluster at \(end.seconds) s: \(claim)") }
    var results = record.results(
      readLatency: store.readLatency, writeLatency: store.writeLatency, events: store.events,
      nodes: store.cluster.nodeCount)
    results.violations = violations
    return results
  }
}

/// Commands that do not come from viewers.
struct ClusterLoad {
  private let perSecond: Double
  private let reads: Double
  private var stream: RandomStream

  init(_ settings: ClusterLoadSettings, share: Double, stream: RandomStream) {
    perSecond = settings.commandsPerSecond * share
    reads = settings.reads
    self.stream = stream
  }

  /// When the next one comes, if any ever does.
  mutating func next(after time: SimTime) -> SimTime? {
    guard perSecond > 0 else { return nil }
    return time + .seconds(min(1e9, stream.exponential(mean: 1 / perSecond)))
  }

  mutating func command(keys: UInt64, instances: Int) -> (key: UInt64, instance: Int, isWrite: Bool) {
    (stream.below(keys), stream.below(instances), !stream.chance(reads))
  }
}
