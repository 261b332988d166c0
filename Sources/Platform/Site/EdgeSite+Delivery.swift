// What the edge does with a request, from its arrival to the first byte of the answer:
//
//   requestReachesEdge -> server of the site -> hit in memory                   -> startTransfer
//                                            -> hit on disk                     -> diskIsRead -> startTransfer
//                                            -> hit past its time: ask above    -> confirmationArrives -> startTransfer
//                                            -> miss: fetch, or join one        -> fetchArrives -> startTransfer

import CDNModel
import NetModel
import SimEngine

extension EdgeSiteState {
  func key(_ session: UnsafeMutablePointer<ViewerSession>) -> SegmentKey {
    SegmentKey(
      title: Int(session.pointee.title),
      representation: catalog.representation(
        rendition: Int(session.pointee.quality), codec: Int(session.pointee.codec)),
      segment: Int(session.pointee.nextSegment))
  }

  mutating func requestReachesEdge(slot: UInt32, at now: SimTime) {
    let session = sessions.at(slot)
    if isLost {
      turnAway(slot: slot, at: now)
      return
    }
    let key = key(session)
    let bytes = catalog.bytes(of: key)
    session.pointee.requestBytes = bytes
    if filling != nil, session.pointee.requestNumber == 1 { filling?.sessions[key.title] += 1 }
    totals.requests += 1
    session.pointee.isMiss = true
    if !totals.codecBytes.isEmpty { totals.codecBytes[Int(session.pointee.codec)] += bytes }
    guard isUp(serverOf: key) else {
      cache.countHealthMiss(bytes: bytes)
      if session.pointee.isTold { requestReaches(slot: slot, .cache(.healthMiss), at: now) }
      ask(.fetch(key), for: key, slot: slot, at: now)
      return
    }
    let answer = cache.lookup(key, bytes: bytes, now: now.nanoseconds)
    if settings.prefetch.depth > 0 { fetchAhead(of: key, isHit: answer.outcome.isHit, at: now) }
    if cache.count > 1 { takeServer(answer.server, for: session) }
    session.pointee.isMiss = !answer.outcome.isHit || answer.isStale
    if session.pointee.isTold { requestReaches(slot: slot, answer, at: now) }
    if !answer.outcome.isHit {
      ask(.fetch(key), for: key, slot: slot, at: now)
    } else if answer.isStale {
      ask(.confirm(key), for: key, slot: slot, at: now)
    } else if settings.diskLatency > .zero, !answer.isInMemory {
      session.pointee.phase = .awaitingFetch
      queue.schedule(
        .diskRead(sessions.ref(slot), requestNumber: session.pointee.requestNumber), at: now + settings.diskLatency)
    } else {
      startTransfer(slot: slot, at: now)
    }
  }

  /// Asks the tier above, unless a question or a fetch for the segment is under way.
  private mutating func ask(_ body: PlatformMessage.Body, for key: SegmentKey, slot: UInt32, at now: SimTime) {
    sessions.at(slot).pointee.phase = .awaitingFetch
    switch fetches.join(key, waiter: slot) {
    case .started:
      if sessions.at(slot).pointee.isTold { requests.asks(body, slot: slot) }
      if case .confirm = body { totals.confirmations += 1 } else { totals.fetches += 1 }
      askAbove(body, at: now)
    case .joined:
      if sessions.at(slot).pointee.isTold { requests.joins(slot: slot) }
      totals.coalesced += 1
    }
  }

  /// Fetches what the viewer will ask for next and the site does not have, for nobody in particular.
  private mutating func fetchAhead(of key: SegmentKey, isHit: Bool, at now: SimTime) {
    prefetched.ask(key, isThere: isHit || fetches.isInFlight(key))
    let segments = Int(catalog.segmentCounts[key.title])
    for target in settings.prefetch.targets(after: key, segments: segments) where !cache.isStored(target) {
      guard fetches.start(target) else { continue }
      prefetched.fetch(target, bytes: catalog.bytes(of: target))
      totals.fetches += 1
      askAbove(.fetch(target), at: now)
    }
  }

  /// Brings the totals of what was fetched ahead up to date.
  mutating func countPrefetches() {
    var open = PrefetchLedger()
    swap(&open, &prefetched)
    open.settle { cache.isStored($0) || fetches.isInFlight($0) }
    totals.prefetchedBytes = open.fetchedBytes
    totals.prefetchUsedBytes = open.usedBytes
    totals.prefetchWastedBytes = open.wastedBytes
    swap(&open, &prefetched)
  }

  /// Whether the cache server that keeps a segment works, where a share of a site's servers failed without names;
  /// segments are spread over them by a hash of their key.
  private func isUp(serverOf key: SegmentKey) -> Bool {
    workingServers >= 1 || Double(StreamKey.mixed(key.rawValue) >> 11) * 0x1p-53 < workingServers
  }

  mutating func diskIsRead(slot: UInt32, requestNumber: UInt32, at now: SimTime) {
    let session = sessions.at(slot)
    guard session.pointee.phase == .awaitingFetch, session.pointee.requestNumber == requestNumber else { return }
    startTransfer(slot: slot, at: now)
  }

