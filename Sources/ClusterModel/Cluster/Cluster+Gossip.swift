// Gossip: what heartbeats tell about third nodes, and what is made of it.

import SimEngine

extension Cluster {
  /// Fills a heartbeat with what its sender believes of others.
  ///
  /// A tenth of all nodes but at least three, drawn at random (suspects, strangers and those named already are passed
  /// over, and draws are limited), then all suspects. The receiver may be among them.
  mutating func addGossip(to place: UInt32, from node: Int) {
    var fresh = nodeCount - 2
    let wanted = min(max(3, nodeCount / 10), fresh)
    let suspects = rules.piggybacksSuspects ? nodes[node].suspectsAtTick : 0
    slab.reserve(wanted + suspects, at: place)
    nodes[node].gossipNumber &+= 1
    let number = nodes[node].gossipNumber
    let message = slab.messages + Int(place)
    guard let entries = message.pointee.entries else { return }
    let row = clocks + node * capacity
    var count = 0
    var draws = wanted * 3
    while fresh > 0, count < wanted, draws > 0 {
      draws -= 1
      let peer = random.below(nodeCount)
      let clock = row + peer
      let flags = clock.pointee.flags
      if peer == node || flags.contains(.suspected) { continue }
      if !flags.contains(.known) || (clock.pointee.link == .down && belief(node, peer).pointee.slotCount == 0) {
        fresh -= 1
        continue
      }
      if clock.pointee.namedIn == number { continue }
      clock.pointee.namedIn = number
      entries[count] = entry(about: peer, flags, clock.pointee.pongReceived)
      count += 1
      fresh -= 1
    }
    if suspects > 0 {
      let most = count + suspects
      for peer in 0..<nodeCount where count < most && (row + peer).pointee.flags.contains(.suspected) {
        entries[count] = entry(about: peer, row[peer].flags, row[peer].pongReceived)
        count += 1
      }
    }
    message.pointee.entryCount = Int32(count)
  }

  private func entry(about peer: Int, _ flags: NodeFlags, _ pong: Int64) -> GossipEntry {
    GossipEntry(node: Int32(peer), flags: flags, pongSeconds: Int32(truncatingIfNeeded: pong / 1000))
  }

  /// Believes, or not, what a known sender tells.
  mutating func hearGossip(_ place: UInt32, at node: Int, from sender: Int) {
    let message = slab.messages[Int(place)]
    guard let entries = message.entries, message.entryCount > 0 else { return }
    let now = nowMs
    let isWordOfMaster = isMaster(sender, for: node)
    let row = clocks + node * capacity
    for index in 0..<Int(message.entryCount) {
      let entry = entries[index]
      let peer = Int(entry.node)
      let clock = row + peer
      guard clock.pointee.flags.contains(.known) || peer == node else {
        welcome(peer, at: node)
        continue
      }
      let isUnwell = !entry.flags.isDisjoint(with: .unwell)
      if isWordOfMaster, peer != node {
        if isUnwell {
          report(peer, by: sender, at: node)
          declareIfAgreed(peer, by: node)
        } else if !nodes[node].reports.isEmpty {
          withdrawReport(peer, by: sender, at: node)
        }
      }
      guard rules.gossipReplacesPongs, !isUnwell, clock.pointee.pingSent == 0 else { continue }
      let pong = Int64(entry.pongSeconds) * 1000
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
    let now = nowMs
    for index in nodes[node].reports.indices {
      let report = nodes[node].reports[index]
      if report.subject == peer, report.reporter == sender {
        nodes[node].reports[index].time = now
        return
      }
    }
    nodes[node].reports.append(FailureReport(subject: Int32(peer), reporter: Int32(sender), time: now))
  }

  private mutating func withdrawReport(_ peer: Int, by sender: Int, at node: Int) {
    nodes[node].reports.removeAll { $0.subject == peer && $0.reporter == sender }
  }

  /// Masters whose word that a peer does not answer is younger than two timeouts; older words are dropped.
  mutating func reportCount(_ peer: Int, at node: Int) -> Int {
    if nodes[node].reports.isEmpty { return 0 }
    let oldest = nowMs - 2 * timeoutMs
    nodes[node].reports.removeAll { $0.time < oldest && $0.subject == peer }
    return nodes[node].reports.reduce(0) { $0 + ($1.subject == peer ? 1 : 0) }
  }
}
