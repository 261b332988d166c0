// The asynchronous stream from masters to replicas, and what becomes of acknowledged writes.

import SimEngine

/// The writes of one master in one reign.
///
/// A promoted replica opens a stream of its own at the point it had reached.
struct WriteStream {
  var writer: Int
  /// The stream that it continues, or -1, and after how many of its writes.
  var parent: Int
  var fork: Int64
  /// Writes made in it: they are numbered from 1.
  var length: Int64 = 0
  /// Writes among them that no client was told of, or not yet.
  var untold = NumberRanges()
  /// Writes of it whose fate is accounted for, and how many of them a master still has.
  var settled: Int64 = 0
  var kept: Int64 = 0
}

/// A write's place in a stream.
struct WriteIdentity: BitwiseCopyable {
  var stream: Int32
  var number: Int64
}

/// A node's place in a stream.
struct ReplicationState {
  var stream = -1
  /// Writes of `stream` that it has.
  var applied: Int64 = 0
  /// Bytes of the stream, as masters and replicas compare them.
  var offset: Int64 = 0
  /// Whether a replica hears its master.
  var isConnected = false
  var isLoading = false
  /// Milliseconds.
  var downSince: Int64 = -.max / 4
  var lastInteraction: Int64 = Cluster.clockOrigin
  /// Counts attachments, so that a load that was broken off is not taken for a new one.
  var generation: UInt32 = 0
  /// What a delivery under way carries; -1 if none is.
  var flying: Int64 = -1
  var flyingOffset: Int64 = 0
}

/// Acknowledged writes, and those among them that no master has any more.
public struct WriteCounts: Sendable, Equatable {
  /// Writes that a client was told to be done.
  public internal(set) var acknowledged: Int64 = 0
  /// Acknowledged writes that were lost.
  public internal(set) var lost: Int64 = 0
}

extension Cluster {
  /// Bytes of one write in a stream.
  private static let writeBytes: Int64 = 100

  mutating func openStream(writer: Int, parent: Int, fork: Int64) -> Int {
    streams.append(WriteStream(writer: writer, parent: parent, fork: fork))
    return streams.count - 1
  }

  /// A master acknowledges a write; it reaches the replicas later.
  mutating func acknowledge(at node: Int) {
    makeWrite(at: node)
    writes.acknowledged += 1
  }

  /// A write that no client is told of.
  @discardableResult
  mutating func makeUntoldWrite(at node: Int) -> WriteIdentity {
    makeWrite(at: node)
    let stream = nodes[node].replication.stream
    let number = streams[stream].length
    streams[stream].untold.append(number)
    return WriteIdentity(stream: Int32(stream), number: number)
  }

  private mutating func makeWrite(at node: Int) {
    let stream = nodes[node].replication.stream
    streams[stream].length += 1
    nodes[node].replication.applied = streams[stream].length
    nodes[node].replication.offset += Self.writeBytes
    flush(node)
  }

  /// The client of a write is told that it is done.
  mutating func acknowledge(_ write: WriteIdentity) {
    let stream = Int(write.stream)
    streams[stream].untold.remove(write.number)
    writes.acknowledged += 1
    // A failover may have dropped it already while a replica's word was on its way.
    if write.number <= streams[stream].settled, write.number > streams[stream].kept {
      tellLoss(of: 1, in: stream, to: nil, because: "acknowledged after a failover had dropped it")
    }
  }

  /// How many replicas have a write: the answer of WAIT.
  func confirmations(of write: WriteIdentity, by node: Int) -> Int {
    (0..<nodeCount).count { replica in
      guard Int(belief(replica, replica).pointee.master) == node else { return false }
      let state = nodes[replica].replication
      return state.stream == Int(write.stream) && state.applied >= write.number && state.isConnected
        && !state.isLoading && nodes[replica].process == .running && !isCut(replica, node)
    }
  }

  /// How long a replica's word takes at least: a way to it and back.
  func confirmationTime(of node: Int) -> SimDuration {
    let extra = network.extraDelays.isEmpty ? 0 : network.extraDelays[node]
    return timing.latency * 2 + SimDuration(nanoseconds: 2 * extra)
  }

