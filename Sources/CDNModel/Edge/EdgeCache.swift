/// How an edge site chooses what it stores.
public enum EdgePolicy: Sendable {
  /// Store what is asked for, evict the least recently used object.
  case lru
  /// Titles placed ahead of demand fill `pinnedShare` (0...1] of the capacity; what remains of it is an LRU share
  /// filled by misses. With a share of 1 a miss is never stored.
  case hotTitlePlacement(pinnedShare: Double)
  /// Store what is asked for under any policy of the registry, behind an admission rule. `lru` without a rule is the
  /// same as the case `lru`, which takes less memory.
  case replacement(PolicyChoice, admission: AdmissionChoice)

  /// Reads `lru`, `hot-title-placement`, `hot-title-placement:pinned-share=0.8` or any policy of the registry with its
  /// parameters; `admission` is a rule of the admission registry, `none` for none.
  ///
  /// - Throws: `PolicyFailure` that names what is unknown or out of range, or a policy that needs the future.
  public init(_ text: String, admission: String = "none") throws(PolicyFailure) {
    let rule = try AdmissionRegistry.standard.choice(admission)
    let specification = try Specification(text)
    if specification.name == EdgePolicy.placement.name {
      if rule.entry != nil { throw PolicyFailure("\(EdgePolicy.placement.name) takes no admission rule") }
      let arguments = try PolicyArguments(specification.pairs, for: EdgePolicy.placement)
      self = .hotTitlePlacement(pinnedShare: arguments.number("pinned-share"))
      return
    }
    let choice = try PolicyRegistry.standard.choice(text)
    if choice.entry.seesFuture || choice.entry.needsCensus {
      throw PolicyFailure("\(specification.name) needs the whole trace and cannot run at an edge site")
    }
    self = specification.name == "lru" && rule.entry == nil ? .lru : .replacement(choice, admission: rule)
  }

  /// How placement is chosen on the command line and in scenarios.
  public static let placement = PolicyDescription(
    "hot-title-placement", "files placed ahead of demand by expected bytes served per stored byte",
    source: "Netflix Open Connect: proactive fill of its appliances",
    parameters: [
      PolicyParameter("pinned-share", .number(0.001...1), default: "1", "share of the capacity for placed files")
    ])

  /// The name in tables and scenarios.
  public var name: String {
    switch self {
    case .lru: "lru"
    case .hotTitlePlacement: EdgePolicy.placement.name
    case .replacement(let choice, _): choice.entry.description.name
    }
  }
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
  /// The reactive share where it is not the built-in LRU.
  @usableFromInline let other: (any ReactiveStore)?
  @usableFromInline let admission: EdgeAdmission?
  /// The placed titles; the owner fills and changes them.
  public var placed: PlacedTitles
  /// The first segments of files that are kept for good; the owner fills it.
  public var prefixes = PlacedPrefixes()
  /// Requests and bytes by outcome.
  public var counters = EdgeCounters()
  /// The policy.
  public let policy: EdgePolicy
  /// Bytes that placed titles may take.
  public let pinnedCapacityBytes: Int64
  /// Bytes that prefixes may take.
  public let prefixCapacityBytes: Int64
  @usableFromInline var written: Int64 = 0

  /// An empty cache.
  ///
  /// Without `tracksMissCauses` every miss of an object that could be stored counts as a capacity miss, which saves
  /// the memory of what was ever offered (about half a byte a segment). `prefixShare` of the capacity, in 0...1, is
  /// set apart for prefixes; the policy has the rest.
  ///
  /// - Throws: `PolicyFailure` if a policy of the registry cannot work with this capacity.
  public init(
    _ policy: EdgePolicy, capacityBytes wholeBytes: Int64, prefixShare: Double = 0, tracksMissCauses: Bool = true,
    seed: UInt64 = 0
  ) throws(PolicyFailure) {
    precondition(wholeBytes >= 0, "a capacity is not negative")
    precondition(prefixShare >= 0 && prefixShare <= 1, "the share of prefixes lies in 0...1")
    prefixCapacityBytes = prefixShare > 0 ? Int64(Double(wholeBytes) * prefixShare) : 0
    let capacityBytes = wholeBytes - prefixCapacityBytes
    var pinnedBytes: Int64 = 0
    var store: (any ReactiveStore)?
    var rule: EdgeAdmission?
    switch policy {
    case .lru:
      break
    case .hotTitlePlacement(let pinnedShare):
      precondition(pinnedShare > 0 && pinnedShare <= 1, "the pinned share lies in (0, 1]")
      pinnedBytes = Int64(Double(capacityBytes) * pinnedShare)
    case .replacement(let choice, let admission):
      store = try choice.entry.makeStore(
        PolicySetup(capacity: capacityBytes, objects: 1024, arguments: choice.arguments, seed: seed))
      if let entry = admission.entry {
        let setup = AdmissionSetup(capacity: capacityBytes, arguments: admission.arguments, seed: seed)
        rule = EdgeAdmission(try entry.make(setup))
      }
    }
    self.policy = policy
    self.tracksMissCauses = tracksMissCauses
    pinnedCapacityBytes = pinnedBytes
    storesOnMiss = capacityBytes > pinnedBytes
    other = store
    admission = rule
    placed = PlacedTitles()
    seen = SeenSegments()
    reactive = LRUCache(capacityBytes: store == nil ? capacityBytes - pinnedBytes : 0)
  }

