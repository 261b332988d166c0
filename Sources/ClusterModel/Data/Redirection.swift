// Whether a node serves a command, or where it sends the client.

/// A node's decision about a command with keys.
public enum Redirection: Sendable, Equatable {
  /// It serves the command itself.
  case serve
  /// The slot is served by another node from now on.
  case moved(slot: Int, node: Int)
  /// Only this command is to be asked of another node, after ASKING.
  case ask(slot: Int, node: Int)
  /// Some keys have moved and some have not: the client is to try again.
  case tryAgain
  /// The keys have different slots.
  case crossSlot
  /// The node considers the cluster as down.
  case clusterDown
  /// The node considers the cluster as down and serves reads only.
  case readsOnly
  /// Nobody serves the slot.
  case slotNotServed
}

/// The keys of a command as one node meets them.
public struct KeyedRequest: Sendable {
  /// The slot of every key, in order.
  public var slots: [Int]
  /// How many of the keys the node has.
  public var presentKeys: Int
  /// Whether the command writes.
  public var isWrite: Bool
  /// Whether ASKING came just before.
  public var isAsking = false
  /// Whether READONLY is in force on the connection.
  public var isReadOnly = false
  /// Whether it names more than one key: naming one key twice does not count.
  public var hasDistinctKeys: Bool
  /// Whether it is a whole transaction: whether that writes matters to replicas only.
  public var isTransaction = false

  /// A command with keys.
  public init(slots: [Int], presentKeys: Int, isWrite: Bool, isAsking: Bool = false, isReadOnly: Bool = false) {
    self.slots = slots
    self.presentKeys = presentKeys
    self.isWrite = isWrite
    self.isAsking = isAsking
    self.isReadOnly = isReadOnly
    hasDistinctKeys = slots.count > 1
  }
}

extension Cluster {
  /// What a node does with a command, in the order of decisions of Redis 7.0.
  ///
  /// O(keys).
  public func redirection(of request: KeyedRequest, at node: Int) -> Redirection {
    guard let slot = request.slots.first else { return .serve }
    guard let owner = owner(of: slot, for: node) else { return .slotNotServed }
    if request.slots.contains(where: { $0 != slot }) { return .crossSlot }
    let state = nodes + node
    if !state.pointee.isStateOK {
      guard state.pointee.allowsReadsWhenDown else { return .clusterDown }
      if request.isWrite, !request.isTransaction { return .readsOnly }
    }
    let missing = request.slots.count - request.presentKeys
    if owner == node, let open = state.pointee.migrating.first(where: { $0.slot == slot }) {
      if missing == 0 { return .serve }
      return request.presentKeys > 0 ? .tryAgain : .ask(slot: slot, node: Int(open.peer))
    }
    if request.isAsking, state.pointee.importing.contains(where: { $0.slot == slot }) {
      return request.hasDistinctKeys && missing > 0 ? .tryAgain : .serve
    }
    if owner == node { return .serve }
    let isReplicaOfOwner = Int(belief(node, node).pointee.master) == owner
    if request.isReadOnly, isReplicaOfOwner, !request.isWrite { return .serve }
    return .moved(slot: slot, node: owner)
  }
}
