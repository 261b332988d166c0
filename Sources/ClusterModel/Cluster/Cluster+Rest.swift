// The steady state, skipped over: what large clusters do while nothing happens to them.

public import SimEngine

extension Cluster {
  /// Whether nothing is going on: every node that runs sees all others as they are, and agrees with them.
  ///
  /// Dead nodes are no hindrance once all the others have taken them for failed for two node timeouts.
  ///
  /// O(nodes^2).
  public var isAtRest: Bool {
    guard network.cuts.isEmpty, network.held.isEmpty, slotOnTheMove == nil else { return false }
    for node in 0..<nodeCount where nodes[node].process != .dead {
      let state = nodes + node
      guard state.pointee.process == .running, state.pointee.isStateOK,
        state.pointee.suspects == 0, state.pointee.handover.end == 0, state.pointee.migrating.isEmpty,
        state.pointee.importing.isEmpty, !state.pointee.replication.isLoading
      else { return false }
      for peer in 0..<nodeCount where peer != node {
        let clock = clock(node, peer).pointee
        guard clock.flags.contains(.known) || nodes[peer].hasLeft else { return false }
        if nodes[peer].process == .dead {
          guard nodes[peer].hasLeft || isSettled(peer, for: node) else { return false }
        } else if clock.flags.contains(.failed) || clock.link != .up {
          return false
        }
      }
    }
    return isConverged
  }

  /// Whether a dead node is what it will stay in the view of another: failed, and without slots.
  private func isSettled(_ peer: Int, for node: Int) -> Bool {
    clock(node, peer).pointee.flags.contains(.failed) && belief(node, peer).pointee.slotCount == 0
      && nowMs - belief(node, peer).pointee.failedSince > 2 * timeoutMs
  }

  /// Lets time pass up to and including `time`: exactly while something is going on, in one leap once the cluster is at
  /// rest.
  ///
  /// Nothing that a fault meets depends on more of a steady cluster's past than half a node timeout: when each node was
  /// last heard of. So a leap watches the traffic of one node timeout in exact mode, counts as much for every second
  /// skipped, and then moves all clocks and timers forward together, by a whole number of seconds because gossip tells
  /// whole seconds. The clocks' joint distribution stays what it was, so what follows a leap is distributed as after
  /// waiting. Leave out the leap within a timeout of a fault: `advance(through:)` is the exact mode. A leap costs
  /// O(nodes^2 + pending messages) however long it is.
  public mutating func rest(until time: SimTime) {
    _ = leapOverRest(until: time)
    advance(through: time)
  }

  /// The same, but where no leap is possible time goes on by a node timeout at most; tells whether there was one.
  mutating func leapOverRest(until time: SimTime) -> Bool {
    let watch = SimDuration.milliseconds(timeoutMs)
    guard time - now > watch * 3, isAtRest else { return false }
    let sentBefore = sent
    let receivedBefore = received
    advance(through: now + watch)
    let seconds = (time - now).nanoseconds / 1_000_000_000 - (timeoutMs + 999) / 1000
    guard isAtRest, seconds > 0 else { return false }
    let share = Double(seconds) / watch.seconds
    sent.extrapolate(since: sentBefore, times: share)
    received.extrapolate(since: receivedBefore, times: share)
    leap(by: SimDuration.seconds(Double(seconds)))
    advance(through: time)
    return true
  }

  /// Moves everything that lies in the future or is an age forward by a span of whole seconds.
  private mutating func leap(by span: SimDuration) {
    let milliseconds = span.nanoseconds / 1_000_000
    var pending: [(event: ClusterEvent, at: SimTime)] = []
    while let event = queue.popNext(before: .distantFuture) { pending.append((event, queue.now)) }
    queue = EventQueue()
    for entry in pending { queue.schedule(entry.event, at: entry.at + span) }
    shiftNow(by: span)
    let origin = -Int64.max / 8
    for pair in 0..<(capacity * capacity) {
      let clock = clocks + pair
      let belief = beliefs + pair
      if belief.pointee.pingSent != 0 { belief.pointee.pingSent += milliseconds }
      if clock.pointee.pongReceived != 0 { clock.pointee.pongReceived += milliseconds }
      if belief.pointee.dataReceived != 0 { belief.pointee.dataReceived += milliseconds }
    }
    for node in 0..<nodeCount {
      if nodes[node].attentionAt > 0, nodes[node].attentionAt < .max / 2 { nodes[node].attentionAt += milliseconds }
      nodes[node].ticks += milliseconds / 101
      if nodes[node].replication.lastInteraction > origin { nodes[node].replication.lastInteraction += milliseconds }
    }
    for index in 0..<slab.count { slab.messages[index].shiftPongs(by: milliseconds / 1000) }
    digest.record(time: now, target: .max, kind: .max, draws: random.draws)
  }
}

extension BusTraffic {
  /// Counts `times` as much again as since an earlier state.
  mutating func extrapolate(since earlier: BusTraffic, times: Double) {
    for kind in BusMessageKind.allCases {
      add(
        kind, messages: Int64((Double(messages(kind) - earlier.messages(kind)) * times).rounded()),
        bytes: Int64((Double(bytes(kind) - earlier.bytes(kind)) * times).rounded()))
    }
  }
}

extension BusMessage {
  /// Moves the times that the gossip of a message on its way tells.
  mutating func shiftPongs(by seconds: Int64) {
    guard let entries else { return }
    for index in 0..<Int(entryCount) { entries[index].pongSeconds &+= UInt32(truncatingIfNeeded: seconds) }
  }
}
