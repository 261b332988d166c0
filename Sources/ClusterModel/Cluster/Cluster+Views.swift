// What the outside may ask about nodes' views.

extension Cluster {
  /// Who serves a slot in the view of a node; `nil` if nobody does.
  public func slotOwner(_ slot: Int, seenBy node: Int) -> Int? { owner(of: slot, for: node) }

  /// Whether a node considers the cluster as up.
  public func isStateOK(_ node: Int) -> Bool { nodes[node].isStateOK }

  /// Whether a node's process stands still, though it is not dead.
  public func isFrozen(_ node: Int) -> Bool { nodes[node].process == .frozen }

  /// Whether a node considers itself a master.
  public func isMaster(_ node: Int) -> Bool { isMaster(node, for: node) }

  /// The master of a replica in its own view; `nil` for a master.
  public func masterOf(_ node: Int) -> Int? {
    let master = belief(node, node).pointee.master
    return master < 0 ? nil : Int(master)
  }

  /// The epoch of a node's configuration in its own view: its master's if it is a replica.
  public func configEpoch(_ node: Int) -> Int64 { belief(node, master(of: node, for: node)).pointee.configEpoch }

  /// The slots that a node serves in its own view.
  ///
  /// O(slots).
  public func slots(of node: Int) -> SlotSet {
    var slots = SlotSet()
    for slot in 0..<HashSlot.count where owner(of: slot, for: node) == node { slots.insert(slot) }
    return slots
  }

  /// The slots that a node migrates or imports.
  public func openSlots(at node: Int) -> [Int] {
    (nodes[node].migrating + nodes[node].importing).map { Int($0.slot) }
  }

  /// The open slots of a node whose other end has failed, or is no master any more, as far as the node knows.
  public func abandonedSlots(at node: Int) -> [Int] {
    (nodes[node].migrating + nodes[node].importing).filter { open in
      let peer = Int(open.peer)
      return !isMaster(peer, for: node) || clock(node, peer).pointee.flags.contains(.failed)
    }.map { Int($0.slot) }
  }

  /// How many slots a node serves in its own view.
  public func servedSlots(_ node: Int) -> Int { Int(belief(node, node).pointee.slotCount) }

  /// Whether every running node considers the cluster as up and all agree who serves each slot.
  public var isConverged: Bool {
    guard let first = (0..<nodeCount).first(where: { nodes[$0].process == .running }) else { return false }
    for node in 0..<nodeCount where nodes[node].process == .running {
      if !nodes[node].isStateOK { return false }
      if !agree(first, node) { return false }
    }
    return true
  }

  /// Whether every member runs and the network between them is whole.
  public var isWhole: Bool {
    network.cuts.isEmpty && (0..<nodeCount).allSatisfy { nodes[$0].process == .running || nodes[$0].hasLeft }
  }

  /// How many slots are served by a running master that considers the cluster as up.
  ///
  /// O(nodes x slots / 64).
  public mutating func coveredSlots() -> Int {
    var covered = SlotSet()
    for node in 0..<nodeCount where nodes[node].process == .running && nodes[node].isStateOK {
      guard isMaster(node, for: node), belief(node, node).pointee.slotCount > 0 else { continue }
      covered.formUnion(claims[Int(claim(of: node, for: node))].slots)
    }
    return covered.count
  }

  /// Whether no replica follows a node that is a replica itself: 7.0 can stay so after several failovers at once.
  public var hasNoChains: Bool {
    (0..<nodeCount).allSatisfy { node in masterOf(node).map { masterOf($0) == nil } ?? true }
  }

  private func agree(_ one: Int, _ other: Int) -> Bool {
    let left = owners + one * HashSlot.count
    let right = owners + other * HashSlot.count
    for slot in 0..<HashSlot.count where left[slot] != right[slot] { return false }
    return true
  }
}
