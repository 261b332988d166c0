import CDNModel
import NetModel
import PlayerModel
import SimEngine

/// One edge site with its viewers: arrivals, players, access links, the shared edge link, the cache, and an event queue.
///
///     viewers --(access caps)--> [edge link] <-- [cache] --miss--> outbox ~~backhaul~~> core
///                                                   ^----------- inbox <~~backhaul~~---'
///
/// Everything in here happens without looking at any other site; messages leave through the outbox and come in through
/// `receive`, no sooner than the backhaul latency after they were sent.
typealias EdgeSite = StatePartition<EdgeSiteState>

/// The site's state.
///
/// A struct, so that one exclusive access covers a whole window; the journey of a viewer through it
/// is told in EdgeSite+Journey.swift.
struct EdgeSiteState: PartitionState, ~Copyable {
  let index: Int
  let catalog: Catalog
  let settings: SiteSettings

  var queue: EventQueue<SiteEvent>
  var edgeLink: EdgeLink
  private var linkCourse: LinkCourse
  var cache: CacheServers
  var fetches = FetchTable()
  /// How the site's placement follows its viewers, if it does.
  var filling: SiteFilling?
  /// Segments that were fetched ahead of any request.
  var prefetched = PrefetchLedger()
  var sessions = SessionTable()
  /// The title that ingest has yet to publish, if viewers wait for one.
  var awaited: AwaitedTitle?
  var arrivals: [ArrivalProcess]
  let planners: [SessionPlanner]
  let directory: PartitionDirectory
  /// Where the site fetches what it does not have: its regional cache, or the origin.
  let parent: PartitionIndex
  /// Share of the cache servers that work.
  private(set) var workingServers = 1.0
  private let serverFaults: [FaultCourse]
  /// Whether the whole site is lost.
  var isLost = false
  /// Until when the site asks past its regional cache, which refused it lately.
  var parentIsLostUntil = SimTime.zero
  /// Outages that each server is in.
  var downServers: [Int]
  private let writtenBeforeStart: Int64
  /// Number of the replication, for the identifiers of sessions.
  let replication: UInt16
  var outbox: [PlatformMessage] = []
  /// Answers of the services that are on their way, by number, with a list of free numbers.
  var replies: [StartReply] = []
  var freeReplies: [UInt32] = []
  /// Key of what sessions want of the services, and the stream of their backing off.
  let servicesKey: StreamKey
  var servicesRetries: RandomStream

  /// Key of the jumps of this site's viewers.
  let seekKey: StreamKey

  var totals: SiteCounters
  var startupDelays = LogLinearHistogram()
  var downloadTimes = LogLinearHistogram()
  /// From request to first byte, as players see it.
  var firstByteTimes = LogLinearHistogram()
  var snapshots: [SiteSnapshot] = []
  var records: [SessionRecord] = []
  /// Segments of the sessions that will be played again, by slot, and what came of those that were.
  var replays = FrameReplays()
  /// Requests of the sessions that cmcd.csv lists.
  var requests = ToldRequests()
  var violations: [String] = []
  /// When `totals.sessionNs` was last brought up to date.
  private var sessionsCountedAt = SimTime.zero
  private var activePeak = 0
  private var planDraws: UInt64 = 0
  private(set) var log: EventLog
  private var invariants: InvariantSchedule

  init(
    index: Int, catalog: Catalog, settings: SiteSettings, cache: consuming CacheServers, demand: [SiteDemand],
    filling: SiteFilling?,
    linkCourse: LinkCourse, parent: PartitionIndex, directory: PartitionDirectory, run: RunIdentity
  ) {
    self.index = index
    self.directory = directory
    self.parent = parent
    serverFaults = settings.serverFaults[index]
    downServers = [Int](repeating: 0, count: settings.servers)
    writtenBeforeStart = cache.reactiveWrittenBytes
    servicesKey = run.key(entity: "edge-\(index)/services", purpose: "wishes")
    servicesRetries = RandomStream(run.key(entity: "edge-\(index)/services", purpose: "retries"))
    replication = UInt16(truncatingIfNeeded: run.replication)
    seekKey = run.key(entity: "edge-\(index)/viewers", purpose: "seeks")
    // Where there is but one of each, the site's totals are those of the device and the codec.
    totals = SiteCounters(
      devices: settings.devices.count > 1 ? settings.devices.count : 0,
      codecs: catalog.codecRates.count > 1 ? catalog.codecRates.count : 0, servers: settings.servers)
    self.catalog = catalog
    self.settings = settings
    self.cache = cache
    queue = EventQueue(backing: run.queue)
    log = EventLog(run: run, partition: index)
    invariants = InvariantSchedule(run: run)
    self.linkCourse = linkCourse
    edgeLink = EdgeLink(capacity: self.linkCourse.capacity(at: .zero), classCaps: settings.accessCaps)
    if let change = self.linkCourse.nextChange(after: .zero) { queue.schedule(.linkChange, at: change) }
    workingServers = serverFaults.reduce(1) { $0 * $1.factor(at: .zero) }
    if let change = serverFaults.compactMap({ $0.nextChange(after: .zero) }).min() {
      queue.schedule(.serversChange, at: change)
    }
    for (number, outage) in settings.serverOutages[index].enumerated() {
      queue.schedule(.serversFail(outage: UInt16(number)), at: outage.start)
      queue.schedule(.serversReturn(outage: UInt16(number)), at: outage.end)
    }
    for outage in settings.siteOutages[index] {
      queue.schedule(.siteFails, at: outage.start)
      queue.schedule(.siteReturns, at: outage.end)
    }
    self.filling = filling
    if let filling { queue.schedule(.fill, at: .zero + filling.plan.interval) }
    awaited = settings.awaitedTitle.map { AwaitedTitle(title: $0) }
    arrivals = demand.map(\.arrivals)
    planners = demand.map(\.planner)
    for process in arrivals.indices { scheduleArrival(process: process) }
    queue.schedule(.snapshot, at: settings.observation.next(after: .zero))
  }

