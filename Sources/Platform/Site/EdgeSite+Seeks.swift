// Jumps of viewers within a title:
//
//   playbackStarts -> planSeek ... viewerSeeks -> into the buffer: plays on at once
//                        ^             |       -> out of it: the request in flight is given up, planRequest
//                        '-------------'

import PlayerModel
import SimEngine

extension EdgeSiteState {
  /// Whether a timer of a session still counts: the session is there and its viewer has not jumped since.
  func isCurrent(_ ref: SessionRef, seeks: UInt16) -> Bool {
    sessions.isPresent(ref) && sessions.at(ref.slot).pointee.seeks == seeks
  }

  /// Draws when the viewer jumps next.
  mutating func planSeek(slot: UInt32, from time: SimTime) {
    guard let seeks = settings.seeks else { return }
    var stream = seekStream(slot: slot, purpose: .time)
    let wait = SimDuration.seconds(stream.exponential(mean: 3_600 / seeks.perHour))
    countDraws(stream.draws)
    queue.schedule(.seek(sessions.ref(slot)), at: time + wait)
  }

  /// The viewer jumps; who is waiting for media just now does so later.
  mutating func viewerSeeks(_ ref: SessionRef, at now: SimTime) {
    guard let seeks = settings.seeks else { return }
    let slot = ref.slot
    let session = sessions.at(slot)
    let time = max(now, session.pointee.counted.at)
    advancePlayback(session, to: time)
    guard session.pointee.buffer.phase(at: time) == .playing else {
      queue.schedule(.seek(ref), at: time + .seconds(1))
      return
    }
    var stream = seekStream(slot: slot, purpose: .target)
    let isForward = stream.uniform() < seeks.forwardShare
    let distance = SimDuration.seconds(stream.exponential(mean: seeks.distance.seconds))
    countDraws(stream.draws)
    let from = session.pointee.buffer.playhead(at: time)
    let segments = Int(catalog.segmentCounts[Int(session.pointee.title)])
    let last = catalog.mediaTime(segments: segments - 1)
    // Nobody jumps past the last segment; who is in it already stays there.
    let target = isForward ? max(from, min(last, from + distance)) : max(.zero, from - distance)
    replay(slot: slot, at: time)
    totals.seeks += 1
    session.pointee.seeks &+= 1
    jump(slot: slot, to: target, at: time)
    // Who wants to see the end still does; the others watch for as long as they would have.
    let end = catalog.mediaTime(segments: segments)
    if session.pointee.departsAt < end {
      let landed = session.pointee.buffer.playhead(at: time)
      session.pointee.departsAt = min(end, max(landed, session.pointee.departsAt + (landed - from)))
    }
    setWatchingTimers(slot: slot, at: time)
    planSeek(slot: slot, from: time)
  }

  /// Moves the playhead: exactly within the buffer, else to the beginning of the segment that holds the target, whose
  /// first picture is a keyframe.
  private mutating func jump(slot: UInt32, to target: SimDuration, at time: SimTime) {
    let session = sessions.at(slot)
    let buffer = session.pointee.buffer
    if target >= buffer.playhead(at: time), target < buffer.downloaded {
      session.pointee.buffer.seek(to: target, at: time)
      session.pointee.statistics.skipped(to: target, segmentDuration: catalog.segmentDuration)
      if session.pointee.phase == .requesting { replanRequest(slot: slot, at: time) }
      return
    }
    giveUpRequest(slot: slot, at: time)
    let segment = Int(target.nanoseconds / catalog.segmentDuration.nanoseconds)
    let start = catalog.mediaTime(segments: segment)
    session.pointee.buffer.seek(to: start, at: time)
    session.pointee.statistics.sought(to: start)
    session.pointee.nextSegment = Int32(segment)
    session.pointee.rule.sought(segment: segment)
    planRequest(slot: slot, from: time)
  }

  /// A jump within the buffer makes room in it: a request that waits for that is sent sooner.
  private mutating func replanRequest(slot: UInt32, at time: SimTime) {
    if sessions.at(slot).pointee.requestedAt > time { planRequest(slot: slot, from: time) }
  }

  private enum SeekPurpose: UInt64 {
    case time
    case target
  }

  /// The stream of one draw about a session's next jump: it depends on nothing that the platform does.
  private func seekStream(slot: UInt32, purpose: SeekPurpose) -> RandomStream {
    let session = sessions.at(slot)
    return RandomStream(
      seekKey.child(UInt64(session.pointee.process)).child(session.pointee.number)
        .child(UInt64(session.pointee.seeks) << 1 | purpose.rawValue))
  }
}
