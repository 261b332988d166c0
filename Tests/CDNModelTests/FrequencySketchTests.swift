import SimEngine
import Testing

@testable import CDNModel

@Suite("The frequency sketch of W-TinyLFU")
struct FrequencySketchTests {
  /// The same filter with one word a counter and no tricks.
  private struct Oracle {
    var counters: [UInt32]

    init(entries: Int64) {
      let perEntry = -DeterministicMath.log(0.001) / 0.480453013918201
      counters = Array(repeating: 0, count: max(20, Int((perEntry * Double(entries)).rounded(.up))))
    }

    func slots(_ key: UInt64) -> [Int] {
      var hash = UInt32(truncatingIfNeeded: XXH64.hash(key, seed: 0x1234_5678))
      let step = UInt32(truncatingIfNeeded: XXH64.hash(key, seed: 0x1234_4321))
      return (0..<10).map { _ in
        defer { hash &+= step }
        return Int(hash) % counters.count
      }
    }
  }

  @Test("counters of a byte with carries count as words do, through every halving", arguments: [3, 40, 2_000])
  func counts(entries: Int64) {
    var sketch = FrequencySketch(entries: entries)
    var oracle = Oracle(entries: entries)
    var random = TestRandom(seed: UInt64(entries))
    var largest: UInt32 = 0
    for step in 1...150_000 {
      let key = UInt64(random.skewed(Int(entries) * 3))
      sketch.add(FrequencySketch.name(of: key))
      for slot in oracle.slots(key) { oracle.counters[slot] += 1 }
      if step % 40_000 == 0 {
        sketch.halve()
        for slot in oracle.counters.indices { oracle.counters[slot] /= 2 }
      }
      if step % 97 == 0 {
        let asked = UInt64(random.skewed(Int(entries) * 3))
        let expected = oracle.slots(asked).map { oracle.counters[$0] }.min() ?? 0
        #expect(sketch.estimate(FrequencySketch.name(of: asked)) == expected)
        largest = max(largest, expected)
      }
    }
    #expect(largest > 1_000)
  }
}