  // MARK: - Time

  mutating func nextEventTime() -> SimTime {
    min(queue.nextTime() ?? .distantFuture, edgeLink.nextCompletion ?? .distantFuture)
  }

  /// Handles everything before `limit`.
  ///
  /// At one instant the link's completions come first, so that its rates never lag
  /// behind an event.
  mutating func run(before limit: SimTime) {
    log.windowBegins()
    while true {
      let completion = edgeLink.nextCompletion ?? .distantFuture
      let pending = queue.nextTime() ?? .distantFuture
      if completion <= pending {
        guard completion < limit else { return }
        while let flow = edgeLink.popCompleted(at: completion) {
          windowSent(slot: flow.owner, at: completion)
          note(.segmentSent, target: flow.owner, at: completion)
        }
      } else {
        guard let event = queue.popNext(before: limit) else { return }
        handle(event, at: queue.now)
      }
    }
  }

  private mutating func handle(_ event: SiteEvent, at now: SimTime) {
    switch event {
    case .arrival(let process):
      viewerArrives(process: Int(process), at: now)
      note(.arrival, target: UInt32(process), at: now)
    case .request(let session, let requestNumber):
      if sessions.isPresent(session), sessions.at(session.slot).pointee.requestNumber == requestNumber {
        requestReachesEdge(slot: session.slot, at: now)
      }
      note(.request, target: session.slot, at: now)
    case .fetched(let key):
      fetchArrives(key, at: now)
      note(.fetched, target: UInt32(truncatingIfNeeded: key.rawValue), at: now)
    case .confirmed(let key):
      confirmationArrives(key, at: now)
      note(.confirmed, target: UInt32(truncatingIfNeeded: key.rawValue), at: now)
    case .diskRead(let session, let requestNumber):
      if sessions.isPresent(session) { diskIsRead(slot: session.slot, requestNumber: requestNumber, at: now) }
      note(.diskRead, target: session.slot, at: now)
    case .refused(let key, let refusal):
      isRefused(key, refusal, at: now)
      note(.refused, target: UInt32(truncatingIfNeeded: key.rawValue), at: now)
    case .fetchAgain(let key, let isConditional):
      fetchAgain(key, isConditional: isConditional, at: now)
      note(.fetchAgain, target: UInt32(truncatingIfNeeded: key.rawValue), at: now)
    case .fill:
      planFill(at: now)
      note(.fill, target: 0, at: now)
    case .fillStep(let number, let plan):
      carryOut(number, of: plan)
      note(.fillStep, target: number, at: now)
    case .siteFails:
      siteFails(at: now)
      note(.siteFails, target: 0, at: now)
    case .siteReturns:
      isLost = settings.isLost(site: index, at: now)
      note(.siteReturns, target: 0, at: now)
    case .moved(let session):
      sessionArrives(session, at: now)
      note(.moved, target: UInt32(sessions.count), at: now)
    case .serversFail(let outage):
      serversFail(settings.serverOutages[index][Int(outage)], at: now)
      note(.serversFail, target: UInt32(outage), at: now)
    case .serversReturn(let outage):
      serversReturn(settings.serverOutages[index][Int(outage)])
      note(.serversReturn, target: UInt32(outage), at: now)
    case .windowOpens(let session, let requestNumber):
      if sessions.isPresent(session) { windowOpens(slot: session.slot, requestNumber: requestNumber, at: now) }
      note(.windowOpens, target: session.slot, at: now)
    case .serversChange:
      workingServers = serverFaults.reduce(1) { $0 * $1.factor(at: now) }
      if let change = serverFaults.compactMap({ $0.nextChange(after: now) }).min() {
        queue.schedule(.serversChange, at: change)
      }
      note(.serversChange, target: 0, at: now)
    case .linkChange:
      edgeLink.setCapacity(linkCourse.capacity(at: now), at: now)
      if let change = linkCourse.nextChange(after: now) { queue.schedule(.linkChange, at: change) }
      note(.linkChange, target: 0, at: now)
    case .progressCheck(let session, let requestNumber):
      if sessions.isPresent(session) { checkProgress(slot: session.slot, requestNumber: requestNumber, at: now) }
      note(.progressCheck, target: session.slot, at: now)
    case .startupPatience(let session):
      if sessions.isPresent(session) { startupPatienceEnds(slot: session.slot, at: now) }
      note(.startupPatience, target: session.slot, at: now)
    case .stallPatience(let session, let seeks):
      if isCurrent(session, seeks: seeks) { stallPatienceMayEnd(session, at: now) }
      note(.stallPatience, target: session.slot, at: now)
    case .departure(let session, let seeks):
      if isCurrent(session, seeks: seeks) { mayDepart(session, at: now) }
      note(.departure, target: session.slot, at: now)
    case .seek(let session):
      if sessions.isPresent(session) { viewerSeeks(session, at: now) }
      note(.seek, target: session.slot, at: now)
    case .released:
      titleIsReleased(at: now)
      note(.released, target: 0, at: now)
    case .servicesAnswer(let reply):
      freeReplies.append(reply)
      servicesAnswer(replies[Int(reply)], at: now)
      note(.servicesAnswer, target: replies[Int(reply)].session.slot, at: now)
    case .startIsOverdue(let reply):
      freeReplies.append(reply)
      startIsOverdue(replies[Int(reply)], at: now)
      note(.startIsOverdue, target: replies[Int(reply)].session.slot, at: now)
    case .servicesTimeOut(let session, let attempt):
      if sessions.isPresent(session) { servicesTimeOut(session, attempt: attempt, at: now) }
      note(.servicesTimeOut, target: session.slot, at: now)
    case .askAgain(let session, let attempt):
      if sessions.isPresent(session) { askAgain(session, attempt: attempt, at: now) }
      note(.askAgain, target: session.slot, at: now)
    case .positionIsDue(let session):
      if sessions.isPresent(session) { positionIsDue(session, at: now) }
      note(.positionIsDue, target: session.slot, at: now)
    case .offsetWrite(let session):
      if sessions.isPresent(session) { writeOffset(session, at: now) }
      note(.offsetWrite, target: session.slot, at: now)
    case .offsetReply(let session, let isWrite, let isServed):
      offsetReplyArrives(session, isWrite: isWrite, isServed: isServed, at: now)
      note(.offsetReply, target: session.slot, at: now)
    case .snapshot:
      takeSnapshot(at: now)
      note(.snapshot, target: 0, at: now)
    }
  }

