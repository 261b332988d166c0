// The index under every table keyed by `SegmentKey`: a slab of records in one allocation, and hash chains threaded
// through the records as 32-bit slot numbers. Nothing is allocated per record, freed slots are used again first, and
// the layout depends only on the sequence of operations.

internal import Glibc

/// What a record must carry so that `KeyedSlab` can find it.
///
/// The low 58 bits of `keyWord` are the key; the record may use the six high bits as it likes.
public protocol KeyedRecord: BitwiseCopyable {
  /// The key in the low 58 bits.
  var keyWord: UInt64 { get set }
  /// Slot of the next record in the same hash chain (or in the free list), -1 at the end.
  var chain: Int32 { get set }
}

/// A growing slab of records with a hash index of four to eight bytes a record.
///
/// Chains instead of open addressing: a removal touches one bucket and about one record, where backward shifting
/// would have to read the keys of a whole cluster; and the load can go to 1 without long probes.
///
/// - Complexity: `find`, `insert`, `remove` O(1) expected; growth is amortised.
@frozen
public struct KeyedSlab<Record: KeyedRecord>: ~Copyable, @unchecked Sendable {
  @usableFromInline var records: UnsafeMutablePointer<Record>
  @usableFromInline var buckets: UnsafeMutablePointer<Int32>
  @usableFromInline var capacity: Int
  @usableFromInline var bucketBits: Int
  @usableFromInline var used: Int32 = 0
  @usableFromInline var firstFree: Int32 = -1
  @usableFromInline var held: Int = 0

  /// An empty slab with room for some records.
  @inlinable
  public init(minimumCapacity: Int = 16) {
    capacity = max(16, minimumCapacity)
    records = reallocated(nil, byteCount: capacity * MemoryLayout<Record>.stride)
      .bindMemory(to: Record.self, capacity: capacity)
    bucketBits = max(4, Int.bitWidth - (capacity - 1).leadingZeroBitCount)
    buckets = .allocate(capacity: 1 << bucketBits)
    adviseHugePages(buckets, byteCount: MemoryLayout<Int32>.stride << bucketBits)
    buckets.initialize(repeating: -1, count: 1 << bucketBits)
  }

  /// Number of records held.
  @inlinable
  public var count: Int { held }

  deinit {
    release(records)
    buckets.deallocate()
  }

  /// Slots below this number have been used at least once.
  @inlinable
  public var slotLimit: Int { Int(used) }

  /// Whether a slot below `slotLimit` holds a record.
  @inlinable
  public func isOccupied(_ slot: Int32) -> Bool { records[Int(slot)].keyWord != KeyedSlab.freeWord }

  /// The key word of a free slot: a key of 58 ones with flags that no record uses.
  @inlinable
  static var freeWord: UInt64 { .max }

  /// The bits of a key word that are the key.
  @inlinable
  static var keyMask: UInt64 { (1 << 58) - 1 }

  /// Where the chain of a key starts: segments of one file lie in neighbouring buckets.
  ///
  /// A viewer asks for them one after the other and finds the cache line of the last one still warm. Files are spread by Fibonacci hashing, so chains are as long as at random.
  @inlinable @inline(__always)
  func bucket(of key: UInt64) -> Int {
    let file = key >> 24
    let home = (file ^ file >> 17) &* 0x9E37_79B9_7F4A_7C15 >> UInt64(truncatingIfNeeded: 64 - bucketBits)
    return Int(truncatingIfNeeded: (home &+ key & 0xFF_FFFF) & ((1 << UInt64(truncatingIfNeeded: bucketBits)) - 1))
  }

  /// The slot of a key, or -1.
  @inlinable @inline(__always)
  public func find(_ key: SegmentKey) -> Int32 {
    var slot = buckets[bucket(of: key.rawValue)]
    while slot >= 0 {
      let record = records + Int(slot)
      if record.pointee.keyWord & Self.keyMask == key.rawValue { return slot }
      slot = record.pointee.chain
    }
    return -1
  }

  /// The record in an occupied slot.
  @inlinable
  public subscript(slot: Int32) -> Record {
    @inline(__always) get { records[Int(slot)] }
    @inline(__always) _modify { yield &records[Int(slot)] }
  }

  /// The key of the record in an occupied slot.
  @inlinable
  public func key(at slot: Int32) -> SegmentKey { SegmentKey(rawValue: records[Int(slot)].keyWord & Self.keyMask) }

