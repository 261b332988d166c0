/// Belady's clairvoyant policy: evicts the object whose next use lies farthest ahead.
///
/// The ceiling for objects of one size; objects never asked for again are still admitted, and go first.
///
/// Each use pushes a new entry on a heap and leaves the old one behind: old entries lie in the past, so they cannot
/// come up while any resident has a future. When they outnumber the residents the heap is rebuilt.
struct BeladyPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "belady", "evicts the object whose next use lies farthest ahead (needs the whole trace)",
    source: "Belady: A study of replacement algorithms for a virtual-storage computer, IBM Systems Journal 1966")
  static var seesFuture: Bool { true }

  private struct Resident: BitwiseCopyable {
    var next: Int64
    /// Size plus one; 0 is not resident.
    var bytesPlusOne: Int64
  }

  let capacity: Int64
  private var objects: ObjectTable<Resident>
  private var heap = NextUseHeap()
  var residentBytes: Int64 = 0
  var residentCount = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    objects = ObjectTable(objects: setup.objects)
  }

  func prefetch(_ id: Int32) { objects.prefetch(id) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    objects[request.id].next = request.next
    push(request)
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while residentBytes + request.bytes > capacity { evict() }
    objects[request.id] = Resident(next: request.next, bytesPlusOne: request.bytes + 1)
    residentBytes += request.bytes
    residentCount += 1
    push(request)
    return true
  }

  private func isCurrent(_ entry: NextUseHeap.Entry) -> Bool {
    contains(entry.id) && objects[entry.id].next == entry.next
  }

  private mutating func evict() {
    while true {
      let entry = heap.removeTop()
      if !isCurrent(entry) { continue }
      residentBytes -= objects[entry.id].bytesPlusOne - 1
      residentCount -= 1
      objects[entry.id].bytesPlusOne = 0
      return
    }
  }

  private mutating func push(_ request: CacheRequest) {
    if heap.count > 64 && heap.count > 4 * residentCount {
      heap.removeAll { [objects = objects.records] entry in
        let resident = objects[Int(entry.id)]
        return resident.bytesPlusOne == 0 || resident.next != entry.next
      }
    }
    heap.insert(NextUseHeap.Entry(next: request.next, id: request.id))
  }

  func contains(_ id: Int32) -> Bool { objects[id].bytesPlusOne != 0 }
  mutating func reserve(objects count: Int) { objects.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try checkCapacity(residentBytes, capacity)
    var sum: Int64 = 0
    var residents = 0
    for id in 0..<Int32(objects.count) where contains(id) {
      sum += objects[id].bytesPlusOne - 1
      residents += 1
    }
    if sum != residentBytes || residents != residentCount {
      throw InvariantViolation("\(residents) residents of \(sum) bytes, accounted \(residentCount), \(residentBytes)")
    }
  }
}
