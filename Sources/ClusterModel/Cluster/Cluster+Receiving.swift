// Messages arrive.

import SimEngine

extension Cluster {
  /// A message reaches its receiver's socket.
  mutating func arrive(_ place: UInt32) {
    let message = slab.messages[Int(place)]
    let sender = Int(message.sender)
    let receiver = Int(message.receiver)
    switch nodes[receiver].process {
    case .dead: return slab.release(place)
    case .frozen:
      nodes[receiver].messagesHeld.append(HeldMessage(place: place, since: now))
      return
    case .running: break
    }
    // An answer over a link that its opener has closed finds nobody.
    if message.isAnswer {
      let isStale = belief(receiver, sender).pointee.linkGeneration != message.linkGeneration
      if isStale || clock(receiver, sender).pointee.link != .up { return slab.release(place) }
    }
    received.count(message.kind, message.bytes)
    read(place, message, at: receiver, from: sender)
    slab.release(place)
    afterEvent(receiver)
  }

  private mutating func read(_ place: UInt32, _ message: BusMessage, at node: Int, from sender: Int) {
    let now = nowMs
    var isKnown = clock(node, sender).pointee.flags.contains(.known)
    if isKnown {
      nodes[node].currentEpoch = max(nodes[node].currentEpoch, message.currentEpoch)
      let belief = belief(node, sender)
      belief.pointee.dataReceived = now
      belief.pointee.configEpoch = max(belief.pointee.configEpoch, message.configEpoch)
      belief.pointee.offset = message.offset
      followPause(message, at: node, from: sender)
    }
    switch message.kind {
    case .ping, .meet:
      if !isKnown, message.kind == .meet {
        introduce(sender, to: node)
        isKnown = true
      }
      sendHeartbeat(.pong, from: node, to: sender, answer: true)
      hear(place, message, at: node, from: sender, isKnown)
    case .pong:
      if message.isAnswer { answered(node, sender) }
      hear(place, message, at: node, from: sender, isKnown)
    case .fail:
      if isKnown { believeFailed(Int(message.subject), at: node) }
    case .update:
      if isKnown { readUpdate(message, at: node) }
    case .authRequest:
      if isKnown { considerVote(message, at: node, for: sender) }
    case .authAck:
      if isMaster(sender, for: node), belief(node, sender).pointee.slotCount > 0,
        message.currentEpoch >= nodes[node].election.epoch
      {
        nodes[node].election.votes += 1
        nodes[node].handlesElection = true
      }
    case .handoverStart: pauseForHandover(node, replica: sender)
    }
  }

  /// A pong on the link that this node opened: the peer lives.
  private mutating func answered(_ node: Int, _ peer: Int) {
    let clock = clock(node, peer)
    clock.pointee.pongReceived = nowMs
    setPing(node, peer, sentAt: 0)
    if clock.pointee.flags.contains(.suspected) {
      clock.pointee.flags.remove(.suspected)
      nodes[node].suspects -= 1
      nodes[node].mayHaveOrphans = true
      nodes[node].updatesState = true
    } else if clock.pointee.flags.contains(.failed) {
      recoverIfDue(peer, at: node)
    }
  }

  /// Roles, slots, epochs and gossip of a heartbeat from a known sender.
  private mutating func hear(
    _ place: UInt32, _ message: BusMessage, at node: Int, from sender: Int, _ isKnown: Bool
  ) {
    guard isKnown else { return }
    readRole(message, at: node, from: sender)
    readSlots(message, at: node, from: sender)
    resolveCollision(message.configEpoch, at: node, with: sender)
    hearGossip(place, at: node, from: sender)
  }

  private mutating func readRole(_ message: BusMessage, at node: Int, from sender: Int) {
    let believed = belief(node, sender).pointee.master
    guard believed != message.master else { return }
    nodes[node].mayHaveOrphans = true
    nodes[node].updatesState = true
    if message.master < 0 {
      setMaster(sender, at: node)
    } else {
      if believed < 0 { releaseSlots(of: sender, at: node) }
      belief(node, sender).pointee.master = message.master
      clock(node, sender).pointee.flags.remove(.migrateTo)
      if Int(message.master) != node || isMaster(node, for: node) {
        clock(node, Int(message.master)).pointee.flags.insert(.migrateTo)
      }
    }
  }

  /// A node is a master from now on, in the view of another or its own.
  mutating func setMaster(_ peer: Int, at node: Int) {
    let hadMaster = belief(node, peer).pointee.master >= 0
    belief(node, peer).pointee.master = -1
    // It was a replica: replicas may come to it.
    if hadMaster { clock(node, peer).pointee.flags.insert(.migrateTo) }
    nodes[node].mayHaveOrphans = true
    nodes[node].updatesState = true
  }

  private mutating func readUpdate(_ message: BusMessage, at node: Int) {
    let subject = Int(message.subject)
    guard subject != node, clock(node, subject).pointee.flags.contains(.known),
      belief(node, subject).pointee.configEpoch < message.subjectEpoch
    else { return }
    if !isMaster(subject, for: node) { setMaster(subject, at: node) }
    belief(node, subject).pointee.configEpoch = message.subjectEpoch
    takeClaim(Int(message.subjectClaim), of: subject, epoch: message.subjectEpoch, at: node)
  }
}
