// What a session store is built from: its cluster, its clients, and what happens to it.

public import SimEngine

/// Options of a session store.
public struct StoreSettings: Sendable {
  /// The cluster.
  public var cluster = ClusterSettings()
  /// Clients: each instance of the gateway keeps a map of slots of its own.
  public var instances = 8
  /// One way between a client and a node.
  public var clientLatency = SimDuration.microseconds(250)
  /// How long a node works on one command; commands of one node wait for each other.
  public var service = SimDuration.microseconds(20)
  /// Share of the whole load that the store is given: nodes are as busy as with all of it.
  public var loadShare = 1.0
  /// Keys in the whole store: they decide how long it takes to move a slot.
  public var keys: Int64 = 1_000_000
  /// Replicas that must have a write before it is acknowledged (WAIT); a write that too few have after `waitTimeout` has
  /// failed as far as its client knows.
  public var replicasAwaited = 0
  /// How long a write waits for replicas.
  public var waitTimeout = SimDuration.milliseconds(100)
  /// How long the steps of moving a slot take.
  public var migration = MigrationTiming()
  /// Whether quiet stretches are skipped over rather than simulated message by message.
  public var leapsOverRest = false
  /// What happens to it, in any order.
  public var operations: [StoreOperation] = []

  /// A small store that nothing happens to.
  public init() {}

  /// Checks that a store can be built.
  /// - Throws: `PlanRefusal` with the reason.
  public func check() throws(PlanRefusal) {
    try sized.check()
    guard (1...10_000).contains(instances) else { throw PlanRefusal("\(instances) clients are not from 1 to 10000") }
    guard loadShare > 0, loadShare <= 1 else { throw PlanRefusal("a load share of \(loadShare) is not in (0, 1]") }
    guard service >= .zero, clientLatency >= .zero, keys >= 0 else {
      throw PlanRefusal("times and numbers of keys cannot be negative")
    }
    for operation in operations { try operation.check(self) }
  }

  /// The cluster's settings, with room for all who will join.
  var sized: ClusterSettings {
    var sized = cluster
    sized.spareNodes = operations.reduce(0) { sum, operation in
      if case .scaleOut(let masters) = operation.action { sum + masters * (1 + cluster.replicasPerMaster) } else { sum }
    }
    return sized
  }
}

/// Something that happens to a store at a certain time.
public struct StoreOperation: Sendable, Equatable {
  /// When.
  public var at: SimTime
  /// What.
  public var action: Action

  /// Kinds of happenings; nodes are named by their numbers, masters first, as the cluster was created.
  public enum Action: Sendable, Equatable {
    /// Nodes die; they are started again after `downFor`, if that is given.
    case kill(Targets, downFor: SimDuration?)
    /// Nodes stop without a word, and go on after `frozenFor`.
    case freeze(Targets, frozenFor: SimDuration)
    /// Nodes and a share of the clients are cut off from the others, for a while; one way only if `isOneWay`: the others
    /// do not hear them.
    case partition(Targets, clients: Double, isOneWay: Bool, cutFor: SimDuration)
    /// Everything to and from nodes takes longer, for a while.
    case slowDown(Targets, by: SimDuration, slowFor: SimDuration)
    /// Masters with their replicas join, and get their share of the slots.
    case scaleOut(masters: Int)
    /// Masters are drained, and leave with their replicas.
    case scaleIn(masters: Int)
    /// Every node is restarted, replicas first, one after the other; a master hands over to a replica before if
    /// `handsOver`.
    case rollingRestart(downFor: SimDuration, every: SimDuration, handsOver: Bool)
    /// A replica of each target takes over from it.
    case handOver(Targets, mode: HandoverMode)
  }

  /// Which nodes something happens to.
  public enum Targets: Sendable, Equatable {
    /// So many masters, drawn at random.
    case masters(Int)
    /// These.
    case nodes([Int])
  }

  /// A happening.
  public init(at: SimTime, _ action: Action) {
    self.at = at
    self.action = action
  }

  func check(_ settings: StoreSettings) throws(PlanRefusal) {
    let most = settings.sized.nodes + settings.sized.spareNodes
    func check(_ targets: Targets) throws(PlanRefusal) {
      switch targets {
      case .masters(let count):
        guard (1...settings.cluster.masters).contains(count) else {
          throw PlanRefusal("\(count) masters are not from 1 to \(settings.cluster.masters)")
        }
      case .nodes(let nodes):
        for node in nodes where !(0..<most).contains(node) {
          throw PlanRefusal("there is no node \(node): they are numbered from 0 to \(most - 1)")
        }
        guard Set(nodes).count == nodes.count, !nodes.isEmpty else {
          throw PlanRefusal("the nodes \(nodes) are not named once each")
        }
      }
    }
    switch action {
    case .kill(let targets, _), .freeze(let targets, _), .slowDown(let targets, _, _), .handOver(let targets, _):
      try check(targets)
    case .partition(let targets, let clients, _, _):
      try check(targets)
      guard clients >= 0, clients <= 1 else { throw PlanRefusal("a share of \(clients) clients is not in [0, 1]") }
    case .scaleOut(let masters):
      guard masters >= 1 else { throw PlanRefusal("a store cannot grow by \(masters) masters") }
    case .scaleIn(let masters):
      guard masters >= 1, settings.cluster.masters - masters >= SlotAllocation.fewestMasters else {
        throw PlanRefusal(
          "a store of \(settings.cluster.masters) masters cannot shrink by \(masters): at least "
            + "\(SlotAllocation.fewestMasters) must stay")
      }
    case .rollingRestart(let downFor, let every, _):
      guard every > downFor else { throw PlanRefusal("a node must be back before the next one is restarted") }
    }
  }
}
