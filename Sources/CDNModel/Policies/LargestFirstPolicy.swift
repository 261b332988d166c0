/// Evicts the largest object.
///
/// A hit orders the object by the size of that request, while the byte account keeps the admitted size. Among equal
/// sizes the order is that of a binary heap.
struct LargestFirstPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "size", "evicts the largest object",
    source: "Williams et al.: Removal policies in network caches for World-Wide Web documents, SIGCOMM 1996")

  /// Orders larger sizes first.
  struct Key: Comparable, BitwiseCopyable, Sendable {
    var bytes: Int64

    static func < (left: Key, right: Key) -> Bool { left.bytes > right.bytes }
  }

  let capacity: Int64
  var heap: IndexedHeap<Key>
  var sizes: ObjectTable<Int64>
  var residentBytes: Int64 = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    heap = IndexedHeap(objects: setup.objects)
    sizes = ObjectTable(objects: setup.objects)
  }

  func prefetch(_ id: Int32) { heap.prefetch(id) }
  func prefetchNeighbours(of id: Int32) { heap.prefetchEntry(of: id) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !heap.contains(request.id) { return false }
    heap.update(request.id, key: Key(bytes: request.bytes))
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while residentBytes + request.bytes > capacity { residentBytes -= sizes[heap.removeTop().id] }
    heap.insert(request.id, key: Key(bytes: request.bytes))
    sizes[request.id] = request.bytes
    residentBytes += request.bytes
    return true
  }

  var residentCount: Int { heap.count }
  func contains(_ id: Int32) -> Bool { heap.contains(id) }

  mutating func reserve(objects count: Int) {
    heap.reserve(objects: count)
    sizes.reserve(objects: count)
  }

  func validate() throws(InvariantViolation) {
    try heap.validate()
    try checkCapacity(residentBytes, capacity)
    var sum: Int64 = 0
    heap.forEach { sum += sizes[$0.id] }
    if sum != residentBytes { throw InvariantViolation("residents sum to \(sum), accounted \(residentBytes)") }
  }
}
