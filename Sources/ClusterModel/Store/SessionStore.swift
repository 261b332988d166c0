// A cluster with its clients: commands go in, replies come out, and faults and reshards happen meanwhile.

public import SimEngine

/// A command to the store: one read or write of one key.
public struct StoreCommand: BitwiseCopyable, Sendable {
  /// What the sender knows it by; it comes back with the reply.
  public var token: UInt64
  /// Which client sends it: an instance of the gateway.
  public var instance: UInt16
  /// Whether it writes.
  public var isWrite: Bool
  /// The key's number, from 0; its name is `resume:` and the number.
  public var key: UInt64

  /// A command.
  public init(token: UInt64, instance: Int, key: UInt64, isWrite: Bool) {
    self.token = token
    self.instance = UInt16(instance)
    self.key = key
    self.isWrite = isWrite
  }
}

/// The reply to a command.
public struct StoreReply: BitwiseCopyable, Sendable {
  /// The command's.
  public var token: UInt64
  /// When the client has it.
  public var at: SimTime
  /// Whether the command was served; otherwise the client gave up.
  public var isServed: Bool
  /// Whether it wrote.
  public var isWrite: Bool
}

/// A session store: a cluster, its clients, and what happens to them.
///
///     var store = try SessionStore(settings, key: key, horizon: end)
///     store.submit(StoreCommand(token: 1, instance: 0, key: viewer, isWrite: true), at: now)
///     while let next = store.nextEventTime, next < limit { store.advance(through: next) }
///     store.takeReplies(into: &replies)
///
/// The owner says how far time goes; nothing comes out between `nextEventTime`s. Clients keep slot maps of their own
/// and follow redirections (`SlotMapClient`); each hop takes the way to the node, its queue, its service, and the way
/// back. A node that stands still keeps commands until it goes on or their clients give up. Operations are in +Operations, reshards in +Reshard, what is measured in +Measures.
public struct SessionStore: ~Copyable {
  /// What it was built from.
  public let settings: StoreSettings
  /// The cluster.
  public internal(set) var cluster: Cluster
  var clients: [SlotMapClient]
  var queue = EventQueue<UInt32>()
  private var pending: [PendingCommand] = []
  private var free: [UInt32] = []
  private var replies: [StoreReply] = []
  /// Until when each node works on what it was sent.
  var busyUntil: [SimTime]
  /// Commands in the sockets of nodes that stand still, in the order in which they came.
  private var held: [[UInt32]]
  private var heldCount = 0
  private let service: SimDuration
  private let busyTime: SimDuration
  private let keysPerSlot: Int32

  var agenda = StoreAgenda()
  var reshards: [Reshard] = []
  var operationStream: RandomStream
  var measures: StoreMeasures
  /// The end of the run: a quiet stretch is not skipped beyond it.
  let horizon: SimTime
  /// When something was last done to the cluster.
  var disturbedAt = SimTime.zero
  /// The time reached.
  public private(set) var now = SimTime.zero

  /// The end of the stretch that was skipped; commands meet the cluster as it stands meanwhile.
  var restsUntil = SimTime.zero
  private var restLookAt = SimTime.zero
  private var restingWrites: [Int64]