  // MARK: - Messages

  mutating func receive(_ message: PlatformMessage) {
    switch message.body {
    case .segment(let key): queue.schedule(.fetched(key), at: message.at)
    case .confirmed(let key): queue.schedule(.confirmed(key), at: message.at)
    case .refused(let key, let refusal): queue.schedule(.refused(key, refusal), at: message.at)
    case .moved(let session): queue.schedule(.moved(session), at: message.at)
    case .released: queue.schedule(.released, at: message.at)
    case .sessionStarted(let reply): queue.schedule(.servicesAnswer(reply: keep(reply)), at: message.at)
    case .startOverdue(let reply): queue.schedule(.startIsOverdue(reply: keep(reply)), at: message.at)
    case .offsetReply(let reply):
      let session = SessionRef(
        slot: UInt32(truncatingIfNeeded: reply.token >> 32), generation: UInt32(truncatingIfNeeded: reply.token))
      queue.schedule(.offsetReply(session, isWrite: reply.isWrite, isServed: reply.isServed), at: message.at)
    default: preconditionFailure("nobody sends this to an edge site")
    }
  }

  /// Asks the regional cache, or the tier above it while that is lost.
  mutating func askAbove(_ body: PlatformMessage.Body, at now: SimTime) {
    guard now < parentIsLostUntil else {
      send(body, to: parent, at: now)
      return
    }
    totals.bypasses += 1
    outbox.append(
      PlatformMessage(
        at: now + settings.latencyPastRegional, from: PartitionIndex(index), to: directory.shield ?? directory.origin,
        body: body))
  }

