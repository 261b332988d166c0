// How a session ends: the viewer has seen enough, or waits for too long, before the first frame or after it.

import PlayerModel
import SimEngine

extension EdgeSiteState {
  /// The viewer leaves when the playhead has come as far as planned; stalls put that off.
  mutating func mayDepart(_ ref: SessionRef, at now: SimTime) {
    let session = sessions.at(ref.slot)
    let time = max(now, session.pointee.counted.at)
    advancePlayback(session, to: time)
    let remaining = session.pointee.departsAt - session.pointee.buffer.playhead(at: time)
    if remaining <= .zero {
      totals.completions += 1
      leave(slot: ref.slot, ending: .watched, at: now)
    } else {
      // While stalled the remaining time stands still: look again at a pace that cannot spin.
      let isPlaying = session.pointee.buffer.phase(at: time) == .playing
      queue.schedule(
        .departure(ref, seeks: session.pointee.seeks),
        at: time + (isPlaying ? remaining : max(remaining, .milliseconds(250))))
    }
  }

  mutating func startupPatienceEnds(slot: UInt32, at now: SimTime) {
    guard !sessions.at(slot).pointee.buffer.hasStarted else { return }
    totals.lostAtStartup += 1
    countLostAtStartup(slot: slot, at: now)
    leave(slot: slot, ending: .leftAtStartup, at: now)
  }

  /// Looks whether the viewer has waited for media, in a stall or after a jump, for longer than they bear; else looks
  /// again when they could have.
  mutating func stallPatienceMayEnd(_ ref: SessionRef, at now: SimTime) {
    let session = sessions.at(ref.slot)
    let time = max(now, session.pointee.counted.at)
    advancePlayback(session, to: time)
    let patience = session.pointee.stallPatience
    let seeks = session.pointee.seeks
    if let waitingSince = session.pointee.buffer.waitingSince {
      if time - waitingSince >= patience {
        let hasJumped = session.pointee.buffer.phase(at: time) == .seeking
        if hasJumped { totals.lostAfterJump += 1 } else { totals.lostInStall += 1 }
        leave(slot: ref.slot, ending: hasJumped ? .leftAfterJump : .leftInStall, at: now)
      } else {
        queue.schedule(.stallPatience(ref, seeks: seeks), at: waitingSince + patience)
      }
    } else if session.pointee.phase != .drained, let dryTime = session.pointee.buffer.dryTime {
      queue.schedule(.stallPatience(ref, seeks: seeks), at: max(time, dryTime) + patience)
    }
  }

  mutating func leave(slot: UInt32, ending: SessionRecord.Ending, at now: SimTime) {
    let session = sessions.at(slot)
    giveUpRequest(slot: slot, at: now)
    replay(slot: slot, at: now)
    if session.pointee.isSampled {
      records.append(
        SessionRecord(session.pointee, ending: ending, catalog: catalog, devices: settings.devices))
    }
    if session.pointee.isTold { requests.forget(slot: slot) }
    sessionEnds(slot: slot, at: now)
    countSessions(at: now)
    sessions.remove(slot)
  }
}
