/// Greedy-Dual-Size-Frequency: priority = age + uses * 10^6 / size, lowest goes first, the age follows the victims.
///
/// Semantics of the libcachesim 0.3.5 package by default: the new object is inserted before room is made, so it can be
/// its own victim. In the 2024 semantics room is made first.
struct GDSFPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "gdsf", "evicts the lowest of age + uses / size: good for objects, less so for bytes",
    source: "Cherkasova: Improving WWW proxies performance with Greedy-Dual-Size-Frequency caching policy, HP 1998")

  let capacity: Int64
  let insertsFirst: Bool
  var cache: AgedHeapCache

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    insertsFirst = setup.compatibility == .v035
    cache = AgedHeapCache(objects: setup.objects)
  }

  private func priority(_ uses: Int64, _ bytes: Int64) -> Double { cache.age + Double(uses) * 1e6 / Double(bytes) }

  func prefetch(_ id: Int32) { cache.prefetch(id) }
  func prefetchNeighbours(of id: Int32) { cache.heap.prefetchEntry(of: id) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    cache.records[request.id].uses += 1
    let record = cache.records[request.id]
    let value = priority(record.uses, record.bytes)
    cache.heap.update(request.id, key: AgedPriority(value: value, lastRequest: request.index))
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    if !insertsFirst {
      while cache.bytes + request.bytes > capacity { cache.evict() }
    }
    let value = priority(1, request.bytes)
    cache.insert(request.id, bytes: request.bytes, priority: value, at: request.index)
    while cache.bytes > capacity { cache.evict() }
    return contains(request.id)
  }

  var residentBytes: Int64 { cache.bytes }
  var residentCount: Int { cache.heap.count }
  func contains(_ id: Int32) -> Bool { cache.heap.contains(id) }
  mutating func reserve(objects count: Int) { cache.reserve(objects: count) }
  func validate() throws(InvariantViolation) { try cache.validate(capacity: capacity) }
}
