import CDNModel
import Testing

@Suite("Edge site building blocks")
struct EdgeTests {
  @Test("a key gives back its title, representation and segment")
  func keyParts() {
    let key = SegmentKey(title: 268_435_455, representation: 62, segment: 16_777_214)
    #expect(key.title == 268_435_455)
    #expect(key.representation == 62)
    #expect(key.segment == 16_777_214)
    #expect(!key.isWhole)
    #expect(key.file == .wholeFile(title: 268_435_455, representation: 62))
    #expect(key.file.isWhole)
    #expect(key.wholeTitle == .wholeTitle(268_435_455))
    #expect(SegmentKey(title: 1, representation: 2, segment: 3).description == "1/2/3")
    #expect(SegmentKey.wholeTitle(7).description == "7/*/*")
  }

  @Test("LRU agrees with a list that is searched from the front", arguments: [1, 2, 3, 4])
  func lruAgainstOracle(seed: Int) throws {
    var random = TestRandom(seed: UInt64(seed))
    let capacity: Int64 = 4000
    var cache = LRUCache(capacityBytes: capacity)
    var oracle: [(key: SegmentKey, bytes: Int64)] = []
    var evictions: UInt64 = 0
    for step in 0..<20_000 {
      let key = SegmentKey(title: random.skewed(60), representation: random.below(2), segment: random.below(4))
      let bytes = Int64(1 + random.below(step % 97 == 0 ? 6000 : 300))
      let found = oracle.firstIndex { $0.key == key }
      #expect(cache.lookup(key) == (found != nil))
      if let found {
        oracle.insert(oracle.remove(at: found), at: 0)
        if step % 31 == 0 {
          cache.remove(key)
          oracle.removeFirst()
        }
      } else {
        #expect(cache.admit(key, bytes: bytes) == (bytes <= capacity))
        if bytes <= capacity {
          while oracle.reduce(0, { $0 + $1.bytes }) + bytes > capacity {
            oracle.removeLast()
            evictions += 1
          }
          oracle.insert((key, bytes), at: 0)
        }
      }
      if step % 500 == 0 {
        try cache.validate()
        #expect(cache.keysByRecency() == oracle.map(\.key))
      }
    }
    #expect(cache.evictions == evictions)
    #expect(cache.residentBytes == oracle.reduce(0) { $0 + $1.bytes })
    cache.resize(capacityBytes: 1000)
    try cache.validate()
    cache.removeAll()
    #expect(cache.count == 0)
    #expect(cache.residentBytes == 0)
  }

  @Test("objects of more than 4 GiB keep their exact size")
  func largeObjects() throws {
    var cache = LRUCache(capacityBytes: 300 << 30)
    cache.admit(.wholeFile(title: 1, representation: 0), bytes: 200 << 30)
    cache.admit(.wholeFile(title: 2, representation: 0), bytes: (90 << 30) + 1)
    #expect(cache.residentBytes == (290 << 30) + 1)
    cache.admit(.wholeFile(title: 3, representation: 0), bytes: 100 << 30)
    #expect(cache.residentBytes == (190 << 30) + 1)
    try cache.validate()
  }

  @Test("a resident object of the LRU takes at most 32 bytes at a full index")
  func memory() {
    var cache = LRUCache(capacityBytes: 1 << 40)
    let objects = 1 << 17
    for number in 0..<objects {
      cache.admit(SegmentKey(title: number / 2000, representation: number % 3, segment: number % 2000), bytes: 1)
    }
    #expect(MemoryLayout<LRURecord>.stride == 24)
    #expect(cache.reservedBytes <= 42 * objects)
  }

  @Test("waiters of a fetch are served in arrival order, whatever leaves in between", arguments: [1, 2, 3])
  func fetchTableAgainstOracle(seed: Int) throws {
    var random = TestRandom(seed: UInt64(seed))
    var table = FetchTable()
    var oracle: [UInt64: [UInt32]] = [:]
    for step in 0..<20_000 {
      let key = SegmentKey(title: random.below(30), representation: 0, segment: random.below(3))
      switch random.below(10) {
      case 0..<6:
        let waiter = UInt32(random.below(20))
        let outcome = table.join(key, waiter: waiter)
        #expect(outcome == (oracle[key.rawValue] == nil ? .started : .joined))
        oracle[key.rawValue, default: []].append(waiter)
      case 6:
        #expect(table.start(key) == (oracle[key.rawValue] == nil))
        if oracle[key.rawValue] == nil { oracle[key.rawValue] = [] }
      case 7:
        let waiter = UInt32(random.below(20))
        if let index = oracle[key.rawValue]?.firstIndex(of: waiter) {
          oracle[key.rawValue]?.remove(at: index)
          #expect(table.leave(key, waiter: waiter) == oracle[key.rawValue]?.count)
        } else {
          #expect(table.leave(key, waiter: waiter) == nil)
        }
      default:
        var served: [UInt32] = []
        let count = table.complete(key) { served.append($0) }
        #expect(count == oracle[key.rawValue]?.count)
        #expect(served == oracle.removeValue(forKey: key.rawValue) ?? [])
      }
      if step % 500 == 0 { try table.validate() }
    }
    #expect(table.count == oracle.count)
  }

