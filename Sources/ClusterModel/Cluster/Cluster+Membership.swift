// Nodes join and leave: MEET, REPLICATE, FORGET.

import SimEngine

extension Cluster {
  /// How long a forgotten node may not come back by gossip, in milliseconds.
  private static let forgottenForMs: Int64 = 60_000

  /// Room for nodes that have not joined yet.
  public var spareNodes: Int { capacity - nodeCount }

  /// Starts an empty master and lets it meet a member; gossip tells the others.
  ///
  /// - Returns: its number.
  /// - Throws: `CommandError` if the member does not run, or `ClusterSettings.spareNodes` are used up.
  @discardableResult
  public mutating func addNode(meeting member: Int) throws(CommandError) -> Int {
    try checkRunning(member)
    guard spareNodes > 0 else { throw CommandError("there is room for \(capacity) nodes, and all have joined") }
    let node = nodeCount
    nodeCount += 1
    nodes[node].requiresFullCoverage = settings.requiresFullCoverage
    nodes[node].allowsReadsWhenDown = settings.allowsReadsWhenDown
    nodes[node].unassigned = HashSlot.count
    nodes[node].isStateOK = false
    nodes[node].updatesState = true
    nodes[node].startedAt = nowMs
    nodes[node].replication.stream = openStream(writer: node, parent: -1, fork: 0)
    clock(node, node).pointee.flags = .known
    clock(node, member).pointee.flags = [.known, .introduces]
    nodes[node].linksDown = 1
    note(.joined, node, about: member)
    queue.schedule(.tick(node: UInt16(node), incarnation: nodes[node].incarnation), at: now + .milliseconds(1))
    return node
  }

  /// Whether every node that runs has a link to every other one: redis-cli waits for that before it goes on.
  public var hasJoined: Bool {
    for node in 0..<nodeCount where nodes[node].process == .running {
      for peer in 0..<nodeCount where peer != node && nodes[peer].process == .running {
        guard !hasForgotten(peer, node) else { continue }
        let clock = clock(node, peer).pointee
        if !clock.flags.contains(.known) || clock.link != .up { return false }
      }
    }
    return true
  }

  /// `CLUSTER REPLICATE`: an empty node becomes a replica.
  /// - Throws: `CommandError` with the reply of a node that refuses.
  public mutating func replicate(_ node: Int, of master: Int) throws(CommandError) {
    try checkRunning(node)
    guard master != node else { throw CommandError("Can't replicate myself") }
    guard master >= 0, master < nodeCount, clock(node, master).pointee.flags.contains(.known) else {
      throw CommandError("Unknown node \(master)")
    }
    guard isMaster(master, for: node) else { throw CommandError("I can only replicate a master, not a replica.") }
    guard !isMaster(node, for: node) || belief(node, node).pointee.slotCount == 0 && nodes[node].keyspace.count == 0
    else { throw CommandError("To set a master the node must be empty and without assigned slots.") }
    becomeReplica(node, of: master)
    afterEvent(node)
  }

  /// `CLUSTER FORGET`: a node takes another out of its table, and does not believe gossip about it for a minute.
  /// - Throws: `CommandError` with the reply of a node that refuses.
  public mutating func forget(_ peer: Int, at node: Int) throws(CommandError) {
    try checkRunning(node)
    guard peer >= 0, peer < nodeCount, peer == node || clock(node, peer).pointee.flags.contains(.known) else {
      throw CommandError("Unknown node \(peer)")
    }
    guard peer != node else { throw CommandError("I tried hard but I can't forget myself...") }
    guard Int(belief(node, node).pointee.master) != peer else { throw CommandError("Can't forget my master!") }
    nodes[node].forgotten.removeAll { $0.node == peer }
    nodes[node].forgotten.append((node: peer, until: nowMs + Self.forgottenForMs))
    releaseSlots(of: peer, at: node)
    let clock = clock(node, peer)
    if clock.pointee.flags.contains(.suspected) { nodes[node].suspects -= 1 }
    if clock.pointee.link == .down { nodes[node].linksDown -= 1 }
    clock.pointee = PeerClock()
    belief(node, peer).pointee.pingSent = 0
    belief(node, peer).pointee.dataReceived = 0
    belief(node, peer).pointee.linkGeneration &+= 1
    let row = clocks + node * capacity
    nodes[node].reports.forget(peer) { row[$0].isReported = false }
    nodes[node].updatesState = true
    nodes[node].mayHaveOrphans = true
    afterEvent(node)
  }

  /// Whether a node was made to forget another and has not met it again.
  private func hasForgotten(_ peer: Int, _ node: Int) -> Bool {
    !clock(node, peer).pointee.flags.contains(.known) && nodes[node].forgotten.contains { $0.node == peer }
  }

  /// `redis-cli --cluster del-node`: everybody forgets an empty node, and its process ends.
  ///
  /// Its replicas, if it has any, follow somebody else.
  /// - Throws: `CommandError` if it still serves slots.
  public mutating func removeNode(_ node: Int) throws(CommandError) {
    try checkRunning(node)
    guard servedSlots(node) == 0 || !isMaster(node) else {
      throw CommandError("Node \(node) is not empty! Reshard data away and try again.")
    }
    let heir = (0..<nodeCount).first { $0 != node && nodes[$0].process == .running && isMaster($0, for: $0) }
    for replica in 0..<nodeCount where replica != node && masterOf(replica) == node {
      if let heir, nodes[replica].process == .running { becomeReplica(replica, of: heir) }
    }
    for peer in 0..<nodeCount where peer != node && nodes[peer].process == .running {
      guard clock(peer, node).pointee.flags.contains(.known) else { continue }
      do throws(CommandError) { try forget(node, at: peer) } catch { continue }
    }
    kill(node)
    nodes[node].hasLeft = true
    note(.left, node)
  }
}
