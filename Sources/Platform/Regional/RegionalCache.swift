import CDNModel
import NetModel
import SimEngine

/// A cache between edge sites and origin: a regional cache, or the origin shield.
///
/// It answers the misses of the tier below, and asks the tier above for what it does not have.
///
///     below --fetch--> lookup -- hit (memory, disk) --------> egress link --segment--> below
///                        |'----- miss --fetch--> above --segment--> admit --^
///                        '-- expired --confirm--> above --confirmed---------^
///
/// Requests of several askers for one segment in flight join one fetch.
typealias RegionalCache = StatePartition<RegionalState>

/// Where a cache stands among the tiers.
struct TierPosition {
  /// `regional-3` or `shield`, in tables and in the names of random streams.
  let name: String
  /// The tier that it asks.
  let parent: PartitionIndex
  /// The cache itself.
  let address: PartitionIndex
  /// One way to the partitions that ask it.
  let latencyBelow: SimDuration
  /// Sites that ask it although they are not the tier below, and one way to them.
  let passers: (sites: Range<Int>, latency: SimDuration)
  /// When it is lost.
  let outages: [SiteOutage]
  /// Share of the whole cache that is simulated.
  let keptShare: Double
}

/// What happens at a cache of the middle tiers.
enum RegionalEvent: BitwiseCopyable {
  /// The tier below asks for a segment.
  case asked(SegmentKey, by: PartitionIndex)
  /// The tier below asks whether a segment that it has is still good.
  case confirm(SegmentKey, for: PartitionIndex)
  /// A segment from the tier above arrives.
  case fetched(SegmentKey)
  /// The tier above says that a segment has not changed.
  case confirmed(SegmentKey)
  /// The first byte of a segment has been read from disk.
  case read(request: UInt32, SegmentKey)
  /// The tier above cannot serve a request.
  case refused(SegmentKey, Refusal)
  /// The cache is lost, or back again.
  case fails(losesContent: Bool)
  case returns
  /// A window of the time series ends.
  case snapshot
}

/// The state of a cache of the middle tiers.
struct RegionalState: PartitionState, ~Copyable {
  /// A request of the tier below that has not been answered.
  private struct Request: BitwiseCopyable {
    var key: SegmentKey
    var asker: PartitionIndex
    /// Whether the asker has the segment and wants to know whether it is still good.
    var isConditional: Bool
    var arrivedAt: SimTime
    /// Whether it waits for an answer.
    var isOpen = true
    /// Whether the asker has been refused in the meantime.
    var isRefused = false
  }

  private let position: TierPosition
  private let catalog: Catalog
  private let parentLatency: SimDuration
  private let diskLatency: SimDuration
  private let observation: ObservationSchedule
  private let diskBytes: Int64
  private let writtenBeforeStart: Int64

  private var egress: SegmentEgress<RegionalEvent>
  private var cache: CacheServers
  private var fetches = FetchTable()
  /// Requests that wait, by number, with a list of free numbers.
  private var requests: [Request] = []
  private var freeRequests: [UInt32] = []
  /// Outages that the cache is in.
  private var outages = 0
  private var totals = RegionalCounters()
  private var firstByteTimes = LogLinearHistogram()
  private var snapshots: [RegionalSnapshot] = []
  private var violations: [String] = []
  private(set) var log: EventLog
  private var invariants: InvariantSchedule

  init(
    _ position: TierPosition, scenario: Scenario, settings: RegionalSettings, catalog: Catalog,
    cache: consuming CacheServers, run: RunIdentity
  ) {
    self.position = position
    self.catalog = catalog
    writtenBeforeStart = cache.reactiveWrittenBytes
    self.cache = cache
    diskBytes = settings.diskBytes
    diskLatency = settings.diskLatency
    parentLatency = settings.originLatency
    observation = ObservationSchedule(scenario: scenario)
    egress = SegmentEgress(
      address: position.address,
      capacity: BitRate(bitsPerSecond: Double(settings.linkBitsPerSecond) * position.keptShare),
      fetchRate: BitRate(bitsPerSecond: Double(scenario.network.fetchBitsPerSecond)),
      latency: position.latencyBelow, passers: position.passers, backing: run.queue)
    log = EventLog(run: run, partition: Int(position.address.rawValue))
    invariants = InvariantSchedule(run: run)
    egress.queue.schedule(.snapshot, at: observation.next(after: .zero))
    for outage in position.outages {
      egress.queue.schedule(.fails(losesContent: outage.losesContent), at: outage.start)
      egress.queue.schedule(.returns, at: outage.end)
    }
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
    let from = message.from
    switch message.body {
    case .fetch(let key): egress.queue.schedule(.asked(key, by: from), at: message.at)
    case .confirm(let key): egress.queue.schedule(.confirm(key, for: from), at: message.at)
    case .segment(let key): egress.queue.schedule(.fetched(key), at: message.at)
    case .confirmed(let key): egress.queue.schedule(.confirmed(key), at: message.at)
    case .refused(let key, let refusal): egress.queue.schedule(.refused(key, refusal), at: message.at)
    default: preconditionFailure("a cache of the middle tiers knows segments only")
    }
  }

