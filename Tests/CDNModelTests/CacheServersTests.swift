import CDNModel
import Testing

@Suite("The servers of a site")
struct CacheServersTests {
  private static func servers(
    _ equipment: CacheEquipment, diskBytes: Int64 = 100_000, policy: EdgePolicy = .lru
  ) throws -> CacheServers {
    try CacheServers(equipment, seed: 7) { _ throws(PolicyFailure) in
      try EdgeCache(policy, capacityBytes: diskBytes / Int64(equipment.servers))
    }
  }

  private static func equipment(_ change: (inout CacheEquipment) -> Void) -> CacheEquipment {
    var equipment = CacheEquipment()
    change(&equipment)
    return equipment
  }

  private static func key(_ title: Int, _ segment: Int = 0) -> SegmentKey {
    SegmentKey(title: title, representation: 0, segment: segment)
  }

  @Test("one server answers as its cache would alone")
  func alone() throws {
    var site = try Self.servers(CacheEquipment())
    var cache = try EdgeCache(.lru, capacityBytes: 100_000)
    var random = TestRandom(seed: 1)
    for step in 0..<20_000 {
      let key = Self.key(random.skewed(900), random.below(4))
      let bytes = Int64(100 + key.rawValue % 401)
      let answer = site.lookup(key, bytes: bytes, now: Int64(step))
      #expect(answer.outcome == cache.lookup(key, bytes: bytes))
      #expect(!answer.isStale && !answer.isInMemory && answer.server == 0)
      if !answer.outcome.isHit {
        site.admit(key, bytes: bytes, now: Int64(step))
        cache.admit(key, bytes: bytes)
      }
    }
    let (counters, resident, evictions) = (site.counters, site.residentBytes, site.evictions)
    #expect(counters == cache.counters)
    #expect(resident == cache.residentBytes)
    #expect(evictions == Int64(cache.evictions))
    try site.validate()
  }

