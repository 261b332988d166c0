// The timer of a node: reconnect, ping whom it has not heard of, suspect who does not answer.

import SimEngine

extension Cluster {
  /// One ring of a node's timer.
  mutating func tick(_ node: Int) {
    nodes[node].ticks += 1
    nodes[node].suspectsAtTick = nodes[node].suspects
    if nodes[node].linksDown > 0 { reconnect(node) }
    if nodes[node].ticks % 10 == 0 { pingOldestOfFive(node) }
    if nowMs >= nodes[node].attentionAt { attend(node) }
    let handover = nodes[node].handover
    if handover.end != 0 {
      if isMaster(node, for: node), handover.replica >= 0, clock(node, Int(handover.replica)).pointee.link != .down {
        sendHeartbeat(.ping, from: node, to: Int(handover.replica))
      }
      checkHandoverTimeout(node)
    }
    if !isMaster(node, for: node) {
      tickReplica(node)
    }
    if nodes[node].updatesState || !nodes[node].isStateOK { updateState(node) }
    afterEvent(node)
  }

  /// What a node does before it waits for the next event.
  mutating func afterEvent(_ node: Int) {
    if nodes[node].handlesHandover { followHandover(node) }
    if nodes[node].handlesElection { handleElection(node) }
    if nodes[node].updatesState { updateState(node) }
  }

  private mutating func tickReplica(_ node: Int) {
    if rules.leavesChains, let heir = masterOfMaster(node) { becomeReplica(node, of: heir) }
    let master = Int(belief(node, node).pointee.master)
    if nodes[master].process == .running, nodes[node].replication.isConnected, !isCut(master, node) {
      nodes[node].replication.lastInteraction = nowMs
    } else if !nodes[node].replication.isConnected {
      attach(node, to: master)
    }
    followHandover(node)
    handleElection(node)
    migrateIfOrphaned(node)
  }

  /// Opens links that are not there, at every tick.
  private mutating func reconnect(_ node: Int) {
    for peer in 0..<nodeCount where peer != node {
      let clock = clock(node, peer).pointee
      if clock.link == .down, clock.flags.contains(.known) { connect(node, peer) }
    }
  }

  /// Pings the one that answered longest ago among five random nodes, drawn with replacement; unfit draws are not
  /// repeated.
  private mutating func pingOldestOfFive(_ node: Int) {
    var oldest = -1
    var oldestPong = Int64.max
    for _ in 0..<5 {
      let peer = random.below(nodeCount)
      let clock = clock(node, peer).pointee
      guard peer != node, clock.flags.contains(.known), clock.link != .down, !clock.awaitsPong else { continue }
      if clock.pongReceived < oldestPong {
        oldest = peer
        oldestPong = clock.pongReceived
      }
    }
    if oldest >= 0 { sendHeartbeat(.ping, from: node, to: oldest) }
  }

  /// Looks at all peers, and finds out when that must be done again.
  ///
  /// Everything here waits for a time to pass: half a timeout since the last pong, a timeout since the pending ping. Of
  /// these times only later ones can take their place unnoticed (a pong arrives, gossip freshens it), so the earliest of
  /// them is a lower bound, and ticks before it have nothing to do.
  private mutating func attend(_ node: Int) {
    let now = nowMs
    let half = timeoutMs / 2
    var next = Int64.max
    let row = clocks + node * capacity
    for peer in 0..<nodeCount where peer != node {
      let clock = row + peer
      guard clock.pointee.flags.contains(.known) else { continue }
      if !clock.pointee.awaitsPong {
        guard clock.pointee.link != .down else { continue }
        if now - clock.pointee.pongReceived > half {
          sendHeartbeat(.ping, from: node, to: peer)
          next = min(next, now + half + 1)
        } else {
          next = min(next, clock.pointee.pongReceived + half + 1)
        }
        continue
      }
      let ping = belief(node, peer).pointee.pingSent
      let data = belief(node, peer).pointee.dataReceived
      if clock.pointee.link != .down {
        let since = belief(node, peer).pointee.linkSince
        let stale = max(since + timeoutMs, ping + half, data + half) + 1
        if now >= stale { dropLink(node, peer) } else { next = min(next, stale) }
      }
      if clock.pointee.flags.isDisjoint(with: .unwell) {
        let silent = max(ping, data) + timeoutMs + 1
        if now >= silent { suspect(peer, by: node) } else { next = min(next, silent) }
      }
    }
    nodes[node].attentionAt = next
  }

  /// A peer is suspected: PFAIL.
  private mutating func suspect(_ peer: Int, by node: Int) {
    clock(node, peer).pointee.flags.insert(.suspected)
    nodes[node].suspects += 1
    nodes[node].mayHaveOrphans = true
    nodes[node].updatesState = true
    note(.suspected, node, about: peer)
  }
}
