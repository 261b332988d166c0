// Replica migration: a replica leaves a master that has several for one that has none.

import SimEngine

extension Cluster {
  /// How long a master must be without replicas before one comes, in milliseconds.
  private static let migrationDelayMs: Int64 = 5000

  /// What a replica does at every tick: it goes to a master that has been without replicas for long enough.
  mutating func migrateIfOrphaned(_ node: Int) {
    // The tick may just have made it a master.
    guard settings.allowsReplicaMigration, nodes[node].isStateOK, !isMaster(node, for: node) else { return }
    if nodes[node].mayHaveOrphans { lookForOrphans(node) }
    let target = Int(nodes[node].orphan)
    guard target >= 0, nowMs - belief(node, target).pointee.orphanedSince > Self.migrationDelayMs else { return }
    note(.replicaMigrated, node, about: target)
    becomeReplica(node, of: target)
  }

  /// Finds the first master without replicas, and whether this node is the one that should go there.
  ///
  /// What it finds holds until roles, conditions or slots change. O(nodes).
  private mutating func lookForOrphans(_ node: Int) {
    nodes[node].mayHaveOrphans = false
    nodes[node].orphan = -1
    let mine = Int(belief(node, node).pointee.master)
    var replicas = [Int](repeating: 0, count: nodeCount)
    for peer in 0..<nodeCount where isMember(peer, for: node) {
      let master = Int(belief(node, peer).pointee.master)
      if master >= 0, clock(node, peer).pointee.flags.isDisjoint(with: .unwell) { replicas[master] += 1 }
    }
    var most = 0
    var target = -1
    for peer in 0..<nodeCount where isMember(peer, for: node) && isMaster(peer, for: node) {
      let flags = clock(node, peer).pointee.flags
      most = max(most, replicas[peer])
      if replicas[peer] == 0, !flags.contains(.failed), flags.contains(.migrateTo) {
        if belief(node, peer).pointee.slotCount > 0, target < 0 { target = peer }
        if belief(node, peer).pointee.orphanedSince == 0 { belief(node, peer).pointee.orphanedSince = nowMs }
      } else {
        belief(node, peer).pointee.orphanedSince = 0
      }
    }
    guard target >= 0, most >= 2, replicas[mine] == most, replicas[mine] > settings.migrationBarrier,
      isFirstCandidate(node, replicas, most)
    else { return }
    nodes[node].orphan = Int32(target)
  }

  /// Whether no replica of the masters that have the most has a smaller name: all think alike, so one goes.
  private func isFirstCandidate(_ node: Int, _ replicas: [Int], _ most: Int) -> Bool {
    for peer in 0..<nodeCount where peer != node && isMember(peer, for: node) {
      let master = Int(belief(node, peer).pointee.master)
      if master >= 0, replicas[master] == most, nodes[peer].name < nodes[node].name { return false }
    }
    return true
  }

  private func isMember(_ peer: Int, for node: Int) -> Bool {
    peer == node || clock(node, peer).pointee.flags.contains(.known)
  }
}
