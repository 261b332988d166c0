public import SimEngine

/// A wide-column store: rows lie on `replication` nodes of a ring, and a call waits for as many of them as its
/// consistency says.
///
///     write --> all replicas, each [queue -> threads]; answered by the k-th of n
///     read  --> k replicas (or all n); answered by the last of k (the k-th of n); late: one more is asked
///     a replica that is down gets a hint, replayed when it is back
///
/// A call takes the round trip plus the order statistic of the replicas' times.
public struct HistoryStore: Sendable {
  /// What the store asks to be told at a later time.
  public enum Timer: BitwiseCopyable, Hashable, Sendable {
    /// A thread of a node.
    case node(UInt16, StationTimer)
    /// A read has taken so long that another replica is asked.
    case speculate(call: UInt32)
    /// A call that too few replicas can answer gives up.
    case expire(call: UInt32, generation: UInt32)
    /// The others notice that a node is down.
    case detected(node: UInt16, epoch: UInt32)
    /// The next hints are due at a node.
    case replay(node: UInt16, epoch: UInt32)
  }

  /// A read or write in progress; it stays until its last replica is done, even when it has been answered.
  struct Call: BitwiseCopyable, Sendable {
    var ticket: UInt64
    var arrived: SimTime
    var rowWork: SimDuration
    var range: UInt32
    var generation: UInt32
    /// Which replica of the range a read tries first.
    var rotation: UInt8
    /// Replicas that a read has tried.
    var tried: UInt8
    var needed: UInt8
    var answered: UInt8
    var outstanding: UInt8
    /// Requests to replicas that are dead without anybody knowing: they count as under way.
    var silent: UInt8
    var isRead: Bool
    var isOver: Bool
    var expires: Bool
    var wasRejected: Bool
    var speculation: EventHandle
  }

  /// A node of the ring.
  struct Node: Sendable {
    enum State: UInt8, Sendable {
      case up
      /// Dead, and nobody knows.
      case failed
      case down
    }
    var station: QueueingStation
    var state = State.up
    var failedAt = SimTime.zero
    var epoch: UInt32 = 0
    var slowness = RampedLevel(1)
    var hints = HintCounts()
    var isReplaying = false
  }

  /// Marks jobs that no call waits for.
  static let replayTag: UInt64 = 1 << 63
  static let rollUpTag: UInt64 = 1 << 62

  /// The settings.
  public let settings: HistorySettings
  let ring: ReplicaRing
  var nodes: [Node]
  /// The rows of all members.
  public internal(set) var growth: HistoryGrowth
  var calls: [Call] = []
  var freeCalls: [UInt32] = []
  var reads = CallRecord()
  var writes = CallRecord()
  private var readTime: ServiceSampler
  private var writeTime: ServiceSampler
  private var rotation: UInt8 = 0
  var speculation: SpeculationDelay
  /// Reads answered by a replica that lacked rows at that time, where reads and writes need not overlap.
  public internal(set) var readsAtRisk: Int64 = 0
  /// Time that reads did not take because rows were rolled up, summed over replicas [s].
  public private(set) var readSecondsSaved = 0.0

  /// A store at time zero, with the histories of so many members.
  public init(_ settings: HistorySettings, members: Int, streams: (_ purpose: String) -> RandomStream) {
    self.settings = settings
    ring = ReplicaRing(nodes: settings.nodes, replication: settings.replication)
    let station = QueueingStation(
      .init(servers: settings.threads, queueLimit: settings.queueLimit, isInterruptible: true))
    nodes = Array(repeating: Node(station: station), count: settings.nodes)
    growth = HistoryGrowth(settings.growth, members: members, streams("history rows"))
    readTime = ServiceSampler(settings.read, streams("history read"))
    writeTime = ServiceSampler(settings.write, streams("history write"))
    speculation = SpeculationDelay(settings)
  }

  // MARK: - Calls

  /// Reads the history of a member.
  public mutating func read(
    _ ticket: UInt64, member: Int, _ queue: inout BackendQueue, _ replies: inout [BackendReply]
  ) {
    reads.arrive()
    let rows = growth.readTime(of: member)
    readSecondsSaved += (growth.readTimeWithoutRollUp(of: member) - rows).seconds
    let needed = settings.readConsistency.replicas(of: settings.replication)
    let call = enter(ticket, member: member, isRead: true, needed: needed, rowWork: rows, at: queue.now)
    guard isAvailable(call) else {
      answer(call, .unavailable, at: queue.now, &queue, &replies)
      return
    }
    let wanted = settings.readFanOut == .all ? settings.replication : needed
    for _ in 0..<wanted {
      guard askNextReplica(call, &queue) else { break }
    }
    if let delay = speculation.delay, calls[Int(call)].tried < settings.replication {
      calls[Int(call)].speculation = queue.scheduleCancellable(.history(.speculate(call: call)), after: delay)
    }
    giveUpIfHopeless(call, &queue, &replies)
  }

  /// Writes a member's row: a new one, or over the row that holds a position.
  public mutating func write(
    _ ticket: UInt64, member: Int, appendsRow: Bool, _ queue: inout BackendQueue,
    _ replies: inout [BackendReply]
  ) {
    writes.arrive()
    let needed = settings.writeConsistency.replicas(of: settings.replication)
    let call = enter(ticket, member: member, isRead: false, needed: needed, rowWork: .zero, at: queue.now)
    guard isAvailable(call) else {
      answer(call, .unavailable, at: queue.now, &queue, &replies)
      return
    }
    let rollUp = appendsRow ? growth.append(to: member) : nil
    let range = Int(calls[Int(call)].range)
    for number in 0..<settings.replication {
      let node = ring.replica(number, ofRange: range)
      send(call, to: node, &queue)
      if let rollUp, nodes[node].state == .up {
        submit(StationJob(tag: Self.rollUpTag, work: rollUp), to: node, &queue)
      }
    }
    giveUpIfHopeless(call, &queue, &replies)
  }

