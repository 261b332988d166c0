public import SimEngine

/// A search cluster: a query fans out to one replica of every shard and waits for the slowest.
///
///     query --> shard 0: replica a | b  [queue -> threads] --.
///           --> shard 1: replica a | b                     --+-- all answered --> merge --> reply
///           --> ...        (hedge: ask the other one too)  --'
///
/// The tail grows with the fan-out: all k shards are fast with probability F(t)^k (Dean and Barroso, "The tail at
/// scale", CACM 56, 2013). A hedge asks a second replica and takes what comes first; what comes second was in vain.
public struct SearchCluster: Sendable {
  /// What the cluster asks to be told at a later time.
  public enum Timer: BitwiseCopyable, Hashable, Sendable {
    /// A thread of a replica.
    case replica(UInt16, StationTimer)
    /// Some shards have not answered a query.
    case hedge(query: UInt32)
  }

  /// A query in progress; it stays until its last sub-query is done, even when it has been answered.
  struct Query: BitwiseCopyable, Sendable {
    var ticket: UInt64
    var arrived: SimTime
    /// Shards that have neither answered nor been given up, one bit each.
    var awaited: UInt64
    var outstanding: UInt16
    var shardsLost: UInt8
    var isOver: Bool
    var wasRejected: Bool
    var hedge: EventHandle
  }

  struct Replica: Sendable {
    var station: QueueingStation
    var isUp = true
    var slowness = RampedLevel(1)
  }

  /// The settings.
  public let settings: SearchSettings
  /// Replicas by shard, `settings.replicas` in a row.
  var replicas: [Replica]
  private var turns: [UInt8]
  var queries: [Query] = []
  var freeQueries: [UInt32] = []
  /// The replica that each shard of each query was given to first.
  private var holders: [UInt16] = []
  var record = CallRecord()
  private var service: ServiceSampler
  private var merge: ServiceSampler
  /// Queries that were answered without some shard.
  public private(set) var partialAnswers: Int64 = 0

  /// A cluster at time zero.
  public init(_ settings: SearchSettings, streams: (_ purpose: String) -> RandomStream) {
    self.settings = settings
    let station = QueueingStation(
      .init(servers: settings.threads, queueLimit: settings.queueLimit, isInterruptible: true))
    replicas = Array(repeating: Replica(station: station), count: settings.shards * settings.replicas)
    turns = Array(repeating: 0, count: settings.shards)
    service = ServiceSampler(settings.service, streams("search service"))
    merge = ServiceSampler(settings.merge, streams("search merge"))
  }

  // MARK: - Calls

  /// Runs a query.
  public mutating func query(_ ticket: UInt64, _ queue: inout BackendQueue, _ replies: inout [BackendReply]) {
    record.arrive()
    let all = settings.shards == 64 ? UInt64.max : (1 << UInt64(settings.shards)) - 1
    let query = Query(
      ticket: ticket, arrived: queue.now, awaited: all, outstanding: 0, shardsLost: 0, isOver: false,
      wasRejected: false, hedge: .none)
    let number: UInt32
    if let free = freeQueries.popLast() {
      number = free
      queries[Int(free)] = query
    } else {
      number = UInt32(queries.count)
      queries.append(query)
      holders.append(contentsOf: repeatElement(0, count: settings.shards))
    }
    for shard in 0..<settings.shards { ask(shard, for: number, except: nil, &queue) }
    if settings.hedgeAfter > .zero {
      queries[Int(number)].hedge = queue.scheduleCancellable(
        .search(.hedge(query: number)), after: settings.hedgeAfter)
    }
    answerIfComplete(number, &queue, &replies)
  }

  /// Asks the least busy replica of a shard that is up; without one the shard is given up.
  private mutating func ask(_ shard: Int, for number: UInt32, except: Int?, _ queue: inout BackendQueue) {
    let isHedge = except != nil
    guard let replica = leastBusy(shard, except: except) else {
      if !isHedge { giveUp(shard, for: number) }
      return
    }
    let work = service.draw(slowness: replicas[replica].slowness.value(at: queue.now))
    let job = StationJob(tag: UInt64(shard) << 32 | UInt64(number), work: work)
    if replicas[replica].station.submit(job, &queue, { .search(.replica(UInt16(replica), $0)) }) == .rejected {
      guard !isHedge else { return }
      queries[Int(number)].wasRejected = true
      giveUp(shard, for: number)
    } else {
      queries[Int(number)].outstanding += 1
      if isHedge {
        record.attemptAgain()
      } else {
        holders[Int(number) * settings.shards + shard] = UInt16(replica)
      }
    }
  }

