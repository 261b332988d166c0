// What becomes of viewers whose site is lost: their downloads break off, and with `cdn.steering` the session goes on at
// the next best site that works, over a longer way; without, the player keeps asking until the viewer has had enough.
//
//   siteFails -> breakOff -> requestReachesEdge -> turnAway -- steering --> Message.moved ~~> sessionArrives
//                                                     '------ no steering, or no site left: ask again in a while

import CDNModel
import NetModel
import PlayerModel
import SimEngine

extension EdgeSiteState {
  /// How long a player waits before it asks a site again that does not answer.
  private static let askAgainAfter = SimDuration.seconds(2)

  /// A download broke off, or the wait for it: half a round trip later the player knows, and asks for the segment over a
  /// new connection.
  mutating func reconnect(slot: UInt32, at now: SimTime) {
    guard giveUpRequest(slot: slot, at: now) else { return }
    totals.brokenDownloads += 1
    connectAnew(slot: slot, at: now + halfRoundTrip(sessions.at(slot)))
  }

  private mutating func connectAnew(slot: UInt32, at sendAt: SimTime) {
    sessions.at(slot).pointee.connection = TCPConnection()
    sendRequest(slot: slot, at: sendAt)
  }

  /// The site is lost, with everybody who downloads from it.
  mutating func siteFails(at now: SimTime) {
    isLost = true
    totals.siteFailures += 1
    for slot in sessions.presentSlots() { reconnect(slot: slot, at: now) }
  }

  /// A request finds nobody at the site.
  mutating func turnAway(slot: UInt32, at now: SimTime) {
    guard let steering = settings.steering, let site = nextBest(for: sessions.at(slot), at: now + steering.detection)
    else {
      totals.unanswered += 1
      if sessions.at(slot).pointee.isTold { requestReaches(slot: slot, .unanswered, at: now) }
      connectAnew(slot: slot, at: now + Self.askAgainAfter)
      return
    }
    let session = sessions.at(slot)
    advancePlayback(session, to: now)
    // What is played again frame by frame ends here.
    replay(slot: slot, at: now)
    totals.steeredAway += 1
    if session.pointee.isTold {
      requestReaches(slot: slot, .steered, at: now)
      requests.forget(slot: slot)
    }
    countSessions(at: now)
    let moving = UnsafeMutablePointer<ViewerSession>.allocate(capacity: 1)
    moving.initialize(to: session.pointee)
    sessions.remove(slot)
    outbox.append(
      PlatformMessage(
        at: now + max(steering.detection, settings.backhaulLatency), from: PartitionIndex(index),
        to: PartitionIndex(site), body: .moved(moving)))
  }

  /// One of the nearest sites that will work, unless the own one will by then: neighbours are near in number, and
  /// viewers are spread over the first few.
  private func nextBest(for session: UnsafeMutablePointer<ViewerSession>, at time: SimTime) -> Int? {
    if !settings.isLost(site: index, at: time) { return nil }
    var candidates: [Int] = []
    let wanted = settings.steering?.candidates ?? 0
    var distance = 1
    while candidates.count < wanted, distance < directory.sites.count {
      for site in [index - distance, index + distance]
      where candidates.count < wanted && directory.sites.contains(site) && !settings.isLost(site: site, at: time) {
        candidates.append(site)
      }
      distance += 1
    }
    guard !candidates.isEmpty else { return nil }
    return candidates[Int(session.pointee.number % UInt64(candidates.count))]
  }

  /// A session comes from a lost site: its timers start anew here, and it asks for the segment that it could not get.
  mutating func sessionArrives(_ moving: UnsafeMutablePointer<ViewerSession>, at now: SimTime) {
    var session = moving.move()
    moving.deallocate()
    session.roundTrip = session.roundTrip + (settings.steering?.extraRoundTrip ?? .zero)
    session.server = CacheAnswer.noServer
    countSessions(at: now)
    totals.steeredHere += 1
    let ref = sessions.insert(session)
    let started = session.buffer.hasStarted
    let time = max(now, session.counted.at)
    if started {
      let watch = session.departsAt - session.buffer.playhead(at: time)
      let dry = session.buffer.waitingSince ?? session.buffer.dryTime ?? time
      queue.schedule(.departure(ref, seeks: session.seeks), at: time + max(watch, .zero))
      queue.schedule(.stallPatience(ref, seeks: session.seeks), at: max(time, dry + session.stallPatience))
      planSeek(slot: ref.slot, from: time)
      if let services = settings.services {
        queue.schedule(.positionIsDue(ref), at: time + services.use.resumeWriteInterval)
      }
    } else {
      queue.schedule(.startupPatience(ref), at: max(now, session.startupEnds))
    }
    connectAnew(slot: ref.slot, at: now)
  }
}

/// A time for which a whole site is lost.
struct SiteOutage: Sendable {
  let start: SimTime
  let end: SimTime
  let losesContent: Bool
}

extension SiteSettings {
  /// Whether a site is lost at a time.
  func isLost(site: Int, at time: SimTime) -> Bool {
    siteOutages[site].contains { $0.start <= time && time < $0.end }
  }
}

extension Scenario {
  /// Times for which a whole site is lost.
  func siteOutages(site: Int) -> [SiteOutage] {
    failures(of: .edgeSite).filter { $0.which.isEmpty || $0.which.contains(site) }.map { failure in
      let start = moment(failure.at)
      return SiteOutage(start: start, end: start + failure.duration, losesContent: !failure.keepsContent)
    }
  }
}
