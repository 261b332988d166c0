import SimEngine

/// Which nodes hold the copies of a row: nodes own tokens on a ring of 64-bit hashes, and the copies of a key lie on
/// the next distinct nodes clockwise from its hash.
///
/// Karger et al., "Consistent hashing and random trees" (STOC 1997); several tokens a node even the load out.
struct ReplicaRing: Sendable {
  private static let tokensPerNode = 32

  let replication: Int
  private let tokens: [UInt64]
  /// Replicas of each token's range, `replication` in a row.
  private let replicas: [UInt16]

  init(nodes: Int, replication: Int) {
    precondition(replication >= 1 && replication <= nodes && nodes <= Int(UInt16.max), "a ring holds its copies")
    self.replication = replication
    var owners: [(token: UInt64, node: UInt16)] = []
    for node in 0..<nodes {
      for index in 0..<Self.tokensPerNode {
        let place = UInt64(node) << 32 | UInt64(index)
        owners.append((Self.hash(place ^ 0x5249_4e47_0000_0000), UInt16(node)))
      }
    }
    owners.sort { ($0.token, $0.node) < ($1.token, $1.node) }
    tokens = owners.map(\.token)
    var replicas: [UInt16] = []
    replicas.reserveCapacity(owners.count * replication)
    for index in owners.indices {
      var chosen: [UInt16] = []
      var next = index
      while chosen.count < replication {
        let node = owners[next % owners.count].node
        if !chosen.contains(node) { chosen.append(node) }
        next += 1
      }
      replicas += chosen
    }
    self.replicas = replicas
  }

  /// The range that a key lies in: the first token at or after its hash; O(log tokens).
  func range(of key: UInt64) -> Int {
    let hash = Self.hash(key)
    var low = 0
    var high = tokens.count
    while low < high {
      let middle = (low + high) / 2
      if tokens[middle] < hash { low = middle + 1 } else { high = middle }
    }
    return low == tokens.count ? 0 : low
  }

  /// The n-th node that holds a range.
  func replica(_ number: Int, ofRange range: Int) -> Int { Int(replicas[range * replication + number]) }

  /// The finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
  private static func hash(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z &>> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z &>> 31)
  }
}