  /// A store in its steady state.
  ///
  /// - Parameters:
  ///   - key: names its random streams.
  ///   - horizon: when the run ends.
  /// - Throws: `PlanRefusal` with the reason if the settings make no store.
  public init(_ settings: StoreSettings, key: StreamKey, horizon: SimTime) throws(PlanRefusal) {
    try settings.check()
    var sized = settings.sized
    sized.seed = key.bits
    sized.replication = 0
    let cluster = try Cluster(sized)
    self.settings = settings
    self.horizon = horizon
    var clients: [SlotMapClient] = []
    for instance in 0..<settings.instances {
      clients.append(SlotMapClient(cluster, stream: RandomStream(key.child(UInt64(instance) + 1))))
    }
    self.clients = clients
    let room = sized.nodes + sized.spareNodes
    self.cluster = cluster
    busyUntil = [SimTime](repeating: .zero, count: room)
    held = [[UInt32]](repeating: [], count: room)
    restingWrites = [Int64](repeating: 0, count: room)
    service = settings.service
    busyTime = settings.service.scaled(by: 1 / settings.loadShare)
    keysPerSlot = Int32(clamping: max(1, settings.keys / Int64(HashSlot.count)))
    operationStream = RandomStream(key.child(0))
    measures = StoreMeasures()
    for index in settings.operations.indices { agenda.add(.operation(index), at: settings.operations[index].at) }
    // Clocks of fresh clusters have independent ages; it takes some timeouts before their traffic is what it will be.
    restLookAt = .zero + .milliseconds(8 * settings.cluster.nodeTimeoutMs)
    lookAtCoverage()
  }

  // MARK: Time

  /// When something may come out next: a reply is decided, or an operation is due.
  public var nextEventTime: SimTime? {
    mutating get {
      guard let hop = queue.nextTime() else { return agenda.nextTime }
      return agenda.nextTime.map { min($0, hop) } ?? hop
    }
  }

  /// Lets time pass up to and including `time`.
  public mutating func advance(through time: SimTime) {
    while let next = nextEventTime, next <= time {
      advanceCluster(through: next)
      if let due = agenda.nextTime, due <= next {
        let item = agenda.removeFirst()
        perform(item)
        releaseHeld()
        readEvents()
      } else if let place = queue.popNext(through: next) {
        hop(place, at: next)
      }
    }
    advanceCluster(through: time)
  }

  /// Brings the cluster up to a moment, unless it rests; looks whether it may.
  mutating func advanceCluster(through time: SimTime) {
    guard time >= now else { return }
    now = time
    if time < restsUntil { return }
    if restsUntil > .zero { wake() }
    while cluster.step(through: time) {
      if cluster.events.count > 0 { readEvents() }
    }
    if settings.leapsOverRest, time >= restLookAt { restIfQuiet() }
  }

  /// Skips what lies between now and the next operation, if nothing happens meanwhile.
  private mutating func restIfQuiet() {
    let timeout = SimDuration.milliseconds(settings.cluster.nodeTimeoutMs)
    restLookAt = now + max(timeout, .seconds(1))
    let end = min(agenda.nextTime ?? horizon, horizon)
    guard end - now > timeout * 4, reshards.allSatisfy(\.isDone), cluster.isAtRest else { return }
    measures.restBegins(at: now, until: end, sent: cluster.sent)
    let hasLeapt = cluster.leapOverRest(until: end)
    readEvents()
    measures.restSent = cluster.sent
    restsUntil = cluster.now > now ? cluster.now : .zero
    if !hasLeapt { measures.restEnds() }
  }

  /// The skipped stretch is over: what was written in it is everywhere.
  private mutating func wake() {
    restsUntil = .zero
    measures.restEnds()
    for node in 0..<cluster.nodeCount where restingWrites[node] > 0 {
      cluster.absorb(writes: restingWrites[node], at: node)
      restingWrites[node] = 0
    }
  }

  // MARK: Commands

  /// A client sends a command.
  ///
  /// - Precondition: `at` is not before the time reached, and there is such a client.
  public mutating func submit(_ command: StoreCommand, at time: SimTime) {
    let slot = HashSlot(resumeKey: command.key).index
    var request = ClientRequest(
      slot: slot, key: Int(command.key >> 14 % UInt64(keysPerSlot)), isWrite: command.isWrite)
    clients[Int(command.instance)].choose(&request, cluster)
    let entry = PendingCommand(token: command.token, instance: command.instance, request: request, sentAt: time)
    let place: UInt32
    if let reused = free.popLast() {
      place = reused
      pending[Int(place)] = entry
    } else {
      place = UInt32(pending.count)
      pending.append(entry)
    }
    queue.schedule(place, at: time + settings.clientLatency)
  }

