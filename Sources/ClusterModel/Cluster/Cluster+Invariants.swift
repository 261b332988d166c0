// What must hold at every moment of every run.

extension Cluster {
  /// Looks for a broken invariant; `nil` if all hold.
  ///
  /// No two running masters serve one slot in the same epoch; every node's counts agree with its table of slots; no
  /// more writes are lost than were acknowledged. O(nodes^2) where no two masters share an epoch.
  public func brokenInvariant() -> String? {
    if writes.lost > writes.acknowledged {
      return "\(writes.lost) writes are lost, but only \(writes.acknowledged) were acknowledged"
    }
    let serving = (0..<nodeCount).filter {
      nodes[$0].process == .running && isMaster($0, for: $0) && nodes[$0].isStateOK
        && belief($0, $0).pointee.slotCount > 0
    }
    for (position, one) in serving.enumerated() {
      for other in serving[(position + 1)...] {
        guard belief(one, one).pointee.configEpoch == belief(other, other).pointee.configEpoch else { continue }
        for slot in 0..<HashSlot.count where owner(of: slot, for: one) == one && owner(of: slot, for: other) == other {
          return "nodes \(one) and \(other) both serve slot \(slot) in epoch \(configEpoch(one))"
        }
      }
    }
    return nil
  }

  /// Recounts every node's table of slots; `nil` if all counts are right.
  ///
  /// O(nodes x slots): for tests.
  public func brokenCount() -> String? {
    for node in 0..<nodeCount {
      var counts = [Int32](repeating: 0, count: nodeCount)
      var unassigned = 0
      for slot in 0..<HashSlot.count {
        if let owner = owner(of: slot, for: node) { counts[owner] += 1 } else { unassigned += 1 }
      }
      if unassigned != nodes[node].unassigned { return "node \(node) miscounts unassigned slots" }
      for peer in 0..<nodeCount where counts[peer] != belief(node, peer).pointee.slotCount {
        return "node \(node) miscounts the slots of node \(peer)"
      }
      let suspects = (0..<nodeCount).count { clock(node, $0).pointee.flags.contains(.suspected) }
      if suspects != nodes[node].suspects { return "node \(node) miscounts suspects" }
      let down = (0..<nodeCount).count {
        $0 != node && clock(node, $0).pointee.flags.contains(.known) && clock(node, $0).pointee.link == .down
      }
      if nodes[node].process == .running, down != nodes[node].linksDown { return "node \(node) miscounts links" }
    }
    return nil
  }
}
