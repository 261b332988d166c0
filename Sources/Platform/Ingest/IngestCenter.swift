import IngestModel
import SimEngine

/// Where titles come into the platform: the ingest pipeline as a partition of its own.
///
///     uploads -> [pipeline] -> published titles --published--> search
///                                               '--released--> every edge site, for the one that viewers wait for
///
/// It is always simulated whole: its load comes from uploaders, not from viewers, and a title cannot be thinned.
typealias IngestCenter = StatePartition<IngestCenterState>

/// What happens in the ingest partition.
enum IngestCenterEvent: BitwiseCopyable {
  /// A timer of the pipeline.
  case pipeline(IngestEvent)
  /// A window of the time series ends.
  case snapshot
}

/// The pipeline, its queue, and what was seen of it.
struct IngestCenterState: PartitionState, ~Copyable {
  private var queue: EventQueue<IngestCenterEvent>
  private var pipeline: IngestPipeline
  private let directory: PartitionDirectory
  private let address: PartitionIndex
  private let backhaulLatency: SimDuration
  /// Number in the catalog of the title that viewers wait for, and its position among the planned ones.
  private let premiere: (title: UInt32, planned: Int)?
  private let observation: ObservationSchedule
  private let cores: Int
  private let names: [String]
  private var outbox: [PlatformMessage] = []
  private var snapshots: [IngestSnapshot] = []
  private var violations: [String] = []
  private(set) var log: EventLog
  private var invariants: InvariantSchedule

  /// - Parameter address: Number of the partition in the directory.
  init(
    scenario: Scenario, settings: IngestSettings, catalog: Catalog, keyframes: KeyframeSource?, address: PartitionIndex,
    directory: PartitionDirectory, run: RunIdentity
  ) {
    queue = EventQueue(backing: run.queue)
    pipeline = IngestPipeline(
      settings, start: scenario.start, duration: scenario.duration, keyframes: keyframes,
      outages: scenario.failures(of: .workers).map { failure in
        WorkerOutage(
          at: scenario.moment(failure.at), share: failure.share, duration: failure.duration,
          ramp: failure.ramp)
      }, seed: run.seed, replication: run.replication)
    self.directory = directory
    self.address = address
    backhaulLatency = scenario.network.backhaulLatency
    let planned = settings.planned.firstIndex { $0.isPremiere }
    premiere = planned.flatMap { planned in catalog.premiereTitle.map { (UInt32($0), planned) } }
    observation = ObservationSchedule(scenario: scenario)
    cores = settings.workers.cores
    names = settings.planned.map(\.name)
    log = EventLog(run: run, partition: Int(address.rawValue))
    invariants = InvariantSchedule(run: run)
    queue.schedule(.snapshot, at: observation.next(after: .zero))
    scheduleTimers()
  }

  mutating func nextEventTime() -> SimTime { queue.nextTime() ?? .distantFuture }

  mutating func run(before limit: SimTime) {
    log.windowBegins()
    while let event = queue.popNext(before: limit) {
      let now = queue.now
      switch event {
      case .pipeline(let event):
        pipeline.handle(event, at: now)
        scheduleTimers()
        announce(at: now)
        note(event.kind, target: event.target, at: now)
      case .snapshot:
        queue.schedule(.snapshot, at: observation.next(after: now))
        takeSnapshot(at: now)
        note(UInt8(IngestEvent.kindNames.count + 1), target: 0, at: now)
      }
    }
  }

  private mutating func scheduleTimers() {
    pipeline.takeTimers { event, at in queue.schedule(.pipeline(event), at: at) }
  }

  /// Tells the search of new titles, and the sites of the one that their viewers wait for.
  private mutating func announce(at now: SimTime) {
    var published = 0
    var isPremiereThere = false
    pipeline.takePublications { [premiere] publication in
      published += 1
      if let premiere, publication.planned == premiere.planned { isPremiereThere = true }
    }
    if let services = directory.services {
      for _ in 0..<published { send(.published, to: services, at: now) }
    }
    guard isPremiereThere, let premiere else { return }
    for site in directory.sites { send(.released(title: premiere.title), to: PartitionIndex(site), at: now) }
  }

  /// Sends a message that takes the backhaul latency.
  private mutating func send(_ body: PlatformMessage.Body, to: PartitionIndex, at now: SimTime) {
    outbox.append(PlatformMessage(at: now + backhaulLatency, from: address, to: to, body: body))
  }

  mutating func receive(_: PlatformMessage) { preconditionFailure("nobody sends anything to ingest") }

  mutating func takeOutbox(_ body: (PlatformMessage) -> Void) {
    for message in outbox { body(message) }
    outbox.removeAll(keepingCapacity: true)
  }

  private mutating func note(_ kind: UInt8, target: UInt32, at now: SimTime) {
    log.record(time: now, target: target, kind: kind, draws: pipeline.draws)
    if invariants.isDue(after: kind) { violations += pipeline.contradictions(at: now) }
  }

  private mutating func takeSnapshot(at now: SimTime) {
    snapshots.append(IngestSnapshot(at: now, totals: pipeline.totals(at: now), levels: pipeline.levels))
    violations += pipeline.contradictions(at: now)
  }

  static var eventKinds: (component: String, names: [(UInt8, String)]) {
    let names = IngestEvent.kindNames + ["snapshot"]
    return ("ingest", names.enumerated().map { (UInt8($0.offset + 1), $0.element) })
  }

  mutating func finish(at end: SimTime) -> ComponentResults {
    if snapshots.last?.at != end { takeSnapshot(at: end) }
    return IngestReport(
      snapshots: snapshots, titles: pipeline.titles, cores: cores, workers: pipeline.settings.workers.count,
      names: names, premiere: premiere?.planned, warmupEnd: .zero + observation.warmup, end: end
    ).results(violations: violations.map { "ingest: \($0)" })
  }
}

/// What the pipeline had counted, and what was in it, at one moment.
struct IngestSnapshot: Sendable {
  var at: SimTime
  var totals: IngestTotals
  var levels: IngestLevels
}
