// A cluster of nodes that talk over a bus: storage, clock, and the loop over its events.

public import SimEngine

/// A Redis-like cluster, node by node and message by message.
///
///     var settings = ClusterSettings()
///     settings.nodeTimeoutMs = 2000
///     var cluster = try Cluster(settings)
///     cluster.advance(through: .seconds(30))
///     cluster.kill(1)
///     cluster.advance(through: .seconds(40))
///     cluster.events   // who suspected, declared, voted, was promoted, and when
///
/// Nodes `0 ..< masters` start as masters, the others as their replicas in turn. Every node has its own view of all
/// others; views meet only in messages. The rules are those of Redis 7.0.15, one file each:
///
///     +Heartbeat    timer, pings, suspicion            +Election    candidates, votes, promotion
///     +Sending      messages, links, Nagle             +Handover    manual failover
///     +Receiving    what each message changes          +Migration   replicas that change masters
///     +Gossip       what is told about others          +Commands    redirections, reads, writes, open slots
///     +SlotClaims   who serves what, epochs            +Faults      kill, freeze, restart, partitions
///     +Verdict      FAIL, and the cluster's state      +Replication offsets, acknowledged and lost writes
///
/// Memory: 120 bytes a pair of nodes, 33 KB a node. Times given to the cluster must not go back.
public struct Cluster: ~Copyable {
  /// What it was built from.
  public let settings: ClusterSettings
  let rules: ProtocolRules
  let timing: ClusterTiming
  let timeoutMs: Int64

  /// Nodes, and the room for them.
  public internal(set) var nodeCount: Int
  var capacity: Int
  var nodes: UnsafeMutablePointer<ClusterNode>
  var clocks: UnsafeMutablePointer<PeerClock>
  var beliefs: UnsafeMutablePointer<PeerBelief>
  /// The owner of each slot in each node's view; -1 if unassigned.
  var owners: UnsafeMutablePointer<Int16>

  var queue: EventQueue<ClusterEvent>
  var slab: MessageSlab
  /// The number of the message that last named each node: gossip names none twice in one message.
  var namedIn: UnsafeMutablePointer<UInt32>
  /// Counts messages with gossip.
  var gossipNumber: UInt32 = 0
  /// Room for the nodes that were drawn for a message.
  var drawn: UnsafeMutablePointer<UInt16>
  var random: RandomStream
  var delays: RandomStream
  /// Sets of slots that were ever claimed in a message.
  var claims: [SlotClaim] = []
  var network = NetworkConditions()
  var streams: [WriteStream] = []
  var slotOnTheMove: SlotOnTheMove?

  /// What happened, in order; see `recordsEvents`.
  public internal(set) var events: [ClusterEventRecord] = []
  /// Whether happenings are kept in `events`.
  public var recordsEvents = true
  /// Messages sent and received.
  public internal(set) var sent = BusTraffic()
  /// Messages received.
  public internal(set) var received = BusTraffic()
  /// Writes acknowledged and lost.
  public internal(set) var writes = WriteCounts()
  /// Events handled so far.
  public internal(set) var handledEvents: Int64 = 0
  /// Bits that prove two runs equal.
  public internal(set) var digest = RunDigest()

  /// A cluster in its steady state: everybody knows everybody, links are up, pings are spread out.
  ///
  /// - Throws: `PlanRefusal` with the reason if the settings make no cluster.
  public init(_ settings: ClusterSettings) throws(PlanRefusal) {
    try settings.check()
    let ranges = try SlotAllocation.ranges(masters: settings.masters)
    queue = EventQueue()
    slab = MessageSlab()
    self.settings = settings
    rules = settings.rules
    timing = settings.timing
    timeoutMs = settings.nodeTimeoutMs
    nodeCount = settings.nodes
    capacity = settings.nodes + settings.spareNodes
    nodes = .allocate(capacity: capacity)
    nodes.initialize(repeating: ClusterNode(), count: capacity)
    clocks = .allocate(capacity: capacity * capacity)
    clocks.initialize(repeating: PeerClock(), count: capacity * capacity)
    beliefs = .allocate(capacity: capacity * capacity)
    beliefs.initialize(repeating: PeerBelief(), count: capacity * capacity)
    namedIn = .allocate(capacity: capacity)
    namedIn.initialize(repeating: 0, count: capacity)
    drawn = .allocate(capacity: capacity)
    drawn.initialize(repeating: 0, count: capacity)
    owners = .allocate(capacity: capacity * HashSlot.count)
    owners.initialize(repeating: -1, count: capacity * HashSlot.count)
    func stream(_ purpose: String) -> RandomStream {
      RandomStream(
        StreamKey(seed: settings.seed, replication: settings.replication, entity: "cluster", purpose: purpose))
    }
    random = stream("choices")
    delays = stream("delays")
    var names = stream("names")
    for node in 0..<capacity { nodes[node].name = names.next() }
    form(ranges: ranges)
  }

