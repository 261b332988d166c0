/// LFU with dynamic ageing: priority = age + uses; the age follows the priority of the victims, so that what was
/// popular once does not stay for ever.
struct LFUDAPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "lfuda", "LFU whose counts start at the priority of the last victim, ties in order of last use",
    source: "Arlitt, Cherkasova, Dilley, Friedrich, Jin: Evaluating content management techniques for Web proxy "
      + "caches, Performance Evaluation Review 2000")

  let capacity: Int64
  var cache: AgedHeapCache

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    cache = AgedHeapCache(objects: setup.objects)
  }

  func prefetch(_ id: Int32) { cache.prefetch(id) }
  func prefetchNeighbours(of id: Int32) { cache.heap.prefetchEntry(of: id) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    cache.records[request.id].uses += 1
    let value = cache.age + Double(cache.records[request.id].uses)
    cache.heap.update(request.id, key: AgedPriority(value: value, lastRequest: request.index))
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while cache.bytes + request.bytes > capacity { cache.evict() }
    cache.insert(request.id, bytes: request.bytes, priority: cache.age + 1, at: request.index)
    return true
  }

  var residentBytes: Int64 { cache.bytes }
  var residentCount: Int { cache.heap.count }
  func contains(_ id: Int32) -> Bool { cache.heap.contains(id) }
  mutating func reserve(objects count: Int) { cache.reserve(objects: count) }
  func validate() throws(InvariantViolation) { try cache.validate(capacity: capacity) }
}
