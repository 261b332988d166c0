public import SimEngine

// What happens at the nodes, and what happens to them.

extension HistoryStore {
  /// Handles a timer of the store.
  public mutating func handle(_ timer: Timer, _ queue: inout BackendQueue, _ replies: inout [BackendReply]) {
    switch timer {
    case .node(let node, let timer):
      let departure = nodes[Int(node)].station.handle(timer, &queue) { .history(.node(node, $0)) }
      jobDone(departure.job, on: Int(node), &queue, &replies)
    case .speculate(let call):
      reads.attemptAgain()
      if !askNextReplica(call, &queue) { return }
      giveUpIfHopeless(call, &queue, &replies)
    case .expire(let call, let generation):
      guard calls[Int(call)].generation == generation, !calls[Int(call)].isOver else { return }
      answer(call, .timedOut, at: queue.now, &queue, &replies)
    case .detected(let node, let epoch):
      guard nodes[Int(node)].epoch == epoch else { return }
      nodes[Int(node)].state = .down
    case .replay(let node, let epoch):
      guard nodes[Int(node)].epoch == epoch else { return }
      replayHints(of: Int(node), &queue)
    }
  }

  private mutating func jobDone(
    _ job: StationJob, on node: Int, _ queue: inout BackendQueue, _ replies: inout [BackendReply]
  ) {
    if job.tag & Self.replayTag != 0 {
      nodes[node].hints.replayEnded(Int64(job.tag & ~Self.replayTag))
      return
    }
    if job.tag & Self.rollUpTag != 0 { return }
    let number = UInt32(job.tag)
    let index = Int(number)
    calls[index].outstanding -= 1
    calls[index].answered += 1
    let call = calls[index]
    if !call.isOver, call.answered == call.needed {
      if call.isRead, nodes[node].hints.pending > 0, !readsSeeWrites { readsAtRisk += 1 }
      answer(number, .served, at: queue.now, &queue, &replies)
    } else {
      releaseIfDone(number)
    }
  }

  /// Whether every read meets a replica that took part in every acknowledged write: R + W > N.
  public var readsSeeWrites: Bool {
    let replication = settings.replication
    return settings.readConsistency.replicas(of: replication) + settings.writeConsistency.replicas(of: replication)
      > replication
  }

  // MARK: - Failures

  /// A node dies: what it was working on is lost, and so is what is sent to it until its death is noticed.
  ///
  /// Writes leave hints; a read that was there goes to another replica.
  public mutating func failNode(_ node: Int, _ queue: inout BackendQueue, _ replies: inout [BackendReply]) {
    guard nodes[node].state == .up else { return }
    nodes[node].state = .failed
    nodes[node].failedAt = queue.now
    nodes[node].epoch &+= 1
    nodes[node].isReplaying = false
    for departure in nodes[node].station.interruptAll(&queue) {
      let tag = departure.job.tag
      if tag & Self.replayTag != 0 {
        nodes[node].hints.replayFailed(Int64(tag & ~Self.replayTag))
      } else if tag & Self.rollUpTag == 0 {
        let number = UInt32(tag)
        calls[Int(number)].outstanding -= 1
        if !calls[Int(number)].isRead { leaveHint(for: node, &queue) }
        if calls[Int(number)].isOver {
          releaseIfDone(number)
        } else {
          giveUpIfHopeless(number, &queue, &replies)
        }
      }
    }
    queue.schedule(
      .history(.detected(node: UInt16(node), epoch: nodes[node].epoch)), after: settings.detection)
  }

  /// A node comes back and gets the hints that were kept for it.
  public mutating func returnNode(_ node: Int, _ queue: inout BackendQueue) {
    guard nodes[node].state != .up else { return }
    nodes[node].state = .up
    nodes[node].epoch &+= 1
    replayHints(of: node, &queue)
  }

  /// Makes a node `factor` times slower, over a ramp; 1 is normal.
  public mutating func slowDown(node: Int, to factor: Double, at now: SimTime, ramp: SimDuration = .zero) {
    nodes[node].slowness.move(to: factor, at: now, ramp: ramp)
  }

  // MARK: - Hints

  /// Keeps a write for a node that could not take it, unless the node has been away for too long.
  mutating func leaveHint(for node: Int, _ queue: inout BackendQueue) {
    if nodes[node].state != .up, queue.now - nodes[node].failedAt > settings.hintWindow {
      nodes[node].hints.missed += 1
      return
    }
    nodes[node].hints.store()
    if nodes[node].state == .up, !nodes[node].isReplaying {
      // It was only too busy: try again in a while.
      nodes[node].isReplaying = true
      queue.schedule(.history(.replay(node: UInt16(node), epoch: nodes[node].epoch)), after: .seconds(1))
    }
  }

  /// Sends the next tenth of a second's worth of hints to a node, as one piece of work.
  private mutating func replayHints(of node: Int, _ queue: inout BackendQueue) {
    nodes[node].isReplaying = nodes[node].hints.pending > 0
    guard nodes[node].isReplaying else { return }
    let batch = min(nodes[node].hints.pending, max(1, Int64(settings.hintReplayPerSecond / 10)))
    let slowness = nodes[node].slowness.value(at: queue.now)
    let work = settings.write.mean.scaled(by: Double(batch) * slowness)
    if submit(StationJob(tag: Self.replayTag | UInt64(batch), work: work), to: node, &queue) {
      nodes[node].hints.replayBegan(batch)
    }
    let pause = SimDuration.seconds(Double(batch) / settings.hintReplayPerSecond)
    queue.schedule(.history(.replay(node: UInt16(node), epoch: nodes[node].epoch)), after: pause)
  }
}

/// Hints for one node: every stored hint is pending, on its way, or replayed.
struct HintCounts: Hashable, Sendable {
  private(set) var stored: Int64 = 0
  private(set) var pending: Int64 = 0
  private(set) var replaying: Int64 = 0
  private(set) var replayed: Int64 = 0
  /// Writes that nobody kept: only a repair brings them to the node.
  var missed: Int64 = 0

  mutating func store() {
    stored += 1
    pending += 1
  }
  mutating func replayBegan(_ count: Int64) {
    pending -= count
    replaying += count
  }
  mutating func replayEnded(_ count: Int64) {
    replaying -= count
    replayed += count
  }
  mutating func replayFailed(_ count: Int64) {
    replaying -= count
    pending += count
  }

  var isConserved: Bool { stored == pending + replaying + replayed && pending >= 0 && replaying >= 0 }
}
