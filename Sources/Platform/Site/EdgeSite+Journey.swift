// The viewer's journey through an edge site, from top to bottom:
//
//   viewerArrives -> planRequest -> requestReachesEdge -> hit:  startTransfer
//                         ^                            -> miss: fetch, or join a fetch in flight (EdgeSite+Delivery)
//                         |                                     fetchArrives -> startTransfer
//                         '-- segmentArrives <- windowSent <- release (windowOpens) <---'
//   checkProgress: give a slow download up        EdgeSite+Leaving.swift: how a session ends
//
// On a warm connection a request costs one event and one completion on the link. Half a round trip lies between player
// and edge each way; what the player decides on is known when the segment is sent, so its next request is planned then,
// for later.

import CDNModel
import NetModel
import PlayerModel
import SimEngine

extension EdgeSiteState {
  // MARK: - Arrival

  mutating func scheduleArrival(process: Int) {
    if let at = arrivals[process].next() { queue.schedule(.arrival(process: UInt8(process)), at: at) }
  }

  mutating func viewerArrives(process: Int, at now: SimTime) {
    let number = arrivals[process].count
    scheduleArrival(process: process)
    let plan = planners[process].plan(arrival: number)
    countPlan(plan)
    countSessions(at: now)
    totals.arrivals += 1
    if !totals.devices.isEmpty { totals.devices[plan.device].arrivals += 1 }
    let player = settings.player
    let device = settings.devices[plan.device]
    let codec = device.codec(title: plan.title, catalog: catalog)
    let ladder = ladder(title: plan.title, codec: codec, device: plan.device)
    let offset = catalog.mediaTime(segments: plan.firstSegment)
    let roundTrip = plan.roundTrip + settings.accessRoundTrips[plan.accessClass]
    let session = sessions.insert(
      ViewerSession(
        generation: 0, phase: .requesting, process: UInt8(process), isSampled: plan.isSampled,
        isReplayed: plan.isReplayed && settings.frames != nil,
        accessClass: UInt8(plan.accessClass), device: UInt8(plan.device), codec: UInt8(codec),
        isTold: plan.isTold, quality: 0, title: UInt32(plan.title),
        firstSegment: Int32(plan.firstSegment), nextSegment: Int32(plan.firstSegment), number: number, arrivedAt: now,
        roundTrip: roundTrip, departsAt: offset + plan.watch, stallPatience: plan.stallPatience, requestedAt: now,
        firstByteAt: now, requestNumber: 0, connection: TCPConnection(), transfer: nil, sentWindowBytes: 0,
        requestBytes: 0, isMiss: false, forecast: DownloadForecast(),
        rule: SessionRule(
          settings.rule, bufferMs: player.bufferTarget.milliseconds, ladder: ladder, options: settings.ruleOptions),
        estimator: settings.estimator.makeEstimator(),
        buffer: PlaybackBuffer(
          at: now, offset: offset, startThreshold: player.startupBuffer, resumeThreshold: player.resumeBuffer),
        statistics: PlaybackStatistics(offset: offset), counted: CountedPlayback(at: now)))
    if sessions.at(session.slot).pointee.isReplayed { replays.begin(slot: session.slot) }
    sessions.at(session.slot).pointee.home = UInt32(index)
    sessions.at(session.slot).pointee.startupEnds = now + plan.startupPatience
    queue.schedule(.startupPatience(session), at: now + plan.startupPatience)
    if let services = settings.services {
      meetServices(slot: session.slot, services, at: now)
    } else if directory.cluster != nil {
      readOffset(session, at: now)
    } else {
      mayWatch(slot: session.slot, at: now)
    }
  }

  /// The viewer may watch as soon as the title is there.
  mutating func mayWatch(slot: UInt32, at time: SimTime) {
    if awaited?.holds(sessions.ref(slot), for: Int(sessions.at(slot).pointee.title)) == true {
      totals.arrivedEarly += 1
    } else {
      setUpPlayer(slot: slot, at: time)
    }
  }

  /// The position at which to resume is not known.
  mutating func startFromBeginning(slot: UInt32) {
    let session = sessions.at(slot)
    let watch = session.pointee.departsAt - catalog.mediaTime(segments: Int(session.pointee.firstSegment))
    session.pointee.firstSegment = 0
    session.pointee.nextSegment = 0
    session.pointee.departsAt = .zero + watch
    session.pointee.buffer = PlaybackBuffer(
      at: session.pointee.arrivedAt, offset: .zero, startThreshold: settings.player.startupBuffer,
      resumeThreshold: settings.player.resumeBuffer)
    session.pointee.statistics = PlaybackStatistics(offset: .zero)
  }