  /// Sends a message that takes the backhaul latency.
  mutating func send(_ body: PlatformMessage.Body, to: PartitionIndex, at now: SimTime) {
    outbox.append(
      PlatformMessage(at: now + settings.backhaulLatency, from: PartitionIndex(index), to: to, body: body))
  }

  mutating func takeOutbox(_ body: (PlatformMessage) -> Void) {
    for message in outbox { body(message) }
    outbox.removeAll(keepingCapacity: true)
  }

  // MARK: - Observation

  static var eventKinds: (component: String, names: [(UInt8, String)]) {
    ("edge", Kind.allCases.map { ($0.rawValue, "\($0)") })
  }

  /// Numbers of the kinds of events in the digest.
  enum Kind: UInt8, CaseIterable {
    case arrival = 1
    case request = 2
    case fetched = 3
    case progressCheck = 4
    case startupPatience = 5
    case stallPatience = 6
    case departure = 7
    case snapshot = 8
    case segmentSent = 9
    case windowOpens = 10
    case linkChange = 11
    case released = 12
    case servicesAnswer = 13
    case servicesTimeOut = 14
    case askAgain = 15
    case positionIsDue = 16
    case offsetWrite = 17
    case offsetReply = 18
    case serversChange = 19
    case seek = 20
    case confirmed = 21
    case diskRead = 22
    case serversFail = 23
    case serversReturn = 24
    case refused = 25
    case fetchAgain = 26
    case siteFails = 27
    case siteReturns = 28
    case moved = 29
    case fill = 30
    case fillStep = 31
    case startIsOverdue = 32
  }

  @inline(__always)
  private mutating func note(_ kind: Kind, target: UInt32, at now: SimTime) {
    log.record(time: now, target: target, kind: kind.rawValue, draws: draws)
    if invariants.isDue(after: kind.rawValue) { checkInvariants(at: now) }
  }

  /// Draws of all streams of the site so far.
  private var draws: UInt64 {
    var sum = planDraws &+ servicesRetries.draws
    for process in arrivals { sum &+= process.draws }
    return sum
  }

  mutating func countPlan(_ plan: SessionPlan) { countDraws(plan.draws) }
  /// Draws of a stream that belongs to one session.
  mutating func countDraws(_ draws: UInt64) { planDraws &+= draws }

  /// Brings the session-time integral up to `now`; called before the number of sessions changes.
  mutating func countSessions(at now: SimTime) {
    totals.sessionNs += Double(sessions.count) * Double((now - sessionsCountedAt).nanoseconds)
    sessionsCountedAt = now
    activePeak = max(activePeak, sessions.count)
  }

  private mutating func takeSnapshot(at now: SimTime) {
    bringUpToDate(at: now)
    if settings.observation.endsWarmup(now) {
      startupDelays = LogLinearHistogram()
      downloadTimes = LogLinearHistogram()
      firstByteTimes = LogLinearHistogram()
    }
    queue.schedule(.snapshot, at: settings.observation.next(after: now))
    recordSnapshot(at: now)
  }

  private mutating func recordSnapshot(at now: SimTime) {
    snapshots.append(
      SiteSnapshot(
        at: now, totals: totals, active: sessions.count, activePeak: activePeak, residentBytes: cache.residentBytes))
    activePeak = sessions.count
    checkInvariants(at: now)
  }

  /// Brings every total up to `now`, sessions in progress included.
  private mutating func bringUpToDate(at now: SimTime) {
    countSessions(at: now)
    for slot in sessions.presentSlots() { advancePlayback(sessions.at(slot), to: now) }
    // What a flow given up had received is rounded down to whole bytes; a running total never goes back for that.
    totals.carriedBytes = max(totals.carriedBytes, edgeLink.carriedBytes(at: now))
    totals.read(cache.counters)
    totals.read(cache)
    if settings.prefetch.depth > 0 { countPrefetches() }
    totals.diskWrittenBytes = cache.reactiveWrittenBytes - writtenBeforeStart + totals.fillBytes
  }

  /// Ends the observation: brings every session and total up to the end of the run.
  mutating func finish(at end: SimTime) -> SiteResults {
    bringUpToDate(at: end)
    if snapshots.last?.at != end { recordSnapshot(at: end) }
    for slot in sessions.presentSlots() { replay(slot: slot, at: end) }
    for slot in sessions.presentSlots() where sessions.at(slot).pointee.isSampled {
      records.append(
        SessionRecord(
          sessions.at(slot).pointee, ending: .active, catalog: catalog, devices: settings.devices))
    }
    return SiteResults(
      index: index, snapshots: snapshots, startupDelays: startupDelays, downloadTimes: downloadTimes,
      firstByteTimes: firstByteTimes, records: records, replays: replays, requests: requests.records,
      violations: violations,
      edgeCapacity: settings.edgeCapacity,
      fetchesInFlight: fetches.count)
  }
}
