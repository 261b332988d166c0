// A replica of a failed master asks for votes, and takes its master's place.

import SimEngine

extension Cluster {
  /// How long votes are waited for, and after how long a replica tries again.
  private var voteTimeout: Int64 { max(2 * timeoutMs, 2000) }

  /// What a replica does at every tick, vote and message that may concern its candidacy.
  mutating func handleElection(_ node: Int) {
    nodes[node].handlesElection = false
    let now = nowMs
    let isHandover = nodes[node].handover.end != 0 && nodes[node].handover.mayStart
    let master = Int(belief(node, node).pointee.master)
    guard master >= 0, belief(node, master).pointee.slotCount > 0,
      isHandover || clock(node, master).pointee.flags.contains(.failed)
    else { return }
    if !isHandover, !isDataFresh(node, now) { return }

    let age = now - nodes[node].election.time
    if age > 2 * voteTimeout {
      scheduleElection(node)
      return
    }
    if !nodes[node].election.isSent, nodes[node].handover.end == 0 { followRank(node) }
    guard now >= nodes[node].election.time, age <= voteTimeout else { return }
    if !nodes[node].election.isSent {
      nodes[node].currentEpoch += 1
      nodes[node].election.epoch = nodes[node].currentEpoch
      nodes[node].election.isSent = true
      note(.electionStarted, node, about: master, value: nodes[node].election.epoch)
      // The request leaves once the new epoch is on disk.
      queue.schedule(.synced(node: UInt16(node)), at: self.now + configurationSync())
    } else if nodes[node].election.votes >= nodes[node].size / 2 + 1 {
      win(node, master)
    }
  }

  private func isDataFresh(_ node: Int, _ now: Int64) -> Bool {
    guard settings.replicaValidityFactor > 0 else { return true }
    let replication = nodes[node].replication
    var age = now - (replication.isConnected ? replication.lastInteraction : replication.downSince)
    if age > timeoutMs { age -= timeoutMs }
    return age <= settings.replicationPingPeriodMs + timeoutMs * settings.replicaValidityFactor
  }

  private mutating func scheduleElection(_ node: Int) {
    let isHandover = nodes[node].handover.end != 0
    let delay = 500 + Int64(random.below(500 as UInt64))
    nodes[node].election.votes = 0
    nodes[node].election.isSent = false
    nodes[node].election.rank = isHandover ? 0 : rank(node)
    let wait = isHandover ? 0 : delay + 1000 * Int64(nodes[node].election.rank)
    nodes[node].election.time = nowMs + wait
    if isHandover { nodes[node].handlesElection = true }
    note(
      .electionScheduled, node, about: Int(belief(node, node).pointee.master), value: wait,
      reason: "rank \(nodes[node].election.rank)")
    broadcastPong(from: node, onlySiblings: true)
    if nodes[node].handlesElection { handleElection(node) }
  }

  /// Siblings that have more of the master's data.
  private func rank(_ node: Int) -> Int {
    guard rules.ranksReplicas else { return 0 }
    let master = belief(node, node).pointee.master
    let offset = nodes[node].replication.offset
    return (0..<nodeCount).reduce(0) { rank, peer in
      guard peer != node, clock(node, peer).pointee.flags.contains(.known) else { return rank }
      let belief = belief(node, peer).pointee
      return belief.master == master && belief.offset > offset ? rank + 1 : rank
    }
  }

  /// A candidate that finds itself further behind than it thought waits longer.
  private mutating func followRank(_ node: Int) {
    let rank = rank(node)
    let behind = rank - nodes[node].election.rank
    guard behind > 0 else { return }
    nodes[node].election.time += 1000 * Int64(behind)
    nodes[node].election.rank = rank
  }

  /// The candidate's or winner's configuration is on disk: what it wrote before goes out.
  mutating func configurationSynced(_ node: Int) {
    guard nodes[node].process == .running else { return }
    if isMaster(node, for: node) {
      broadcastPong(from: node)
      note(.serving, node)
      return
    }
    let forces = nodes[node].handover.end != 0
    broadcast(from: node) { cluster, receiver in
      let place = cluster.message(.authRequest, from: node, to: receiver)
      cluster.slab.messages[Int(place)].forcesVote = forces
      return place
    }
  }