  private mutating func giveUp(_ shard: Int, for number: UInt32) {
    queries[Int(number)].awaited &= ~(1 << UInt64(shard))
    queries[Int(number)].shardsLost += 1
  }

  /// The replica with the fewest queries; among equals they take turns.
  private mutating func leastBusy(_ shard: Int, except: Int?) -> Int? {
    let first = shard * settings.replicas
    let turn = Int(turns[shard])
    var best: Int?
    var fewest = Int.max
    for offset in 0..<settings.replicas {
      let replica = first + (turn + offset) % settings.replicas
      guard replicas[replica].isUp, replica != except else { continue }
      let load = replicas[replica].station.servingCount + replicas[replica].station.waitingCount
      if load < fewest {
        best = replica
        fewest = load
      }
    }
    turns[shard] = UInt8((turn + 1) % settings.replicas)
    return best
  }

  private mutating func answerIfComplete(
    _ number: UInt32, _ queue: inout BackendQueue, _ replies: inout [BackendReply]
  ) {
    let query = queries[Int(number)]
    guard !query.isOver, query.awaited == 0 else { return }
    queries[Int(number)].isOver = true
    queue.cancel(query.hedge)
    var outcome = CallOutcome.served
    if query.shardsLost > 0 {
      if settings.allowsPartial, Int(query.shardsLost) < settings.shards {
        partialAnswers += 1
      } else {
        outcome = query.wasRejected ? .rejected : .unavailable
      }
    }
    let at = queue.now + settings.roundTrip + (outcome == .served ? merge.draw() : .zero)
    record.end(outcome, after: at - query.arrived)
    replies.append(BackendReply(ticket: query.ticket, outcome: outcome, at: at))
    releaseIfDone(number)
  }

  private mutating func releaseIfDone(_ number: UInt32) {
    if queries[Int(number)].isOver, queries[Int(number)].outstanding == 0 { freeQueries.append(number) }
  }

  // MARK: - Time

  /// Handles a timer of the cluster.
  public mutating func handle(_ timer: Timer, _ queue: inout BackendQueue, _ replies: inout [BackendReply]) {
    switch timer {
    case .replica(let replica, let timer):
      let departure = replicas[Int(replica)].station.handle(timer, &queue) { .search(.replica(replica, $0)) }
      let number = UInt32(truncatingIfNeeded: departure.job.tag)
      queries[Int(number)].outstanding -= 1
      queries[Int(number)].awaited &= ~(1 << (departure.job.tag >> 32))
      if queries[Int(number)].isOver { releaseIfDone(number) } else { answerIfComplete(number, &queue, &replies) }
    case .hedge(let number):
      var awaited = queries[Int(number)].awaited
      while awaited != 0 {
        let shard = awaited.trailingZeroBitCount
        awaited &= awaited - 1
        ask(shard, for: number, except: Int(holders[Int(number) * settings.shards + shard]), &queue)
      }
    }
  }

  // MARK: - Failures

  /// A replica dies: its queries go to another replica of its shard at once, if one is up.
  public mutating func failReplica(
    shard: Int, replica: Int, _ queue: inout BackendQueue, _ replies: inout [BackendReply]
  ) {
    let index = shard * settings.replicas + replica
    guard replicas[index].isUp else { return }
    replicas[index].isUp = false
    for departure in replicas[index].station.interruptAll(&queue) {
      let number = UInt32(truncatingIfNeeded: departure.job.tag)
      queries[Int(number)].outstanding -= 1
      if queries[Int(number)].isOver || queries[Int(number)].awaited & (1 << UInt64(shard)) == 0 {
        releaseIfDone(number)
      } else {
        ask(shard, for: number, except: nil, &queue)
        answerIfComplete(number, &queue, &replies)
      }
    }
  }

  /// A replica comes back, empty.
  public mutating func returnReplica(shard: Int, replica: Int) {
    replicas[shard * settings.replicas + replica].isUp = true
  }

  /// Makes all replicas of a shard `factor` times slower, over a ramp; 1 is normal.
  public mutating func slowDown(shard: Int, to factor: Double, at now: SimTime, ramp: SimDuration = .zero) {
    for replica in 0..<settings.replicas {
      replicas[shard * settings.replicas + replica].slowness.move(to: factor, at: now, ramp: ramp)
    }
  }

  /// Random draws so far.
  public var draws: UInt64 { service.stream.draws &+ merge.stream.draws }
}
