/// Least frequently used while resident: counts are forgotten on eviction.
///
/// Ties: the object that reached its frequency first goes first.
struct LFUPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "lfu", "evicts the object used least often since it was admitted, ties in order of reaching that count",
    source: "Shah, Mitra, Matani: An O(1) algorithm for implementing the LFU cache eviction scheme, 2010")

  let capacity: Int64
  var index: FrequencyIndex
  var sizes: ObjectTable<Int64>
  var residentBytes: Int64 = 0
  var residentCount = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    index = FrequencyIndex(objects: setup.objects)
    sizes = ObjectTable(objects: setup.objects)
  }

  func prefetch(_ id: Int32) { index.prefetch(id) }
  func prefetchNeighbours(of id: Int32) { index.prefetchNeighbours(of: id) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !index.contains(request.id) { return false }
    index.use(request.id)
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while residentBytes + request.bytes > capacity {
      let victim = index.least
      index.remove(victim)
      residentBytes -= sizes[victim]
      residentCount -= 1
    }
    index.insert(request.id)
    sizes[request.id] = request.bytes
    residentBytes += request.bytes
    residentCount += 1
    return true
  }

  func contains(_ id: Int32) -> Bool { index.contains(id) }

  mutating func reserve(objects count: Int) {
    index.reserve(objects: count)
    sizes.reserve(objects: count)
  }

  func validate() throws(InvariantViolation) {
    try index.validate(count: residentCount)
    try checkCapacity(residentBytes, capacity)
    var sum: Int64 = 0
    for id in 0..<Int32(sizes.count) where index.contains(id) { sum += sizes[id] }
    if sum != residentBytes { throw InvariantViolation("residents sum to \(sum), accounted \(residentBytes)") }
  }
}