  /// Takes in writes of a quiet stretch: the master and all its replicas have them.
  ///
  /// They were counted when they were acknowledged.
  mutating func absorb(writes count: Int64, at node: Int) {
    let stream = nodes[node].replication.stream
    guard stream >= 0 else { return }
    streams[stream].length += count
    for member in 0..<nodeCount where nodes[member].replication.stream == stream {
      guard member == node || Int(belief(member, member).pointee.master) == node else { continue }
      nodes[member].replication.applied += count
      nodes[member].replication.offset += count * Self.writeBytes
    }
  }

  /// Counts a write that `absorb` will take in.
  mutating func countWrite() { writes.acknowledged += 1 }

  /// Whether clients' writes are held back: a handover is under way.
  func holdsWrites(_ node: Int) -> Bool { nodes[node].writesPausedUntil > nowMs }

  /// Sends what replicas do not have yet; one delivery is under way at a time and carries all up to its departure.
  mutating func flush(_ node: Int) {
    guard nodes[node].replication.flying < 0, nodes[node].process == .running else { return }
    nodes[node].replication.flying = nodes[node].replication.applied
    nodes[node].replication.flyingOffset = nodes[node].replication.offset
    let extra = network.extraDelays.isEmpty ? 0 : network.extraDelays[node]
    queue.schedule(
      .replicate(node: UInt16(node)), at: now + timing.latency + SimDuration(nanoseconds: extra))
  }

  mutating func replicate(_ node: Int) {
    let flying = nodes[node].replication.flying
    let offset = nodes[node].replication.flyingOffset
    nodes[node].replication.flying = -1
    let stream = nodes[node].replication.stream
    guard stream >= 0 else { return }
    for replica in 0..<nodeCount where replica != node && Int(belief(replica, replica).pointee.master) == node {
      let state = nodes[replica].replication
      guard state.stream == stream, state.isConnected, !state.isLoading, nodes[replica].process == .running,
        !isCut(node, replica), state.applied < flying
      else { continue }
      nodes[replica].replication.applied = flying
      nodes[replica].replication.offset = offset
      nodes[replica].replication.lastInteraction = nowMs
      if nodes[replica].handover.end != 0 { nodes[replica].handlesHandover = true }
      nodes[replica].keyspace.catchUp(with: nodes[node].keyspace, from: state.applied, through: flying)
      afterEvent(replica)
    }
    nodes[node].keyspace.trimJournal(through: flying)
    guard isMaster(node, for: node), nodes[node].process == .running else { return }
    if nodes[node].replication.applied > flying { flush(node) }
  }

  // MARK: Masters and replicas meet and part

  /// A replica hears its master no more.
  mutating func detach(_ node: Int) {
    guard nodes[node].replication.isConnected else { return }
    nodes[node].replication.isConnected = false
    nodes[node].replication.isLoading = false
    nodes[node].replication.downSince = nowMs
  }

  /// A replica finds its master, and goes on where it was if it can; else it loads everything anew.
  mutating func attach(_ node: Int, to master: Int) {
    guard nodes[master].process == .running, nodes[node].process == .running, !isCut(master, node),
      !isCut(node, master),
      isMaster(master, for: master), nodes[master].replication.stream >= 0
    else { return }
    nodes[node].replication.isConnected = true
    nodes[node].replication.lastInteraction = nowMs
    nodes[node].replication.generation &+= 1
    let target = nodes[master].replication
    let own = nodes[node].replication
    let shared = common(of: own.stream, with: target.stream, applied: target.applied)
    // What this node acknowledged as a master beyond the common part is dropped now.
    if own.stream >= 0, streams[own.stream].writer == node { settle(own.stream, kept: shared, by: master) }
    if own.stream == target.stream || own.applied <= shared && isAncestor(own.stream, of: target.stream) {
      adopt(master, at: node)
      return
    }
    nodes[node].replication.isLoading = true
    let keys = nodes[master].keyspace.count
    let load = timing.fullSyncPerMillionKeys.scaled(by: Double(keys) / 1e6) + timing.latency * 4
    queue.schedule(.loaded(node: UInt16(node), generation: nodes[node].replication.generation), at: now + load)
  }

