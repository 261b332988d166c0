/// Memory in front of a disk: copies of what the disk holds and is asked for again.
///
/// The memory is inclusive, so losing it costs no bytes. A copy is made on the n-th hit on disk since the object left
/// memory last; 1 is eager, 2 keeps sequential passes out.
public struct MemoryCopies: ~Copyable, Sendable {
  private var copies: LRUCache
  private var candidates: LRUCache
  private let promotionHits: Int

  /// An empty memory; `promotionHits` is 1 or 2.
  public init(capacityBytes: Int64, promotionHits: Int = 1) {
    precondition(promotionHits == 1 || promotionHits == 2, "objects rise on their first or second disk hit")
    copies = LRUCache(capacityBytes: capacityBytes)
    // Names of objects that had one disk hit, as many as would fill the memory.
    candidates = LRUCache(capacityBytes: capacityBytes)
    self.promotionHits = promotionHits
  }

  /// Whether the object is in memory; marks it as used.
  public mutating func lookup(_ key: SegmentKey) -> Bool { copies.lookup(key) }

  /// Notes that an object was read from disk, and copies it if it is due.
  public mutating func foundOnDisk(_ key: SegmentKey, bytes: Int64) {
    if promotionHits == 1 || candidates.remove(key) {
      copies.admit(key, bytes: bytes)
    } else {
      candidates.admit(key, bytes: bytes)
    }
  }

  /// Drops the copy of an object that the disk does not hold any more.
  public mutating func drop(_ key: SegmentKey) { copies.remove(key) }

  /// Empties the memory, as a restart does.
  public mutating func removeAll() {
    copies.removeAll()
    candidates.removeAll()
  }

  /// Bytes in memory.
  public var residentBytes: Int64 { copies.residentBytes }

  /// Checks both lists.
  ///
  /// - Throws: `InvariantViolation` naming the first disagreement.
  public func validate() throws(InvariantViolation) {
    try copies.validate()
    try candidates.validate()
  }
}
