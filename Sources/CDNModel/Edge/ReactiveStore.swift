/// A cache of segments under some policy, as an edge site holds it.
///
/// A class for each site, not for each object: one dynamic call a request, next to which the cache misses of the
/// lookup itself weigh far more.
public protocol ReactiveStore: AnyObject, Sendable {
  /// Whether the object is resident; if so the policy notes the use.
  func lookup(_ key: SegmentKey, bytes: Int64) -> Bool
  /// Offers a fetched object; returns whether it is resident afterwards.
  func admit(_ key: SegmentKey, bytes: Int64) -> Bool
  /// Whether the object is resident; notes nothing.
  func contains(_ key: SegmentKey) -> Bool
  /// Sum of the sizes of the resident objects.
  var residentBytes: Int64 { get }
  /// Number of resident objects.
  var residentCount: Int { get }
  /// Most bytes that may be resident.
  var capacity: Int64 { get }
  /// Objects evicted so far.
  var evictions: UInt64 { get }
  /// Forgets everything, as after a failure that lost the disks.
  func removeAll()
  /// Checks all invariants.
  ///
  /// - Throws: `InvariantViolation` naming the first disagreement.
  func validate() throws(InvariantViolation)
}

/// A number for an object, as `PolicyStore` gives it.
private struct NumberRecord: KeyedRecord {
  var keyWord: UInt64
  var chain: Int32
}

/// Runs any policy over segment keys: gives out dense numbers and takes them back when the policy has forgotten an
/// object.
///
/// Sendable by being owned by one site at a time.
final class PolicyStore<Policy: EvictionPolicy & ~Copyable>: ReactiveStore, @unchecked Sendable {
  private var policy: Policy
  private var numbers = KeyedSlab<NumberRecord>()
  private var clock: Int64 = 0
  private var admitted: UInt64 = 0
  private var evictedBefore: UInt64 = 0
  /// Numbers in use at which the next sweep for forgotten objects is due.
  private var sweepAt = 1024
  private let setup: PolicySetup
  let capacity: Int64

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    policy = try Policy(setup)
    self.setup = setup
    capacity = setup.capacity
  }

  func lookup(_ key: SegmentKey, bytes: Int64) -> Bool {
    clock += 1
    let number = numbers.find(key)
    if number < 0 { return false }
    return policy.lookup(CacheRequest(id: number, bytes: bytes, index: clock, key: key.rawValue))
  }

  func admit(_ key: SegmentKey, bytes: Int64) -> Bool {
    precondition(bytes > 0, "an object has at least one byte")
    var number = numbers.find(key)
    if number >= 0 && policy.contains(number) { return true }
    if number < 0 {
      if numbers.count >= sweepAt { sweep() }
      number = numbers.insert(NumberRecord(keyWord: key.rawValue, chain: -1))
      policy.reserve(objects: Int(number) + 1)
    }
    let stored = policy.admit(CacheRequest(id: number, bytes: bytes, index: clock, key: key.rawValue))
    if stored { admitted += 1 }
    return stored
  }

  /// Takes back the numbers of forgotten objects; if few were found, lets the table grow by half.
  private func sweep() {
    let before = numbers.count
    for number in 0..<Int32(numbers.slotLimit) where numbers.isOccupied(number) && !policy.remembers(number) {
      numbers.remove(at: number)
    }
    if numbers.count > before - before / 4 { sweepAt = before + before / 2 }
  }

  func removeAll() {
    evictedBefore = evictions
    admitted = 0
    numbers = KeyedSlab()
    sweepAt = 1024
    // The set-up worked once, so it works again; a policy that fails here keeps its content.
    if let fresh = try? Policy(setup) { policy = fresh }
  }

  func contains(_ key: SegmentKey) -> Bool {
    let number = numbers.find(key)
    return number >= 0 && policy.contains(number)
  }

  var residentBytes: Int64 { policy.residentBytes }
  var residentCount: Int { policy.residentCount }
  var evictions: UInt64 { evictedBefore + admitted - UInt64(policy.residentCount) }

  func validate() throws(InvariantViolation) {
    try numbers.validate()
    try policy.validate()
  }
}