  /// How long it takes to get nodes.conf to the disk.
  mutating func configurationSync() -> SimDuration {
    let spread = delays.normal(standardDeviation: timing.configurationSyncSpread)
    return timing.configurationSyncMedian.scaled(by: DeterministicMath.exp(spread))
  }

  // MARK: Votes

  /// A master with slots votes once an epoch, for a replica of a failed master whose claim nobody outdates, and not twice
  /// for replicas of one master within two timeouts.
  mutating func considerVote(_ message: BusMessage, at node: Int, for candidate: Int) {
    guard isMaster(node, for: node), belief(node, node).pointee.slotCount > 0 else { return }
    guard message.currentEpoch >= nodes[node].currentEpoch else { return deny(candidate, node, "old epoch") }
    guard nodes[node].lastVoteEpoch != nodes[node].currentEpoch else { return deny(candidate, node, "voted already") }
    let master = Int(belief(node, candidate).pointee.master)
    guard master >= 0 else { return deny(candidate, node, "a master") }
    guard message.forcesVote || clock(node, master).pointee.flags.contains(.failed) else {
      return deny(candidate, node, "its master is well")
    }
    guard nowMs - belief(node, master).pointee.votedAt >= 2 * timeoutMs else {
      return deny(candidate, node, "voted for its master's replicas before")
    }
    let row = owners + node * HashSlot.count
    var isOutdated = false
    claims[Int(message.claim)].slots.forEach { slot in
      let owner = Int(row[slot])
      if owner >= 0, belief(node, owner).pointee.configEpoch > message.configEpoch { isOutdated = true }
    }
    guard !isOutdated else { return deny(candidate, node, "its slots have a greater epoch") }
    belief(node, master).pointee.votedAt = nowMs
    nodes[node].lastVoteEpoch = nodes[node].currentEpoch
    note(.voteGranted, node, about: candidate, value: nodes[node].currentEpoch)
    queue.schedule(.voteSynced(from: UInt16(node), to: UInt16(candidate)), at: now + configurationSync())
  }

  private mutating func deny(_ candidate: Int, _ node: Int, _ reason: String) {
    note(.voteDenied, node, about: candidate, reason: reason)
  }

  mutating func sendVote(_ voter: Int, to candidate: Int) {
    guard nodes[voter].process == .running, clock(voter, candidate).pointee.link != .down else { return }
    dispatch(message(.authAck, from: voter, to: candidate))
  }

  // MARK: Promotion

  private mutating func win(_ node: Int, _ master: Int) {
    let epoch = nodes[node].election.epoch
    note(.electionWon, node, about: master, value: epoch)
    if belief(node, node).pointee.configEpoch < epoch { belief(node, node).pointee.configEpoch = epoch }
    if !rules.reusesWonElections { nodes[node].election = ElectionState() }
    replaceMaster(node, master)
  }

  /// Takes over the slots of one's master, and tells everybody.
  mutating func replaceMaster(_ node: Int, _ master: Int) {
    setMaster(node, at: node)
    promote(node, over: master)
    for slot in 0..<HashSlot.count where owner(of: slot, for: node) == master { setOwner(node, of: slot, for: node) }
    endHandover(node)
    updateState(node)
    queue.schedule(.synced(node: UInt16(node)), at: now + configurationSync())
  }

  /// Follows a new master.
  mutating func becomeReplica(_ node: Int, of master: Int) {
    let believed = belief(node, node)
    guard Int(believed.pointee.master) != master, master != node else { return }
    if believed.pointee.master < 0 {
      nodes[node].migrating = []
      nodes[node].importing = []
      releaseSlots(of: node, at: node)
    }
    believed.pointee.master = Int32(master)
    nodes[node].mayHaveOrphans = true
    nodes[node].updatesState = true
    note(.becameReplica, node, about: master)
    endHandover(node)
    detach(node)
    attach(node, to: master)
  }
}