  mutating func takeOutbox(_ body: (PlatformMessage) -> Void) { egress.takeOutbox(body) }

  // MARK: - Requests

  private mutating func handle(_ event: RegionalEvent, at now: SimTime) {
    switch event {
    case .asked(let key, let asker):
      asked(key, Request(key: key, asker: asker, isConditional: false, arrivedAt: now), at: now)
      note(.asked, target: UInt32(asker.rawValue), at: now)
    case .confirm(let key, let asker):
      asked(key, Request(key: key, asker: asker, isConditional: true, arrivedAt: now), at: now)
      note(.confirm, target: UInt32(asker.rawValue), at: now)
    case .fetched(let key):
      fetchArrives(key, at: now)
      note(.fetched, target: UInt32(truncatingIfNeeded: key.rawValue), at: now)
    case .confirmed(let key):
      confirmationArrives(key, at: now)
      note(.confirmed, target: UInt32(truncatingIfNeeded: key.rawValue), at: now)
    case .read(let number, let key):
      send(key, to: takeRequest(number), at: now)
      note(.read, target: UInt32(truncatingIfNeeded: key.rawValue), at: now)
    case .refused(let key, let refusal):
      isRefused(key, refusal, at: now)
      note(.refused, target: UInt32(truncatingIfNeeded: key.rawValue), at: now)
    case .fails(let losesContent):
      fails(losesContent: losesContent, at: now)
      note(.fails, target: 0, at: now)
    case .returns:
      outages -= 1
      if outages == 0 { cache.setUp(true, server: 0, losesContent: false) }
      note(.returns, target: 0, at: now)
    case .snapshot:
      egress.queue.schedule(.snapshot, at: observation.next(after: now))
      if observation.endsWarmup(now) { firstByteTimes = LogLinearHistogram() }
      takeSnapshot(at: now)
      note(.snapshot, target: 0, at: now)
    }
  }

  /// A cache that has no copy passes a question on rather than fetching: the asker has the bytes already.
  private mutating func asked(_ key: SegmentKey, _ request: Request, at now: SimTime) {
    if outages > 0 {
      refuse(key, request, byOrigin: false, at: now)
      return
    }
    if request.isConditional { totals.confirmationsAsked += 1 }
    if request.isConditional, !cache.contains(key) {
      ask(.confirm(key), for: key, request, at: now)
      return
    }
    let answer = cache.lookup(key, bytes: catalog.bytes(of: key), now: now.nanoseconds)
    if answer.outcome.isHit, !answer.isStale {
      if diskLatency > .zero, !answer.isInMemory, !request.isConditional {
        egress.queue.schedule(.read(request: keep(request), key), at: now + diskLatency)
      } else {
        send(key, to: request, at: now)
      }
      return
    }
    ask(answer.isStale ? .confirm(key) : .fetch(key), for: key, request, at: now)
  }

  /// Asks the tier above, unless a question or a fetch for the segment is under way.
  private mutating func ask(
    _ body: PlatformMessage.Body, for key: SegmentKey, _ request: Request, at now: SimTime
  ) {
    switch fetches.join(key, waiter: keep(request)) {
    case .started:
      if case .confirm = body { totals.confirmations += 1 } else { totals.fetches += 1 }
      egress.post(body, to: position.parent, after: parentLatency, at: now)
    case .joined: totals.coalesced += 1
    }
  }

  private mutating func fetchArrives(_ key: SegmentKey, at now: SimTime) {
    let bytes = catalog.bytes(of: key)
    totals.fetched += 1
    totals.fetchedBytes += bytes
    cache.admit(key, bytes: bytes, now: now.nanoseconds)
    guard var waiters = fetches.complete(key) else {
      violations.append("\(position.name) got a segment that it had not asked for: \(key)")
      return
    }
    while let number = fetches.next(&waiters) { send(key, to: takeRequest(number), at: now) }
  }

  /// What has not changed is served from here; who needs the bytes that are gone by now makes it fetch them.
  private mutating func confirmationArrives(_ key: SegmentKey, at now: SimTime) {
    totals.confirmed += 1
    let isStored = cache.contains(key)
    if isStored { cache.confirm(key, now: now.nanoseconds) }
    guard var waiters = fetches.complete(key) else {
      violations.append("\(position.name) got an answer that it had not asked for: \(key)")
      return
    }
    while let number = fetches.next(&waiters) {
      let request = takeRequest(number)
      if isStored || request.isConditional {
        send(key, to: request, at: now)
      } else if !request.isRefused {
        ask(.fetch(key), for: key, request, at: now)
      }
    }
  }

  /// The tier above could not serve a request: those who wait for it have to ask again.
  private mutating func isRefused(_ key: SegmentKey, _ refusal: Refusal, at now: SimTime) {
    totals.refused += 1
    guard var waiters = fetches.complete(key) else {
      violations.append("\(position.name) was refused what it had not asked for: \(key)")
      return
    }
    while let number = fetches.next(&waiters) {
      refuse(key, takeRequest(number), byOrigin: refusal.isByOrigin, at: now)
    }
  }