  /// The viewer can watch: connection, TLS and manifest, then the first request.
  private mutating func setUpPlayer(slot: UInt32, at now: SimTime) {
    let roundTripNs = Double(sessions.at(slot).pointee.roundTrip.nanoseconds)
    let setup = SimDuration(nanoseconds: Int64((roundTripNs * settings.player.setupRoundTrips).rounded()))
    let services = sessions.at(slot).pointee.services
    let arrivedAt = sessions.at(slot).pointee.arrivedAt
    sessions.at(slot).pointee.services.manifest = now + setup - arrivedAt - services.answered
    // The connection is opened by the way; what it takes is among the set-up round trips.
    _ = sessions.at(slot).pointee.connection.request(
      at: now, roundTrip: sessions.at(slot).pointee.roundTrip, profile: settings.tcp)
    planRequest(slot: slot, from: now + setup)
  }

  /// The title that viewers wait for is there.
  mutating func titleIsReleased(at now: SimTime) {
    for session in awaited?.release() ?? [] where sessions.isPresent(session) {
      let answeredAt =
        sessions.at(session.slot).pointee.arrivedAt + sessions.at(session.slot).pointee.services.answered
      setUpPlayer(slot: session.slot, at: max(now, answeredAt))
    }
  }

  // MARK: - Requests

  /// Plans the next request for when the player is free at `from`: it waits for room in the buffer, asks the rule, and
  /// the request reaches the edge half a round trip later.
  mutating func planRequest(slot: UInt32, from: SimTime) {
    let session = sessions.at(slot)
    guard session.pointee.nextSegment < catalog.segmentCounts[Int(session.pointee.title)] else {
      session.pointee.phase = .drained
      return
    }
    var sendAt = from
    let level = session.pointee.buffer.level(at: from)
    let room = settings.player.bufferTarget - catalog.segmentDuration
    if level > room, session.pointee.buffer.phase(at: from) == .playing {
      let wait = level - max(room, .zero)
      sendAt = from + wait
      session.pointee.rule.waited(milliseconds: wait.milliseconds)
    }
    let decision = session.pointee.rule.choose(context(session, at: sendAt))
    session.pointee.forecast = DownloadForecast(session.pointee.estimator)
    session.pointee.quality = Int8(decision.quality)
    if decision.delayMs > 0 { sendAt = sendAt + .seconds(decision.delayMs / 1_000) }
    sendRequest(slot: slot, at: sendAt)
  }

  /// Sends the request that is planned, in place of any earlier one.
  mutating func sendRequest(slot: UInt32, at sendAt: SimTime) {
    let session = sessions.at(slot)
    session.pointee.requestedAt = sendAt
    session.pointee.requestNumber &+= 1
    session.pointee.phase = .requesting
    if session.pointee.isTold { tell(slot: slot, at: sendAt) }
    let atEdge = session.pointee.connection.request(
      at: sendAt, roundTrip: session.pointee.roundTrip, profile: settings.tcp)
    queue.schedule(.request(sessions.ref(slot), requestNumber: session.pointee.requestNumber), at: atEdge)
  }

  private func context(_ session: UnsafeMutablePointer<ViewerSession>, at time: SimTime) -> DecisionContext {
    let title = Int(session.pointee.title)
    let isTrusted = session.pointee.statistics.receivedBytes >= settings.trustedAfterBytes
    let believedKbps = isTrusted ? session.pointee.estimator.throughputKbps : nil
    return DecisionContext(
      segment: Int(session.pointee.nextSegment), segmentCount: Int(catalog.segmentCounts[title]),
      levelMs: session.pointee.buffer.level(at: time).milliseconds,
      throughputKbps: believedKbps ?? settings.initialThroughputKbps, latencyMs: session.pointee.estimator.latencyMs,
      ladder: ladder(session))
  }

  /// The ladder of a session: its title's in its codec, up to what its device shows.
  func ladder(_ session: UnsafeMutablePointer<ViewerSession>) -> LadderView {
    ladder(
      title: Int(session.pointee.title), codec: Int(session.pointee.codec), device: Int(session.pointee.device))
  }

  private func ladder(title: Int, codec: Int, device: Int) -> LadderView {
    settings.ladder.view(
      bitrateScale: catalog.complexities[title] * catalog.codecRates[codec],
      qualities: settings.devices[device].qualities)
  }

