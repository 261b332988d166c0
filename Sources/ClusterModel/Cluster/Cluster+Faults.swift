// Faults: processes that die, freeze and come back; networks that split, slow down and heal.

public import SimEngine

extension Cluster {
  /// The process dies: its connections are closed at once, what it had sent still arrives.
  public mutating func kill(_ node: Int) {
    guard nodes[node].process != .dead else { return }
    nodes[node].process = .dead
    note(.killed, node)
    for message in nodes[node].messagesHeld { slab.release(message.place) }
    nodes[node].messagesHeld = []
    nodes[node].isStopped = false
    nodes[node].isBlocked = false
    for peer in 0..<nodeCount where peer != node {
      clock(node, peer).pointee.link = .down
      guard clock(peer, node).pointee.link != .down, !isCut(node, peer) else { continue }
      let delay = SimDuration(nanoseconds: delayNanoseconds(from: node, to: peer))
      let generation = belief(peer, node).pointee.linkGeneration
      queue.schedule(.hungUp(from: UInt16(peer), to: UInt16(node), generation: generation), at: now + delay)
    }
    nodes[node].linksDown = nodeCount - 1
    for replica in 0..<nodeCount where Int(belief(replica, replica).pointee.master) == node && !isCut(node, replica) {
      detach(replica)
    }
    settleDeadMaster(node)
  }

  /// The process stops without a word: connections stay open, messages wait for it.
  public mutating func freeze(_ node: Int) {
    guard nodes[node].process != .dead, !nodes[node].isStopped else { return }
    nodes[node].isStopped = true
    nodes[node].process = .frozen
    note(.frozen, node)
  }

  /// The process goes on and reads all that came meanwhile, if nothing else keeps it.
  public mutating func thaw(_ node: Int) {
    guard nodes[node].isStopped else { return }
    nodes[node].isStopped = false
    note(.thawed, node)
    goOn(node)
  }

  /// One long command keeps the process from everything else, as MIGRATE of many or big keys does.
  mutating func block(_ node: Int) {
    guard nodes[node].process != .dead, !nodes[node].isBlocked else { return }
    nodes[node].isBlocked = true
    nodes[node].process = .frozen
    note(.blocked, node)
  }

  /// The long command is done.
  mutating func unblock(_ node: Int) {
    guard nodes[node].isBlocked else { return }
    nodes[node].isBlocked = false
    note(.unblocked, node)
    goOn(node)
  }

  private mutating func goOn(_ node: Int) {
    guard nodes[node].process == .frozen, !nodes[node].isStopped, !nodes[node].isBlocked else { return }
    nodes[node].process = .running
    queue.schedule(.goesOn(node: UInt16(node)), at: now)
  }

  /// A process that goes on reads what came before a moment, in the order in which it came.
  mutating func readHeld(_ node: Int, before time: SimTime) {
    guard nodes[node].process == .running, !nodes[node].messagesHeld.isEmpty else { return }
    let held = nodes[node].messagesHeld
    let count = held.prefix { $0.since < time }.count
    nodes[node].messagesHeld.removeFirst(count)
    for message in held.prefix(count) { deliver(message.place) }
  }

