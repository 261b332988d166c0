/// First in, first out: the object admitted longest ago goes first, whatever its use.
struct FIFOPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "fifo", "evicts the object that was admitted longest ago", source: "folklore; baseline of every study")

  let capacity: Int64
  var objects: ObjectTable<ObjectRecord>
  var queue = ObjectQueue(number: 1)

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    objects = ObjectTable(objects: setup.objects)
  }

  mutating func lookup(_ request: CacheRequest) -> Bool { contains(request.id) }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while queue.bytes + request.bytes > capacity { queue.remove(queue.oldest, in: objects) }
    queue.insert(request.id, bytes: request.bytes, in: objects)
    return true
  }

  var residentBytes: Int64 { queue.bytes }
  var residentCount: Int { queue.count }
  func contains(_ id: Int32) -> Bool { objects[id].list != 0 }
  func remembers(_ id: Int32) -> Bool { contains(id) }
  mutating func reserve(objects count: Int) { objects.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try queue.validate(in: objects)
    try checkCapacity(queue.bytes, capacity)
  }
}
