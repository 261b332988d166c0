import BackendModel
import SimEngine

/// The services behind a play button: gateway, accounts, search, positions, history.
///
///     site --start--> gateway -> account [-> payment] [-> search] [-> position] --reply--> site
///     site --position, end--> gateway -> position, history
///
/// The way of a request is told in Services+Journey.swift.
typealias ServicesPartition = StatePartition<ServicesState>

/// What happens in the services, besides the timers of their parts.
enum ServicesEvent: BitwiseCopyable {
  /// A request reaches the gateway.
  case arrives(request: UInt32)
  /// A start request can no longer be answered before its deadline.
  case startIsOverdue(request: UInt32)
  /// The answer of a part reaches the gateway.
  case answered(attempt: UInt64, CallOutcome)
  /// The answer of the cluster that keeps positions reaches the gateway.
  case clusterAnswered(attempt: UInt64, member: UInt32, isWrite: Bool, isServed: Bool)
  /// A failure of the scenario begins.
  case fails(Int32)
  /// A failure of the scenario ends.
  case recovers(Int32)
  /// A published title is in the index of the search.
  case titleIsFound
  /// A window of the time series ends.
  case snapshot
}

/// The parts that the gateway calls.
enum ServiceUpstream: UInt8, CaseIterable {
  case accounts
  case billing
  case search
  case resume
  case history
}

/// The services' state.
///
/// Timers of the parts lie in a queue of their own; at one instant they come before the requests' steps.
struct ServicesState: PartitionState, ~Copyable {
  var steps: EventQueue<ServicesEvent>
  var timers: BackendQueue
  var gateway: Gateway
  var relational: RelationalStore
  var history: HistoryStore
  var search: SearchCluster
  let searchIndex: SearchIndex

  var requests: [ServiceRequest] = []
  var freeRequests: [UInt32] = []
  /// What the parts have said and nobody has acted on yet.
  var doorReplies: [BackendReply] = []
  var answers: [BackendReply] = []
  var actions: [Gateway.Action] = []

  let address: PartitionIndex
  /// The cluster that keeps positions, if there is one in front of the history store.
  let cluster: PartitionIndex?
  let backhaulLatency: SimDuration
  private var outbox: [PlatformMessage] = []
  let failures: [ServiceFailure]
  let observation: ObservationSchedule
  var counters = ServiceCounters()
  var snapshots: [ServiceSnapshot] = []
  var incidents: [ServiceIncident] = []
  var violations: [String] = []
  private(set) var log: EventLog
  private var invariants: InvariantSchedule

  init(
    scenario: Scenario, settings whole: ServicesSettings, scale: PlatformScale, address: PartitionIndex,
    cluster: PartitionIndex?, run: RunIdentity
  ) {
    let settings = whole.scaled(by: scale.keptShare)
    let streams = { (purpose: String) in RandomStream(run.key(entity: "services", purpose: purpose)) }
    steps = EventQueue(backing: run.queue)
    timers = BackendQueue(backing: run.queue)
    gateway = Gateway(settings.gateway, upstreams: ServiceUpstream.allCases.map { "\($0)" }, streams: streams)
    relational = RelationalStore(settings.relational, streams: streams)
    history = HistoryStore(settings.history, members: scenario.keptMembers(scale), streams: streams)
    search = SearchCluster(settings.search, streams: streams)
    searchIndex = SearchIndex(settings.search)
    self.address = address
    self.cluster = cluster
    backhaulLatency = scenario.network.backhaulLatency
    failures = ServiceFailure.all(of: scenario)
    observation = ObservationSchedule(scenario: scenario)
    log = EventLog(run: run, partition: Int(address.rawValue))
    invariants = InvariantSchedule(run: run)
    steps.schedule(.snapshot, at: observation.next(after: .zero))
    for (index, failure) in failures.enumerated() {
      steps.schedule(.fails(Int32(index)), at: failure.from)
      steps.schedule(.recovers(Int32(index)), at: failure.to)
    }
  }

  // MARK: - Time

  mutating func nextEventTime() -> SimTime {
    min(steps.nextTime() ?? .distantFuture, timers.nextTime() ?? .distantFuture)
  }

  mutating func run(before limit: SimTime) {
    log.windowBegins()
    while true {
      let timer = timers.nextTime() ?? .distantFuture
      let step = steps.nextTime() ?? .distantFuture
      if timer <= step {
        guard let event = timers.popNext(before: limit) else { return }
        handle(event, at: timers.now)
      } else {
        guard let event = steps.popNext(before: limit) else { return }
        timers.advance(to: steps.now)
        handle(event, at: steps.now)
      }
    }
  }