  /// Adds a record whose key is not yet present and returns its slot.
  @inlinable
  public mutating func insert(_ record: Record) -> Int32 {
    if held == 1 << bucketBits { growBuckets() }
    let slot: Int32
    if firstFree >= 0 {
      slot = firstFree
      firstFree = records[Int(slot)].chain
    } else {
      if Int(used) == capacity { growRecords() }
      slot = used
      used += 1
    }
    let home = bucket(of: record.keyWord & Self.keyMask)
    (records + Int(slot)).initialize(to: record)
    records[Int(slot)].chain = buckets[home]
    buckets[home] = slot
    held += 1
    return slot
  }

  /// Removes the record in an occupied slot; the slot is used again by a later `insert`.
  @inlinable
  public mutating func remove(at slot: Int32) {
    let home = bucket(of: records[Int(slot)].keyWord & Self.keyMask)
    let next = records[Int(slot)].chain
    if buckets[home] == slot {
      buckets[home] = next
    } else {
      var before = buckets[home]
      while records[Int(before)].chain != slot { before = records[Int(before)].chain }
      records[Int(before)].chain = next
    }
    records[Int(slot)].chain = firstFree
    records[Int(slot)].keyWord = KeyedSlab.freeWord
    firstFree = slot
    held -= 1
  }

  @usableFromInline
  mutating func growRecords() {
    precondition(capacity < Int(Int32.max), "a slab holds at most 2^31 - 1 records")
    capacity = min(Int(Int32.max), capacity + capacity / 2)
    records = reallocated(records, byteCount: capacity * MemoryLayout<Record>.stride)
      .bindMemory(to: Record.self, capacity: capacity)
  }

  @usableFromInline
  mutating func growBuckets() {
    let old = buckets
    let oldCount = 1 << bucketBits
    bucketBits += 1
    buckets = .allocate(capacity: 1 << bucketBits)
    adviseHugePages(buckets, byteCount: MemoryLayout<Int32>.stride << bucketBits)
    buckets.initialize(repeating: -1, count: 1 << bucketBits)
    for index in 0..<oldCount {
      var slot = old[index]
      while slot >= 0 {
        let next = records[Int(slot)].chain
        let home = bucket(of: records[Int(slot)].keyWord & Self.keyMask)
        records[Int(slot)].chain = buckets[home]
        buckets[home] = slot
        slot = next
      }
    }
    old.deallocate()
  }

  /// Bytes of memory reserved for records and index (of the records, only touched pages are resident).
  public var reservedBytes: Int {
    capacity * MemoryLayout<Record>.stride + (1 << bucketBits) * MemoryLayout<Int32>.stride
  }

  /// Walks every chain and checks that each record is reachable exactly once from its own bucket.
  ///
  /// - Throws: `InvariantViolation` naming the first disagreement.
  /// - Complexity: O(buckets + records).
  public func validate() throws(InvariantViolation) {
    var reached = 0
    for index in 0..<(1 << bucketBits) {
      var slot = buckets[index]
      while slot >= 0 {
        reached += 1
        if reached > count { throw InvariantViolation("hash chains hold more than \(count) records") }
        if bucket(of: records[Int(slot)].keyWord & Self.keyMask) != index {
          throw InvariantViolation("slot \(slot) hangs in the wrong chain")
        }
        slot = records[Int(slot)].chain
      }
    }
    if reached != count { throw InvariantViolation("hash chains hold \(reached) records, the count says \(count)") }
  }
}

/// A data structure that contradicts itself: a programming error, found by a `validate()`.
public struct InvariantViolation: Error, Equatable, Sendable, CustomStringConvertible {
  /// What disagrees.
  public let description: String

  /// A violation with its description.
  public init(_ description: String) { self.description = description }
}

/// `realloc` with the failure turned into a trap; large blocks move by remapping pages, without a copy.
///
/// A slab is read at random, so large blocks ask for huge pages: most of the cost of a miss is the page walk.
@usableFromInline
func reallocated(_ block: UnsafeMutableRawPointer?, byteCount: Int) -> UnsafeMutableRawPointer {
  guard let moved = realloc(block, byteCount) else { preconditionFailure("out of memory: \(byteCount) bytes") }
  adviseHugePages(moved, byteCount: byteCount)
  return moved
}

/// Asks for huge pages under a block of 8 MiB or more; a system that has none goes on with small ones.
@usableFromInline
func adviseHugePages(_ block: UnsafeMutableRawPointer, byteCount: Int) {
  let pageMask = UInt(4_095)
  let start = (UInt(bitPattern: block) + pageMask) & ~pageMask
  let end = (UInt(bitPattern: block) + UInt(byteCount)) & ~pageMask
  guard byteCount >= 8 << 20, let pages = UnsafeMutableRawPointer(bitPattern: start) else { return }
  // 14 is MADV_HUGEPAGE, a macro that Swift does not import.
  _ = madvise(pages, Int(end - start), 14)
}

@usableFromInline
func release(_ block: UnsafeMutableRawPointer) { free(block) }
