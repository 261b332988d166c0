// Who serves what: claims in headers, the epochs that decide between them, and masters that lose everything.

import SimEngine

/// A set of slots as it stood in a header.
struct SlotClaim {
  var slots: SlotSet
  var count: Int
}

extension Cluster {
  /// The number of the claim that equals the slots of `peer` in the view of `node`.
  ///
  /// Headers carry this number instead of 2 KiB: whoever has found its own view equal to a claim needs no comparison
  /// when it meets the number again.
  mutating func claim(of peer: Int, for node: Int) -> Int32 {
    let clean = belief(node, peer).pointee.cleanClaim
    if clean >= 0 { return clean }
    var slots = SlotSet()
    let row = owners + node * HashSlot.count
    for slot in 0..<HashSlot.count where row[slot] == Int16(peer) { slots.insert(slot) }
    let count = Int(belief(node, peer).pointee.slotCount)
    var number = Int32(claims.count)
    if let last = claims.lastIndex(where: { $0.count == count && $0.slots == slots }) {
      number = Int32(last)
    } else {
      claims.append(SlotClaim(slots: slots, count: count))
    }
    belief(node, peer).pointee.cleanClaim = number
    return number
  }

  /// Gives a slot to a new owner, or to none (-1), in the view of one node.
  mutating func setOwner(_ owner: Int, of slot: Int, for node: Int) {
    let place = owners + (node * HashSlot.count + slot)
    let old = Int(place.pointee)
    guard old != owner else { return }
    place.pointee = Int16(owner)
    if old >= 0 {
      belief(node, old).pointee.slotCount -= 1
      belief(node, old).pointee.cleanClaim = -1
      if belief(node, old).pointee.slotCount == 0 { nodes[node].mayHaveOrphans = true }
      nodes[node].unclaimed?.remove(slot)
    } else {
      nodes[node].unassigned -= 1
    }
    if owner >= 0 {
      belief(node, owner).pointee.slotCount += 1
      belief(node, owner).pointee.cleanClaim = -1
      if belief(node, owner).pointee.slotCount == 1 { nodes[node].mayHaveOrphans = true }
    } else {
      nodes[node].unassigned += 1
    }
    nodes[node].updatesState = true
  }

  /// All slots of a node are free in the view of another: it is a master no more.
  mutating func releaseSlots(of peer: Int, at node: Int) {
    guard belief(node, peer).pointee.slotCount > 0 else { return }
    for slot in 0..<HashSlot.count where owner(of: slot, for: node) == peer { setOwner(-1, of: slot, for: node) }
  }

  /// Compares a heartbeat's claim with the view of its receiver.
  mutating func readSlots(_ message: BusMessage, at node: Int, from sender: Int) {
    let isMaster = message.master < 0
    let serving = isMaster ? sender : Int(message.master)
    guard clock(node, serving).pointee.flags.contains(.known) || serving == node,
      belief(node, serving).pointee.cleanClaim != message.claim
    else { return }
    let slots = claims[Int(message.claim)].slots
    if equals(slots, serving, at: node) {
      belief(node, serving).pointee.cleanClaim = message.claim
      return
    }
    if isMaster { takeClaim(Int(message.claim), of: sender, epoch: message.configEpoch, at: node) }
    // The sender claims what somebody with a greater epoch serves: it is told once a message.
    let row = owners + node * HashSlot.count
    let unclaimed = nodes[node].unclaimed
    var rival = -1
    slots.forEach { slot in
      let owner = Int(row[slot])
      guard rival < 0, owner >= 0, owner != sender, unclaimed?.contains(slot) != true else { return }
      if belief(node, owner).pointee.configEpoch > message.configEpoch { rival = owner }
    }
    if rival >= 0, clock(node, sender).pointee.link != .down { sendUpdate(about: rival, from: node, to: sender) }
  }

  private func equals(_ slots: SlotSet, _ peer: Int, at node: Int) -> Bool {
    let row = owners + node * HashSlot.count
    var count: Int32 = 0
    var isEqual = true
    slots.forEach { slot in
      count += 1
      if row[slot] != Int16(peer) { isEqual = false }
    }
    return isEqual && count == belief(node, peer).pointee.slotCount
  }