  func halfRoundTrip(_ session: UnsafeMutablePointer<ViewerSession>) -> SimDuration {
    SimDuration(nanoseconds: session.pointee.roundTrip.nanoseconds / 2)
  }

  // MARK: - Transfer

  mutating func startTransfer(slot: UInt32, at now: SimTime) {
    let session = sessions.at(slot)
    session.pointee.phase = .downloading
    session.pointee.firstByteAt = now
    if session.pointee.isTold { requests.begins(slot: slot, at: now) }
    firstByteTimes.add(now + halfRoundTrip(session) - session.pointee.requestedAt)
    session.pointee.sentWindowBytes = 0
    session.pointee.transfer = TCPTransfer(
      payload: session.pointee.requestBytes, on: session.pointee.connection, roundTrip: session.pointee.roundTrip,
      profile: settings.tcp, route: Int(session.pointee.accessClass), owner: slot)
    release(slot: slot, at: now)
    if session.pointee.buffer.level(at: now) < settings.player.watchedLevel {
      scheduleProgressCheck(slot: slot, at: now)
    }
  }

  /// Gives the link what the window allows: everything on a warm connection, else the next window in a round trip.
  private mutating func release(slot: UInt32, at now: SimTime) {
    let session = sessions.at(slot)
    guard var transfer = session.pointee.transfer else { return }
    let held = transfer.heldBytes
    let next = transfer.release(on: &edgeLink, at: now)
    totals.releasedWireBytes += held - transfer.heldBytes
    session.pointee.transfer = transfer
    guard let next else { return }
    queue.schedule(.windowOpens(sessions.ref(slot), requestNumber: session.pointee.requestNumber), at: next)
  }

  mutating func windowOpens(slot: UInt32, requestNumber: UInt32, at now: SimTime) {
    let session = sessions.at(slot)
    guard session.pointee.phase == .downloading, session.pointee.requestNumber == requestNumber else { return }
    release(slot: slot, at: now)
  }

  /// The link has sent all that it was given of a transfer: the segment, or a window of it.
  mutating func windowSent(slot: UInt32, at now: SimTime) {
    let session = sessions.at(slot)
    guard let transfer = session.pointee.transfer else { return }
    session.pointee.sentWindowBytes = transfer.wireBytes - transfer.heldBytes
    guard transfer.isReleased else { return }
    session.pointee.connection.finish(transfer, at: now)
    session.pointee.transfer = nil
    leaveServer(session)
    totals.segmentWireBytes += transfer.wireBytes
    if session.pointee.isTold {
      requests.ends(slot: slot, .completed, sentBytes: session.pointee.requestBytes, at: now)
    }
    segmentArrives(slot: slot, at: now + halfRoundTrip(session), sentAt: now)
  }

  /// Payload of the segment in flight that has been sent by `now`.
  private mutating func received(_ session: UnsafeMutablePointer<ViewerSession>, at now: SimTime) -> Int64? {
    guard let transfer = session.pointee.transfer else { return nil }
    let wire = session.pointee.sentWindowBytes + (edgeLink.delivered(transfer.flow, at: now) ?? 0)
    return payload(wire: wire, of: session)
  }

  private func payload(wire: Int64, of session: UnsafeMutablePointer<ViewerSession>) -> Int64 {
    min(session.pointee.requestBytes, wire * settings.tcp.segmentBytes / settings.tcp.wireSegmentBytes)
  }

  private mutating func scheduleProgressCheck(slot: UInt32, at now: SimTime) {
    queue.schedule(
      .progressCheck(sessions.ref(slot), requestNumber: sessions.at(slot).pointee.requestNumber),
      at: now + .milliseconds(500))
  }

  /// The rule looks at a slow download and may give it up for a lower quality, which is requested at once.
  mutating func checkProgress(slot: UInt32, requestNumber: UInt32, at now: SimTime) {
    let session = sessions.at(slot)
    guard session.pointee.phase == .downloading, session.pointee.requestNumber == requestNumber,
      let received = received(session, at: now)
    else { return }
    let sent = session.pointee.requestedAt
    let progress = DownloadProgress(
      quality: Int(session.pointee.quality), sizeBits: Double(session.pointee.requestBytes) * 8,
      receivedBits: Double(received) * 8, elapsedMs: (now - sent).milliseconds,
      firstByteMs: (session.pointee.firstByteAt - sent).milliseconds,
      levelMs: session.pointee.buffer.level(at: now).milliseconds, latencyMs: session.pointee.estimator.latencyMs,
      ladder: ladder(session))
    guard let target = session.pointee.rule.considerAbandon(progress) else {
      scheduleProgressCheck(slot: slot, at: now)
      return
    }
    giveUpTransfer(slot: slot, at: now)
    session.pointee.rule.downloaded(
      outcome(session, receivedBytes: received, endedAt: now, ending: .abandoned(target: target)))
    session.pointee.quality = Int8(target)
    session.pointee.requestedAt = now - halfRoundTrip(session)
    session.pointee.requestNumber &+= 1
    if session.pointee.isTold { tell(slot: slot, at: now) }
    requestReachesEdge(slot: slot, at: now)
  }

