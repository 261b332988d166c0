/// Segments that were fetched ahead of any request, until it is known whether anybody wanted them.
///
/// A prefetched segment is used when it is asked for while it is stored or on its way, and wasted when it is neither any
/// more; so at any moment fetched = used + wasted + open.
///
/// - Complexity: O(1) expected an operation; `settle` one step an open segment.
public struct PrefetchLedger: ~Copyable, Sendable {
  // Internal, not private: clients destroy the slab in place and need its type.
  struct Open: KeyedRecord {
    var keyWord: UInt64
    var chain: Int32
    var bytes: Int64
  }

  private var open = KeyedSlab<Open>()
  /// Bytes of all segments fetched ahead.
  public private(set) var fetchedBytes: Int64 = 0
  /// Bytes of those that were asked for in time.
  public private(set) var usedBytes: Int64 = 0
  /// Bytes of those that were dropped before anybody asked.
  public private(set) var wastedBytes: Int64 = 0

  /// Nothing fetched ahead.
  public init() {}

  /// Bytes of those of which it is not known yet.
  public var openBytes: Int64 { fetchedBytes - usedBytes - wastedBytes }
  /// Segments of which it is not known yet.
  public var count: Int { open.count }

  /// Notes that a segment is fetched ahead.
  public mutating func fetch(_ key: SegmentKey, bytes: Int64) {
    guard open.find(key) < 0 else { return }
    fetchedBytes += bytes
    _ = open.insert(Open(keyWord: key.rawValue, chain: -1, bytes: bytes))
  }

  /// Notes that a segment was asked for; `isThere` if it is stored or on its way.
  public mutating func ask(_ key: SegmentKey, isThere: Bool) {
    let slot = open.find(key)
    guard slot >= 0 else { return }
    if isThere { usedBytes += open[slot].bytes } else { wastedBytes += open[slot].bytes }
    open.remove(at: slot)
  }

  /// Closes the accounts of all segments that are neither stored nor on their way.
  public mutating func settle(isThere: (SegmentKey) -> Bool) {
    for slot in 0..<Int32(open.slotLimit) where open.isOccupied(slot) && !isThere(open.key(at: slot)) {
      wastedBytes += open[slot].bytes
      open.remove(at: slot)
    }
  }
}
