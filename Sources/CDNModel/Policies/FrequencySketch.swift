internal import CPrefetch
internal import SimEngine

/// A counting Bloom filter of recent use: what W-TinyLFU compares candidates by.
///
/// `-ln(0.001) / ln(2)^2` = 14.4 counters an entry and ten hash functions by double hashing (Kirsch, Mitzenmacher:
/// Less hashing, same performance, 2006) over two XXH64 values of the key, truncated to 32 bits, as libCacheSim has
/// it; a count is the least of its ten counters. `halve` ages all of them.
///
/// Few counters ever pass 127, so each has one byte: seven bits of its count, and whether the rest stands in a table of
/// carries. Counts are those of full words, in a quarter of the memory.
struct FrequencySketch: ~Copyable, @unchecked Sendable {
  /// The two hash values of a key, from which its counters follow.
  struct Name: BitwiseCopyable, Sendable {
    fileprivate var hash: UInt32
    fileprivate var step: UInt32
  }

  private static let hashes = 10
  private static let firstSeed: UInt64 = 0x1234_5678
  private static let secondSeed: UInt64 = 0x1234_4321
  private static let carried: UInt8 = 0x80

  private let counters: UnsafeMutablePointer<UInt8>
  private let count: UInt32
  /// ceil(2^64 / count): turns the remainder into two multiplications (Lemire, Kaser, Kurz: Faster remainder by direct
  /// computation, 2019).
  private let inverse: UInt64
  private var carries = CounterCarries()

  init(entries: Int64) {
    let perEntry = -DeterministicMath.log(0.001) / 0.480453013918201
    let wanted = min((perEntry * Double(max(entries, 0))).rounded(.up), Double(Int32.max))
    count = wanted < Double(FrequencySketch.hashes) ? 2 * UInt32(FrequencySketch.hashes) : UInt32(wanted)
    inverse = UInt64.max / UInt64(count) + 1
    counters = zeroed(byteCount: Int(count)).bindMemory(to: UInt8.self, capacity: Int(count))
  }

  deinit { releaseZeroed(counters, byteCount: Int(count)) }

  /// What a key is called in the sketch.
  @inline(__always)
  static func name(of key: UInt64) -> Name {
    Name(
      hash: UInt32(truncatingIfNeeded: XXH64.hash(key, seed: firstSeed)),
      step: UInt32(truncatingIfNeeded: XXH64.hash(key, seed: secondSeed)))
  }

  @inline(__always)
  private func slot(_ hash: UInt32) -> Int {
    Int((inverse &* UInt64(hash)).multipliedFullWidth(by: UInt64(count)).high)
  }

  /// Notes one use of the key.
  @inline(__always)
  mutating func add(_ name: Name) {
    var hash = name.hash
    for _ in 0..<FrequencySketch.hashes {
      let slot = slot(hash)
      let counter = counters[slot] &+ 1
      counters[slot] = counter
      // 127 -> 128 sets the mark by itself; a marked counter that wraps to 0 needs it again.
      if counter & 0x7F == 0 { carry(slot) }
      hash &+= name.step
    }
  }

  @inline(never)
  private mutating func carry(_ slot: Int) {
    counters[slot] = FrequencySketch.carried
    carries.increment(UInt32(truncatingIfNeeded: slot))
  }

  /// How often the key was used lately; never too low but for ageing.
  @inline(__always)
  func estimate(_ name: Name) -> UInt32 {
    var hash = name.hash
    var least = UInt8.max
    for _ in 0..<FrequencySketch.hashes {
      least = min(least, counters[slot(hash)])
      hash &+= name.step
    }
    return least < FrequencySketch.carried ? UInt32(least) : largeEstimate(name)
  }

  @inline(never)
  private func largeEstimate(_ name: Name) -> UInt32 {
    var hash = name.hash
    var least = UInt32.max
    for _ in 0..<FrequencySketch.hashes {
      least = min(least, value(slot(hash)))
      hash &+= name.step
    }
    return least
  }

  private func value(_ slot: Int) -> UInt32 {
    let low = UInt32(counters[slot] & 0x7F)
    return counters[slot] < FrequencySketch.carried ? low : carries[UInt32(truncatingIfNeeded: slot)] << 7 | low
  }

  /// Asks the processor for the counters of a key that will be noted or compared soon.
  @inline(__always)
  func prefetch(_ name: Name) {
    var hash = name.hash
    for _ in 0..<FrequencySketch.hashes {
      prefetch_line(counters + slot(hash))
      hash &+= name.step
    }
  }

  /// Halves all counts.
  mutating func halve() {
    var kept = CounterCarries()
    for slot in 0..<Int(count) {
      let halved = value(slot) >> 1
      counters[slot] = UInt8(truncatingIfNeeded: halved & 0x7F)
      if halved >> 7 > 0 {
        counters[slot] |= FrequencySketch.carried
        kept[UInt32(truncatingIfNeeded: slot)] = halved >> 7
      }
    }
    carries = kept
  }
}

/// How often counters of seven bits have wrapped, by counter: open addressing with linear probing.
///
/// - Complexity: O(1) expected an operation.
private struct CounterCarries: Sendable {
  private struct Slot: BitwiseCopyable, Sendable {
    /// The counter's number plus one; 0 is empty.
    var counter: UInt64 = 0
    var carries: UInt32 = 0
  }

  private var slots = [Slot](repeating: Slot(), count: 64)
  private var count = 0

  private func position(_ counter: UInt32) -> Int {
    var position = Int(truncatingIfNeeded: (UInt64(counter) &* 0x9E37_79B9_7F4A_7C15) >> 32) & (slots.count - 1)
    while slots[position].counter != 0 && slots[position].counter != UInt64(counter) + 1 {
      position = (position + 1) & (slots.count - 1)
    }
    return position
  }

  mutating func increment(_ counter: UInt32) { self[counter] += 1 }

  subscript(counter: UInt32) -> UInt32 {
    get { slots[position(counter)].carries }
    set {
      let position = position(counter)
      if slots[position].counter == 0 {
        slots[position].counter = UInt64(counter) + 1
        count += 1
      }
      slots[position].carries = newValue
      if 2 * count > slots.count { grow() }
    }
  }

  private mutating func grow() {
    let old = slots
    slots = [Slot](repeating: Slot(), count: 2 * old.count)
    for slot in old where slot.counter != 0 { slots[position(UInt32(slot.counter - 1))] = slot }
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
