import SimEngine
import Testing

@testable import CDNModel

/// Draws over hash buckets.
@Suite("Residents in hash buckets")
struct HashedResidentsTests {
  @Test("a sample is what drawing one member after another gives, and leaves the generator there", arguments: 1...20)
  func sampleIsDraws(seed: Int) {
    var random = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "test", purpose: "residents"))
    var together = HashedResidents<Int64>(objects: 600, seed: UInt64(seed), buckets: 256)
    var single = HashedResidents<Int64>(objects: 600, seed: UInt64(seed), buckets: 256)
    let drawn = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 1 + random.below(90))
    defer { drawn.deallocate() }
    var next: Int32 = 0
    for _ in 0..<60 {
      // From one resident among 256 buckets to more residents than buckets.
      for _ in 0..<(1 + random.below(seed)) where next < 600 {
        together.insert(next, key: UInt64(next), 0)
        single.insert(next, key: UInt64(next), 0)
        next += 1
      }
      together.sample(into: drawn)
      let expected = (0..<drawn.count).map { _ in single.sample() }
      #expect(Array(drawn) == expected)
      let after = (together.sample(), single.sample())
      #expect(after.0 == after.1)
    }
  }
}
