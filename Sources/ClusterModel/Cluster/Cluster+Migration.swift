// Replica migration: a replica leaves a master that has several for one that has none.

import SimEngine

extension Cluster {
  /// How long a master must be without replicas before one comes, in milliseconds.
  private static let migrationDelayMs: Int64 = 5000

  /// What a replica does at every tick while some master has no replica left.
  mutating func migrateIfOrphaned(_ node: Int) {
    guard settings.allowsReplicaMigration, nodes[node].mayHaveOrphans, nodes[node].isStateOK else { return }
    let mine = Int(belief(node, node).pointee.master)
    var replicas = [Int](repeating: 0, count: nodeCount)
    for peer in 0..<nodeCount where isMember(peer, for: node) {
      let master = Int(belief(node, peer).pointee.master)
      if master >= 0, clock(node, peer).pointee.flags.isDisjoint(with: .unwell) { replicas[master] += 1 }
    }
    var most = 0
    var target = -1
    var hasOrphans = false
    for peer in 0..<nodeCount where isMember(peer, for: node) && isMaster(peer, for: node) {
      let flags = clock(node, peer).pointee.flags
      most = max(most, replicas[peer])
      if replicas[peer] == 0, !flags.contains(.failed), flags.contains(.migrateTo) {
        hasOrphans = true
        if belief(node, peer).pointee.slotCount > 0, target < 0 { target = peer }
        if belief(node, peer).pointee.orphanedSince == 0 { belief(node, peer).pointee.orphanedSince = nowMs }
      } else {
        belief(node, peer).pointee.orphanedSince = 0
      }
    }
    // Without orphans there is nothing to look for until roles or conditions change.
    nodes[node].mayHaveOrphans = hasOrphans
    guard target >= 0, most >= 2, replicas[mine] == most, replicas[mine] > settings.migrationBarrier,
      isFirstCandidate(node, replicas, most),
      nowMs - belief(node, target).pointee.orphanedSince > Self.migrationDelayMs
    else { return }
    note(.replicaMigrated, node, about: target)
    becomeReplica(node, of: target)
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
