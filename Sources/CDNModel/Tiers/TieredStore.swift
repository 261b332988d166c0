/// Memory in front of disk on one server: what is asked for again while on disk moves up into memory.
///
/// An LRU disk below `MemoryCopies`.
public struct TieredStore: ~Copyable, Sendable {
  /// Where an object was found.
  public enum Place: Sendable {
    /// In memory.
    case memory
    /// On disk.
    case disk
    /// On neither.
    case none
  }

  private var memory: MemoryCopies
  private var disk: LRUCache
  /// Bytes read from disk so far.
  public private(set) var diskReadBytes: Int64 = 0
  /// Bytes written to disk so far.
  public private(set) var diskWriteBytes: Int64 = 0

  /// An empty store; `promotionHits` is 1 or 2.
  public init(memoryBytes: Int64, diskBytes: Int64, promotionHits: Int = 1) {
    memory = MemoryCopies(capacityBytes: memoryBytes, promotionHits: promotionHits)
    disk = LRUCache(capacityBytes: diskBytes)
  }

  /// Looks an object up and moves it up if it is due.
  public mutating func lookup(_ key: SegmentKey, bytes: Int64) -> Place {
    if memory.lookup(key) {
      // Kept fresh on disk too, so that it is not the disk's next victim while memory serves it.
      _ = disk.lookup(key)
      return .memory
    }
    if !disk.lookup(key) { return .none }
    diskReadBytes += bytes
    memory.foundOnDisk(key, bytes: bytes)
    return .disk
  }

  /// Stores a fetched object on disk; returns whether it is there afterwards.
  @discardableResult
  public mutating func admit(_ key: SegmentKey, bytes: Int64) -> Bool {
    if disk.contains(key) { return true }
    if !disk.admit(key, bytes: bytes) { return false }
    diskWriteBytes += bytes
    return true
  }

  /// Empties the memory, as a restart does.
  public mutating func loseMemory() { memory.removeAll() }

  /// Bytes in memory.
  public var memoryBytes: Int64 { memory.residentBytes }
  /// Bytes on disk.
  public var diskBytes: Int64 { disk.residentBytes }

  /// Checks all lists.
  ///
  /// - Throws: `InvariantViolation` naming the first disagreement.
  public func validate() throws(InvariantViolation) {
    try memory.validate()
    try disk.validate()
  }
}