  /// A command reaches the node that it is sent to, or its time to wait there is over.
  private mutating func hop(_ place: UInt32, at time: SimTime) {
    switch pending[Int(place)].stage {
    case .travelling: break
    case .held(let since): return giveUpWaiting(place, since: since, at: time)
    case .confirming(let write, let since): return lookForConfirmations(place, of: write, since: since, at: time)
    }
    let client = Int(pending[Int(place)].instance)
    let node = Int(pending[Int(place)].request.target)
    let isWrite = pending[Int(place)].request.isWrite
    guard clients[client].reaches(node, of: cluster) else {
      if cluster.isFrozen(node), !clients[client].unreachable.contains(node) { return hold(place, at: node, time) }
      let step = clients[client].noAnswer(&pending[Int(place)].request, cluster)
      return follow(step, place, answeredAt: time + settings.clientLatency)
    }
    if isWrite, cluster.holdsWrites(node) {
      // Writes wait for the end of a handover.
      queue.schedule(place, at: time + .milliseconds(5))
      return
    }
    let start = max(time, busyUntil[node])
    busyUntil[node] = start + busyTime
    var answeredAt = start + service + settings.clientLatency
    let answer: Redirection
    if restsUntil > .zero {
      answer = cluster.answer(to: pending[Int(place)].request, at: node)
      if answer == .serve, isWrite {
        restingWrites[node] += 1
        cluster.countWrite()
        if settings.replicasAwaited > 0 { answeredAt += cluster.confirmationTime(of: node) }
      }
    } else if isWrite, settings.replicasAwaited > 0 {
      let served = cluster.serveUntold(pending[Int(place)].request, at: node)
      if let write = served.write {
        pending[Int(place)].stage = .confirming(write, since: start + service)
        queue.schedule(place, at: start + service + cluster.confirmationTime(of: node))
        return
      }
      answer = served.answer
    } else {
      answer = cluster.serve(pending[Int(place)].request, at: node)
    }
    follow(clients[client].react(to: answer, &pending[Int(place)].request, cluster), place, answeredAt: answeredAt)
  }

  private mutating func follow(_ step: ClientStep, _ place: UInt32, answeredAt: SimTime) {
    switch step {
    case .served: finish(place, at: answeredAt, isServed: true)
    case .failed: finish(place, at: answeredAt, isServed: false)
    case .again(let pause): queue.schedule(place, at: answeredAt + pause + settings.clientLatency)
    }
  }

  // MARK: Nodes that stand still

  /// A command waits in the socket of a node that does not read.
  private mutating func hold(_ place: UInt32, at node: Int, _ time: SimTime) {
    let timeout = clients[Int(pending[Int(place)].instance)].answerTimeout
    pending[Int(place)].stage = .held(since: time)
    pending[Int(place)].patience = queue.scheduleCancellable(place, at: time + timeout)
    held[node].append(place)
    heldCount += 1
  }

  /// The client of a waiting command asks elsewhere.
  private mutating func giveUpWaiting(_ place: UInt32, since: SimTime, at time: SimTime) {
    let node = Int(pending[Int(place)].request.target)
    held[node].removeAll { $0 == place }
    heldCount -= 1
    pending[Int(place)].stage = .travelling
    let client = Int(pending[Int(place)].instance)
    let step = clients[client].gaveUpWaiting(&pending[Int(place)].request, cluster)
    follow(step, place, answeredAt: time)
  }

  /// Nodes that go on read commands and the bus in the order in which things came; dead ones refuse.
  private mutating func releaseHeld() {
    guard heldCount > 0 else { return }
    for node in held.indices where !held[node].isEmpty && !cluster.isFrozen(node) {
      let places = held[node]
      held[node] = []
      heldCount -= places.count
      for place in places {
        if case .held(let since) = pending[Int(place)].stage { cluster.readHeld(node, before: since) }
        if let patience = pending[Int(place)].patience { _ = queue.cancel(patience) }
        pending[Int(place)].stage = .travelling
        hop(place, at: now)
      }
    }
  }