  /// Gives up the request that is at the edge, if one is; returns whether one was.
  @discardableResult
  mutating func giveUpRequest(slot: UInt32, at now: SimTime) -> Bool {
    switch sessions.at(slot).pointee.phase {
    case .downloading: giveUpTransfer(slot: slot, at: now)
    case .awaitingFetch: stopWaiting(slot: slot, at: now)
    case .requesting, .drained, .vacant, .awaitingServices, .awaitingOffset: return false
    }
    return true
  }

  /// Nobody waits any longer for what the edge is about to read or to get.
  mutating func stopWaiting(slot: UInt32, at now: SimTime) {
    let session = sessions.at(slot)
    _ = fetches.leave(key(session), waiter: slot)
    leaveServer(session)
    if session.pointee.isTold { requests.ends(slot: slot, .givenUp, sentBytes: 0, at: now) }
  }

  mutating func giveUpTransfer(slot: UInt32, at now: SimTime) {
    let session = sessions.at(slot)
    guard let transfer = session.pointee.transfer else { return }
    let window = edgeLink.cancel(transfer.flow, at: now) ?? 0
    let received = payload(wire: session.pointee.sentWindowBytes + window, of: session)
    session.pointee.transfer = nil
    leaveServer(session)
    session.pointee.statistics.received(bytes: received)
    if session.pointee.isTold { requests.ends(slot: slot, .givenUp, sentBytes: received, at: now) }
    totals.abandonedDownloads += 1
    totals.abandonedBytes += received
    totals.givenUpWireBytes += transfer.wireBytes - transfer.heldBytes
    totals.givenUpWindowBytes += session.pointee.sentWindowBytes
  }

  private func outcome(
    _ session: UnsafeMutablePointer<ViewerSession>, receivedBytes: Int64, endedAt: SimTime,
    ending: DownloadOutcome.Ending
  ) -> DownloadOutcome {
    let sent = session.pointee.requestedAt
    return DownloadOutcome(
      segment: Int(session.pointee.nextSegment), quality: Int(session.pointee.quality),
      sizeBits: Double(session.pointee.requestBytes) * 8, receivedBits: Double(receivedBytes) * 8,
      totalMs: (endedAt - sent).milliseconds, firstByteMs: (session.pointee.firstByteAt - sent).milliseconds,
      levelMs: session.pointee.buffer.level(at: endedAt).milliseconds, ending: ending,
      ladder: ladder(session))
  }

  private mutating func segmentArrives(slot: UInt32, at arrival: SimTime, sentAt: SimTime) {
    let session = sessions.at(slot)
    let bytes = session.pointee.requestBytes
    let title = Int(session.pointee.title)
    let quality = Int(session.pointee.quality)
    countForecast(session, bytes: bytes, took: arrival - session.pointee.requestedAt)
    let latency = session.pointee.firstByteAt + halfRoundTrip(session) - session.pointee.requestedAt
    switch settings.player.throughputOver {
    case .transfer:
      session.pointee.estimator.record(
        bytes: bytes, transfer: sentAt - session.pointee.firstByteAt, latency: latency)
    case .request:
      // A miss counts with the time that the edge waited for it.
      session.pointee.estimator.record(
        bytes: bytes, transfer: sentAt - session.pointee.requestedAt - halfRoundTrip(session),
        latency: session.pointee.roundTrip)
    }
    advancePlayback(session, to: arrival)
    session.pointee.nextSegment += 1
    let end = catalog.mediaTime(segments: Int(session.pointee.nextSegment))
    session.pointee.statistics.received(bytes: bytes)
    session.pointee.statistics.buffered(
      quality: quality, end: end, segmentDuration: catalog.segmentDuration, ladder: ladder(session))
    let transition = session.pointee.buffer.segmentArrived(
      duration: catalog.segmentDuration, at: arrival,
      isLast: session.pointee.nextSegment == catalog.segmentCounts[title])
    assert(session.pointee.buffer.downloaded == end, "segments arrive in order")
    session.pointee.rule.downloaded(outcome(session, receivedBytes: bytes, endedAt: arrival, ending: .completed))
    totals.segments += 1
    totals.segmentBytes += bytes
    if session.pointee.isReplayed {
      replays.add(
        StreamedSegment(
          arrivedAfter: arrival - session.pointee.arrivedAt, bytes: bytes,
          megapixels: catalog.pictures[quality].megapixels), slot: slot)
    }
    let download = arrival - session.pointee.requestedAt
    totals.downloadNs += download.nanoseconds
    downloadTimes.add(download)
    switch transition {
    case .started(let delay): playbackStarts(slot: slot, after: delay, at: arrival)
    case .sought(let began):
      totals.awaitedSeeks += 1
      totals.seekNs += (arrival - began).nanoseconds
    case .none, .resumed: break
    }
    planRequest(slot: slot, from: arrival)
  }

