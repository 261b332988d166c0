internal import SimEngine

/// Evicts a resident drawn uniformly.
struct RandomPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "random", "evicts an object drawn uniformly", source: "baseline; under independent requests it equals FIFO")

  let capacity: Int64
  var pool: ResidentPool<Int64>
  var stream: RandomStream
  var residentBytes: Int64 = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    pool = ResidentPool(objects: setup.objects)
    stream = setup.stream("random")
  }

  mutating func lookup(_ request: CacheRequest) -> Bool { contains(request.id) }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while residentBytes + request.bytes > capacity { residentBytes -= pool.remove(pool.sample(&stream).id) }
    pool.insert(request.id, request.bytes)
    residentBytes += request.bytes
    return true
  }

  var residentCount: Int { pool.count }
  func contains(_ id: Int32) -> Bool { pool.contains(id) }
  func remembers(_ id: Int32) -> Bool { contains(id) }
  mutating func reserve(objects count: Int) { pool.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try pool.validate()
    try checkCapacity(residentBytes, capacity)
    let sum = (0..<pool.count).reduce(Int64(0)) { $0 + pool.entry(at: $1).payload }
    if sum != residentBytes { throw InvariantViolation("residents sum to \(sum), accounted \(residentBytes)") }
  }
}
