// Where a viewer meets the services:
//
//   viewerArrives -> askServices ~~backhaul~~> services ~~> servicesAnswer -> mayWatch (manifest, first segments)
//                        ^   '-- servicesTimeOut ----.          |  failed
//                        '------ askAgain <-----------'---------'          out of attempts: leave
//
//   while playing: positionIsDue -> services          leaving: end of session -> services
//
// A platform without services has none of these events and none of these draws.

import BackendModel
import PlayerModel
import SimEngine

/// What the sites know about the services.
struct SiteServices: Sendable {
  let use: ServiceUseSettings
  let membersPerSite: Int
  let retryPolicy: RetryPolicy
  /// Start-up delays beyond this one count as delayed.
  let delayedAfter: SimDuration

  /// `nil` in a platform without services.
  init?(scenario: Scenario, scale: PlatformScale) {
    guard scenario.services != nil else { return nil }
    use = scenario.viewers.services
    membersPerSite = scenario.membersPerSite(scale)
    retryPolicy = RetryPolicy(retries: use.retries, firstDelay: use.backoff, jitter: use.jitter)
    delayedAfter = scenario.viewers.patience.startupGrace
  }
}

/// What a session knows about its dealings with the services.
struct SessionServices: BitwiseCopyable {
  /// Member number within the simulated part of the platform.
  var member: UInt32 = 0
  /// Attempts so far; an answer to an earlier one is of no use any more.
  var attempt: UInt8 = 0
  var searches = false
  var pays = false
  /// Whether the last attempt has failed and the next one is yet to come.
  var isBackingOff = false
  /// Where the last attempt failed, or where the present one is as far as anybody can tell.
  var failedAt = StartupPart.gateway
  /// From arrival until the services had answered.
  var answered = SimDuration.zero
  /// What of it the parts behind the gateway account for: in the attempts before the last, with the waits after them,
  /// and in the last one.
  var earlierTimes = ServiceTimes()
  var lastTimes = ServiceTimes()
  /// From then until the first request could be sent.
  var manifest = SimDuration.zero
}

extension EdgeSiteState {
  /// Keeps an answer until it arrives.
  mutating func keep(_ reply: StartReply) -> UInt32 {
    if let free = freeReplies.popLast() {
      replies[Int(free)] = reply
      return free
    }
    replies.append(reply)
    return UInt32(replies.count - 1)
  }

  // MARK: - Before the first frame

  /// Draws what the session wants of the services, and asks for it.
  mutating func meetServices(slot: UInt32, _ services: SiteServices, at now: SimTime) {
    let session = sessions.at(slot)
    session.pointee.phase = .awaitingServices
    // The session's own stream, so that nothing else moves its wishes.
    var stream = RandomStream(
      servicesKey.child(UInt64(session.pointee.process)).child(session.pointee.number))
    let member = index * services.membersPerSite + stream.below(services.membersPerSite)
    session.pointee.services.member = UInt32(member)
    session.pointee.services.searches = stream.chance(services.use.searchShare)
    session.pointee.services.pays = stream.chance(services.use.paymentShare)
    countDraws(stream.draws)
    askServices(slot: slot, at: now)
  }

  /// Sends a start request; it is half a round trip to the site and the backhaul from there.
  mutating func askServices(slot: UInt32, at now: SimTime) {
    guard let services = settings.services, let address = directory.services else { return }
    let session = sessions.at(slot)
    session.pointee.services.attempt &+= 1
    session.pointee.services.isBackingOff = false
    session.pointee.services.earlierTimes.add(session.pointee.services.lastTimes)
    session.pointee.services.lastTimes = ServiceTimes()
    let wishes = session.pointee.services
    let timeout = now + services.use.timeout
    let request = StartRequest(
      session: sessions.ref(slot), member: wishes.member, attempt: wishes.attempt,
      deadline: min(timeout, session.pointee.startupEnds), searches: wishes.searches, pays: wishes.pays,
      resumes: session.pointee.firstSegment > 0)
    send(.startSession(request), to: address, at: now + halfRoundTrip(session))
    queue.schedule(.servicesTimeOut(sessions.ref(slot), attempt: wishes.attempt), at: timeout)
  }

  mutating func servicesAnswer(_ reply: StartReply, at now: SimTime) {
    let slot = reply.session.slot
    guard sessions.isPresent(reply.session), isWaiting(slot, attempt: reply.attempt) else {
      totals.lateServiceAnswers += 1
      return
    }
    let session = sessions.at(slot)
    guard reply.outcome == .served else {
      guard !session.pointee.services.isBackingOff else {
        totals.lateServiceAnswers += 1
        return
      }
      session.pointee.services.lastTimes = reply.times
      attemptFailed(slot: slot, at: reply.failedAt, now)
      return
    }
    let atPlayer = now + halfRoundTrip(session)
    session.pointee.services.answered = atPlayer - session.pointee.arrivedAt
    session.pointee.services.lastTimes = reply.times
    // The next failure to come would be the site's, not the services'.
    session.pointee.services.failedAt = .manifest
    if !reply.foundPosition { startFromBeginning(slot: slot) }
    session.pointee.phase = .requesting
    mayWatch(slot: slot, at: atPlayer)
  }

