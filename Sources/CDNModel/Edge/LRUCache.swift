/// One object of an `LRUCache`: 24 bytes.
@frozen
public struct LRURecord: KeyedRecord {
  /// The key in the low 58 bits, bits 32..<38 of the size above them.
  public var keyWord: UInt64
  @usableFromInline var newer: Int32
  @usableFromInline var older: Int32
  /// Link of the hash chain.
  public var chain: Int32
  @usableFromInline var lowBytes: UInt32

  @inlinable
  init(key: SegmentKey, bytes: Int64) {
    keyWord = key.rawValue | UInt64(truncatingIfNeeded: bytes >> 32) << 58
    lowBytes = UInt32(truncatingIfNeeded: bytes)
    newer = -1
    older = -1
    chain = -1
  }

  @inlinable
  var bytes: Int64 { Int64(truncatingIfNeeded: keyWord >> 58) << 32 | Int64(lowBytes) }
}

/// A least-recently-used cache of sized objects, 28 to 32 bytes of memory an object with its index.
///
/// An edge site of the platform keeps one or two million segments in it, so records live in one slab, linked by
/// slot number; nothing is allocated per object.
///
/// - Complexity: `lookup` O(1) expected; `admit` O(1) expected and one step an evicted object.
@frozen
public struct LRUCache: ~Copyable, Sendable {
  @usableFromInline var slab: KeyedSlab<LRURecord>
  @usableFromInline var newest: Int32 = -1
  @usableFromInline var oldest: Int32 = -1
  @usableFromInline var limit: Int64
  @usableFromInline var resident: Int64 = 0
  @usableFromInline var evicted: UInt64 = 0
  /// Objects larger than this (256 GiB) are not representable.
  public static let largestObjectBytes: Int64 = (1 << 38) - 1

  /// An empty cache; a capacity of zero admits nothing.
  @inlinable
  public init(capacityBytes: Int64) {
    precondition(capacityBytes >= 0, "a capacity is not negative")
    limit = capacityBytes
    slab = KeyedSlab()
  }

  /// The most bytes that may be resident.
  @inlinable
  public var capacityBytes: Int64 { limit }

  /// Sum of the sizes of the resident objects.
  @inlinable
  public var residentBytes: Int64 { resident }

  /// Objects evicted so far to make room.
  @inlinable
  public var evictions: UInt64 { evicted }

  /// Number of resident objects.
  @inlinable
  public var count: Int { slab.count }

  /// Whether the object is resident; does not count as use.
  @inlinable
  public func contains(_ key: SegmentKey) -> Bool { slab.find(key) >= 0 }

  /// Whether the object is resident; if so it becomes the most recently used one.
  @inlinable
  public mutating func lookup(_ key: SegmentKey) -> Bool {
    let slot = slab.find(key)
    if slot < 0 { return false }
    if slot != newest {
      unlink(slot)
      linkNewest(slot)
    }
    return true
  }

  /// Makes room and inserts the object as the most recently used one.
  ///
  /// An object that is already resident is only touched; its size stays as first admitted. An object larger than the
  /// cache is refused and evicts nothing.
  ///
  /// - Returns: whether the object is resident afterwards.
  @inlinable
  @discardableResult
  public mutating func admit(_ key: SegmentKey, bytes: Int64) -> Bool {
    precondition(bytes > 0 && bytes <= LRUCache.largestObjectBytes, "an object has between 1 byte and 256 GiB")
    if lookup(key) { return true }
    if bytes > capacityBytes { return false }
    while residentBytes + bytes > capacityBytes { evictOldest() }
    linkNewest(slab.insert(LRURecord(key: key, bytes: bytes)))
    resident += bytes
    return true
  }

  /// Drops one object (expired, purged, or lost with its disk) without counting an eviction.
  ///
  /// - Returns: whether it was resident.
  @inlinable
  @discardableResult
  public mutating func remove(_ key: SegmentKey) -> Bool {
    let slot = slab.find(key)
    if slot < 0 { return false }
    drop(slot)
    return true
  }

  /// Drops everything, as after a failed server came back empty.
  public mutating func removeAll() {
    while oldest >= 0 { drop(oldest) }
  }

  /// Changes the capacity; a smaller one evicts from the old end at once.
  public mutating func resize(capacityBytes: Int64) {
    precondition(capacityBytes >= 0, "a capacity is not negative")
    limit = capacityBytes
    while residentBytes > capacityBytes { evictOldest() }
  }

  /// The resident keys from the most to the least recently used: for tests and dumps.
  public func keysByRecency() -> [SegmentKey] {
    var keys: [SegmentKey] = []
    var slot = newest
    while slot >= 0 {
      keys.append(slab.key(at: slot))
      slot = slab[slot].older
    }
    return keys
  }

  /// Memory reserved for records and index, in bytes.
  public var reservedBytes: Int { slab.reservedBytes }

  @inlinable
  mutating func evictOldest() {
    drop(oldest)
    evicted += 1
  }

  @inlinable
  mutating func drop(_ slot: Int32) {
    resident -= slab[slot].bytes
    unlink(slot)
    slab.remove(at: slot)
  }

  @inlinable @inline(__always)
  mutating func unlink(_ slot: Int32) {
    let record = slab[slot]
    if record.newer >= 0 { slab[record.newer].older = record.older } else { newest = record.older }
    if record.older >= 0 { slab[record.older].newer = record.newer } else { oldest = record.newer }
  }

  @inlinable @inline(__always)
  mutating func linkNewest(_ slot: Int32) {
    slab[slot].newer = -1
    slab[slot].older = newest
    if newest >= 0 { slab[newest].newer = slot } else { oldest = slot }
    newest = slot
  }

  /// Checks that list, index and byte account agree and that the capacity holds.
  ///
  /// - Throws: `InvariantViolation` naming the first disagreement.
  /// - Complexity: O(n).
  public func validate() throws(InvariantViolation) {
    try slab.validate()
    var bytes: Int64 = 0
    var listed = 0
    var slot = newest
    var newer: Int32 = -1
    while slot >= 0 {
      listed += 1
      if listed > count { throw InvariantViolation("the recency list is longer than \(count) objects") }
      if slab[slot].newer != newer { throw InvariantViolation("slot \(slot) has a wrong link to its newer neighbour") }
      if slab.find(slab.key(at: slot)) != slot { throw InvariantViolation("slot \(slot) is not in the index") }
      bytes += slab[slot].bytes
      newer = slot
      slot = slab[slot].older
    }
    if newer != oldest { throw InvariantViolation("the recency list ends at \(newer), not at the oldest slot") }
    if listed != count { throw InvariantViolation("\(listed) objects listed, \(count) counted") }
    if bytes != residentBytes { throw InvariantViolation("residents sum to \(bytes), accounted \(residentBytes)") }
    if bytes > capacityBytes { throw InvariantViolation("\(bytes) bytes resident in \(capacityBytes)") }
  }
}
