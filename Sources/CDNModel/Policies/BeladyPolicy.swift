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
    var next: UInt32
    /// The low and the high word of the size plus one; 0 is not resident.
    var low: UInt32
    var high: UInt32

    init(next: UInt32, bytesPlusOne: Int64) {
      self.next = next
      low = UInt32(truncatingIfNeeded: bytesPlusOne)
      high = UInt32(truncatingIfNeeded: bytesPlusOne >> 32)
    }

    var isResident: Bool { low | high != 0 }
    var bytes: Int64 { Int64(high) << 32 + Int64(low) - 1 }
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
    objects[request.id].next = BeladyPolicy.position(request.next)
    push(request)
    return true
  }

  /// Requests are numbered below 2^31; what is never asked for again comes after all of them.
  private static func position(_ next: Int64) -> UInt32 { UInt32(clamping: next) }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while residentBytes + request.bytes > capacity { evict() }
    objects[request.id] = Resident(next: BeladyPolicy.position(request.next), bytesPlusOne: request.bytes + 1)
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
      residentBytes -= objects[entry.id].bytes
      residentCount -= 1
      objects[entry.id] = Resident(next: 0, bytesPlusOne: 0)
      return
    }
  }

  private mutating func push(_ request: CacheRequest) {
    if heap.count > 64 && heap.count > 3 * residentCount {
      heap.removeAll { [objects = objects.records] entry in
        let resident = objects[Int(entry.id)]
        return !resident.isResident || resident.next != entry.next
      }
    }
    heap.insert(NextUseHeap.Entry(next: BeladyPolicy.position(request.next), id: request.id))
  }

  func contains(_ id: Int32) -> Bool { objects[id].isResident }
  mutating func reserve(objects count: Int) { objects.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try checkCapacity(residentBytes, capacity)
    var sum: Int64 = 0
    var residents = 0
    for id in 0..<Int32(objects.count) where contains(id) {
      sum += objects[id].bytes
      residents += 1
    }
    if sum != residentBytes || residents != residentCount {
      throw InvariantViolation("\(residents) residents of \(sum) bytes, accounted \(residentCount), \(residentBytes)")
    }
  }
}
