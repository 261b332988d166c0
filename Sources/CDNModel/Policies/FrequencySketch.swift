internal import CPrefetch
internal import SimEngine

/// A counting Bloom filter of recent use: what W-TinyLFU compares candidates by.
///
/// `-ln(0.001) / ln(2)^2` = 14.4 counters an entry and ten hash functions by double hashing (Kirsch, Mitzenmacher:
/// Less hashing, same performance, 2006) over two XXH64 values of the key, truncated to 32 bits, as libCacheSim has
/// it; a count is the least of its ten counters. `halve` ages all of them.
struct FrequencySketch: ~Copyable, @unchecked Sendable {
  private static let hashes: UInt32 = 10
  private static let firstSeed: UInt64 = 0x1234_5678
  private static let secondSeed: UInt64 = 0x1234_4321

  private let counters: UnsafeMutablePointer<UInt32>
  private let count: UInt32
  /// ceil(2^64 / count): turns the remainder into two multiplications (Lemire, Kaser, Kurz: Faster remainder by direct
  /// computation, 2019).
  private let inverse: UInt64

  init(entries: Int64) {
    let perEntry = -DeterministicMath.log(0.001) / 0.480453013918201
    let wanted = min((perEntry * Double(max(entries, 0))).rounded(.up), Double(Int32.max))
    count = wanted < Double(FrequencySketch.hashes) ? 2 * FrequencySketch.hashes : UInt32(wanted)
    inverse = UInt64.max / UInt64(count) + 1
    counters = zeroed(byteCount: Int(count) * MemoryLayout<UInt32>.stride)
      .bindMemory(to: UInt32.self, capacity: Int(count))
  }

  deinit { releaseZeroed(counters, byteCount: Int(count) * MemoryLayout<UInt32>.stride) }

  @inline(__always)
  private func slot(_ hash: UInt32) -> Int {
    Int((inverse &* UInt64(hash)).multipliedFullWidth(by: UInt64(count)).high)
  }

  /// Notes one use of the key.
  func add(_ key: UInt64) {
    var hash = UInt32(truncatingIfNeeded: XXH64.hash(key, seed: FrequencySketch.firstSeed))
    let step = UInt32(truncatingIfNeeded: XXH64.hash(key, seed: FrequencySketch.secondSeed))
    for _ in 0..<FrequencySketch.hashes {
      counters[slot(hash)] &+= 1
      hash &+= step
    }
  }

  /// How often the key was used lately; never too low but for ageing.
  func estimate(_ key: UInt64) -> UInt32 {
    var hash = UInt32(truncatingIfNeeded: XXH64.hash(key, seed: FrequencySketch.firstSeed))
    let step = UInt32(truncatingIfNeeded: XXH64.hash(key, seed: FrequencySketch.secondSeed))
    var least = UInt32.max
    for _ in 0..<FrequencySketch.hashes {
      least = min(least, counters[slot(hash)])
      hash &+= step
    }
    return least
  }

  /// Asks the processor for the counters of a key that will be noted or compared soon.
  @inline(__always)
  func prefetch(_ key: UInt64) {
    var hash = UInt32(truncatingIfNeeded: XXH64.hash(key, seed: FrequencySketch.firstSeed))
    let step = UInt32(truncatingIfNeeded: XXH64.hash(key, seed: FrequencySketch.secondSeed))
    for _ in 0..<FrequencySketch.hashes {
      prefetch_line(counters + slot(hash))
      hash &+= step
    }
  }

  /// Halves all counts.
  func halve() {
    for index in 0..<Int(count) { counters[index] >>= 1 }
  }
}

/// XXH64 of one 64-bit little-endian word (Collet: xxHash specification 0.1.1, input of eight bytes).
enum XXH64 {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

  @inline(__always)
  private static func rotated(_ word: UInt64, by bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }

  @inline(__always)
  static func hash(_ word: UInt64, seed: UInt64) -> UInt64 {
    var hash = seed &+ prime5 &+ 8
    hash ^= rotated(word &* prime2, by: 31) &* prime1
    hash = rotated(hash, by: 27) &* prime1 &+ prime4
    hash = (hash ^ hash >> 33) &* prime2
    hash = (hash ^ hash >> 29) &* prime3
    return hash ^ hash >> 32
  }
}
