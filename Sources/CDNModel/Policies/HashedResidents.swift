/// Knuth's linear congruential generator of MMIX (The Art of Computer Programming 2, section 3.3.4).
///
/// Its low bits have short periods: bit k repeats after 2^(k+1) draws. libCacheSim draws hash buckets with them, so the
/// draws walk over all buckets in one fixed order; the seed chooses where the walk begins.
struct MMIXGenerator: Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  @inline(__always)
  mutating func next() -> UInt64 {
    state = state &* Self.multiplier &+ Self.increment
    return state
  }

  private static let multiplier: UInt64 = 6_364_136_223_846_793_005
  private static let increment: UInt64 = 1_442_695_040_888_963_407

  /// Leaves out so many draws, by squaring the step (Brown: Random number generation with arbitrary strides, 1994).
  mutating func skip(_ draws: Int) {
    var multiplier = Self.multiplier
    var increment = Self.increment
    var left = draws
    while left > 0 {
      if left & 1 == 1 { state = state &* multiplier &+ increment }
      increment = increment &* (multiplier &+ 1)
      multiplier = multiplier &* multiplier
      left >>= 1
    }
  }
}

/// XXH3 of one 64-bit little-endian word (Collet: xxHash 0.8, XXH3_64bits of eight bytes with the default secret).
enum XXH3 {
  /// Words 1 and 2 of the default secret, combined as the specification does for inputs of four to eight bytes.
  private static let flip: UInt64 = 0x1CAD_21F7_2C81_017C ^ 0xDB97_9083_E96D_D4DE
  private static let prime: UInt64 = 0x9FB2_1C65_1E98_DF25

  @inline(__always)
  static func hash(_ word: UInt64) -> UInt64 {
    var hash = (word >> 32 | word << 32) ^ flip
    hash ^= (hash << 49 | hash >> 15) ^ (hash << 24 | hash >> 40)
    hash = hash &* prime
    hash ^= (hash >> 35) &+ 8
    hash = hash &* prime
    return hash ^ hash >> 28
  }
}

/// The residents of a sampling policy in a chained hash table, drawn as libCacheSim of 2024 draws them: a bucket by the
/// low bits of a generator, and of its chain only the newest resident.
///
/// So a resident behind another one is safe until that one has left, and every bucket comes up once in a walk. Both
/// change miss counts by several per cent against uniform draws, hence they are part of the semantics. The table
/// doubles when it holds more residents than buckets.
///
/// - Complexity: O(1) expected an operation; O(buckets / residents) a draw.
struct HashedResidents<Payload: BitwiseCopyable & Sendable>: ~Copyable, @unchecked Sendable {
  private struct Node: BitwiseCopyable {
    var payload: Payload
    var hash: UInt32
    /// 0 is no member, 1 the end of a chain, else the number of the next member plus 2.
    var next: Int32
  }

  private var nodes: ObjectTable<Node>
  /// Number of the newest member plus one; 0 is an empty bucket.
  private var heads: UnsafeMutablePointer<Int32>
  private var mask: Int
  private var generator: MMIXGenerator
  private(set) var count = 0

  /// An empty table with a power of two of buckets.
  init(objects: Int, seed: UInt64, buckets: Int = 4096) {
    nodes = ObjectTable(objects: objects)
    generator = MMIXGenerator(seed: seed)
    mask = buckets - 1
    heads = HashedResidents.buckets(mask + 1)
  }

  deinit { releaseZeroed(heads, byteCount: (mask + 1) * MemoryLayout<Int32>.stride) }

  private static func buckets(_ count: Int) -> UnsafeMutablePointer<Int32> {
    zeroed(byteCount: count * MemoryLayout<Int32>.stride).bindMemory(to: Int32.self, capacity: count)
  }

  mutating func reserve(objects: Int) { nodes.reserve(objects: objects) }

  @inline(__always)
  func prefetch(_ id: Int32) { nodes.prefetch(id) }

  @inline(__always)
  func contains(_ id: Int32) -> Bool { nodes[id].next != 0 }

