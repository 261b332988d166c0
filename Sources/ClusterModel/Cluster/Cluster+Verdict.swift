// From suspicion to failure by agreement, and whether the cluster serves.

import SimEngine

extension Cluster {
  /// Declares a suspect as failed once most masters said so within two timeouts, and tells everybody.
  mutating func declareIfAgreed(_ peer: Int, by node: Int) {
    let flags = clock(node, peer).pointee.flags
    guard flags.contains(.suspected), !flags.contains(.failed) else { return }
    let isMaster = isMaster(node, for: node)
    if !rules.replicasDeclareFailures, !isMaster || belief(node, node).pointee.slotCount == 0 { return }
    let words = reportCount(peer, at: node) + (isMaster ? 1 : 0)
    guard words >= nodes[node].size / 2 + 1 else { return }
    markFailed(peer, at: node)
    note(.declaredFailed, node, about: peer)
    broadcast(from: node) { cluster, receiver in
      let place = cluster.message(.fail, from: node, to: receiver)
      cluster.slab.messages[Int(place)].subject = Int32(peer)
      return place
    }
  }

  /// A known node says that another has failed: it is taken at its word.
  mutating func believeFailed(_ peer: Int, at node: Int) {
    let flags = clock(node, peer).pointee.flags
    guard peer != node, flags.contains(.known), !flags.contains(.failed) else { return }
    markFailed(peer, at: node)
    note(.toldFailed, node, about: peer)
  }

  private mutating func markFailed(_ peer: Int, at node: Int) {
    if clock(node, peer).pointee.flags.contains(.suspected) { nodes[node].suspects -= 1 }
    clock(node, peer).pointee.flags.remove(.suspected)
    clock(node, peer).pointee.flags.insert(.failed)
    belief(node, peer).pointee.failedSince = nowMs
    nodes[node].mayHaveOrphans = true
    nodes[node].updatesState = true
  }

  /// A failed node answers again: replicas and masters without slots are well at once, others only when nobody took
  /// their place for two timeouts.
  mutating func recoverIfDue(_ peer: Int, at node: Int) {
    let servesSlots = isMaster(peer, for: node) && belief(node, peer).pointee.slotCount > 0
    if servesSlots, nowMs - belief(node, peer).pointee.failedSince <= 2 * timeoutMs { return }
    clock(node, peer).pointee.flags.remove(.failed)
    nodes[node].mayHaveOrphans = true
    nodes[node].updatesState = true
    note(.recovered, node, about: peer)
  }

  /// Whether this node considers the cluster as up: all slots served (if that is required), most masters in reach.
  mutating func updateState(_ node: Int) {
    nodes[node].updatesState = false
    let isMaster = isMaster(node, for: node)
    // A master that has just started waits, so that it learns first whether it was replaced.
    if isMaster, !nodes[node].isStateOK, nowMs - nodes[node].startedAt < 2000 {
      nodes[node].updatesState = true
      return
    }
    var size = 0
    var reachable = 0
    var isCovered = nodes[node].unassigned == 0
    for peer in 0..<nodeCount where belief(node, peer).pointee.slotCount > 0 && self.isMaster(peer, for: node) {
      size += 1
      let flags = clock(node, peer).pointee.flags
      if flags.isDisjoint(with: .unwell) { reachable += 1 }
      if flags.contains(.failed) { isCovered = false }
    }
    nodes[node].size = size
    var isUp = isCovered || !nodes[node].requiresFullCoverage
    if reachable < size / 2 + 1 {
      isUp = false
      nodes[node].minoritySeenAt = nowMs
    }
    guard isUp != nodes[node].isStateOK else { return }
    // Back from a minority, a master waits before it accepts writes: it may have been replaced.
    let rejoinDelay = min(max(timeoutMs, 500), 5000)
    if isUp, isMaster, nowMs - nodes[node].minoritySeenAt < rejoinDelay { return }
    nodes[node].isStateOK = isUp
    note(isUp ? .stateUp : .stateDown, node)
  }
}