  // MARK: WAIT

  /// A write is acknowledged once enough replicas have it.
  private mutating func lookForConfirmations(
    _ place: UInt32, of write: WriteIdentity, since: SimTime, at time: SimTime
  ) {
    let node = Int(pending[Int(place)].request.target)
    let client = Int(pending[Int(place)].instance)
    let isThere = clients[client].reaches(node, of: cluster)
    if isThere, cluster.confirmations(of: write, by: node) >= settings.replicasAwaited {
      cluster.acknowledge(write)
      let step = clients[client].react(to: .serve, &pending[Int(place)].request, cluster)
      return follow(step, place, answeredAt: time + settings.clientLatency)
    }
    let deadline = since + settings.waitTimeout
    guard time < deadline else {
      // WAIT tells a smaller number, or the connection is gone: the write may last, but nobody promises it.
      measures.totals.unconfirmedWrites += 1
      return finish(place, at: time + settings.clientLatency, isServed: false)
    }
    // Looked at ever more seldom, a quarter of the time that has passed apart.
    let pause = max(cluster.confirmationTime(of: node).scaled(by: 0.5), (time - since).scaled(by: 0.25))
    queue.schedule(place, at: min(deadline, time + max(pause, .microseconds(10))))
  }

  private mutating func finish(_ place: UInt32, at time: SimTime, isServed: Bool) {
    let command = pending[Int(place)]
    free.append(place)
    measures.replied(after: time - command.sentAt, isWrite: command.request.isWrite, isServed: isServed)
    replies.append(
      StoreReply(token: command.token, at: time, isServed: isServed, isWrite: command.request.isWrite))
  }

  /// Hands over the replies that were decided, in order; their times may lie ahead.
  ///
  /// - Parameter buffer: takes the place of what it held.
  public mutating func takeReplies(into buffer: inout [StoreReply]) {
    buffer.removeAll(keepingCapacity: true)
    swap(&buffer, &replies)
  }

  /// Commands that wait for their replies.
  public var commandsInFlight: Int { pending.count - free.count }

  /// Random draws so far, of the cluster, the clients and the operations.
  public var draws: UInt64 {
    clients.reduce(cluster.draws &+ operationStream.draws) { $0 &+ $1.draws }
  }

  // MARK: Events

  /// Takes over what happened in the cluster.
  mutating func readEvents() {
    guard !cluster.events.isEmpty else { return }
    var changesCoverage = false
    for event in cluster.events {
      measures.read(event)
      if event.kind == .electionWon, let master = event.subject { followElection(of: event.node, over: master) }
      changesCoverage = changesCoverage || event.kind.mayChangeCoverage
    }
    cluster.clearEvents()
    if changesCoverage { lookAtCoverage() }
  }

  mutating func lookAtCoverage() {
    measures.cover(slots: cluster.coveredSlots(), at: max(cluster.now, now))
  }
}

/// A command on its way.
private struct PendingCommand: BitwiseCopyable {
  var token: UInt64
  var instance: UInt16
  var request: ClientRequest
  var sentAt: SimTime
  var stage = CommandStage.travelling
  /// The end of its client's patience, while it is held.
  var patience: EventHandle?
}

/// Where a command is.
private enum CommandStage: BitwiseCopyable {
  case travelling
  /// In the socket of a node that stands still.
  case held(since: SimTime)
  /// Done at the master, which waits for its replicas' word.
  case confirming(WriteIdentity, since: SimTime)
}

extension HashSlot {
  /// The slot of the key `resume:` and a number.
  public init(resumeKey number: UInt64) {
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var count = 0
    var rest = number
    repeat {
      digits[count] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
      count += 1
    } while rest > 0
    var checksum = CRC16.resumePrefix
    while count > 0 {
      count -= 1
      checksum = CRC16.adding(digits[count], to: checksum)
    }
    self.init(Int(checksum) & (HashSlot.count - 1))
  }
}
