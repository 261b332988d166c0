public import SimEngine

/// From uploads to published titles.
///
///     uploader -> [front end: slots, queue] -> parts -> [inspection, cut] -> tasks by urgency -> workers -> publish
///                   | refused, impatient       | broke    | rejected          ^   failed, lost, late  |
///                   '-> comes back, gives up   '-> failed '-> failed          '-----------------------'
///
/// A value without a queue of its own: its owner schedules the timers that it asks for, and hands them back:
///
///     var pipeline = IngestPipeline(...)
///     pipeline.takeTimers { queue.schedule($0, at: $1) }
///     while let event = queue.popNext(before: end) {
///       pipeline.handle(event, at: queue.now)
///       pipeline.takeTimers { queue.schedule($0, at: $1) }
///     }
///
/// Every draw belongs to a title, a task's attempt or a worker by name, so that another order of work, another mode of
/// upload or an outage moves no draw.
public struct IngestPipeline: Sendable {
  /// What is modelled.
  public let settings: IngestSettings
  /// Every title, in order of arrival.
  public internal(set) var titles: [TitleRecord] = []
  /// Draws from random streams so far, for the run digest.
  public internal(set) var draws: UInt64 = 0

  var counted = IngestTotals()
  let keys: IngestKeys
  let keyframes: KeyframeSource
  let costs: TaskCosts
  let cutter: ChunkCutter
  let spread: LognormalShape
  let retryPolicy: RetryPolicy
  let startOfDay: SimDuration
  let outages: [WorkerOutage]
  var arrivals: UploadArrivals
  /// Titles that nobody planned, so far.
  var unplannedCount: UInt64 = 0
  var frontEnd: WaitingLine
  var inspection: WaitingLine
  var ready = ReadyTasks()
  var readyTasks = 0
  var readyNs: Int128 = 0
  var pool: WorkerPool
  /// Task graphs of titles in work, with a list of free places.
  var graphs: [TaskGraph?] = []
  var freeGraphs: [Int32] = []
  /// Attempts that are late and have no copy yet.
  var lateAttempts = FirstInFirstOut<LateAttempt>()
  /// Tasks whose worker has failed, until that is noticed.
  var losses: [LostTask] = []
  var freeLosses: [UInt32] = []
  /// Times that each worker was preempted and failed, which name its next draws.
  var preemptionCounts: [UInt32]
  var failureCounts: [UInt32]
  var timers: [(event: IngestEvent, at: SimTime)] = []
  var publications: [Publication] = []
  var violations: [String] = []
  /// Titles in progress, and since when their number stands.
  var titlesInProgress = 0
  var titlesEncoding = 0
  var titlesChanged = SimTime.zero

  /// A pipeline at the start of a run, with its first timers.
  ///
  /// - Parameters:
  ///   - settings: What is modelled.
  ///   - start: Time of day at which the run starts.
  ///   - duration: Length of the run; no new titles come after it.
  ///   - keyframes: Keyframes of a real file; `nil` draws them as `settings` says.
  ///   - outages: Workers that are lost for a while.
  ///   - seed: Root of every random stream.
  ///   - replication: Number of the replication.
  public init(
    _ settings: IngestSettings, start: SimDuration, duration: SimDuration, keyframes: KeyframeSource? = nil,
    outages: [WorkerOutage] = [], seed: UInt64, replication: UInt64
  ) {
    self.settings = settings
    keys = IngestKeys(seed: seed, replication: replication)
    self.keyframes =
      keyframes ?? .drawn(mean: settings.chunks.keyframeDistance, cv: settings.chunks.keyframeDistanceCV)
    costs = TaskCosts(settings.encoding, cores: settings.workers.cores)
    cutter = ChunkCutter(shortest: settings.chunks.shortest, longest: settings.chunks.longest)
    spread = LognormalShape(mean: 1, cv: settings.scheduler.timeCV)
    retryPolicy = settings.frontEnd.retryPolicy
    startOfDay = start
    self.outages = outages
    arrivals = UploadArrivals(settings, start: start, duration: duration, stream: RandomStream(keys.arrivals))
    frontEnd = WaitingLine(places: settings.frontEnd.slots)
    inspection = WaitingLine(places: settings.inspection.servers)
    pool = WorkerPool(settings.workers)
    preemptionCounts = Array(repeating: 0, count: settings.workers.count)
    failureCounts = preemptionCounts
    begin(duration: duration)
  }

  private mutating func begin(duration: SimDuration) {
    scheduleArrival()
    for (index, planned) in settings.planned.enumerated() {
      let at = IngestClock.sinceStart(planned.at, start: startOfDay)
      if at < duration { schedule(.plannedUploadArrives(planned: UInt32(index)), at: .zero + at) }
    }
    for worker in pool.workers.indices {
      schedulePreemption(worker, at: .zero)
      scheduleFailure(worker, at: .zero)
    }
    for (index, outage) in outages.enumerated() { schedule(.outageBegins(outage: UInt32(index)), at: outage.at) }
  }

