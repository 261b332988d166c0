// Where viewers stand: read from the cluster before a session is set up, written again and again while it plays.

import PlayerModel
import SimEngine

extension EdgeSiteState {
  /// Asks the cluster where the viewer left off; the session waits for the answer.
  mutating func readOffset(_ session: SessionRef, at now: SimTime) {
    sessions.at(session.slot).pointee.phase = .awaitingOffset
    sendOffset(session, isWrite: false, at: now)
    queue.schedule(.offsetWrite(session), at: now + settings.offsetInterval)
  }

  /// Writes how far the viewer has come, once there is something to write.
  mutating func writeOffset(_ session: SessionRef, at now: SimTime) {
    queue.schedule(.offsetWrite(session), at: now + settings.offsetInterval)
    guard sessions.at(session.slot).pointee.buffer.hasStarted else { return }
    sendOffset(session, isWrite: true, at: now)
  }

  private mutating func sendOffset(_ session: SessionRef, isWrite: Bool, at now: SimTime) {
    guard let cluster = directory.cluster else { return }
    let viewer = sessions.at(session.slot)
    let key = planners[Int(viewer.pointee.process)].key.child(viewer.pointee.number).bits
    send(.offset(OffsetCommand(session: session, key: key, isWrite: isWrite)), to: cluster, at: now)
  }

  /// The cluster answers: a session that waited goes on, wherever its offset came from.
  mutating func offsetReplyArrives(_ reply: OffsetReply, at now: SimTime) {
    if reply.isWrite {
      totals.offsetWrites += 1
      if !reply.isServed { totals.failedOffsetWrites += 1 }
      return
    }
    totals.offsetReads += 1
    if !reply.isServed { totals.failedOffsetReads += 1 }
    guard sessions.isPresent(reply.session) else { return }
    let session = sessions.at(reply.session.slot)
    guard session.pointee.phase == .awaitingOffset else { return }
    totals.offsetReadNs += (now - session.pointee.arrivedAt).nanoseconds
    setUp(slot: reply.session.slot, at: now)
  }
}
