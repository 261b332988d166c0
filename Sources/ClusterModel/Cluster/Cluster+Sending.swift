// Messages leave: headers, links, and the order in which they arrive.

import SimEngine

/// The state of the network between nodes.
struct NetworkConditions {
  /// Pairs (from, to) that cannot reach each other, by `from * capacity + to`; empty while the network is whole.
  var cuts: [Bool] = []
  /// Additional one-way delays of nodes, in nanoseconds; empty while there are none.
  var extraDelays: [Int64] = []
  /// Messages that TCP keeps trying to send through a cut.
  var held: [UInt32] = []
}

extension Cluster {
  /// Whether messages from one node reach another.
  @inline(__always)
  func isCut(_ from: Int, _ to: Int) -> Bool { !network.cuts.isEmpty && network.cuts[from * capacity + to] }

  /// Fills in the header of a message: what every message tells about its sender.
  mutating func message(_ kind: BusMessageKind, from sender: Int, to receiver: Int, answer: Bool = false) -> UInt32 {
    let place = slab.take()
    let master = belief(sender, sender).pointee.master
    let serving = master < 0 ? sender : Int(master)
    let claim = self.claim(of: serving, for: sender)
    let generation =
      answer
      ? belief(receiver, sender).pointee.linkGeneration : belief(sender, receiver).pointee.linkGeneration
    let message = slab.messages + Int(place)
    message.pointee.kind = kind
    message.pointee.isAnswer = answer
    message.pointee.forcesVote = false
    message.pointee.isPaused = master < 0 && nodes[sender].handover.end != 0
    message.pointee.sender = Int32(sender)
    message.pointee.receiver = Int32(receiver)
    message.pointee.linkGeneration = generation
    message.pointee.master = master
    message.pointee.claim = claim
    message.pointee.currentEpoch = nodes[sender].currentEpoch
    message.pointee.configEpoch = belief(sender, serving).pointee.configEpoch
    message.pointee.offset = nodes[sender].replication.offset
    message.pointee.subject = -1
    message.pointee.entryCount = 0
    return place
  }

  /// Sends a heartbeat with gossip; a ping starts its clock.
  mutating func sendHeartbeat(_ kind: BusMessageKind, from sender: Int, to receiver: Int, answer: Bool = false) {
    let place = message(kind, from: sender, to: receiver, answer: answer)
    addGossip(to: place, from: sender)
    if !answer, kind == .ping || kind == .meet { setPing(sender, receiver, sentAt: nowMs) }
    dispatch(place)
  }

  /// Starts the clock of a ping; 0 stops it.
  @inline(__always)
  func setPing(_ node: Int, _ peer: Int, sentAt time: Int64) {
    belief(node, peer).pointee.pingSent = time
    clock(node, peer).pointee.awaitsPong = time != 0
  }

  /// Puts a message on its way.
  mutating func dispatch(_ place: UInt32) {
    let message = slab.messages[Int(place)]
    let sender = Int(message.sender)
    let receiver = Int(message.receiver)
    sent.count(message.kind, message.bytes)
    var departure = now.nanoseconds
    let link = message.isAnswer ? belief(receiver, sender) : belief(sender, receiver)
    if !message.isAnswer {
      let isAnswered = message.kind == .ping || message.kind == .meet
      departure = link.pointee.nagle.departure(
        at: departure, isAnswered: isAnswered, acknowledgedAfter: timing.delayedAcknowledgement.nanoseconds)
    }
    if isCut(sender, receiver) {
      network.held.append(place)
      return
    }
    schedule(place, departure: departure)
  }

  /// Lets a message travel from `departure` on; a connection keeps its messages in order.
  mutating func schedule(_ place: UInt32, departure: Int64) {
    let message = slab.messages[Int(place)]
    let sender = Int(message.sender)
    let receiver = Int(message.receiver)
    var arrival = departure + delayNanoseconds(from: sender, to: receiver)
    let link = message.isAnswer ? belief(receiver, sender) : belief(sender, receiver)
    if message.isAnswer {
      arrival = max(arrival, link.pointee.lastAnswerArrival)
      link.pointee.lastAnswerArrival = arrival
    } else {
      arrival = max(arrival, link.pointee.lastArrival)
      link.pointee.lastArrival = arrival
    }
    queue.schedule(.arrival(place), at: SimTime(nanoseconds: arrival))
  }