  private mutating func sendUpdate(about owner: Int, from node: Int, to receiver: Int) {
    let claim = claim(of: owner, for: node)
    let place = message(.update, from: node, to: receiver)
    let message = slab.messages + Int(place)
    message.pointee.subject = Int32(owner)
    message.pointee.subjectEpoch = belief(node, owner).pointee.configEpoch
    message.pointee.subjectClaim = claim
    dispatch(place)
  }

  /// A master's claim is taken where nobody serves a slot, nobody claims it any more, or the owner's epoch is smaller.
  ///
  /// If that takes the last slot of this node, or of its master, this node becomes a replica of the claimant.
  mutating func takeClaim(_ number: Int, of claimant: Int, epoch: Int64, at node: Int) {
    guard claimant != node else { return }
    let slots = claims[number].slots
    let mine = master(of: node, for: node)
    var newMaster = -1
    var isMigrated = false
    var taken = 0
    var emptied: [Int] = []
    for slot in 0..<HashSlot.count {
      let owner = Int(owners[node * HashSlot.count + slot])
      if slots.contains(slot) {
        guard owner != claimant, !nodes[node].importing.contains(where: { $0.slot == slot }) else { continue }
        let isFree = owner < 0 || nodes[node].unclaimed?.contains(slot) == true
        guard isFree || belief(node, owner).pointee.configEpoch < epoch else { continue }
        if owner == node, nodes[node].migrating.contains(where: { $0.slot == slot && $0.peer == claimant }) {
          isMigrated = true
        }
        if owner == node, nodes[node].keyspace.hasKeys(in: slot) { emptied.append(slot) }
        if owner == mine {
          newMaster = claimant
          taken += 1
        }
        setOwner(claimant, of: slot, for: node)
      } else if owner == claimant {
        if nodes[node].unclaimed == nil { nodes[node].unclaimed = SlotSet() }
        nodes[node].unclaimed?.insert(slot)
      }
    }
    if newMaster >= 0, belief(node, mine).pointee.slotCount == 0,
      settings.allowsReplicaMigration || taken == claims[number].count
    {
      if isMigrated { handOverWrites(node) }
      becomeReplica(node, of: newMaster)
    } else if let heir = masterOfMaster(node) {
      becomeReplica(node, of: heir)
    } else {
      for slot in emptied { nodes[node].keyspace.removeAll(in: slot) }
    }
  }

  /// Whom this node's master follows, if that has become a replica itself: its slots may have been released before the
  /// claim came that should have taken them.
  func masterOfMaster(_ node: Int) -> Int? {
    let master = Int(belief(node, node).pointee.master)
    guard master >= 0 else { return nil }
    let heir = Int(belief(node, master).pointee.master)
    return heir >= 0 && heir != node ? heir : nil
  }

  /// Two masters with one epoch: the one with the smaller name takes a new epoch, without asking anybody.
  mutating func resolveCollision(_ senderEpoch: Int64, at node: Int, with sender: Int) {
    guard isMaster(node, for: node), isMaster(sender, for: node),
      senderEpoch == belief(node, node).pointee.configEpoch, nodes[sender].name > nodes[node].name
    else { return }
    nodes[node].currentEpoch += 1
    belief(node, node).pointee.configEpoch = nodes[node].currentEpoch
    note(.epochCollision, node, about: sender, value: nodes[node].currentEpoch)
  }

  /// Takes the greatest epoch without a vote, unless this node has it already.
  mutating func bumpEpoch(_ node: Int) {
    var greatest: Int64 = 0
    for peer in 0..<nodeCount where clock(node, peer).pointee.flags.contains(.known) || peer == node {
      greatest = max(greatest, belief(node, peer).pointee.configEpoch)
    }
    greatest = max(greatest, nodes[node].currentEpoch)
    let own = belief(node, node)
    guard own.pointee.configEpoch == 0 || own.pointee.configEpoch != greatest else { return }
    nodes[node].currentEpoch += 1
    own.pointee.configEpoch = nodes[node].currentEpoch
  }
}
