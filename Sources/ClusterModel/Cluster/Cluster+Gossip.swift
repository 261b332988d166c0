// Gossip: what heartbeats tell about third nodes, and what is made of it.

import SimEngine

extension Cluster {
  /// Fills a heartbeat with what its sender believes of others.
  ///
  /// A tenth of all nodes but at least three, drawn at random (suspects, strangers and those named already are passed
  /// over, and draws are limited), then all suspects. The receiver may be among them.
  mutating func addGossip(to place: UInt32, from node: Int) {
    let wanted = min(max(3, nodeCount / 10), nodeCount - 2)
    let suspects = rules.piggybacksSuspects ? nodes[node].suspectsAtTick : 0
    slab.reserve(wanted + suspects, at: place)
    let message = slab.messages + Int(place)
    guard let entries = message.pointee.entries else { return }
    var count = addRandomGossip(to: entries, wanted: wanted, from: node)
    if suspects > 0 {
      let row = clocks + node * capacity
      let most = count + suspects
      for peer in 0..<nodeCount where count < most && (row + peer).pointee.flags.contains(.suspected) {
        entries[count] = entry(about: peer, row[peer].flags, row[peer].pongReceived)
        count += 1
      }
    }
    message.pointee.entryCount = Int32(count)
  }

  /// Names random nodes; returns how many.
  ///
  /// Every draw gives one entry at most, so as many draws as entries are missing are all made, whatever they give: they
  /// are made first and looked at afterwards, so that the processor waits for many rows at once.
  private mutating func addRandomGossip(
    to entries: UnsafeMutablePointer<GossipEntry>, wanted: Int, from node: Int
  ) -> Int {
    gossipNumber &+= 1
    let number = gossipNumber
    let namedIn = namedIn
    let drawn = drawn
    let row = clocks + node * capacity
    var fresh = nodeCount - 2
    var count = 0
    var draws = wanted * 3
    while true {
      let batch = min(wanted - count, draws, fresh)
      guard batch > 0 else { return count }
      draws -= batch
      var stream = random
      for position in 0..<batch { drawn[position] = UInt16(truncatingIfNeeded: stream.below(nodeCount)) }
      random = stream
      for position in 0..<batch {
        let peer = Int(drawn[position])
        let clock = row[peer]
        let flags = clock.flags
        if peer == node || flags.contains(.suspected) { continue }
        if !flags.contains(.known) || (clock.link == .down && belief(node, peer).pointee.slotCount == 0) {
          fresh -= 1
          continue
        }
        if namedIn[peer] == number { continue }
        namedIn[peer] = number
        entries[count] = entry(about: peer, flags, clock.pongReceived)
        count += 1
        fresh -= 1
      }
    }
  }

  private func entry(about peer: Int, _ flags: NodeFlags, _ pong: Int64) -> GossipEntry {
    GossipEntry(
      pongSeconds: UInt32(truncatingIfNeeded: UInt64(pong) / 1000), node: UInt16(truncatingIfNeeded: peer), flags: flags
    )
  }

  /// Believes, or not, what a known sender tells.
  mutating func hearGossip(_ place: UInt32, at node: Int, from sender: Int) {
    let message = slab.messages[Int(place)]
    guard let entries = message.entries, message.entryCount > 0 else { return }
    let now = nowMs
    let isWordOfMaster = isMaster(sender, for: node)
    let replacesPongs = rules.gossipReplacesPongs
    let latest = replacesPongs ? now + 500 : 0
    let row = clocks + node * capacity
    for index in 0..<Int(message.entryCount) {
      let entry = entries[index]
      let peer = Int(entry.node)
      let clock = row + peer
      let pong = Int64(entry.pongSeconds) * 1000
      if clock.pointee.isPlainlyWell, entry.flags.isDisjoint(with: .unwell) {
        // Half of all entries are news, without a pattern: no branch.
        clock.pointee.pongReceived = max(clock.pointee.pongReceived, pong <= latest ? pong : 0)
        continue
      }
      guard clock.pointee.flags.contains(.known) || peer == node else {
        welcome(peer, at: node)
        continue
      }
      let isUnwell = !entry.flags.isDisjoint(with: .unwell)
      if isWordOfMaster, peer != node {
        if isUnwell {
          report(peer, by: sender, at: node)
          declareIfAgreed(peer, by: node)
        } else if clock.pointee.isReported {
          clock.pointee.isReported = nodes[node].reports.withdraw(peer, by: sender)
        }
      }
      guard replacesPongs, !isUnwell, !clock.pointee.awaitsPong else { continue }
      if pong > clock.pointee.pongReceived, pong <= now + 500, reportCount(peer, at: node) == 0 {
        clock.pointee.pongReceived = pong
      }
    }
  }

  /// A node that others know is added to the table, unless it was forgotten on purpose.
  private mutating func welcome(_ peer: Int, at node: Int) {
    let now = nowMs
    nodes[node].forgotten.removeAll { $0.until <= now }
    guard !nodes[node].forgotten.contains(where: { $0.node == peer }) else { return }
    introduce(peer, to: node)
  }

  /// Adds a node to another one's table.
  mutating func introduce(_ peer: Int, to node: Int) {
    clock(node, peer).pointee = PeerClock()
    clock(node, peer).pointee.flags = .known
    clock(node, peer).pointee.link = .down
    let generation = belief(node, peer).pointee.linkGeneration
    belief(node, peer).pointee = PeerBelief()
    belief(node, peer).pointee.linkGeneration = generation &+ 1
    nodes[node].linksDown += 1
  }

  // MARK: Reports

  private mutating func report(_ peer: Int, by sender: Int, at node: Int) {
    nodes[node].reports.add(peer, by: sender, at: nowMs, nodes: capacity)
    clock(node, peer).pointee.isReported = true
  }

  /// Masters whose word that a peer does not answer is younger than two timeouts; older words are dropped.
  mutating func reportCount(_ peer: Int, at node: Int) -> Int {
    guard clock(node, peer).pointee.isReported else { return 0 }
    let count = nodes[node].reports.count(peer, since: nowMs - 2 * timeoutMs)
    if count == 0 { clock(node, peer).pointee.isReported = false }
    return count
  }
}