  mutating func servicesTimeOut(_ ref: SessionRef, attempt: UInt8, at now: SimTime) {
    guard isWaiting(ref.slot, attempt: attempt) else { return }
    // Should the request not even have reached the services, it is where it was: at the gateway at first.
    attemptFailed(slot: ref.slot, at: sessions.at(ref.slot).pointee.services.failedAt, now)
  }

  /// The answer will come too late: from now on the part that has the request is to blame.
  ///
  /// Patience that cuts a further attempt short does not acquit the part where the attempt before failed.
  mutating func startIsOverdue(_ reply: StartReply, at now: SimTime) {
    guard sessions.isPresent(reply.session), isWaiting(reply.session.slot, attempt: reply.attempt) else { return }
    let session = sessions.at(reply.session.slot)
    let isCutShort = reply.attempt > 1 && session.pointee.startupEnds <= now + .nanoseconds(1)
    if !isCutShort { session.pointee.services.failedAt = reply.failedAt }
    session.pointee.services.lastTimes = reply.times
  }

  private func isWaiting(_ slot: UInt32, attempt: UInt8) -> Bool {
    let session = sessions.at(slot)
    return session.pointee.phase == .awaitingServices && session.pointee.services.attempt == attempt
  }

  /// The player tries again after a delay, or the viewer gives up.
  private mutating func attemptFailed(slot: UInt32, at part: StartupPart, _ now: SimTime) {
    guard let services = settings.services else { return }
    let session = sessions.at(slot)
    let failures = Int(session.pointee.services.attempt)
    session.pointee.services.failedAt = part
    guard let delay = services.retryPolicy.delay(afterFailures: failures, &servicesRetries) else {
      totals.lostToServices += 1
      totals.lostAtStartup += 1
      totals.lostIn[Int(part.rawValue)] += 1
      leave(slot: slot, ending: .leftAtStartup, at: now)
      return
    }
    totals.serviceRetries += 1
    // Without the failure there would be no wait for the next attempt.
    session.pointee.services.lastTimes.add(delay, in: part)
    session.pointee.services.isBackingOff = true
    queue.schedule(.askAgain(sessions.ref(slot), attempt: session.pointee.services.attempt), at: now + delay)
  }

  /// The delay is over; the answer to the earlier attempt may still have come in between.
  mutating func askAgain(_ ref: SessionRef, attempt: UInt8, at now: SimTime) {
    if isWaiting(ref.slot, attempt: attempt) { askServices(slot: ref.slot, at: now) }
  }

  // MARK: - While playing, and after

  /// Writes the position back, and again an interval later.
  mutating func positionIsDue(_ ref: SessionRef, at now: SimTime) {
    guard let services = settings.services, let address = directory.services else { return }
    send(.savePosition(member: sessions.at(ref.slot).pointee.services.member), to: address, at: now)
    totals.positionsSent += 1
    let interval = directory.cluster == nil ? services.use.resumeWriteInterval : settings.offsetInterval
    queue.schedule(.positionIsDue(ref), at: now + interval)
  }

  /// Who has watched something leaves a row in the history.
  mutating func sessionEnds(slot: UInt32, at now: SimTime) {
    guard let address = directory.services, sessions.at(slot).pointee.buffer.hasStarted else { return }
    send(.endSession(member: sessions.at(slot).pointee.services.member), to: address, at: now)
  }

  // MARK: - Blame

  /// The first frame is shown: counts how long each part took, and which one made a late start late.
  mutating func countStartup(slot: UInt32, delay: SimDuration) {
    guard let services = settings.services else { return }
    let parts = startupParts(sessions.at(slot), until: delay)
    var longest = StartupPart.gateway
    for part in StartupPart.allCases {
      totals.startupPartNs[Int(part.rawValue)] += parts[Int(part.rawValue)]
      if parts[Int(part.rawValue)] > parts[Int(longest.rawValue)] { longest = part }
    }
    if delay > services.delayedAfter { totals.delayedBy[Int(longest.rawValue)] += 1 }
  }

  /// A viewer gives up before the first frame: counts the part that was being waited for.
  mutating func countLostAtStartup(slot: UInt32, at now: SimTime) {
    guard settings.services != nil else { return }
    let session = sessions.at(slot)
    let hasManifest =
      session.pointee.phase != .awaitingServices && session.pointee.requestNumber > 0
      && session.pointee.requestedAt <= now
    let part = hasManifest ? StartupPart.firstSegments : session.pointee.services.failedAt
    totals.lostIn[Int(part.rawValue)] += 1
  }

  /// The parts of a start-up delay, which add up to it, in nanoseconds.
  private func startupParts(_ session: UnsafeMutablePointer<ViewerSession>, until delay: SimDuration) -> [Int64] {
    let services = session.pointee.services
    var times = services.earlierTimes
    times.add(services.lastTimes)
    let beforeSegments = services.answered + services.manifest
    return [
      (services.answered - times.total).nanoseconds, times.account.nanoseconds, times.search.nanoseconds,
      times.resume.nanoseconds, services.manifest.nanoseconds, (delay - beforeSegments).nanoseconds,
    ]
  }
}