  mutating func loaded(_ node: Int, _ generation: UInt32) {
    let master = Int(belief(node, node).pointee.master)
    guard nodes[node].replication.generation == generation, nodes[node].replication.isLoading, master >= 0 else {
      return
    }
    nodes[node].replication.isLoading = false
    guard nodes[master].process == .running, !isCut(master, node) else { return detach(node) }
    adopt(master, at: node)
  }

  private mutating func adopt(_ master: Int, at node: Int) {
    nodes[node].replication.stream = nodes[master].replication.stream
    nodes[node].replication.applied = nodes[master].replication.applied
    nodes[node].replication.offset = nodes[master].replication.offset
    nodes[node].keyspace.replace(with: nodes[master].keyspace)
  }

  /// A replica becomes a master: its own stream begins where it stands.
  mutating func promote(_ node: Int, over master: Int) {
    let own = nodes[node].replication
    nodes[node].replication.isConnected = false
    nodes[node].replication.isLoading = false
    nodes[node].replication.stream = openStream(writer: node, parent: own.stream, fork: own.applied)
    nodes[node].replication.applied = 0
    if nodes[master].process == .dead { settleDeadMaster(master) }
  }

  // MARK: Losses

  private func isAncestor(_ stream: Int, of other: Int) -> Bool {
    var walk = other
    while walk >= 0 {
      if walk == stream { return true }
      walk = streams[walk].parent
    }
    return false
  }

  /// How many writes of `stream` are part of the data at `applied` in `other`.
  private func common(of stream: Int, with other: Int, applied: Int64) -> Int64 {
    guard stream >= 0 else { return 0 }
    var walk = other
    var reached = applied
    while walk >= 0 {
      if walk == stream { return reached }
      reached = streams[walk].fork
      walk = streams[walk].parent
    }
    return 0
  }

  private mutating func settle(_ stream: Int, kept: Int64, by successor: Int, because reason: String? = nil) {
    let from = max(kept, streams[stream].settled)
    let length = streams[stream].length
    guard length > from else { return }
    let lost = length - from - streams[stream].untold.count(after: from)
    streams[stream].settled = length
    streams[stream].kept = kept
    guard lost > 0 else { return }
    let isDead = nodes[streams[stream].writer].process == .dead
    tellLoss(
      of: lost, in: stream, to: successor,
      because: reason
        ?? (isDead
          ? "the master died before its replicas had them"
          : "acknowledged by a master that could not reach its replicas, or was replaced and did not know"))
  }

  private mutating func tellLoss(of count: Int64, in stream: Int, to successor: Int?, because reason: String) {
    writes.lost += count
    note(.writesLost, streams[stream].writer, about: successor, value: count, reason: reason)
  }

  /// A master has given all its slots away, keys and all: nothing of what it acknowledged is lost when it follows another.
  mutating func handOverWrites(_ node: Int) {
    let stream = nodes[node].replication.stream
    if stream >= 0, streams[stream].writer == node {
      streams[stream].settled = streams[stream].length
      streams[stream].kept = streams[stream].length
    }
  }

  /// A dead master whose slots somebody else serves: what only it had is lost as far as clients can tell.
  mutating func settleDeadMaster(_ master: Int) {
    let stream = nodes[master].replication.stream
    guard stream >= 0, streams[stream].writer == master else { return }
    for heir in 0..<nodeCount where heir != master {
      let state = nodes[heir].replication
      guard state.stream >= 0, streams[state.stream].writer == heir, streams[state.stream].parent == stream,
        isMaster(heir, for: heir)
      else { continue }
      settle(stream, kept: streams[state.stream].fork, by: heir)
    }
  }

  /// The process starts with nothing: what replicas do not have is gone.
  mutating func forgetData(_ node: Int) {
    nodes[node].keyspace = Keyspace()
    guard isMaster(node, for: node) else {
      nodes[node].replication.stream = -1
      return
    }
    let stream = nodes[node].replication.stream
    if stream >= 0 { settle(stream, kept: 0, by: node, because: "the process started again without its data") }
    nodes[node].replication.stream = openStream(writer: node, parent: -1, fork: 0)
    nodes[node].replication.applied = 0
  }
}
