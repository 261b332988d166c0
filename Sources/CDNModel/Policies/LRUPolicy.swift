/// Least recently used: a hit makes an object the newest, the oldest goes first.
struct LRUPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "lru", "evicts the object that was used longest ago",
    source: "Mattson, Gecsei, Slutz, Traiger: Evaluation techniques for storage hierarchies, IBM Systems Journal 1970")

  let capacity: Int64
  var objects: ObjectTable<ObjectRecord>
  var queue = ObjectQueue(number: 1)

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    objects = ObjectTable(objects: setup.objects)
  }

  func prefetch(_ id: Int32) { objects.prefetch(id) }
  func prefetchNeighbours(of id: Int32) { ObjectList.prefetchNeighbours(of: id, in: objects) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    queue.renew(request.id, in: objects)
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while queue.bytes + request.bytes > capacity { queue.remove(queue.oldest, in: objects) }
    queue.insert(request.id, bytes: request.bytes, in: objects)
    return true
  }

  var residentBytes: Int64 { queue.bytes }
  var residentCount: Int { queue.count }
  func contains(_ id: Int32) -> Bool { objects[id].list != 0 }
  mutating func reserve(objects count: Int) { objects.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try queue.validate(in: objects)
    try checkCapacity(queue.bytes, capacity)
  }
}