  deinit {
    nodes.deinitialize(count: capacity)
    nodes.deallocate()
    clocks.deallocate()
    beliefs.deallocate()
    namedIn.deallocate()
    drawn.deallocate()
    owners.deallocate()
  }

  // MARK: Time

  /// The time of the last event, or what the cluster was advanced to.
  public private(set) var now = SimTime.zero

  /// Random draws so far.
  public var draws: UInt64 { random.draws &+ delays.draws }

  /// The nodes' clocks in milliseconds: they agree, as on machines with NTP.
  var nowMs: Int64 { Self.clockOrigin + now.nanoseconds / 1_000_000 }
  /// Clocks are far from zero at the start, so that "long ago" needs no special case; a whole number of seconds.
  static let clockOrigin: Int64 = 1_000_000_000

  /// Lets time pass up to and including `time`.
  public mutating func advance(through time: SimTime) {
    while let event = queue.popNext(through: time) { handle(event) }
    if time > now { now = time }
  }

  /// Handles the next event if there is one up to `time`; tells whether there was.
  public mutating func step(through time: SimTime) -> Bool {
    guard let event = queue.popNext(through: time) else {
      if time > now { now = time }
      return false
    }
    handle(event)
    return true
  }

  /// Moves the clock alone: part of a leap over a steady state.
  mutating func shiftNow(by span: SimDuration) { now += span }

  mutating func handle(_ event: ClusterEvent) {
    now = queue.now
    handledEvents += 1
    switch event {
    case .tick(let node, let incarnation):
      let index = Int(node)
      guard nodes[index].incarnation == incarnation else { return }
      digest.record(time: now, target: UInt32(node), kind: 0, draws: random.draws)
      if nodes[index].process == .running { tick(index) }
      scheduleTick(index)
    case .arrival(let place): deliver(place)
    case .goesOn(let node): readHeld(Int(node), before: .distantFuture)
    case .connected(let from, let to, let generation): connected(Int(from), Int(to), generation)
    case .hungUp(let from, let to, let generation): hungUp(Int(from), Int(to), generation)
    case .synced(let node): configurationSynced(Int(node))
    case .voteSynced(let from, let to): sendVote(Int(from), to: Int(to))
    case .replicate(let node): replicate(Int(node))
    case .loaded(let node, let generation): loaded(Int(node), generation)
    }
  }

  mutating func deliver(_ place: UInt32) {
    let message = slab.messages[Int(place)]
    digest.record(time: now, target: UInt32(message.receiver), kind: 1 + message.kind.rawValue, draws: random.draws)
    arrive(place)
  }

  mutating func scheduleTick(_ node: Int) {
    let late = delays.exponential(mean: timing.cronLatenessMean.seconds)
    queue.schedule(
      .tick(node: UInt16(node), incarnation: nodes[node].incarnation), at: now + timing.cronPeriod + .seconds(late))
  }

  // MARK: Views

  /// The clocks that `node` keeps about `peer`.
  @inline(__always)
  func clock(_ node: Int, _ peer: Int) -> UnsafeMutablePointer<PeerClock> { clocks + (node * capacity + peer) }

  /// What `node` believes about `peer`.
  @inline(__always)
  func belief(_ node: Int, _ peer: Int) -> UnsafeMutablePointer<PeerBelief> { beliefs + (node * capacity + peer) }

