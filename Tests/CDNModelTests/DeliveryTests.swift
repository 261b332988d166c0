import CDNModel
import Testing

@Suite("Placement, servers, tiers and money")
struct DeliveryTests {
  static func candidate(_ title: Int, _ served: Double, _ bytes: Int64) -> PlacementCandidate {
    PlacementCandidate(title: title, representation: 0, expectedBytesServed: served, storedBytes: bytes)
  }

  @Test("a fill keeps what the target keeps, brings the densest files first and ends with the window")
  func fillPlan() {
    let candidates = [
      DeliveryTests.candidate(0, 1000, 100), DeliveryTests.candidate(1, 800, 100),
      DeliveryTests.candidate(2, 600, 100), DeliveryTests.candidate(3, 10, 100), DeliveryTests.candidate(4, 5, 100),
    ]
    var placed = PlacedTitles(filling: 300, from: [candidates[0], candidates[3], candidates[4]])
    let window = FillWindow(startSecond: 7200, lengthSeconds: 100, bitsPerSecond: 8)
    #expect(window.bytes == 100)
    let plan = FillPlan(from: placed, candidates: candidates, capacityBytes: 300, window: window)
    #expect(plan.steps.map(\.file.title) == [1])
    #expect(plan.steps[0].withdrawals.map(\.title) == [4])
    #expect(plan.steps[0].arrivalNanoseconds == 100_000_000_000)
    #expect(plan.fillBytes == 100 && plan.missedBytes == 100 && plan.kept == 1)
    plan.apply(to: &placed, candidates: candidates)
    #expect(placed.storedBytes == 300)
    #expect(placed.contains(candidates[1].file) && placed.contains(candidates[3].file))
    #expect(!placed.contains(candidates[4].file))
  }

  @Test("a window that passes midnight is open on both sides of it")
  func window() {
    let window = FillWindow(startSecond: 79_200, lengthSeconds: 14_400, bitsPerSecond: 1_200_000_000)
    #expect(window.contains(second: 80_000) && window.contains(second: 86_400 + 7000))
    #expect(!window.contains(second: 86_400 + 7200) && !window.contains(second: 79_199))
    #expect(window.bytes == 2_160_000_000_000)
  }

  @Test("forecasters: the last window repeats, the average fades, the oracle knows")
  func forecasters() {
    let file = SegmentKey.wholeFile(title: 1, representation: 0)
    let days: [[FileDemand]] = [[FileDemand(file: file, bytes: 100)], [], [FileDemand(file: file, bytes: 40)]]
    var last = LastWindowForecaster()
    var average = AverageForecaster(weight: 0.5)
    var oracle = OracleForecaster(periods: days)
    #expect(oracle.expectedBytes(file) == 100)
    last.observe(days[0])
    average.observe(days[0])
    oracle.observe(days[0])
    #expect(last.expectedBytes(file) == 100 && average.expectedBytes(file) == 100 && oracle.expectedBytes(file) == 0)
    last.observe(days[1])
    average.observe(days[1])
    oracle.observe(days[1])
    #expect(last.expectedBytes(file) == 0 && average.expectedBytes(file) == 50 && oracle.expectedBytes(file) == 40)
    average.observe(days[2])
    #expect(average.expectedBytes(file) == 0.5 * 50 + 0.5 * 40)
  }

