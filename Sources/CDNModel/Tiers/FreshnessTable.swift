/// How long stored copies may be served: times to live by key.
///
/// A stored object past its time is stale: it has to be revalidated or fetched again before it is served. Segments of
/// finished titles never change and need no entry; manifests and live segments do.
public struct FreshnessTable: ~Copyable, Sendable {
  // Internal, not private: clients destroy the slab in place and need its type.
  struct Expiry: KeyedRecord {
    var keyWord: UInt64
    var chain: Int32
    var due: Int64
  }

  private var expiries = KeyedSlab<Expiry>()

  /// No object has a time limit.
  public init() {}

  /// Number of objects with a time limit.
  public var count: Int { expiries.count }

  /// Gives an object a time to live from now on; both in nanoseconds.
  public mutating func store(_ key: SegmentKey, now: Int64, timeToLive: Int64) {
    precondition(timeToLive >= 0, "a time to live is not negative")
    let (due, overflow) = now.addingReportingOverflow(timeToLive)
    let slot = expiries.find(key)
    if slot >= 0 {
      expiries[slot].due = overflow ? .max : due
    } else {
      _ = expiries.insert(Expiry(keyWord: key.rawValue, chain: -1, due: overflow ? .max : due))
    }
  }

  /// Whether an object may be served at a time in nanoseconds; objects without a limit always may.
  public func isFresh(_ key: SegmentKey, now: Int64) -> Bool {
    let slot = expiries.find(key)
    return slot < 0 || now < expiries[slot].due
  }

  /// Until when an object may be served; `nil` for objects without a limit.
  public func expiry(of key: SegmentKey) -> Int64? {
    let slot = expiries.find(key)
    return slot < 0 ? nil : expiries[slot].due
  }

  /// Forgets the limits of all objects that are not kept.
  public mutating func forgetAll(but isKept: (SegmentKey) -> Bool) {
    for slot in 0..<Int32(expiries.slotLimit)
    where expiries.isOccupied(slot) && !isKept(expiries.key(at: slot)) {
      expiries.remove(at: slot)
    }
  }

  /// Forgets an object's limit, as when it was evicted.
  public mutating func forget(_ key: SegmentKey) {
    let slot = expiries.find(key)
    if slot >= 0 { expiries.remove(at: slot) }
  }
}