  /// Whether `peer` is a master in the view of `node`.
  @inline(__always)
  func isMaster(_ peer: Int, for node: Int) -> Bool { belief(node, peer).pointee.master < 0 }

  /// The master of `peer` in the view of `node`: itself if it is one.
  @inline(__always)
  func master(of peer: Int, for node: Int) -> Int {
    let master = belief(node, peer).pointee.master
    return master < 0 ? peer : Int(master)
  }

  /// The owner of a slot in the view of `node`.
  @inline(__always)
  func owner(of slot: Int, for node: Int) -> Int? {
    let owner = owners[node * HashSlot.count + slot]
    return owner < 0 ? nil : Int(owner)
  }

  // MARK: Forming

  private mutating func form(ranges: [ClosedRange<Int>]) {
    for node in 0..<nodeCount {
      for peer in 0..<nodeCount {
        clock(node, peer).pointee.flags = .known
        if peer >= settings.masters { belief(node, peer).pointee.master = Int32(peer % settings.masters) }
        belief(node, peer).pointee.configEpoch = peer < settings.masters ? Int64(peer + 1) : 0
        if peer < settings.masters, settings.replicasPerMaster > 0 {
          clock(node, peer).pointee.flags.insert(.migrateTo)
        }
      }
      nodes[node].currentEpoch = Int64(settings.masters)
      nodes[node].requiresFullCoverage = settings.requiresFullCoverage
      nodes[node].allowsReadsWhenDown = settings.allowsReadsWhenDown
      nodes[node].size = settings.masters
      nodes[node].updatesState = true
      let row = owners + node * HashSlot.count
      for (owner, range) in ranges.enumerated() {
        (row + range.lowerBound).update(repeating: Int16(owner), count: range.count)
        belief(node, owner).pointee.slotCount = Int32(range.count)
        belief(node, owner).pointee.cleanClaim = Int32(owner)
      }
    }
    claims = ranges.map { SlotClaim(slots: SlotSet([$0]), count: $0.count) }
    for master in 0..<settings.masters {
      nodes[master].replication.stream = openStream(writer: master, parent: -1, fork: 0)
    }
    for node in settings.masters..<nodeCount {
      let master = node % settings.masters
      nodes[node].replication.stream = nodes[master].replication.stream
      nodes[node].replication.isConnected = true
    }
    spreadHeartbeats()
  }

  /// Starts timers at random phases; links are up, and the last pongs lie between now and half a timeout ago.
  private mutating func spreadHeartbeats() {
    for node in 0..<nodeCount {
      for peer in 0..<nodeCount where peer != node {
        let age = Int64(random.below(UInt64(max(1, timeoutMs / 2))))
        clock(node, peer).pointee.link = .up
        clock(node, peer).pointee.pongReceived = nowMs - age
        belief(node, peer).pointee.dataReceived = nowMs - age
        belief(node, peer).pointee.linkSince = nowMs - 10 * timeoutMs
      }
      nodes[node].startedAt = nowMs - 1_000_000
      nodes[node].ticks = Int64(random.below(10))
      let phase = timing.cronPeriod.scaled(by: random.uniform())
      queue.schedule(.tick(node: UInt16(node), incarnation: 0), at: now + phase)
    }
  }
}

/// What happens inside a cluster.
enum ClusterEvent: BitwiseCopyable {
  /// A node's timer rings.
  case tick(node: UInt16, incarnation: UInt16)
  /// A message arrives.
  case arrival(UInt32)
  /// A process that stood still reads what came meanwhile.
  case goesOn(node: UInt16)
  /// A link that a node opened is there.
  case connected(from: UInt16, to: UInt16, generation: UInt32)
  /// A node learns that the other end of its link is closed.
  case hungUp(from: UInt16, to: UInt16, generation: UInt32)
  /// A candidate or winner has its configuration on disk.
  case synced(node: UInt16)
  /// A voter has its vote on disk.
  case voteSynced(from: UInt16, to: UInt16)
  /// A master's stream reaches its replicas.
  case replicate(node: UInt16)
  /// A replica has loaded its master's data.
  case loaded(node: UInt16, generation: UInt32)
}