  private mutating func handle(_ event: BackendEvent, at now: SimTime) {
    switch event {
    case .gateway(let timer):
      gateway.handle(timer, &timers, &doorReplies, &actions)
      settle(at: now)
      note(.gateway, target: 0, at: now)
    case .relational(let timer):
      relational.handle(timer, &timers, &answers)
      settle(at: now)
      note(.relational, target: 0, at: now)
    case .history(let timer):
      history.handle(timer, &timers, &answers)
      settle(at: now)
      note(.history, target: 0, at: now)
    case .search(let timer):
      search.handle(timer, &timers, &answers)
      settle(at: now)
      note(.search, target: 0, at: now)
    case .objects: preconditionFailure("the object store stands behind the origin")
    }
  }

  private mutating func handle(_ event: ServicesEvent, at now: SimTime) {
    switch event {
    case .arrives(let request):
      requestArrives(request, at: now)
      settle(at: now)
      note(.arrives, target: request, at: now)
    case .startIsOverdue(let request):
      startIsOverdue(request, at: now)
      note(.startIsOverdue, target: request, at: now)
    case .answered(let attempt, let outcome):
      gateway.returned(Gateway.Attempt(ticket: attempt), outcome, &timers, &actions)
      settle(at: now)
      note(.answered, target: UInt32(truncatingIfNeeded: attempt), at: now)
    case .clusterAnswered(let attempt, let member, let isWrite, let isServed):
      clusterAnswered(attempt, member: member, isWrite: isWrite, isServed: isServed)
      settle(at: now)
      note(.clusterAnswered, target: UInt32(truncatingIfNeeded: attempt), at: now)
    case .fails(let index):
      begin(failures[Int(index)], at: now)
      settle(at: now)
      note(.fails, target: UInt32(index), at: now)
    case .recovers(let index):
      end(failures[Int(index)], at: now)
      settle(at: now)
      note(.recovers, target: UInt32(index), at: now)
    case .titleIsFound:
      counters.titlesFound += 1
      note(.titleIsFound, target: 0, at: now)
    case .snapshot:
      steps.schedule(.snapshot, at: observation.next(after: now))
      takeSnapshot(at: now)
      if observation.endsWarmup(now) { resetLatencies() }
      note(.snapshot, target: 0, at: now)
    }
  }

  // MARK: - Messages

  mutating func receive(_ message: PlatformMessage) {
    let request: ServiceRequest
    switch message.body {
    case .startSession(let start): request = ServiceRequest(start, from: message.from)
    case .savePosition(let member):
      request = ServiceRequest(.savePosition, member: member, from: message.from)
    case .endSession(let member):
      request = ServiceRequest(.endSession, member: member, from: message.from)
    case .offsetReply(let reply):
      steps.schedule(
        .clusterAnswered(
          attempt: reply.token, member: UInt32(truncatingIfNeeded: reply.key), isWrite: reply.isWrite,
          isServed: reply.isServed), at: message.at)
      return
    case .published:
      counters.titlesPublished += 1
      steps.schedule(.titleIsFound, at: searchIndex.visible(publishedAt: message.at))
      return
    default:
      preconditionFailure("the services know no segments")
    }
    steps.schedule(.arrives(request: keep(request)), at: message.at)
  }

  /// Sends a message that takes the backhaul latency.
  mutating func send(_ body: PlatformMessage.Body, to: PartitionIndex, at now: SimTime) {
    outbox.append(PlatformMessage(at: now + backhaulLatency, from: address, to: to, body: body))
  }

  mutating func takeOutbox(_ body: (PlatformMessage) -> Void) {
    for message in outbox { body(message) }
    outbox.removeAll(keepingCapacity: true)
  }

  // MARK: - Digest

  static var eventKinds: (component: String, names: [(UInt8, String)]) {
    ("services", Kind.allCases.map { ($0.rawValue, "\($0)") })
  }

  /// Numbers of the kinds of events in the digest.
  enum Kind: UInt8, CaseIterable {
    case arrives = 1
    case answered = 2
    case gateway = 3
    case relational = 4
    case history = 5
    case search = 6
    case fails = 7
    case recovers = 8
    case snapshot = 9
    case clusterAnswered = 10
    case titleIsFound = 11
    case startIsOverdue = 12
  }

  private mutating func note(_ kind: Kind, target: UInt32, at now: SimTime) {
    let draws = gateway.draws &+ relational.draws &+ history.draws &+ search.draws
    log.record(time: now, target: target, kind: kind.rawValue, draws: draws)
    if invariants.isDue(after: kind.rawValue) { checkInvariants(at: now) }
  }
}

extension Scenario {
  /// Members of the simulated part of the platform; every site has as many.
  func membersPerSite(_ scale: PlatformScale) -> Int {
    max(1, Int((Double(viewers.memberships) / Double(scale.allSites)).rounded()))
  }

  /// Members of all simulated sites.
  func keptMembers(_ scale: PlatformScale) -> Int { membersPerSite(scale) * scale.keptSites }
}