  @Test("without load every file stays on one server, and the servers share the files")
  func spread() throws {
    var site = try Self.servers(Self.equipment { $0.servers = 5 }, diskBytes: 10_000_000)
    var filesOf = [Int](repeating: 0, count: 5)
    for title in 0..<1_000 {
      let first = site.lookup(Self.key(title), bytes: 1, now: 0).server
      for segment in 1..<4 { #expect(site.lookup(Self.key(title, segment), bytes: 1, now: 0).server == first) }
      filesOf[Int(first)] += 1
    }
    #expect(filesOf.allSatisfy { (100...320).contains($0) }, "\(filesOf)")
  }

  @Test("copies of hot files on several servers level the bytes asked of them, and cost the coldest files")
  func replicas() throws {
    let candidates = (0..<400).map {
      PlacementCandidate(title: $0, representation: 0, expectedBytesServed: 1e6 / Double($0 + 1), storedBytes: 100)
    }
    func site(_ replicaShare: Double) throws -> (imbalance: Double, hits: UInt64, files: [Int]) {
      let equipment = Self.equipment {
        $0.servers = 5
        $0.replicaShare = replicaShare
      }
      var site = try CacheServers(equipment, seed: 7) { share throws(PolicyFailure) in
        var cache = try EdgeCache(.hotTitlePlacement(pinnedShare: 1), capacityBytes: 6_000)
        let copies = equipment.copies(of: candidates, serverBytes: cache.pinnedCapacityBytes)
        cache.placed = PlacedTitles(
          filling: cache.pinnedCapacityBytes, from: share.placeable(candidates, copies: copies))
        return cache
      }
      var random = TestRandom(seed: 5)
      var open: [Int] = []
      for step in 0..<20_000 {
        let answer = site.lookup(Self.key(random.skewed(400)), bytes: 10, now: Int64(step))
        site.begin(on: Int(answer.server))
        open.append(Int(answer.server))
        if open.count > 20 { site.end(on: open.removeFirst()) }
      }
      try site.validate()
      let asked = (0..<5).map { site.requestedBytes(of: $0) }
      return (
        Double(asked.max() ?? 0) * 5 / Double(asked.reduce(0, +)), site.counters.hits,
        (0..<5).map { site.placed(on: $0).fileCount }
      )
    }
    let single = try site(0)
    let copied = try site(0.2)
    #expect(copied.imbalance < 1.02 && single.imbalance > 1.1, "\(single.imbalance) -> \(copied.imbalance)")
    #expect(copied.hits > single.hits, "\(single.hits) -> \(copied.hits)")
    #expect(copied.files.allSatisfy { $0 <= 60 })
  }

  @Test("a request for a copied file goes to a copy that is up, and to none that is at its bound")
  func copiesAndFailures() throws {
    var site = try Self.servers(
      Self.equipment {
        $0.servers = 3
        $0.replicaShare = 0.5
      }, policy: .hotTitlePlacement(pinnedShare: 1))
    let file = SegmentKey.wholeFile(title: 3, representation: 0)
    for server in [0, 2] {
      let isNew = site.place(file, bytes: 100, on: server)
      #expect(isNew)
    }
    var takers: [UInt8] = []
    for _ in 0..<4 { takers.append(site.lookup(Self.key(3), bytes: 1, now: 0).server) }
    #expect(takers == [0, 2, 0, 2])
    site.setUp(false, server: 0, losesContent: false)
    let left = site.lookup(Self.key(3), bytes: 1, now: 0)
    #expect(left.server == 2)
    site.begin(on: 2)
    site.begin(on: 2)
    let overflow = site.lookup(Self.key(3), bytes: 1, now: 0)
    #expect(overflow.server == 1 && overflow.outcome == .healthMiss)
  }

  @Test("a hot file overflows to other servers as misses by health, and no server exceeds its bound")
  func bound() throws {
    var site = try Self.servers(Self.equipment { $0.servers = 4 })
    let hot = Self.key(3)
    var loads = [0, 0, 0, 0]
    for request in 0..<40 {
      let answer = site.lookup(hot, bytes: 10, now: 0)
      if !answer.outcome.isHit { site.admit(hot, bytes: 10, to: Int(answer.server), now: 0) }
      loads[Int(answer.server)] += 1
      site.begin(on: Int(answer.server))
      #expect(loads[Int(answer.server)] <= Int((1.25 * Double(request + 1) / 4).rounded(.up)))
    }
    let counters = site.counters
    // One compulsory miss at the holder, one by health at each other server.
    #expect(counters[.compulsoryMiss].requests == 1)
    #expect(counters[.healthMiss].requests == 3)
    for server in 0..<4 { for _ in 0..<loads[server] { site.end(on: server) } }
    #expect(site.lookup(hot, bytes: 10, now: 0).outcome == .reactiveHit)
  }

  @Test(
    "a lost server's files move to others and are gone when it comes back; the rest stays", arguments: [true, false])
  func failure(losesContent: Bool) throws {
    var site = try Self.servers(Self.equipment { $0.servers = 3 })
    var home: [UInt8] = []
    for title in 0..<60 {
      let answer = site.lookup(Self.key(title), bytes: 10, now: 0)
      site.admit(Self.key(title), bytes: 10, now: 0)
      home.append(answer.server)
    }
    site.setUp(false, server: 1, losesContent: losesContent)
    for title in 0..<60 {
      let answer = site.lookup(Self.key(title), bytes: 10, now: 0)
      #expect(answer.server != 1)
      #expect(answer.outcome.isHit == (home[title] != 1))
    }
    site.setUp(true, server: 1, losesContent: false)
    for title in 0..<60 {
      let answer = site.lookup(Self.key(title), bytes: 10, now: 0)
      #expect(answer.server == home[title])
      #expect(answer.outcome.isHit == (home[title] != 1 || !losesContent))
    }
    for server in 0..<3 { site.setUp(false, server: server, losesContent: true) }
    let answer = site.lookup(Self.key(0), bytes: 10, now: 0)
    #expect(answer.outcome == .healthMiss && answer.server == CacheAnswer.noServer)
    let stored = site.admit(Self.key(0), bytes: 10, now: 0)
    #expect(!stored)
    try site.validate()
  }

  @Test("memory serves what disk held, and forgets what disk evicts")
  func memory() throws {
    var site = try Self.servers(Self.equipment { $0.memoryBytes = 50 }, diskBytes: 100)
    site.admit(Self.key(1), bytes: 40, now: 0)
    #expect(!site.lookup(Self.key(1), bytes: 40, now: 0).isInMemory)
    #expect(site.lookup(Self.key(1), bytes: 40, now: 0).isInMemory)
    #expect(site.memoryHits.requests == 1 && site.memoryHits.bytes == 40)
    for title in 2..<5 { site.admit(Self.key(title), bytes: 40, now: 0) }
    let answer = site.lookup(Self.key(1), bytes: 40, now: 0)
    #expect(!answer.outcome.isHit && !answer.isInMemory)
    let memory = site.memoryBytes
    #expect(memory == 0)
    try site.validate()
  }

  @Test("a copy past its time is stale until it is confirmed, and ages from the start are spread")
  func timeToLive() throws {
    var site = try Self.servers(Self.equipment { $0.timeToLive = 1_000 }, diskBytes: 1_000_000)
    site.admit(Self.key(1), bytes: 10, now: 500)
    #expect(!site.lookup(Self.key(1), bytes: 10, now: 1_499).isStale)
    #expect(site.lookup(Self.key(1), bytes: 10, now: 1_500).isStale)
    site.confirm(Self.key(1), now: 1_500)
    #expect(!site.lookup(Self.key(1), bytes: 10, now: 2_499).isStale)
    #expect(!site.lookup(Self.key(2), bytes: 10, now: 9_999).isStale)
    // Objects admitted by the set-up have no time of their own.
    var filled = try CacheServers(Self.equipment { $0.timeToLive = 1_000 }, seed: 1) { _ throws(PolicyFailure) in
      var cache = try EdgeCache(.lru, capacityBytes: 1_000_000)
      for title in 0..<1_000 { cache.admit(Self.key(title), bytes: 10) }
      return cache
    }
    var stale = 0
    for title in 0..<1_000 where filled.lookup(Self.key(title), bytes: 10, now: 250).isStale { stale += 1 }
    #expect((200...300).contains(stale), "\(stale)")
  }
}
