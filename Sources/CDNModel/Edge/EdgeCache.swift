/// How an edge site chooses what it stores.
public enum EdgePolicy: Sendable, Equatable {
  /// Store what is asked for, evict the least recently used object.
  case lru
  /// Titles placed ahead of demand fill `pinnedShare` (0...1] of the capacity; what remains of it is an LRU share
  /// filled by misses. With a share of 1 a miss is never stored.
  case hotTitlePlacement(pinnedShare: Double)
}

/// The cache of one edge site: a pinned share of placed titles beside a reactive share.
///
/// ```
/// switch cache.lookup(key, bytes: size) {
/// case let outcome where outcome.isHit: serve()
/// default: fetch, and when it has arrived: cache.admit(key, bytes: size)
/// }
/// ```
///
/// `lookup` counts; `admit` may come later, when the fetch has arrived, or never.
///
/// - Complexity: O(1) expected a request.
@frozen
public struct EdgeCache: ~Copyable, Sendable {
  @usableFromInline var reactive: LRUCache
  @usableFromInline var seen: SeenSegments
  @usableFromInline let tracksMissCauses: Bool
  @usableFromInline let storesOnMiss: Bool
  /// The placed titles; the owner fills and changes them.
  public var placed: PlacedTitles
  /// Requests and bytes by outcome.
  public var counters = EdgeCounters()
  /// The policy.
  public let policy: EdgePolicy
  /// Bytes that placed titles may take.
  public let pinnedCapacityBytes: Int64
  @usableFromInline var written: Int64 = 0

  /// An empty cache.
  ///
  /// Without `tracksMissCauses` every miss of an object that could be stored counts as a capacity miss, which saves
  /// the memory of what was ever asked for (about half a byte a segment).
  public init(_ policy: EdgePolicy, capacityBytes: Int64, tracksMissCauses: Bool = true) {
    precondition(capacityBytes >= 0, "a capacity is not negative")
    self.policy = policy
    self.tracksMissCauses = tracksMissCauses
    placed = PlacedTitles()
    seen = SeenSegments()
    switch policy {
    case .lru:
      pinnedCapacityBytes = 0
    case .hotTitlePlacement(let pinnedShare):
      precondition(pinnedShare > 0 && pinnedShare <= 1, "the pinned share lies in (0, 1]")
      pinnedCapacityBytes = Int64(Double(capacityBytes) * pinnedShare)
    }
    reactive = LRUCache(capacityBytes: capacityBytes - pinnedCapacityBytes)
    storesOnMiss = reactive.capacityBytes > 0
  }

  /// Looks a requested object up, counts the outcome, and marks it as used.
  @inlinable
  public mutating func lookup(_ key: SegmentKey, bytes: Int64) -> EdgeOutcome {
    let outcome = find(key, bytes: bytes)
    counters.count(outcome, bytes: bytes)
    return outcome
  }

  @inlinable @inline(__always)
  mutating func find(_ key: SegmentKey, bytes: Int64) -> EdgeOutcome {
    if placed.contains(key) { return .pinnedHit }
    if !storesOnMiss { return .notPlacedMiss }
    if reactive.lookup(key) { return .reactiveHit }
    let before: SeenSegments.Before = tracksMissCauses ? seen.note(key) : .seen
    if bytes > reactive.capacityBytes { return .oversizeMiss }
    switch before {
    case .unknown: return .compulsoryMiss
    case .seen: return .capacityMiss
    case .refused: return .refusedMiss
    }
  }

  /// Counts a request that the site could not serve because of a failure, whatever it stores.
  @inlinable
  public mutating func countHealthMiss(bytes: Int64) { counters.count(.healthMiss, bytes: bytes) }

  /// Offers a fetched object to the reactive share.
  ///
  /// - Returns: whether it is stored now.
  @inlinable
  @discardableResult
  public mutating func admit(_ key: SegmentKey, bytes: Int64) -> Bool {
    if !storesOnMiss || placed.contains(key) { return false }
    let objects = reactive.count
    let evictions = reactive.evictions
    let stored = reactive.admit(key, bytes: bytes)
    if reactive.count != objects || reactive.evictions != evictions { written += bytes }
    return stored
  }

  /// Whether a request would be a hit; counts nothing and touches nothing.
  @inlinable
  public func contains(_ key: SegmentKey) -> Bool { placed.contains(key) || reactive.contains(key) }

  /// Drops everything of the reactive share, as after a failure that lost the disks.
  public mutating func loseReactiveShare() { reactive.removeAll() }

  /// Bytes stored: placed and reactive.
  @inlinable
  public var residentBytes: Int64 { placed.storedBytes + reactive.residentBytes }

  /// Objects in the reactive share.
  @inlinable
  public var reactiveCount: Int { reactive.count }

  /// Objects evicted from the reactive share so far.
  @inlinable
  public var evictions: UInt64 { reactive.evictions }

  /// Bytes written to the reactive share so far.
  @inlinable
  public var reactiveWrittenBytes: Int64 { written }

  /// Checks the shares and their limits.
  ///
  /// - Throws: `InvariantViolation` naming the first disagreement.
  public func validate() throws(InvariantViolation) {
    try reactive.validate()
    if placed.storedBytes > pinnedCapacityBytes {
      throw InvariantViolation("\(placed.storedBytes) bytes placed in a share of \(pinnedCapacityBytes)")
    }
  }
}