  /// What is kept about a member.
  subscript(id: Int32) -> Payload {
    @inline(__always) get { nodes[id].payload }
    @inline(__always) nonmutating _modify { yield &nodes[id].payload }
  }

  mutating func insert(_ id: Int32, key: UInt64, _ payload: Payload) {
    if count > mask + 1 { grow() }
    count += 1
    nodes[id] = Node(payload: payload, hash: UInt32(truncatingIfNeeded: XXH3.hash(key)), next: 1)
    link(id)
  }

  @inline(__always)
  private func link(_ id: Int32) {
    let bucket = Int(nodes[id].hash) & mask
    nodes[id].next = heads[bucket] + 1
    heads[bucket] = id + 1
  }

  @discardableResult
  mutating func remove(_ id: Int32) -> Payload {
    let node = nodes[id]
    let bucket = Int(node.hash) & mask
    if heads[bucket] == id + 1 {
      heads[bucket] = node.next - 1
    } else {
      var before = heads[bucket] - 1
      while nodes[before].next != id + 2 { before = nodes[before].next - 2 }
      nodes[before].next = node.next
    }
    nodes[id].next = 0
    count -= 1
    return node.payload
  }

  /// Draws a member; there must be one.
  @inline(__always)
  mutating func sample() -> Int32 {
    while true {
      let head = heads[Int(truncatingIfNeeded: generator.next()) & mask]
      if head != 0 { return head - 1 }
    }
  }

  /// Draws members into a buffer until it is full; there must be one.
  ///
  /// Empty buckets are overwritten by the next draw instead of branched around, and the records of the drawn members
  /// are on their way before the first one is looked at. A walk comes to every bucket once and then begins anew, so what
  /// it has not found after one round is what it has found, again.
  @inline(__always)
  mutating func sample(into drawn: UnsafeMutableBufferPointer<Int32>) {
    var filled = 0
    var draws = 0
    while filled < drawn.count {
      if draws > mask {
        repeatRound(of: filled, into: drawn)
        return
      }
      draws += 1
      let head = heads[Int(truncatingIfNeeded: generator.next()) & mask]
      drawn[filled] = head - 1
      nodes.prefetch(head - 1)
      filled += head == 0 ? 0 : 1
    }
  }

  /// Fills the rest of a sample with the members of one round, and leaves the generator where drawing them would have.
  private mutating func repeatRound(of found: Int, into drawn: UnsafeMutableBufferPointer<Int32>) {
    for index in found..<drawn.count { drawn[index] = drawn[index - found] }
    let left = drawn.count - found
    // The last round ends with the last member that is needed, so it is never a whole one.
    let rounds = (left - 1) / found
    generator.skip(rounds * (mask + 1))
    for _ in 0..<(left - rounds * found) { _ = sample() }
  }

  private mutating func grow() {
    let old = heads
    let oldCount = mask + 1
    mask = 2 * oldCount - 1
    heads = HashedResidents.buckets(2 * oldCount)
    for bucket in 0..<oldCount {
      var id = old[bucket] - 1
      while id >= 0 {
        let next = nodes[id].next - 2
        link(id)
        id = next
      }
    }
    releaseZeroed(old, byteCount: oldCount * MemoryLayout<Int32>.stride)
  }

  /// Calls `body` for each member, bucket by bucket.
  func forEach(_ body: (Int32, Payload) -> Void) {
    for bucket in 0...mask {
      var id = heads[bucket] - 1
      while id >= 0 {
        body(id, nodes[id].payload)
        id = nodes[id].next - 2
      }
    }
  }

  func validate() throws(InvariantViolation) {
    var members = 0
    for bucket in 0...mask {
      var id = heads[bucket] - 1
      while id >= 0 {
        members += 1
        if members > count { throw InvariantViolation("chains hold more than the counted \(count) objects") }
        if Int(nodes[id].hash) & mask != bucket { throw InvariantViolation("object \(id) is in bucket \(bucket)") }
        id = nodes[id].next - 2
      }
    }
    if members != count { throw InvariantViolation("chains hold \(members) objects, counted \(count)") }
  }
}
