/// Segmented LRU: an object has to be used again in each segment to rise to the next.
struct SLRUPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "slru", "LRU in segments: a hit lifts an object one segment, overflow sinks it one",
    source: "Karedla, Love, Wherry: Caching strategies to improve disk system performance, IEEE Computer 1994",
    parameters: [
      PolicyParameter("segments", .integer(1...200), default: "4", "number of equal segments"),
      PolicyParameter("ratio", .ratio, default: "", "sizes of the segments from the lowest up, instead of equal ones"),
    ])

  let capacity: Int64
  var objects: ObjectTable<ObjectRecord>
  var lists: SegmentedLRU

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    objects = ObjectTable(objects: setup.objects)
    let segments = setup.arguments.integer("segments")
    let limits =
      setup.arguments.shares("ratio").map { $0.map(setup.share) }
      ?? Array(repeating: setup.capacity / Int64(segments), count: segments)
    if limits.count > 200 { throw PolicyFailure("slru: \(limits.count) segments are more than 200") }
    lists = SegmentedLRU(limits: limits, firstNumber: 1)
  }

  func prefetch(_ id: Int32) { objects.prefetch(id) }
  func prefetchNeighbours(of id: Int32) { ObjectList.prefetchNeighbours(of: id, in: objects) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    lists.hit(request.id, in: objects)
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity || request.bytes > lists.limits[0] { return false }
    while lists.bytes + request.bytes > capacity { lists.evict(in: objects) }
    lists.insert(request.id, bytes: request.bytes, in: objects)
    return true
  }

  var residentBytes: Int64 { lists.bytes }
  var residentCount: Int { lists.count }
  func contains(_ id: Int32) -> Bool { objects[id].list != 0 }
  mutating func reserve(objects count: Int) { objects.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try lists.validate(in: objects)
    try checkCapacity(lists.bytes, capacity)
  }
}
