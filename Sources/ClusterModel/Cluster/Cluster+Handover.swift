// Manual failover: CLUSTER FAILOVER with its two shortcuts.

import SimEngine

/// How a manual failover goes about it.
public enum HandoverMode: String, CaseIterable, Sendable {
  /// The master pauses writes until the replica has everything; then the masters vote.
  case handshake = "default"
  /// The masters vote, the old master is not asked.
  case force
  /// Nobody is asked.
  case takeover
}

extension Cluster {
  /// How long a handover may take, in milliseconds.
  private static let handoverTimeoutMs: Int64 = 5000

  /// `CLUSTER FAILOVER [FORCE | TAKEOVER]` on a replica.
  /// - Throws: `CommandError` with the reply of a node that refuses.
  public mutating func failOver(_ node: Int, mode: HandoverMode = .handshake) throws(CommandError) {
    try checkRunning(node)
    let master = Int(belief(node, node).pointee.master)
    guard master >= 0 else { throw CommandError("You should send CLUSTER FAILOVER to a replica") }
    if mode == .handshake,
      clock(node, master).pointee.flags.contains(.failed) || clock(node, master).pointee.link == .down
    {
      throw CommandError("Master is down or failed, please use CLUSTER FAILOVER FORCE")
    }
    endHandover(node)
    nodes[node].handover.end = nowMs + Self.handoverTimeoutMs
    note(.handoverRequested, node, about: master, reason: mode.rawValue)
    switch mode {
    case .handshake: dispatch(message(.handoverStart, from: node, to: master))
    case .force:
      nodes[node].handover.mayStart = true
    case .takeover:
      bumpEpoch(node)
      replaceMaster(node, master)
    }
  }

  /// The master's side: writes are held back, and every ping to the replica carries the offset they stopped at.
  mutating func pauseForHandover(_ node: Int, replica: Int) {
    guard isMaster(node, for: node), Int(belief(node, replica).pointee.master) == node else { return }
    endHandover(node)
    nodes[node].handover.end = nowMs + Self.handoverTimeoutMs
    nodes[node].handover.replica = Int32(replica)
    nodes[node].writesPausedUntil = nowMs + 2 * Self.handoverTimeoutMs
    if clock(node, replica).pointee.link != .down { sendHeartbeat(.ping, from: node, to: replica) }
  }

  /// The replica's side: the master told that it paused, and where.
  mutating func followPause(_ message: BusMessage, at node: Int, from sender: Int) {
    guard message.isPaused, nodes[node].handover.end != 0, Int(belief(node, node).pointee.master) == sender,
      nodes[node].handover.masterOffset < 0
    else { return }
    nodes[node].handover.masterOffset = message.offset
    nodes[node].handlesHandover = true
  }

  /// Starts the election once the replica has all that the master acknowledged.
  mutating func followHandover(_ node: Int) {
    nodes[node].handlesHandover = false
    let handover = nodes[node].handover
    guard handover.end != 0, !handover.mayStart, handover.masterOffset >= 0, !isMaster(node, for: node) else { return }
    if nodes[node].replication.offset >= handover.masterOffset {
      nodes[node].handover.mayStart = true
      nodes[node].handlesElection = true
    }
  }

  mutating func checkHandoverTimeout(_ node: Int) {
    guard nowMs > nodes[node].handover.end else { return }
    note(.handoverTimedOut, node)
    endHandover(node)
  }

  mutating func endHandover(_ node: Int) {
    if nodes[node].handover.replica >= 0 { nodes[node].writesPausedUntil = 0 }
    nodes[node].handover = HandoverState()
  }
}