  /// Whether enough replicas are believed to be up.
  private func isAvailable(_ call: UInt32) -> Bool {
    let range = Int(calls[Int(call)].range)
    var believed = 0
    for number in 0..<settings.replication where nodes[ring.replica(number, ofRange: range)].state != .down {
      believed += 1
    }
    return believed >= Int(calls[Int(call)].needed)
  }

  /// Asks the next replica that a read has not tried; false if there is none.
  mutating func askNextReplica(_ call: UInt32, _ queue: inout BackendQueue) -> Bool {
    let index = Int(call)
    while Int(calls[index].tried) < settings.replication {
      let number = (Int(calls[index].rotation) + Int(calls[index].tried)) % settings.replication
      calls[index].tried += 1
      let node = ring.replica(number, ofRange: Int(calls[index].range))
      if nodes[node].state == .down { continue }
      send(call, to: node, &queue)
      return true
    }
    return false
  }

  /// Sends a call to a node: it joins the queue there, or leaves a hint, or is lost.
  private mutating func send(_ call: UInt32, to node: Int, _ queue: inout BackendQueue) {
    let index = Int(call)
    guard nodes[node].state == .up else {
      if nodes[node].state == .failed { calls[index].silent += 1 }
      if !calls[index].isRead { leaveHint(for: node, &queue) }
      return
    }
    let slowness = nodes[node].slowness.value(at: queue.now)
    let work =
      calls[index].isRead
      ? readTime.draw(slowness: slowness) + calls[index].rowWork.scaled(by: slowness)
      : writeTime.draw(slowness: slowness)
    if submit(StationJob(tag: UInt64(call), work: work), to: node, &queue) {
      calls[index].outstanding += 1
    } else {
      calls[index].wasRejected = true
      if !calls[index].isRead { leaveHint(for: node, &queue) }
    }
  }

  @discardableResult
  mutating func submit(_ job: StationJob, to node: Int, _ queue: inout BackendQueue) -> Bool {
    nodes[node].station.submit(job, &queue) { .history(.node(UInt16(node), $0)) } != .rejected
  }

  /// Ends a call that can no longer get enough answers, or plans its end.
  ///
  /// A replica that refuses or breaks the connection is known at once, and a read goes to another one. A replica that
  /// is silent is known by the timeout only; speculation may save the read before.
  mutating func giveUpIfHopeless(_ call: UInt32, _ queue: inout BackendQueue, _ replies: inout [BackendReply]) {
    let index = Int(call)
    while calls[index].isRead, !calls[index].isOver,
      calls[index].answered + calls[index].outstanding + calls[index].silent < calls[index].needed
    {
      guard askNextReplica(call, &queue) else { break }
    }
    let state = calls[index]
    guard !state.isOver, !state.expires, state.answered + state.outstanding < state.needed else { return }
    if state.silent == 0 {
      answer(call, state.wasRejected ? .rejected : .unavailable, at: queue.now, &queue, &replies)
    } else {
      calls[index].expires = true
      let deadline = max(queue.now, state.arrived + settings.timeout)
      queue.schedule(.history(.expire(call: call, generation: state.generation)), at: deadline)
    }
  }

  // MARK: - Bookkeeping of calls

  private mutating func enter(
    _ ticket: UInt64, member: Int, isRead: Bool, needed: Int, rowWork: SimDuration, at now: SimTime
  ) -> UInt32 {
    rotation = rotation &+ 1
    var call = Call(
      ticket: ticket, arrived: now, rowWork: rowWork, range: UInt32(ring.range(of: UInt64(member))), generation: 0,
      rotation: rotation % UInt8(settings.replication), tried: 0, needed: UInt8(needed), answered: 0, outstanding: 0,
      silent: 0, isRead: isRead, isOver: false, expires: false, wasRejected: false, speculation: .none)
    if let free = freeCalls.popLast() {
      call.generation = calls[Int(free)].generation
      calls[Int(free)] = call
      return free
    }
    calls.append(call)
    return UInt32(calls.count - 1)
  }

  mutating func answer(
    _ number: UInt32, _ outcome: CallOutcome, at now: SimTime, _ queue: inout BackendQueue,
    _ replies: inout [BackendReply]
  ) {
    let index = Int(number)
    let call = calls[index]
    calls[index].isOver = true
    queue.cancel(call.speculation)
    let at = now + settings.roundTrip
    if call.isRead {
      reads.end(outcome, after: at - call.arrived)
      if outcome == .served { speculation.record(at - call.arrived) }
    } else {
      writes.end(outcome, after: at - call.arrived)
    }
    replies.append(BackendReply(ticket: call.ticket, outcome: outcome, at: at))
    releaseIfDone(number)
  }

  mutating func releaseIfDone(_ number: UInt32) {
    guard calls[Int(number)].isOver, calls[Int(number)].outstanding == 0 else { return }
    calls[Int(number)].generation &+= 1
    freeCalls.append(number)
  }

  /// Random draws so far.
  public var draws: UInt64 { readTime.stream.draws &+ writeTime.stream.draws }
}
