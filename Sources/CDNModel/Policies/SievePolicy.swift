/// SIEVE: a FIFO queue with one visited bit an object and a hand that keeps its place between evictions.
///
/// The hand moves from the oldest towards the newest object, clears visited bits and evicts the first object without
/// one. Survivors stay where they are, so new objects are sifted quickly between the hand and the newest end.
struct SievePolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "sieve", "a hand sweeps a FIFO queue and evicts the first object not visited since it passed",
    source: "Zhang et al.: SIEVE is simpler than LRU, NSDI 2024")

  let capacity: Int64
  var objects: ObjectTable<ObjectRecord>
  var queue = ObjectQueue(number: 1)
  /// Where the hand stands; -1 starts at the oldest object.
  var hand: Int32 = -1

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    objects = ObjectTable(objects: setup.objects)
  }

  func prefetch(_ id: Int32) { objects.prefetch(id) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    objects[request.id].marks = 1
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while queue.bytes + request.bytes > capacity { evict() }
    queue.insert(request.id, bytes: request.bytes, in: objects)
    return true
  }

  private mutating func evict() {
    var victim = hand >= 0 ? hand : queue.oldest
    while objects[victim].marks > 0 {
      objects[victim].marks = 0
      let newer = objects[victim].newer
      victim = newer >= 0 ? newer : queue.oldest
    }
    hand = objects[victim].newer
    queue.remove(victim, in: objects)
  }

  var residentBytes: Int64 { queue.bytes }
  var residentCount: Int { queue.count }
  func contains(_ id: Int32) -> Bool { objects[id].list != 0 }
  mutating func reserve(objects count: Int) { objects.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try queue.validate(in: objects)
    try checkCapacity(queue.bytes, capacity)
    if hand >= 0 && !contains(hand) { throw InvariantViolation("the hand stands on object \(hand), which is gone") }
  }
}