  mutating func fetchArrives(_ key: SegmentKey, at now: SimTime) {
    let bytes = catalog.bytes(of: key)
    totals.fetched += 1
    totals.fetchedBytes += bytes
    let isKept = isUp(serverOf: key)
    guard var waiters = fetches.complete(key) else {
      violations.append("site \(index) got a segment that it had not asked for: \(key)")
      return
    }
    if isKept, cache.count == 1 || waiters.count == 0 { cache.admit(key, bytes: bytes, now: now.nanoseconds) }
    while let slot = fetches.next(&waiters) {
      // Each server that took a request for it stores the segment.
      if isKept, cache.count > 1 {
        cache.admit(key, bytes: bytes, to: server(of: sessions.at(slot)), now: now.nanoseconds)
      }
      startTransfer(slot: slot, at: now)
    }
  }

  /// What has not changed is served from here, unless it was evicted in the meantime: then it is fetched.
  mutating func confirmationArrives(_ key: SegmentKey, at now: SimTime) {
    totals.confirmed += 1
    guard var waiters = fetches.complete(key) else {
      violations.append("site \(index) got an answer that it had not asked for: \(key)")
      return
    }
    let isStored = cache.isStored(key)
    if isStored { cache.confirm(key, now: now.nanoseconds) }
    while let slot = fetches.next(&waiters) {
      if isStored { startTransfer(slot: slot, at: now) } else { ask(.fetch(key), for: key, slot: slot, at: now) }
    }
  }

  /// A lost regional cache is passed by for a while; what the origin failed to give is asked for again later.
  mutating func isRefused(_ key: SegmentKey, _ refusal: Refusal, at now: SimTime) {
    totals.refused += 1
    if refusal.isByOrigin {
      queue.schedule(.fetchAgain(key, isConditional: refusal.isConditional), at: now + settings.retryAfter)
    } else {
      parentIsLostUntil = now + Self.bypassTime
      askAbove(refusal.isConditional ? .confirm(key) : .fetch(key), at: now)
    }
  }

  /// How long a site does not ask a regional cache that refused it.
  private static let bypassTime = SimDuration.seconds(5)

  /// Asks again if anybody still waits.
  mutating func fetchAgain(_ key: SegmentKey, isConditional: Bool, at now: SimTime) {
    if fetches.waiters(of: key) == 0 {
      _ = fetches.complete(key)
      totals.fetchesGivenUp += 1
    } else {
      askAbove(isConditional ? .confirm(key) : .fetch(key), at: now)
    }
  }

  // MARK: - Servers

  private func server(of session: UnsafeMutablePointer<ViewerSession>) -> Int? {
    session.pointee.server == CacheAnswer.noServer ? nil : Int(session.pointee.server)
  }

  /// A server of the site begins to work on a session's request.
  private mutating func takeServer(_ number: UInt8, for session: UnsafeMutablePointer<ViewerSession>) {
    leaveServer(session)
    guard number != CacheAnswer.noServer else { return }
    session.pointee.server = number
    cache.begin(on: Int(number))
  }

  /// Nothing more is asked of the server that worked on a session's request.
  mutating func leaveServer(_ session: UnsafeMutablePointer<ViewerSession>) {
    guard let server = server(of: session) else { return }
    cache.end(on: server)
    session.pointee.server = CacheAnswer.noServer
  }

  /// Servers fail: their downloads break off, their requests go to others from now on.
  mutating func serversFail(_ outage: ServerOutage, at now: SimTime) {
    for server in outage.servers {
      downServers[server] += 1
      guard downServers[server] == 1 else { continue }
      cache.setUp(false, server: server, losesContent: outage.losesContent)
      totals.serverFailures += 1
      for slot in sessions.presentSlots() {
        let session = sessions.at(slot)
        guard cache.count == 1 || self.server(of: session) == server else { continue }
        if session.pointee.phase == .downloading { reconnect(slot: slot, at: now) } else { leaveServer(session) }
      }
    }
  }

  /// Servers come back.
  mutating func serversReturn(_ outage: ServerOutage) {
    for server in outage.servers {
      downServers[server] -= 1
      if downServers[server] == 0 { cache.setUp(true, server: server, losesContent: false) }
    }
  }
}

/// An outage of some of a site's servers.
struct ServerOutage: Sendable {
  let start: SimTime
  let end: SimTime
  let servers: [Int]
  let losesContent: Bool
}

extension Scenario {
  /// Outages of named servers of a site; the loss of a site is one of all its servers.
  func serverOutages(site: Int) -> [ServerOutage] {
    let all = Array(0..<cdn.edge.servers)
    let named = failures(of: .edgeServer).filter { $0.which.isEmpty || $0.which.contains(site) }.map { failure in
      let start = moment(failure.at)
      return ServerOutage(
        start: start, end: start + failure.duration,
        servers: failure.servers.isEmpty ? all : all.filter { failure.servers.contains($0) },
        losesContent: !failure.keepsContent)
    }
    return named
      + siteOutages(site: site).map {
        ServerOutage(start: $0.start, end: $0.end, servers: all, losesContent: $0.losesContent)
      }
  }

  /// Times for which a regional cache is lost.
  func regionalOutages(_ index: Int) -> [SiteOutage] {
    failures(of: .regionalCache).filter { $0.which.isEmpty || $0.which.contains(index) }.map { failure in
      let start = moment(failure.at)
      return SiteOutage(start: start, end: start + failure.duration, losesContent: !failure.keepsContent)
    }
  }
}
