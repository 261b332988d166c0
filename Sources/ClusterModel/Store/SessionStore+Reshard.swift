// Growing and shrinking under load: nodes join, slots move step by step, nodes leave. What redis-cli and its operator do.

import SimEngine

/// A change of the number of masters on its way.
struct Reshard {
  enum Direction {
    case growing
    case shrinking
  }

  /// How far it has come.
  enum Stage {
    /// New nodes meet the others.
    case joining
    /// Some of the new nodes become replicas of the others.
    case replicating
    /// Slots move.
    case moving
    /// A node refused: wait until all agree again, then go on with what is left.
    case recovering
    /// Drained nodes leave.
    case leaving
    case done
  }

  var direction: Direction
  var stage = Stage.joining
  /// Masters that joined, or that are to leave, and their replicas; a replica that is elected changes places.
  var masters: [Int] = []
  /// See `masters`.
  var replicas: [Int] = []
  var mover: SlotMover?
  var movedSlots = 0
  var startedAt: SimTime

  var isDone: Bool {
    if case .done = stage { true } else { false }
  }
}

extension SessionStore {
  /// How often an operator looks whether a condition holds.
  private static let pollingPeriod = SimDuration.seconds(1)

  mutating func beginReshard(_ direction: Reshard.Direction, masters count: Int) {
    var reshard = Reshard(direction: direction, startedAt: now)
    let entry = (0..<cluster.nodeCount).first { cluster.isRunning($0) } ?? 0
    switch direction {
    case .growing:
      for index in 0..<(count * (1 + settings.cluster.replicasPerMaster)) {
        do throws(CommandError) {
          let node = try cluster.addNode(meeting: entry)
          if index < count { reshard.masters.append(node) } else { reshard.replicas.append(node) }
        } catch {
          cluster.note(.reshardStopped, entry, reason: error.description)
          return
        }
      }
      reshard.stage = .joining
    case .shrinking:
      let leaving = reshards.filter { !$0.isDone && $0.direction == .shrinking }.flatMap(\.masters)
      let staying = masters.filter { cluster.servedSlots($0) > 0 && !leaving.contains($0) }
      guard staying.count - count >= SlotAllocation.fewestMasters else {
        cluster.note(
          .reshardStopped, entry,
          reason: "\(staying.count) masters cannot spare \(count): at least \(SlotAllocation.fewestMasters) must stay")
        return
      }
      reshard.masters = Array(staying.suffix(count))
      reshard.replicas = (0..<cluster.nodeCount).filter { node in
        cluster.masterOf(node).map { reshard.masters.contains($0) } == true
      }
      reshard.stage = .moving
    }
    reshards.append(reshard)
    cluster.note(
      .reshardStarted, entry, value: Int64(count), reason: direction == .growing ? "masters join" : "masters leave")
    agenda.add(.reshard(reshards.count - 1), at: now)
  }

  /// Masters that run, in the order of their numbers.
  private var masters: [Int] {
    (0..<cluster.nodeCount).filter { cluster.isRunning($0) && cluster.isMaster($0) }
  }

  mutating func stepReshard(_ index: Int) {
    switch reshards[index].stage {
    case .joining:
      if cluster.hasJoined { reshards[index].stage = .replicating }
      agenda.add(.reshard(index), at: now + Self.pollingPeriod)
    case .replicating: becomeReplicas(index)
    case .moving: move(index)
    case .recovering:
      closeSlots(onlyAbandoned: true)
      // Right after a death all agree still: what counts is that somebody serves every slot.
      if cluster.isConverged, cluster.coveredSlots() == HashSlot.count {
        closeSlots(onlyAbandoned: false)
        reshards[index].stage = .moving
      }
      agenda.add(.reshard(index), at: now + Self.pollingPeriod)
    case .leaving: leave(index)
    case .done: break
    }
  }

  private mutating func becomeReplicas(_ index: Int) {
    let reshard = reshards[index]
    for (position, node) in reshard.replicas.enumerated() {
      let master = reshard.masters[position % reshard.masters.count]
      guard cluster.masterOf(node) != master else { continue }
      do throws(CommandError) { try cluster.replicate(node, of: master) } catch {
        // Gossip has not told it yet of its master.
        agenda.add(.reshard(index), at: now + Self.pollingPeriod)
        return
      }
    }
    reshards[index].stage = .moving
    agenda.add(.reshard(index), at: now + Self.pollingPeriod)
  }

