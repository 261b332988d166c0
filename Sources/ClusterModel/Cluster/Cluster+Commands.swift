// Commands to a node: clients' reads and writes, and what operators do to slots.

/// What SETSLOT does to a slot.
public enum SlotAssignment: Sendable, Equatable {
  /// Keys will come from this node.
  case importing(from: Int)
  /// Keys will go to this node.
  case migrating(to: Int)
  /// This node serves the slot.
  case node(Int)
  /// The slot is not open any more.
  case stable
}

extension Cluster {
  // MARK: Operators

  /// `CLUSTER SETSLOT`.
  /// - Throws: `CommandError` with the reply of a node that refuses.
  public mutating func setSlot(_ slot: Int, _ assignment: SlotAssignment, at node: Int) throws(CommandError) {
    try checkRunning(node)
    try check(slot)
    guard isMaster(node, for: node) else { throw CommandError("Please use SETSLOT only with masters.") }
    let owner = owner(of: slot, for: node)
    switch assignment {
    case .migrating(let peer):
      guard owner == node else { throw CommandError("I'm not the owner of hash slot \(slot)") }
      try checkMaster(peer, for: node)
      nodes[node].migrating.removeAll { $0.slot == slot }
      nodes[node].migrating.append(OpenSlot(slot: Int32(slot), peer: Int32(peer)))
    case .importing(let peer):
      guard owner != node else { throw CommandError("I'm already the owner of hash slot \(slot)") }
      try checkMaster(peer, for: node)
      nodes[node].importing.removeAll { $0.slot == slot }
      nodes[node].importing.append(OpenSlot(slot: Int32(slot), peer: Int32(peer)))
    case .stable:
      nodes[node].migrating.removeAll { $0.slot == slot }
      nodes[node].importing.removeAll { $0.slot == slot }
    case .node(let peer):
      try checkMaster(peer, for: node)
      try assign(slot, to: peer, at: node)
    }
    afterEvent(node)
  }

  private mutating func assign(_ slot: Int, to peer: Int, at node: Int) throws(CommandError) {
    let wasMine = owner(of: slot, for: node) == node
    let hasKeys = nodes[node].keyspace.hasKeys(in: slot)
    if wasMine, peer != node, hasKeys {
      throw CommandError(
        "Can't assign hashslot \(slot) to a different node while I still hold keys for this hash slot.")
    }
    if !hasKeys { nodes[node].migrating.removeAll { $0.slot == slot } }
    setOwner(peer, of: slot, for: node)
    if wasMine, peer != node, belief(node, node).pointee.slotCount == 0, settings.allowsReplicaMigration {
      handOverWrites(node)
      becomeReplica(node, of: peer)
    }
    guard peer == node, nodes[node].importing.contains(where: { $0.slot == slot }) else { return }
    // The end of a migration: a greater epoch without a vote, so that all others believe it at once.
    bumpEpoch(node)
    nodes[node].importing.removeAll { $0.slot == slot }
    note(.slotAssigned, node, value: Int64(slot))
    broadcastPong(from: node)
  }

  /// `CLUSTER ADDSLOTS` with one slot.
  /// - Throws: `CommandError` if it is busy.
  public mutating func addSlot(_ slot: Int, at node: Int) throws(CommandError) {
    try checkRunning(node)
    try check(slot)
    guard owner(of: slot, for: node) == nil else { throw CommandError("Slot \(slot) is already busy") }
    nodes[node].importing.removeAll { $0.slot == slot }
    setOwner(node, of: slot, for: node)
    afterEvent(node)
  }

  /// `CLUSTER DELSLOTS` with one slot.
  /// - Throws: `CommandError` if nobody serves it.
  public mutating func deleteSlot(_ slot: Int, at node: Int) throws(CommandError) {
    try checkRunning(node)
    try check(slot)
    guard owner(of: slot, for: node) != nil else { throw CommandError("Slot \(slot) is already unassigned") }
    setOwner(-1, of: slot, for: node)
    afterEvent(node)
  }

  /// `CONFIG SET cluster-require-full-coverage`; the state is not looked at again before something happens.
  public mutating func setRequiresFullCoverage(_ isRequired: Bool, at node: Int) {
    nodes[node].requiresFullCoverage = isRequired
  }

  /// `CONFIG SET cluster-allow-reads-when-down`.
  public mutating func setAllowsReadsWhenDown(_ isAllowed: Bool, at node: Int) {
    nodes[node].allowsReadsWhenDown = isAllowed
  }

  /// `MIGRATE` of some keys.
  ///
  /// Those that the source does not have are passed over. It takes no time.
  /// - Throws: `CommandError` if a node is not there.
  public mutating func migrate(_ keys: [String], from source: Int, to destination: Int) throws(CommandError) {
    try checkRunning(source)
    try checkRunning(destination)
    for key in keys {
      guard let value = nodes[source].keyspace.value(key) else { continue }
      transfer(key, value, at: destination)
      transfer(key, nil, at: source)
    }
  }

  /// A write of the stream that no client waits for.
  private mutating func transfer(_ key: String, _ value: String?, at node: Int) {
    makeUntoldWrite(at: node)
    nodes[node].keyspace.write(key, value, number: nodes[node].replication.applied)
  }

  /// Keys of a slot on a node, in order.
  public func keys(in slot: Int, at node: Int, limit: Int = .max) -> [String] {
    nodes[node].keyspace.keys(in: slot, limit: limit)
  }

  // MARK: Checks

  func checkRunning(_ node: Int) throws(CommandError) {
    guard node >= 0, node < nodeCount else { throw CommandError("Unknown node \(node)") }
    guard nodes[node].process == .running else { throw CommandError("node \(node) does not answer") }
  }

  private func check(_ slot: Int) throws(CommandError) {
    guard (0..<HashSlot.count).contains(slot) else { throw CommandError("Invalid or out of range slot") }
  }

  private func checkMaster(_ peer: Int, for node: Int) throws(CommandError) {
    guard peer >= 0, peer < nodeCount, clock(node, peer).pointee.flags.contains(.known) || peer == node else {
      throw CommandError("Unknown node \(peer)")
    }
    guard isMaster(peer, for: node) else { throw CommandError("Target node is not a master") }
  }
}
