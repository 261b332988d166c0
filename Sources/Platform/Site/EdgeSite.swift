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
final class EdgeSite: PlatformPartition {
  private var state: EdgeSiteState

  init(_ state: consuming EdgeSiteState) { self.state = state }

  var nextEventTime: SimTime { state.nextEventTime() }
  func run(before limit: SimTime) { state.run(before: limit) }

  func receive(_ message: PlatformMessage) { state.receive(message) }
  func takeOutbox(_ body: (PlatformMessage) -> Void) { state.takeOutbox(body) }
  /// Ends the observation: brings every session and total up to the end of the run.
  func finish(at end: SimTime) -> SiteResults { state.finish(at: end) }
  var log: EventLog { state.log }
  static var eventKinds: (component: String, names: [(UInt8, String)]) {
    ("edge", EdgeSiteState.Kind.allCases.map { ($0.rawValue, "\($0)") })
  }
}

/// What happens at a site.
///
/// Completions on the edge link are not events of the queue: the link tells its next one.
enum SiteEvent: BitwiseCopyable {
  /// The next viewer of an arrival process arrives.
  case arrival(process: UInt8)
  /// A segment request reaches the edge.
  case request(SessionRef, requestNumber: UInt32)
  /// A segment from the origin arrives.
  case fetched(SegmentKey)
  /// Acknowledgements open the window of a transfer.
  case windowOpens(SessionRef, requestNumber: UInt32)
  /// The capacity of the edge link changes.
  case linkChange
  /// Cache servers fail or come back.
  case serversChange
  /// Time to ask the rule whether a download in flight should go on.
  case progressCheck(SessionRef, requestNumber: UInt32)
  /// The viewer gives up if the first frame has not been shown by now.
  case startupPatience(SessionRef)
  /// The viewer may have waited for too long, in a stall or after a jump; void if there was a jump since.
  case stallPatience(SessionRef, seeks: UInt16)
  /// The viewer may have seen enough; void if there was a jump since.
  case departure(SessionRef, seeks: UInt16)
  /// The viewer jumps within the title.
  case seek(SessionRef)
  /// A title that was announced can be watched.
  case released
  /// The services answer a start request.
  case servicesAnswer(reply: UInt32)
  /// The player has waited long enough for the services.
  case servicesTimeOut(SessionRef, attempt: UInt8)
  /// Time to ask the services again.
  case askAgain(SessionRef, attempt: UInt8)
  /// Time to write the position back.
  case positionIsDue(SessionRef)
  /// A session writes how far its viewer has come.
  case offsetWrite(SessionRef)
  /// The cluster answers a session's command about its offset.
  case offsetReply(SessionRef, isWrite: Bool, isServed: Bool)
  /// A window of the time series ends.
  case snapshot
}

/// The site's state.
///
/// A struct, so that one exclusive access covers a whole window; the journey of a viewer through it
/// is told in EdgeSite+Journey.swift.
struct EdgeSiteState: ~Copyable {
  let index: Int
  let catalog: Catalog
  let settings: SiteSettings

  var queue: EventQueue<SiteEvent>
  var edgeLink: EdgeLink
  private var linkCourse: LinkCourse
  var cache: EdgeCache
  var fetches = FetchTable()
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
  private let writtenBeforeStart: Int64
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
  var snapshots: [SiteSnapshot] = []
  var records: [SessionRecord] = []
  /// Segments of the sessions that will be played again, by slot, and what came of those that were.
  var replays = FrameReplays()
  var violations: [String] = []
  /// When `totals.sessionNs` was last brought up to date.
  private var sessionsCountedAt = SimTime.zero
  private var activePeak = 0
  private var planDraws: UInt64 = 0
  private(set) var log: EventLog
  private var invariants: InvariantSchedule

  init(
    index: Int, catalog: Catalog, settings: SiteSettings, cache: consuming EdgeCache, demand: [SiteDemand],
    linkCourse: LinkCourse, parent: PartitionIndex, directory: PartitionDirectory, run: RunIdentity
  ) {
    self.index = index
    self.directory = directory
    self.parent = parent
    serverFaults = settings.serverFaults[index]
    writtenBeforeStart = cache.reactiveWrittenBytes
    servicesKey = run.key(entity: "edge-\(index)/services", purpose: "wishes")
    servicesRetries = RandomStream(run.key(entity: "edge-\(index)/services", purpose: "retries"))
    seekKey = run.key(entity: "edge-\(index)/viewers", purpose: "seeks")
    // Where there is but one of each, the site's totals are those of the device and the codec.
    totals = SiteCounters(
      devices: settings.devices.count > 1 ? settings.devices.count : 0,
      codecs: catalog.codecRates.count > 1 ? catalog.codecRates.count : 0)
    self.catalog = catalog
    self.settings = settings
    self.cache = cache
    queue = EventQueue(backing: run.queue)
    log = EventLog(run: run, partition: index)
    invariants = InvariantSchedule(run: run)
    self.linkCourse = linkCourse
    edgeLink = EdgeLink(capacity: self.linkCourse.capacity(at: .zero), classCaps: settings.accessCaps)
    if let change = self.linkCourse.nextChange(after: .zero) { queue.schedule(.linkChange, at: change) }
    if let change = serverFaults.compactMap({ $0.nextChange(after: .zero) }).min() {
      queue.schedule(.serversChange, at: change)
    }
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
    case .released: queue.schedule(.released, at: message.at)
    case .sessionStarted(let reply): queue.schedule(.servicesAnswer(reply: keep(reply)), at: message.at)
    case .offsetReply(let reply):
      let session = SessionRef(
        slot: UInt32(truncatingIfNeeded: reply.token >> 32), generation: UInt32(truncatingIfNeeded: reply.token))
      queue.schedule(.offsetReply(session, isWrite: reply.isWrite, isServed: reply.isServed), at: message.at)
    default: preconditionFailure("nobody sends this to an edge site")
    }
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
    totals.evictions = Int64(cache.evictions)
    totals.diskWrittenBytes = cache.reactiveWrittenBytes - writtenBeforeStart
  }

  mutating func finish(at end: SimTime) -> SiteResults {
    bringUpToDate(at: end)
    if snapshots.last?.at != end { recordSnapshot(at: end) }
    for slot in sessions.presentSlots() { replay(slot: slot, at: end) }
    for slot in sessions.presentSlots() where sessions.at(slot).pointee.isSampled {
      records.append(
        SessionRecord(
          sessions.at(slot).pointee, site: index, ending: .active, catalog: catalog, devices: settings.devices))
    }
    return SiteResults(
      index: index, snapshots: snapshots, startupDelays: startupDelays, downloadTimes: downloadTimes,
      records: records, replays: replays, violations: violations, edgeCapacity: settings.edgeCapacity,
      fetchesInFlight: fetches.count)
  }
}
