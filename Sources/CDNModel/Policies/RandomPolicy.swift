/// Evicts a resident drawn at random, as `HashedResidents` draws.
struct RandomPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "random", "evicts an object drawn at random", source: "baseline; under independent requests it equals FIFO")

  static var hashesKeys: Bool { true }

  let capacity: Int64
  var residents: HashedResidents<Int64>
  var residentBytes: Int64 = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    residents = HashedResidents(objects: setup.objects, seed: setup.seed)
  }

  func prefetch(_ id: Int32) { residents.prefetch(id) }

  mutating func lookup(_ request: CacheRequest) -> Bool { contains(request.id) }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while residentBytes + request.bytes > capacity { residentBytes -= residents.remove(residents.sample()) }
    residents.insert(request.id, key: request.key, request.bytes)
    residentBytes += request.bytes
    return true
  }

  var residentCount: Int { residents.count }
  func contains(_ id: Int32) -> Bool { residents.contains(id) }
  mutating func reserve(objects count: Int) { residents.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try residents.validate()
    try checkCapacity(residentBytes, capacity)
    var sum: Int64 = 0
    residents.forEach { sum += $1 }
    if sum != residentBytes { throw InvariantViolation("residents sum to \(sum), accounted \(residentBytes)") }
  }
}