  @Test("copies follow popularity as far as the storage goes")
  func replicas() {
    let candidates = [
      DeliveryTests.candidate(0, 800, 10), DeliveryTests.candidate(1, 100, 10), DeliveryTests.candidate(2, 50, 10),
    ]
    #expect(ReplicaCounts.proportional(candidates: candidates, servers: 8, storageBytes: 100) == [8, 1, 1])
    #expect(ReplicaCounts.proportional(candidates: candidates, servers: 20, storageBytes: 100) == [8, 1, 1])
    #expect(ReplicaCounts.proportional(candidates: candidates, servers: 8, storageBytes: 20) == [1, 1, 0])
    #expect(ReplicaCounts.proportional(candidates: candidates, servers: 1, storageBytes: 100) == [1, 1, 1])
    // Ten bytes are kept for copies, so the last file has no room.
    #expect(
      ReplicaCounts.proportional(candidates: candidates, servers: 8, storageBytes: 30, copyShare: 0.34) == [2, 1, 0])
  }

  @Test("a failed server moves only its own objects, and a bound holds the fullest server near the mean")
  func ring() throws {
    var ring = ServerRing(servers: 10)
    let keys = (0..<5000).map { SegmentKey(title: $0, representation: 0, segment: 3) }
    let before = keys.map { ring.server(for: $0) }
    ring.setUp(false, server: 4)
    for (key, owner) in zip(keys, before) {
      let now = ring.server(for: key)
      if owner != 4 { #expect(now == owner) } else { #expect(now != 4 && now != nil) }
    }
    ring.setUp(true, server: 4)
    #expect(keys.map { ring.server(for: $0) } == before)
    // One very hot object: without a bound a single server would take half of the load.
    for index in 0..<4000 {
      let key = index % 2 == 0 ? keys[0] : keys[index]
      let server = try #require(ring.server(for: key, loadFactor: 1.25))
      ring.start(on: server)
      #expect(Double(ring.load(of: server)) <= (1.25 * Double(index + 1) / 10).rounded(.up))
    }
    #expect(ring.imbalance <= 1.26)
    ring.end(on: 0)
    for server in 0..<10 { ring.setUp(false, server: server) }
    #expect(ring.server(for: keys[0]) == nil && ring.server(for: keys[0], loadFactor: 1.25) == nil)
  }

  @Test("money adds up and offload counts bytes that did not come from the origin")
  func cost() {
    var volume = DeliveryVolume()
    volume.egressBytes = 100_000_000_000
    volume.midgressBytes = 20_000_000_000
    volume.originBytes = 5_000_000_000
    volume.fillBytes = 10_000_000_000
    volume.diskWriteBytes = 30_000_000_000
    volume.storedByteSeconds = 1e12 * 30 * 86_400
    volume.deliveredHours = 40
    #expect(volume.originOffload == 0.95)
    let cost = DeliveryCost(volume)
    #expect(abs(cost.egress - 8.5) < 1e-12 && abs(cost.midgress - 0.4) < 1e-12 && abs(cost.storage - 20) < 1e-9)
    #expect(abs(cost.total - (8.5 + 0.4 + 0.05 + 20 + 0.009)) < 1e-9)
    #expect(abs(cost.perDeliveredHour - cost.total / 40) < 1e-12)
    #expect(DeliveryCost(DeliveryVolume()).perDeliveredHour == 0 && DeliveryVolume().originOffload == 0)
  }

  @Test("an object rises from disk into memory on the hit that the rule names", arguments: [1, 2])
  func tiers(hits: Int) throws {
    var memory = MemoryCopies(capacityBytes: 100, promotionHits: hits)
    let key = SegmentKey(title: 1, representation: 0, segment: 0)
    for _ in 0..<hits {
      let isThere = memory.lookup(key)
      #expect(!isThere)
      memory.foundOnDisk(key, bytes: 60)
    }
    var isThere = memory.lookup(key)
    #expect(isThere)
    // Another object has no room beside it; a restart forgets copies and half-earned promotions.
    for _ in 0..<hits { memory.foundOnDisk(SegmentKey(title: 2, representation: 0, segment: 0), bytes: 60) }
    isThere = memory.lookup(key)
    #expect(!isThere)
    memory.foundOnDisk(key, bytes: 60)
    memory.removeAll()
    #expect(memory.residentBytes == 0)
    for _ in 1..<hits { memory.foundOnDisk(key, bytes: 60) }
    isThere = memory.lookup(key)
    #expect(!isThere)
    try memory.validate()
  }

  @Test("a copy is fresh until its time to live is over, objects without one always")
  func freshness() {
    var table = FreshnessTable()
    let key = SegmentKey(title: 1, representation: 0, segment: 0)
    var fresh = table.isFresh(key, now: 10)
    #expect(fresh)
    table.store(key, now: 10, timeToLive: 5)
    fresh = table.isFresh(key, now: 14)
    #expect(fresh)
    fresh = table.isFresh(key, now: 15)
    #expect(!fresh)
    table.store(key, now: 15, timeToLive: .max)
    fresh = table.isFresh(key, now: .max - 1)
    #expect(fresh)
    table.forget(key)
    fresh = table.isFresh(key, now: 100)
    #expect(fresh)
    #expect(table.count == 0)
  }

  @Test("scopes map a segment to its key, and prefetch stops at the end of the file")
  func scopes() {
    let segment = SegmentKey(title: 3, representation: 1, segment: 5)
    #expect(SegmentScope.segment.key(for: segment) == segment)
    #expect(SegmentScope.file.key(for: segment) == segment.file)
    #expect(SegmentScope.title.key(for: segment) == segment.wholeTitle)
    #expect(SegmentScope.prefix(count: 6).key(for: segment) == segment)
    #expect(SegmentScope.prefix(count: 5).key(for: segment) == nil)
    #expect(SegmentPrefetch(depth: 3).targets(after: segment, segments: 8).map(\.segment) == [6, 7])
    #expect(SegmentPrefetch(depth: 0).targets(after: segment, segments: 8).isEmpty)
  }
}
