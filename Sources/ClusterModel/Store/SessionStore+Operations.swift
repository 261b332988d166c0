// What happens to a store: faults, partitions, restarts. Reshards are in +Reshard.

import SimEngine

extension SessionStore {
  mutating func perform(_ item: AgendaItem) {
    disturbedAt = now
    switch item {
    case .operation(let index): begin(settings.operations[index].action)
    case .restart(let node): cluster.restart(node)
    case .thaw(let node): cluster.thaw(node)
    case .heal: heal()
    case .speedUp(let node): cluster.slowDown(node, by: .zero)
    case .reshard(let index): stepReshard(index)
    case .roll(let restart): roll(restart)
    }
  }

  private mutating func begin(_ action: StoreOperation.Action) {
    switch action {
    case .kill(let targets, let downFor):
      for node in nodes(targets) {
        cluster.kill(node)
        if let downFor { agenda.add(.restart(node), at: now + downFor) }
      }
    case .freeze(let targets, let frozenFor):
      for node in nodes(targets) {
        cluster.freeze(node)
        agenda.add(.thaw(node), at: now + frozenFor)
      }
    case .partition(let targets, let share, let isOneWay, let cutFor):
      cut(nodes(targets), clientShare: share, isOneWay: isOneWay)
      agenda.add(.heal, at: now + cutFor)
    case .slowDown(let targets, let delay, let slowFor):
      for node in nodes(targets) {
        cluster.slowDown(node, by: delay)
        agenda.add(.speedUp(node), at: now + slowFor)
      }
    case .scaleOut(let masters): beginReshard(.growing, masters: masters)
    case .scaleIn(let masters): beginReshard(.shrinking, masters: masters)
    case .rollingRestart(let downFor, let every, let handsOver):
      let members = (0..<cluster.nodeCount).filter { cluster.isRunning($0) }
      let order = members.filter { !cluster.isMaster($0) } + members.filter { cluster.isMaster($0) }
      roll(RollingRestart(nodes: order, downFor: downFor, every: every, handsOver: handsOver))
    case .handOver(let targets, let mode):
      for node in nodes(targets) { _ = handOver(node, mode) }
    }
  }

  /// The nodes that something happens to: masters are drawn among those that serve slots now.
  private mutating func nodes(_ targets: StoreOperation.Targets) -> [Int] {
    switch targets {
    case .nodes(let nodes): return nodes.filter { $0 < cluster.nodeCount }
    case .masters(let count):
      var masters = (0..<cluster.nodeCount).filter {
        cluster.isRunning($0) && cluster.isMaster($0) && cluster.servedSlots($0) > 0
      }
      operationStream.shuffle(&masters)
      return Array(masters.prefix(count)).sorted()
    }
  }

  // MARK: Partitions

  private mutating func cut(_ side: [Int], clientShare: Double, isOneWay: Bool) {
    let others = (0..<cluster.nodeCount).filter { !side.contains($0) }
    if isOneWay {
      for node in side { for other in others { cluster.cut(node, other) } }
      cluster.note(.partitioned, side.first ?? 0, reason: "the others do not hear nodes \(Self.list(side))")
    } else {
      cluster.partition([side, others], reason: "nodes \(Self.list(side)) on one side")
    }
    let inside = Int((clientShare * Double(clients.count)).rounded())
    for client in clients.indices { clients[client].unreachable = Set(client < inside ? others : isOneWay ? [] : side) }
    // Clients outside are cut off from a minority that still serves, so its slots count as served only to those inside.
  }

  private mutating func heal() {
    cluster.heal()
    for client in clients.indices { clients[client].unreachable = [] }
  }

  private static func list(_ nodes: [Int]) -> String { nodes.map { "\($0)" }.joined(separator: " ") }

  // MARK: Restarts

  private mutating func handOver(_ master: Int, _ mode: HandoverMode) -> Bool {
    guard cluster.isRunning(master), cluster.isMaster(master) else { return false }
    let heir = (0..<cluster.nodeCount).first { cluster.isRunning($0) && cluster.masterOf($0) == master }
    guard let heir else { return false }
    do throws(CommandError) { try cluster.failOver(heir, mode: mode) } catch { return false }
    return true
  }

  private mutating func roll(_ restart: RollingRestart) {
    var restart = restart
    guard restart.next < restart.nodes.count else { return }
    let node = restart.nodes[restart.next]
    if restart.handsOver, !restart.hasHandedOver, handOver(node, .handshake) {
      // Two seconds are enough for a handover; the node is restarted then, whatever came of it.
      restart.hasHandedOver = true
      agenda.add(.roll(restart), at: now + .seconds(2))
      return
    }
    restart.hasHandedOver = false
    restart.next += 1
    cluster.kill(node)
    agenda.add(.restart(node), at: now + restart.downFor)
    agenda.add(.roll(restart), at: now + restart.every)
  }
}