  /// Compares what the player believed before a request with how long it took, for hits and misses apart: who learns
  /// from hits expects too much of a miss.
  private mutating func countForecast(
    _ session: UnsafeMutablePointer<ViewerSession>, bytes: Int64, took: SimDuration
  ) {
    guard let expected = session.pointee.forecast.milliseconds(bytes: bytes) else { return }
    if session.pointee.isMiss {
      totals.missForecastNs += Int64(expected * 1e6)
      totals.missDownloadNs += took.nanoseconds
    } else {
      totals.hitForecastNs += Int64(expected * 1e6)
      totals.hitDownloadNs += took.nanoseconds
    }
  }

  // MARK: - Playing

  /// Plays the buffer up to `time` and counts what was played and what was stalled.
  mutating func advancePlayback(_ session: UnsafeMutablePointer<ViewerSession>, to time: SimTime) {
    guard time > session.pointee.counted.at else { return }
    session.pointee.buffer.advance(to: time)
    let buffer = session.pointee.buffer
    let counted = session.pointee.counted
    let play = buffer.playTime(at: time)
    let stall = buffer.stallTime(at: time)
    let stalls = buffer.stallCount(at: time)
    let kbit = session.pointee.statistics.playedKbit
    let switches = session.pointee.statistics.switches
    session.pointee.statistics.played(
      to: buffer.playhead(at: time), segmentDuration: catalog.segmentDuration, ladder: ladder(session))
    let playNs = (play - counted.play).nanoseconds
    let stallNs = (stall - counted.stall).nanoseconds
    let playedKbit = session.pointee.statistics.playedKbit - kbit
    totals.playNs += playNs
    totals.stallNs += stallNs
    totals.stalls += Int64(stalls - Int(counted.stalls))
    totals.playedKbit += playedKbit
    if !totals.devices.isEmpty {
      totals.devices[Int(session.pointee.device)].played(ns: playNs, stalledNs: stallNs, kbit: playedKbit)
    }
    totals.switches += Int64(session.pointee.statistics.switches &- switches)
    session.pointee.counted = CountedPlayback(at: time, play: play, stall: stall, stalls: UInt32(stalls))
    if buffer.playhead(at: time) > buffer.downloaded { violations.append("site \(index): a playhead left its buffer") }
  }

  private mutating func playbackStarts(slot: UInt32, after delay: SimDuration, at time: SimTime) {
    totals.starts += 1
    totals.startupNs += delay.nanoseconds
    startupDelays.add(delay)
    countStartup(slot: slot, delay: delay)
    if let services = settings.services {
      queue.schedule(.positionIsDue(sessions.ref(slot)), at: time + services.use.resumeWriteInterval)
    }
    setWatchingTimers(slot: slot, at: time)
    planSeek(slot: slot, from: time)
  }

  /// Looks again when the viewer may have seen enough, and when the buffer could have been dry for too long.
  mutating func setWatchingTimers(slot: UInt32, at time: SimTime) {
    let session = sessions.at(slot)
    let seeks = session.pointee.seeks
    let watch = session.pointee.departsAt - session.pointee.buffer.playhead(at: time)
    queue.schedule(.departure(sessions.ref(slot), seeks: seeks), at: time + watch)
    queue.schedule(
      .stallPatience(sessions.ref(slot), seeks: seeks),
      at: (session.pointee.buffer.dryTime ?? time) + session.pointee.stallPatience)
  }
}