  /// A dead process is started again with its configuration on disk, and with its keys if they are kept.
  public mutating func restart(_ node: Int) {
    guard nodes[node].process == .dead, !nodes[node].hasLeft else { return }
    nodes[node].process = .running
    nodes[node].incarnation &+= 1
    nodes[node].startedAt = nowMs
    nodes[node].isStateOK = false
    nodes[node].reports = FailureReports()
    nodes[node].suspects = 0
    nodes[node].suspectsAtTick = 0
    nodes[node].election = ElectionState()
    nodes[node].handover = HandoverState()
    nodes[node].writesPausedUntil = 0
    nodes[node].attentionAt = 0
    nodes[node].updatesState = true
    nodes[node].mayHaveOrphans = true
    nodes[node].linksDown = 0
    for peer in 0..<nodeCount where peer != node && clock(node, peer).pointee.flags.contains(.known) {
      let flags = clock(node, peer).pointee.flags.subtracting(.suspected)
      clock(node, peer).pointee = PeerClock()
      clock(node, peer).pointee.flags = flags
      belief(node, peer).pointee.pingSent = 0
      belief(node, peer).pointee.dataReceived = 0
      belief(node, peer).pointee.linkGeneration &+= 1
      nodes[node].linksDown += 1
    }
    if !settings.keepsDataOnRestart { forgetData(node) }
    nodes[node].replication.isConnected = false
    nodes[node].replication.downSince = nowMs
    note(.restarted, node)
    queue.schedule(.tick(node: UInt16(node), incarnation: nodes[node].incarnation), at: now + .milliseconds(1))
  }

  /// Cuts the network between nodes of different sides; nodes that are on no side keep all their connections.
  public mutating func partition(_ sides: [[Int]], reason: String = "") {
    var side = [Int](repeating: -1, count: nodeCount)
    for (index, members) in sides.enumerated() { for node in members { side[node] = index } }
    for from in 0..<nodeCount {
      for to in 0..<nodeCount where side[from] != side[to] && side[from] >= 0 && side[to] >= 0 { cut(from, to) }
    }
    note(.partitioned, sides.first?.first ?? 0, reason: reason)
  }

  /// Cuts one direction: what `from` sends does not reach `to`.
  public mutating func cut(_ from: Int, _ to: Int) {
    if network.cuts.isEmpty { network.cuts = [Bool](repeating: false, count: capacity * capacity) }
    network.cuts[from * capacity + to] = true
  }

  /// Heals all cuts: connections that were not given up go on with what TCP kept, others are opened again.
  public mutating func heal() {
    guard !network.cuts.isEmpty else { return }
    network.cuts = []
    note(.healed, 0)
    let held = network.held
    network.held = []
    for place in held {
      let message = slab.messages[Int(place)]
      let opener = Int(message.isAnswer ? message.receiver : message.sender)
      let other = Int(message.isAnswer ? message.sender : message.receiver)
      if belief(opener, other).pointee.linkGeneration == message.linkGeneration,
        clock(opener, other).pointee.link == .up
      {
        schedule(place, departure: now.nanoseconds)
      } else {
        slab.release(place)
      }
    }
    for node in 0..<nodeCount {
      for peer in 0..<nodeCount where peer != node && clock(node, peer).pointee.link == .connecting {
        let generation = belief(node, peer).pointee.linkGeneration
        let delay = SimDuration(nanoseconds: delayNanoseconds(from: node, to: peer))
        if nodes[peer].process == .dead {
          queue.schedule(.hungUp(from: UInt16(node), to: UInt16(peer), generation: generation), at: now + delay)
        } else {
          queue.schedule(
            .connected(from: UInt16(node), to: UInt16(peer), generation: generation), at: now + delay * 2)
        }
      }
      if nodes[node].process == .dead {
        for peer in 0..<nodeCount where peer != node && clock(peer, node).pointee.link == .up {
          let generation = belief(peer, node).pointee.linkGeneration
          queue.schedule(.hungUp(from: UInt16(peer), to: UInt16(node), generation: generation), at: now)
        }
      }
    }
    for master in 0..<nodeCount where isMaster(master, for: master) { flush(master) }
  }

  /// Everything to and from a node takes longer by `delay`, one way; zero ends it.
  public mutating func slowDown(_ node: Int, by delay: SimDuration) {
    if network.extraDelays.isEmpty { network.extraDelays = [Int64](repeating: 0, count: capacity) }
    network.extraDelays[node] = delay.nanoseconds
  }

  /// Whether a node's process runs.
  public func isRunning(_ node: Int) -> Bool { nodes[node].process == .running }
}