  @Test("a waiter may ask anew for the key whose waiters are being served")
  func rejoinWhileDraining() throws {
    var table = FetchTable()
    let key = SegmentKey(title: 5, representation: 1, segment: 9)
    for waiter: UInt32 in [3, 1, 2] { _ = table.join(key, waiter: waiter) }
    let completed = table.complete(key)
    var waiters = try #require(completed)
    #expect(waiters.count == 3)
    #expect(table.next(&waiters) == 3)
    #expect(table.join(key, waiter: 3) == .started)
    #expect(table.next(&waiters) == 1)
    #expect(table.next(&waiters) == 2)
    #expect(table.next(&waiters) == nil)
    #expect(table.waiters(of: key) == 1)
    #expect(table.coalesced == 2)
    try table.validate()
  }

  @Test("the greedy fill takes files by expected bytes per stored byte, ties in file order")
  func greedyFill() {
    let candidates = [
      PlacementCandidate(title: 4, representation: 0, expectedBytesServed: 50, storedBytes: 10),
      PlacementCandidate(title: 2, representation: 0, expectedBytesServed: 900, storedBytes: 300),
      PlacementCandidate(title: 1, representation: 1, expectedBytesServed: 100, storedBytes: 20),
      PlacementCandidate(title: 9, representation: 0, expectedBytesServed: 10, storedBytes: 10),
      PlacementCandidate(title: 8, representation: 0, expectedBytesServed: 0, storedBytes: 1),
    ]
    #expect(PlacedTitles.order(candidates) == [2, 0, 1, 3, 4])
    let placed = PlacedTitles(filling: 45, from: candidates)
    #expect(placed.storedBytes == 40)
    #expect(placed.fileCount == 3)
    #expect(placed.contains(SegmentKey(title: 1, representation: 1, segment: 77)))
    #expect(!placed.contains(SegmentKey(title: 1, representation: 0, segment: 77)))
    #expect(!placed.contains(SegmentKey(title: 2, representation: 0, segment: 0)))
    #expect(placed.contains(.wholeFile(title: 9, representation: 0)))
    #expect(!placed.contains(SegmentKey(title: 8, representation: 0, segment: 0)))
  }

  @Test("an edge site names the cause of every miss")
  func missCauses() throws {
    func key(_ segment: Int) -> SegmentKey { SegmentKey(title: 0, representation: 0, segment: segment) }
    var cache = try EdgeCache(.lru, capacityBytes: 100)
    #expect(cache.lookup(key(1), bytes: 60) == .compulsoryMiss)
    #expect(cache.admit(key(1), bytes: 60) == true)
    #expect(cache.lookup(key(1), bytes: 60) == .reactiveHit)
    #expect(cache.lookup(key(2), bytes: 50) == .compulsoryMiss)
    cache.admit(key(2), bytes: 50)
    #expect(cache.lookup(key(1), bytes: 60) == .capacityMiss)
    #expect(cache.lookup(key(3), bytes: 101) == .oversizeMiss)
    #expect(cache.admit(key(3), bytes: 101) == false)
    cache.countHealthMiss(bytes: 5)
    #expect(cache.counters.hits == 1)
    #expect(cache.counters.hitBytes == 60)
    #expect(cache.counters.misses == 5)
    #expect(cache.counters.missBytes == 60 + 50 + 60 + 101 + 5)
    #expect(cache.reactiveWrittenBytes == 110)
    try cache.validate()
  }

  @Test("hot-title placement serves placed files only, and a reactive share beside it takes the rest")
  func hotTitlePlacement() throws {
    let hot = SegmentKey(title: 3, representation: 2, segment: 10)
    let cold = SegmentKey(title: 4, representation: 2, segment: 10)
    var pinned = try EdgeCache(.hotTitlePlacement(pinnedShare: 1), capacityBytes: 1000)
    pinned.placed.place(hot.file, bytes: 900)
    #expect(pinned.lookup(hot, bytes: 5) == .pinnedHit)
    #expect(pinned.lookup(cold, bytes: 5) == .notPlacedMiss)
    #expect(pinned.admit(cold, bytes: 5) == false)
    #expect(pinned.residentBytes == 900)
    var mixed = try EdgeCache(.hotTitlePlacement(pinnedShare: 0.9), capacityBytes: 1000)
    mixed.placed.place(hot.file, bytes: 900)
    #expect(mixed.lookup(cold, bytes: 100) == .compulsoryMiss)
    #expect(mixed.admit(cold, bytes: 100) == true)
    #expect(mixed.lookup(cold, bytes: 100) == .reactiveHit)
    #expect(mixed.admit(hot, bytes: 5) == false)
    try mixed.validate()
  }
}