  /// Hands over the timers that were asked for since the last call, in order.
  public mutating func takeTimers(_ body: (IngestEvent, SimTime) -> Void) {
    for timer in timers { body(timer.event, timer.at) }
    timers.removeAll(keepingCapacity: true)
  }

  /// Hands over the titles that were published since the last call, in order.
  public mutating func takePublications(_ body: (Publication) -> Void) {
    for publication in publications { body(publication) }
    publications.removeAll(keepingCapacity: true)
  }

  mutating func schedule(_ event: IngestEvent, at time: SimTime) { timers.append((event, time)) }

  /// Handles a timer at its time.
  ///
  /// - Complexity: O(log(titles in work)) for the end of an attempt; O(chunks) when a title is cut; O(workers) when one
  ///   fails.
  public mutating func handle(_ event: IngestEvent, at now: SimTime) {
    switch event {
    case .uploadArrives: uploadArrives(at: now)
    case .plannedUploadArrives(let planned): plannedUploadArrives(Int(planned), at: now)
    case .uploaderReturns(let title, let visit):
      if isCurrent(title, visit, .away) { uploaderComes(Int(title), at: now) }
    case .patienceEnds(let title, let visit):
      if isCurrent(title, visit, .waiting) { patienceEnds(Int(title), at: now) }
    case .transferEnds(let title, let visit):
      if isCurrent(title, visit, .uploading) { transferEnds(Int(title), at: now) }
    case .answerIsLate(let title, let visit):
      if titles[Int(title)].visits == visit, titles[Int(title)].stage.isInWork { answerIsLate(Int(title), at: now) }
    case .inspectionEnds(let title, let visit):
      if isCurrent(title, visit, .inspecting) { inspectionEnds(Int(title), at: now) }
    case .cutEnds(let title, let visit):
      if isCurrent(title, visit, .cutting) { cutEnds(Int(title), at: now) }
    case .publicationEnds(let title, let visit):
      if isCurrent(title, visit, .publishing) { publicationEnds(Int(title), at: now) }
    case .attemptEnds(let worker, let generation):
      if pool.workers[Int(worker)].generation == generation { attemptEnds(Int(worker), at: now) }
    case .attemptIsLate(let worker, let generation):
      if pool.workers[Int(worker)].generation == generation {
        lateAttempts.append(LateAttempt(worker: worker, generation: generation))
      }
    case .lossIsNoticed(let loss): lossIsNoticed(loss)
    case .workerIsPreempted(let worker): workerIsPreempted(Int(worker), at: now)
    case .preemptionEnds(let worker):
      pool.comeBack(Int(worker), at: now)
      schedulePreemption(Int(worker), at: now)
    case .workerFails(let worker): workerFails(Int(worker), at: now)
    case .repairEnds(let worker):
      pool.comeBack(Int(worker), at: now)
      scheduleFailure(Int(worker), at: now)
    case .outageBegins(let outage): outageBegins(Int(outage), at: now)
    case .outageTakes(let worker): workerGoes(Int(worker), at: now, isNoticed: true)
    case .outageReturns(let worker): pool.comeBack(Int(worker), at: now)
    }
    dispatch(at: now)
  }

  private func isCurrent(_ title: UInt32, _ visit: UInt32, _ stage: TitleStage) -> Bool {
    titles[Int(title)].visits == visit && titles[Int(title)].stage == stage
  }
}

/// Keys of the random streams, by purpose.
struct IngestKeys: Sendable {
  let arrivals: StreamKey
  let titles: StreamKey
  let planned: StreamKey
  let transfers: StreamKey
  let returns: StreamKey
  let keyframes: StreamKey
  let highlights: StreamKey
  let tasks: StreamKey
  let preemptions: StreamKey
  let failures: StreamKey
  let outages: StreamKey

  init(seed: UInt64, replication: UInt64) {
    func key(_ entity: String, _ purpose: String) -> StreamKey {
      StreamKey(seed: seed, replication: replication, entity: entity, purpose: purpose)
    }
    arrivals = key("ingest/uploads", "arrivals")
    titles = key("ingest/titles", "properties")
    planned = key("ingest/planned", "properties")
    transfers = key("ingest/uploads", "parts")
    returns = key("ingest/uploads", "returns")
    keyframes = key("ingest/titles", "keyframes")
    highlights = key("ingest/titles", "highlights")
    tasks = key("ingest/tasks", "attempts")
    preemptions = key("ingest/workers", "preemptions")
    failures = key("ingest/workers", "failures")
    outages = key("ingest/workers", "outages")
  }
}