  /// One way between two nodes: latency, jitter, and TCP's retransmissions of what is lost.
  mutating func delayNanoseconds(from sender: Int, to receiver: Int) -> Int64 {
    var delay = timing.latency.nanoseconds
    if timing.jitterMean > .zero {
      delay += SimDuration.seconds(delays.exponential(mean: timing.jitterMean.seconds)).nanoseconds
    }
    if !network.extraDelays.isEmpty { delay += network.extraDelays[sender] + network.extraDelays[receiver] }
    if timing.loss > 0 {
      var wait: Int64 = 200_000_000
      while delays.chance(timing.loss), wait < 60_000_000_000 {
        delay += wait
        wait *= 2
      }
    }
    return delay
  }

  /// Sends to every known node over the links that are there.
  mutating func broadcast(from sender: Int, _ make: (inout Cluster, Int) -> UInt32) {
    for peer in 0..<nodeCount where peer != sender {
      let clock = clock(sender, peer).pointee
      guard clock.flags.contains(.known), clock.link != .down else { continue }
      dispatch(make(&self, peer))
    }
  }

  /// Tells everybody, or only the other replicas of one's master, who one is.
  mutating func broadcastPong(from sender: Int, onlySiblings: Bool = false) {
    let master = belief(sender, sender).pointee.master
    for peer in 0..<nodeCount where peer != sender {
      let clock = clock(sender, peer).pointee
      guard clock.flags.contains(.known), clock.link != .down else { continue }
      if onlySiblings, master < 0 || belief(sender, peer).pointee.master != master { continue }
      let place = message(.pong, from: sender, to: peer)
      addGossip(to: place, from: sender)
      dispatch(place)
    }
  }

  // MARK: Links

  /// Tries to open the link to a peer; tells whether something is there to send on for the moment.
  ///
  /// A dead process refuses, but only after the tick: until then pings go to the half-open link, and their clocks run.
  mutating func connect(_ node: Int, _ peer: Int) {
    let belief = belief(node, peer)
    belief.pointee.linkGeneration &+= 1
    belief.pointee.linkSince = nowMs
    belief.pointee.nagle = NagleQueue()
    clock(node, peer).pointee.link = .connecting
    nodes[node].linksDown -= 1
    let generation = belief.pointee.linkGeneration
    if nodes[peer].process == .dead {
      queue.schedule(.hungUp(from: UInt16(node), to: UInt16(peer), generation: generation), at: now)
    } else if !isCut(node, peer), !isCut(peer, node) {
      let roundTrip = delayNanoseconds(from: node, to: peer) + delayNanoseconds(from: peer, to: node)
      queue.schedule(
        .connected(from: UInt16(node), to: UInt16(peer), generation: generation),
        at: now + SimDuration(nanoseconds: roundTrip))
    }
  }

  /// Gives up the link to a peer; a pending ping's clock goes on.
  mutating func dropLink(_ node: Int, _ peer: Int) {
    guard clock(node, peer).pointee.link != .down else { return }
    clock(node, peer).pointee.link = .down
    nodes[node].linksDown += 1
    nodes[node].attentionAt = 0
  }

  mutating func connected(_ node: Int, _ peer: Int, _ generation: UInt32) {
    guard belief(node, peer).pointee.linkGeneration == generation, clock(node, peer).pointee.link == .connecting else {
      return
    }
    guard nodes[node].process == .running else {
      // It will notice once it runs again; the connection is there meanwhile.
      if nodes[node].process == .frozen { clock(node, peer).pointee.link = .up }
      return
    }
    clock(node, peer).pointee.link = .up
    let pending = belief(node, peer).pointee.pingSent
    let introduces = clock(node, peer).pointee.flags.contains(.introduces)
    sendHeartbeat(introduces ? .meet : .ping, from: node, to: peer)
    if pending != 0 { setPing(node, peer, sentAt: pending) }
    clock(node, peer).pointee.flags.remove(.introduces)
    nodes[node].attentionAt = 0
  }

  mutating func hungUp(_ node: Int, _ peer: Int, _ generation: UInt32) {
    guard belief(node, peer).pointee.linkGeneration == generation else { return }
    dropLink(node, peer)
  }
}
