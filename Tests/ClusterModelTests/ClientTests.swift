import ClusterModel
import SimEngine
import Testing

@Suite("Clients")
struct ClientTests {
  /// Requests every millisecond from some clients, 9 writes to 1 read, while slots move and faults happen.
  private struct Load {
    var clients: [SlotMapClient]
    var random: RandomStream
    var waiting: [(at: SimTime, client: Int, request: ClientRequest)] = []
    var acknowledged: Int64 = 0

    init(_ cluster: borrowing Cluster, clients: Int, seed: UInt64 = 1) {
      self.clients = (0..<clients).map { client in
        SlotMapClient(
          cluster,
          stream: RandomStream(
            StreamKey(seed: seed, replication: 0, entity: "client/\(client)", purpose: "choices")))
      }
      random = RandomStream(StreamKey(seed: seed, replication: 0, entity: "load", purpose: "requests"))
    }

    mutating func tick(_ cluster: inout Cluster, keysPerSlot: Int) {
      let due = waiting.filter { $0.at <= cluster.now }
      waiting.removeAll { $0.at <= cluster.now }
      for entry in due { send(entry.request, by: entry.client, &cluster) }
      let request = ClientRequest(
        slot: random.below(16384), key: random.below(max(1, keysPerSlot)), isWrite: random.chance(0.9))
      send(request, by: random.below(clients.count), &cluster)
    }

    private mutating func send(_ request: ClientRequest, by client: Int, _ cluster: inout Cluster) {
      var request = request
      switch clients[client].attempt(&request, at: &cluster) {
      case .wait(let delay): waiting.append((cluster.now + delay, client, request))
      case .served: if request.isWrite { acknowledged += 1 }
      case .failed: break
      }
    }

    var total: ClientCounts {
      clients.reduce(into: ClientCounts()) { sum, client in
        sum.served += client.counts.served
        sum.failed += client.counts.failed
        sum.moved += client.counts.moved
        sum.asked += client.counts.asked
        sum.clusterDown += client.counts.clusterDown
        sum.unanswered += client.counts.unanswered
      }
    }
  }

  @Test("a reshard under load moves every slot at redis-cli's pace, redirects clients, and loses nothing")
  func reshard() throws {
    var settings = ClusterSettings()
    settings.nodeTimeoutMs = 5000
    var cluster = try Cluster(settings)
    cluster.advance(through: .seconds(10))
    let owners = try ClusterLayout(masters: 3).owners
    let plan = try SlotPlan(resharding: owners, count: 1000, to: 0)
    var mover = SlotMover(plan, keysPerSlot: 9, start: cluster.now)
    var load = Load(cluster, clients: 10)
    let start = cluster.now
    var finished = start
    while cluster.now < start + .seconds(12) {
      let next = cluster.now + .milliseconds(1)
      while let step = mover.nextStep, step <= next {
        cluster.advance(through: step)
        try mover.step(&cluster)
        finished = cluster.now
      }
      cluster.advance(through: next)
      load.tick(&cluster, keysPerSlot: 9)
    }
    #expect(mover.movedSlots == 1000)
    #expect(mover.movedKeys == 9000)
    // Measured: 190 slots a second.
    let slotsPerSecond = 1000 / (finished - start).seconds
    #expect(slotsPerSecond > 171 && slotsPerSecond < 209, "\(slotsPerSecond)")
    #expect(load.total.failed == 0)
    #expect(load.total.moved > 50 && load.total.asked < 30)
    #expect(cluster.writes.acknowledged == load.acknowledged)
    #expect(cluster.writes.lost == 0)
    cluster.advance(through: cluster.now + .seconds(5))
    #expect(cluster.isConverged == true)
    #expect(cluster.servedSlots(0) == 6461)
    #expect(cluster.brokenCount() == nil)
  }

  @Test("clients are refused while a master is dead and come back by themselves once it is replaced")
  func failover() throws {
    var settings = ClusterSettings()
    settings.nodeTimeoutMs = 1000
    var cluster = try Cluster(settings)
    cluster.advance(through: .seconds(10))
    var load = Load(cluster, clients: 5)
    cluster.kill(1)
    for _ in 0..<10_000 {
      cluster.advance(through: cluster.now + .milliseconds(1))
      load.tick(&cluster, keysPerSlot: 1)
    }
    #expect(load.total.unanswered > 0)
    #expect(load.total.clusterDown > 0)
    let failed = load.total.failed
    for _ in 0..<5000 {
      cluster.advance(through: cluster.now + .milliseconds(1))
      load.tick(&cluster, keysPerSlot: 1)
    }
    #expect(load.total.failed == failed)
    #expect(load.waiting.isEmpty)
    #expect(cluster.writes.acknowledged == load.acknowledged)
  }

  @Test("a MIGRATE that blocks for longer than the node timeout gets its master replaced")
  func bigKey() throws {
    // Both ends are blocked: with three masters nobody would be left to agree.
    var settings = ClusterSettings()
    settings.masters = 5
    settings.nodeTimeoutMs = 1000
    var cluster = try Cluster(settings)
    cluster.advance(through: .seconds(10))
    var timing = MigrationTiming()
    timing.keyBytes = 500e6
    timing.pipeline = 1
    var plan = SlotPlan()
    plan.moves = [SlotMove(slot: 0, source: 0, destination: 1)]
    var mover = SlotMover(plan, keysPerSlot: 1, timing: timing, start: cluster.now)
    var refusal: CommandError?
    while let step = mover.nextStep {
      cluster.advance(through: step)
      do throws(CommandError) { try mover.step(&cluster) } catch { refusal = error }
    }
    cluster.advance(through: .seconds(60))
    #expect(cluster.events.count { $0.kind == .electionWon } == 2)
    #expect(refusal == CommandError("Please use SETSLOT only with masters."))
    #expect(cluster.isConverged == true)
  }
}