  // MARK: Slots

  /// Takes the next step of the plan, and makes a plan where there is none.
  private mutating func move(_ index: Int) {
    // Two reshards at once would get into each other's way: redis-cli refuses, so the later one waits.
    if reshards[..<index].contains(where: { !$0.isDone }) {
      agenda.add(.reshard(index), at: now + Self.pollingPeriod)
      return
    }
    if reshards[index].mover == nil {
      reshards[index].mover = SlotMover(
        plan(reshards[index]), keysPerSlot: Int(settings.keys / Int64(HashSlot.count)), timing: settings.migration,
        start: now)
    }
    do throws(CommandError) {
      try reshards[index].mover?.step(&cluster)
    } catch {
      cluster.note(
        .reshardStopped, reshards[index].masters.first ?? 0, value: Int64(reshards[index].mover?.movedSlots ?? 0),
        reason: error.description)
      reshards[index].movedSlots += reshards[index].mover?.movedSlots ?? 0
      reshards[index].mover = nil
      reshards[index].stage = .recovering
      agenda.add(.reshard(index), at: now + Self.pollingPeriod)
      return
    }
    if let mover = reshards[index].mover {
      for node in mover.busyNodes { busyUntil[node] = max(busyUntil[node], now + mover.busyFor) }
    }
    if let next = reshards[index].mover?.nextStep {
      agenda.add(.reshard(index), at: next)
    } else {
      reshards[index].movedSlots += reshards[index].mover?.movedSlots ?? 0
      reshards[index].mover = nil
      reshards[index].stage = reshards[index].direction == .shrinking ? .leaving : .done
      agenda.add(.reshard(index), at: now + Self.pollingPeriod)
      if reshards[index].isDone { end(index) }
    }
  }

  private func plan(_ reshard: Reshard) -> SlotPlan {
    let members = masters
    let owners = members.map { SlotOwner(name: "\($0)", slots: cluster.slots(of: $0)) }
    var rule = SlotPlan.BalanceRule(masters: owners.count)
    switch reshard.direction {
    case .growing: rule.usesEmptyMasters = true
    case .shrinking:
      for (index, node) in members.enumerated() where reshard.masters.contains(node) { rule.weights[index] = 0 }
    }
    do throws(PlanRefusal) {
      var plan = try SlotPlan(rebalancing: owners, by: rule)
      for index in plan.moves.indices {
        plan.moves[index].source = members[plan.moves[index].source]
        plan.moves[index].destination = members[plan.moves[index].destination]
      }
      return plan
    } catch { return SlotPlan() }
  }

  /// A replica of a master that is to leave, or has just joined, was elected in its place.
  mutating func followElection(of node: Int, over master: Int) {
    for index in reshards.indices where !reshards[index].isDone {
      guard let place = reshards[index].masters.firstIndex(of: master),
        let replica = reshards[index].replicas.firstIndex(of: node)
      else { continue }
      reshards[index].masters[place] = node
      reshards[index].replicas[replica] = master
    }
  }

  /// `redis-cli --cluster fix`: open slots are closed where their owners stand.
  ///
  /// It cannot wait until all agree: a node does not believe claims to a slot that it imports, so it would go on to see
  /// the slot with a source that has been replaced, and the cluster as down.
  private mutating func closeSlots(onlyAbandoned: Bool) {
    for node in masters {
      for slot in onlyAbandoned ? cluster.abandonedSlots(at: node) : cluster.openSlots(at: node) {
        do throws(CommandError) { try cluster.setSlot(slot, .stable, at: node) } catch { continue }
      }
    }
  }

  // MARK: The end

  private mutating func leave(_ index: Int) {
    let reshard = reshards[index]
    for node in reshard.replicas + reshard.masters where !cluster.isDead(node) {
      do throws(CommandError) { try cluster.removeNode(node) } catch {
        reshards[index].stage = .recovering
        agenda.add(.reshard(index), at: now + Self.pollingPeriod)
        return
      }
    }
    reshards[index].stage = .done
    end(index)
  }

  private mutating func end(_ index: Int) {
    let reshard = reshards[index]
    cluster.note(
      .reshardFinished, reshard.masters.first ?? 0, value: Int64(reshard.movedSlots),
      reason: "slots moved in \((now - reshard.startedAt).seconds) s")
  }
}
