import CDNModel
import Testing

@Suite("What is kept and fetched ahead of demand, part by part")
struct PrefetchTests {
  private static func key(_ title: Int, _ segment: Int) -> SegmentKey {
    SegmentKey(title: title, representation: 0, segment: segment)
  }

  @Test("at any moment what was fetched ahead is used, wasted or open", arguments: [1, 2, 3])
  func ledger(seed: Int) {
    var random = TestRandom(seed: UInt64(seed))
    var ledger = PrefetchLedger()
    var open: [SegmentKey: Int64] = [:]
    var (fetched, used, wasted) = (Int64(0), Int64(0), Int64(0))
    for step in 0..<5_000 {
      let key = Self.key(random.below(40), random.below(4))
      switch random.below(3) {
      case 0:
        let bytes = Int64(1 + random.below(500))
        if open[key] == nil {
          open[key] = bytes
          fetched += bytes
        }
        ledger.fetch(key, bytes: bytes)
      case 1:
        let isThere = random.below(2) == 0
        if let bytes = open.removeValue(forKey: key) { if isThere { used += bytes } else { wasted += bytes } }
        ledger.ask(key, isThere: isThere)
      default:
        guard step % 50 == 0 else { continue }
        for (key, bytes) in open where key.title % 2 == 0 {
          wasted += bytes
          open[key] = nil
        }
        ledger.settle { $0.title % 2 == 1 }
      }
      let (count, openBytes) = (ledger.count, ledger.openBytes)
      #expect(count == open.count)
      #expect(openBytes == open.values.reduce(0, +))
    }
    let figures = [ledger.fetchedBytes, ledger.usedBytes, ledger.wastedBytes]
    #expect(figures == [fetched, used, wasted])
  }

  @Test("prefixes are kept for good, count as placed, and leave the rest of the disk to the policy")
  func prefixes() throws {
    var cache = try EdgeCache(.lru, capacityBytes: 1_000, prefixShare: 0.3)
    #expect(cache.prefixCapacityBytes == 300 && cache.reactiveCapacityBytes == 700)
    let files = (0..<5).map {
      (file: SegmentKey.wholeFile(title: $0, representation: 0), prefixBytes: Int64(80 + $0 * 30))
    }
    cache.prefixes = PlacedPrefixes(segments: 2, filling: 300, files: files)
    // 80 and 110 fit, 140 and 170 do not any more, nor does 200.
    #expect(cache.prefixes.fileCount == 2 && cache.prefixes.storedBytes == 190)
    #expect(cache.lookup(Self.key(1, 1), bytes: 50) == .pinnedHit)
    #expect(cache.lookup(Self.key(1, 2), bytes: 50) == .compulsoryMiss)
    #expect(cache.lookup(Self.key(2, 0), bytes: 50) == .compulsoryMiss)
    let isAdmittedTwice = cache.admit(Self.key(0, 0), bytes: 50)
    #expect(!isAdmittedTwice)
    for segment in 2..<30 { cache.admit(Self.key(1, segment), bytes: 50) }
    #expect(cache.residentBytes == 190 + 700)
    try cache.validate()
    cache.loseContent()
    #expect(cache.residentBytes == 0 && cache.lookup(Self.key(1, 1), bytes: 50) == .compulsoryMiss)
    var whole = try EdgeCache(.lru, capacityBytes: 1_000, prefixShare: 1)
    #expect(whole.lookup(Self.key(9, 9), bytes: 10) == .notPlacedMiss)
    let isAdmitted = whole.admit(Self.key(9, 9), bytes: 10)
    #expect(!isAdmitted)
  }
}