  private mutating func refuse(_ key: SegmentKey, _ request: Request, byOrigin: Bool, at now: SimTime) {
    if request.isRefused { return }
    totals.refusals += 1
    let refusal = Refusal(isConditional: request.isConditional, isByOrigin: byOrigin)
    egress.reply(.refused(key, refusal), to: request.asker, at: now)
  }

  /// The cache is lost with everything that it was about to send; whoever waited is told, and asks elsewhere.
  private mutating func fails(losesContent: Bool, at now: SimTime) {
    outages += 1
    guard outages == 1 else { return }
    cache.setUp(false, server: 0, losesContent: losesContent)
    var refused: [(SegmentKey, Request)] = []
    egress.breakOff(at: now) { segment in
      refused.append(
        (segment.key, Request(key: segment.key, asker: segment.asker, isConditional: false, arrivedAt: now)))
    }
    for (key, request) in refused { refuse(key, request, byOrigin: false, at: now) }
    // What they wait for will still arrive, or be read, with nobody left to have it.
    for number in requests.indices where requests[number].isOpen && !requests[number].isRefused {
      refuse(requests[number].key, requests[number], byOrigin: false, at: now)
      requests[number].isRefused = true
    }
  }

  private mutating func keep(_ request: Request) -> UInt32 {
    if let free = freeRequests.popLast() {
      requests[Int(free)] = request
      return free
    }
    requests.append(request)
    return UInt32(requests.count - 1)
  }

  private mutating func takeRequest(_ number: UInt32) -> Request {
    freeRequests.append(number)
    requests[Int(number)].isOpen = false
    return requests[Int(number)]
  }

  /// Answers a request: with the segment, or with the word that it has not changed.
  private mutating func send(_ key: SegmentKey, to request: Request, at now: SimTime) {
    if request.isRefused { return }
    firstByteTimes.add(now - request.arrivedAt)
    if request.isConditional {
      egress.reply(.confirmed(key), to: request.asker, at: now)
    } else {
      egress.send(key, bytes: catalog.bytes(of: key), to: request.asker, at: now)
    }
  }

  private mutating func segmentSent(_ segment: SegmentEgress<RegionalEvent>.Sending, at now: SimTime) {
    totals.sent += 1
    totals.sentBytes += segment.bytes
    egress.deliver(segment, at: now)
    note(.sent, target: UInt32(segment.asker.rawValue), at: now)
  }

  // MARK: - Observation

  static var eventKinds: (component: String, names: [(UInt8, String)]) {
    ("regional", Kind.allCases.map { ($0.rawValue, "\($0)") })
  }

  /// Numbers of the kinds of events in the digest.
  enum Kind: UInt8, CaseIterable {
    case asked = 1
    case fetched = 2
    case sent = 3
    case snapshot = 4
    case confirm = 5
    case confirmed = 6
    case read = 7
    case refused = 8
    case fails = 9
    case returns = 10
  }

  private mutating func note(_ kind: Kind, target: UInt32, at now: SimTime) {
    log.record(time: now, target: target, kind: kind.rawValue, draws: 0)
    if invariants.isDue(after: kind.rawValue) { checkInvariants(at: now) }
  }

  private mutating func takeSnapshot(at now: SimTime) {
    totals.carriedBytes = egress.carriedBytes(at: now)
    totals.writtenBytes = cache.reactiveWrittenBytes - writtenBeforeStart
    totals.evictions = cache.evictions
    totals.memoryHits = Int64(cache.memoryHits.requests)
    totals.memoryHitBytes = cache.memoryHits.bytes
    let counters = cache.counters
    for outcome in EdgeOutcome.allCases {
      totals.outcomeRequests[Int(outcome.rawValue)] = Int64(counters[outcome].requests)
      totals.outcomeBytes[Int(outcome.rawValue)] = counters[outcome].bytes
    }
    snapshots.append(RegionalSnapshot(at: now, totals: totals, residentBytes: cache.residentBytes))
    checkInvariants(at: now)
  }

  private mutating func checkInvariants(at now: SimTime) {
    func expect(_ holds: Bool, _ claim: String, in violations: inout [String]) {
      if !holds { violations.append("\(position.name) at \(now.seconds) s: \(claim)") }
    }
    expect(cache.residentBytes <= diskBytes, "the cache holds no more than its disk", in: &violations)
    expect(
      totals.fetches + totals.confirmations
        == totals.fetched + totals.confirmed + totals.refused + Int64(fetches.count),
      "every fetch has arrived or is in flight", in: &violations)
    expect(
      totals.sentBytes == egress.completedBytes, "what the link delivered was sent on to sites", in: &violations)
    if let contradiction = egress.contradiction { expect(false, contradiction, in: &violations) }
  }

  mutating func finish(at end: SimTime) -> RegionalResults {
    if snapshots.last?.at != end { takeSnapshot(at: end) }
    return RegionalResults(
      name: position.name, snapshots: snapshots, firstByteTimes: firstByteTimes, violations: violations,
      egressCapacity: egress.capacity)
  }
}
