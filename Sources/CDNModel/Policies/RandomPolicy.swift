/// Evicts a resident drawn uniformly.
struct RandomPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "random", "evicts an object drawn uniformly", source: "baseline; under independent requests it equals FIFO")

  let capacity: Int64
  var ring: ResidentRing<Int64>
  var residentBytes: Int64 = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    ring = ResidentRing(objects: setup.objects, seed: setup.seed, vacant: 0)
  }

  mutating func lookup(_ request: CacheRequest) -> Bool { contains(request.id) }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while residentBytes + request.bytes > capacity { residentBytes -= ring.remove(ring.sample().id) }
    ring.insert(request.id, request.bytes)
    residentBytes += request.bytes
    return true
  }

  var residentCount: Int { ring.count }
  func contains(_ id: Int32) -> Bool { ring.contains(id) }
  func remembers(_ id: Int32) -> Bool { contains(id) }
  mutating func reserve(objects count: Int) { ring.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try ring.validate()
    try checkCapacity(residentBytes, capacity)
    var sum: Int64 = 0
    ring.forEach { sum += $0.payload }
    if sum != residentBytes { throw InvariantViolation("residents sum to \(sum), accounted \(residentBytes)") }
  }
}
