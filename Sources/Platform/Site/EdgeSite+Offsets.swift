// Where viewers stand, in a platform without services: read from the cluster before a session is set up, written again
// and again while it plays. With services that is their business (Services/ResumePath.swift).

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
    let token = UInt64(session.slot) << 32 | UInt64(session.generation)
    send(.offset(OffsetCommand(token: token, key: key, isWrite: isWrite)), to: cluster, at: now)
  }

  /// The cluster answers: a session that waited goes on, wherever its offset came from.
  mutating func offsetReplyArrives(_ ref: SessionRef, isWrite: Bool, isServed: Bool, at now: SimTime) {
    if isWrite {
      totals.offsetWrites += 1
      if !isServed { totals.failedOffsetWrites += 1 }
      return
    }
    totals.offsetReads += 1
    if !isServed { totals.failedOffsetReads += 1 }
    guard sessions.isPresent(ref) else { return }
    let session = sessions.at(ref.slot)
    guard session.pointee.phase == .awaitingOffset else { return }
    totals.offsetReadNs += (now - session.pointee.arrivedAt).nanoseconds
    session.pointee.phase = .requesting
    mayWatch(slot: ref.slot, at: now)
  }
}
