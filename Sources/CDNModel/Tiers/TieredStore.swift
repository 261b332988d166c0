/// Memory in front of disk on one server: what is asked for again while on disk moves up into memory.
///
/// The memory holds copies (inclusive), so losing it costs no bytes. Promotion takes place on the n-th disk hit since
/// the object left memory last; 1 is eager, 2 keeps sequential passes out.
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

  private var memory: LRUCache
  private var disk: LRUCache
  private var candidates: LRUCache
  private let promotionHits: Int
  /// Bytes read from disk so far.
  public private(set) var diskReadBytes: Int64 = 0
  /// Bytes written to disk so far.
  public private(set) var diskWriteBytes: Int64 = 0

  /// An empty store; `promotionHits` is 1 or 2.
  public init(memoryBytes: Int64, diskBytes: Int64, promotionHits: Int = 1) {
    precondition(promotionHits == 1 || promotionHits == 2, "objects rise on their first or second disk hit")
    memory = LRUCache(capacityBytes: memoryBytes)
    disk = LRUCache(capacityBytes: diskBytes)
    // Names of objects that had one disk hit, as many as would fill the memory.
    candidates = LRUCache(capacityBytes: memoryBytes)
    self.promotionHits = promotionHits
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
    if promotionHits == 1 || candidates.remove(key) {
      memory.admit(key, bytes: bytes)
    } else {
      candidates.admit(key, bytes: bytes)
    }
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
  public mutating func loseMemory() {
    memory.removeAll()
    candidates.removeAll()
  }

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
    try candidates.validate()
  }
}