  /// Bytes that the reactive share may take.
  @inlinable
  public var reactiveCapacityBytes: Int64 { other.map { $0.capacity } ?? reactive.capacityBytes }

  /// Looks a requested object up, counts the outcome, and marks it as used.
  @inlinable
  public mutating func lookup(_ key: SegmentKey, bytes: Int64) -> EdgeOutcome {
    let outcome = find(key, bytes: bytes)
    counters.count(outcome, bytes: bytes)
    return outcome
  }

  @inlinable @inline(__always)
  mutating func find(_ key: SegmentKey, bytes: Int64) -> EdgeOutcome {
    if placed.contains(key) || prefixes.contains(key) { return .pinnedHit }
    if !storesOnMiss { return .notPlacedMiss }
    let hit: Bool
    if let other { hit = other.lookup(key, bytes: bytes) } else { hit = reactive.lookup(key) }
    if let admission { admission.observe(key, bytes: bytes, hit: hit) }
    if hit { return .reactiveHit }
    let before: SeenSegments.Before = tracksMissCauses ? seen.state(of: key) : .seen
    if bytes > reactiveCapacityBytes { return .oversizeMiss }
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
    if !storesOnMiss || placed.contains(key) || prefixes.contains(key) { return false }
    let stored: Bool
    if let other {
      if other.contains(key) { return true }
      stored = (admission?.admits(key, bytes: bytes) ?? true) && other.admit(key, bytes: bytes)
    } else {
      if reactive.contains(key) { return true }
      stored = reactive.admit(key, bytes: bytes)
    }
    if tracksMissCauses { seen.note(key, refused: !stored) }
    if stored { written += bytes }
    return stored
  }

  /// Whether a request would be a hit; counts nothing and touches nothing.
  @inlinable
  public func contains(_ key: SegmentKey) -> Bool {
    placed.contains(key) || prefixes.contains(key) || (other?.contains(key) ?? reactive.contains(key))
  }

  /// Drops everything, as after a failure that lost the disks; placed titles come back with the next fill.
  public mutating func loseContent() {
    reactive.removeAll()
    other?.removeAll()
    placed = PlacedTitles()
    prefixes = PlacedPrefixes()
  }

  /// Bytes stored: placed, prefixes and reactive.
  @inlinable
  public var residentBytes: Int64 {
    placed.storedBytes + prefixes.storedBytes + (other?.residentBytes ?? reactive.residentBytes)
  }

  /// Objects evicted from the reactive share so far.
  @inlinable
  public var evictions: UInt64 { other?.evictions ?? reactive.evictions }

  /// Bytes written to the reactive share so far.
  @inlinable
  public var reactiveWrittenBytes: Int64 { written }

  /// Checks the shares and their limits.
  ///
  /// - Throws: `InvariantViolation` naming the first disagreement.
  public func validate() throws(InvariantViolation) {
    if let other { try other.validate() } else { try reactive.validate() }
    if prefixes.storedBytes > prefixCapacityBytes {
      throw InvariantViolation("\(prefixes.storedBytes) bytes of prefixes in a share of \(prefixCapacityBytes)")
    }
    if placed.storedBytes > pinnedCapacityBytes {
      throw InvariantViolation("\(placed.storedBytes) bytes placed in a share of \(pinnedCapacityBytes)")
    }
  }
}

/// An admission rule as a site holds it: owned by one site at a time.
@usableFromInline
final class EdgeAdmission: @unchecked Sendable {
  private let rule: any AdmissionRule
  private var clock: Int64 = 0

  init(_ rule: any AdmissionRule) { self.rule = rule }

  @usableFromInline
  func observe(_ key: SegmentKey, bytes: Int64, hit: Bool) {
    clock += 1
    rule.observe(CacheRequest(id: 0, bytes: bytes, index: clock, key: key.rawValue), hit: hit)
  }

  @usableFromInline
  func admits(_ key: SegmentKey, bytes: Int64) -> Bool {
    rule.admits(CacheRequest(id: 0, bytes: bytes, index: clock, key: key.rawValue))
  }
}
