/// Belady's clairvoyant policy: evicts the object whose next use lies farthest ahead. The ceiling for objects of one
/// size; objects never asked for again are still admitted, and go first.
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

  private struct Entry: BitwiseCopyable {
    var next: Int64
    var id: Int32
  }

  let capacity: Int64
  private var objects: ObjectTable<Resident>
  private var heap: [Entry] = []
  var residentBytes: Int64 = 0
  var residentCount = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    objects = ObjectTable(objects: setup.objects)
  }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    objects[request.id].next = request.next
    push(Entry(next: request.next, id: request.id))
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while residentBytes + request.bytes > capacity { evict() }
    objects[request.id] = Resident(next: request.next, bytesPlusOne: request.bytes + 1)
    residentBytes += request.bytes
    residentCount += 1
    push(Entry(next: request.next, id: request.id))
    return true
  }

  private func isCurrent(_ entry: Entry) -> Bool {
    contains(entry.id) && objects[entry.id].next == entry.next
  }

  private mutating func evict() {
    while true {
      let entry = removeTop()
      if !isCurrent(entry) { continue }
      residentBytes -= objects[entry.id].bytesPlusOne - 1
      residentCount -= 1
      objects[entry.id].bytesPlusOne = 0
      return
    }
  }

  private mutating func push(_ entry: Entry) {
    if heap.count > 64 && heap.count > 4 * residentCount { rebuild() }
    heap.append(entry)
    heap.withUnsafeMutableBufferPointer { entries in
      var position = entries.count - 1
      while position > 0 {
        let parent = (position - 1) / 4
        if entries[parent].next >= entry.next { break }
        entries[position] = entries[parent]
        position = parent
      }
      entries[position] = entry
    }
  }

  private mutating func removeTop() -> Entry {
    let top = heap[0]
    let last = heap.removeLast()
    if !heap.isEmpty { sink(last, from: 0) }
    return top
  }

  private mutating func sink(_ entry: Entry, from start: Int) {
    heap.withUnsafeMutableBufferPointer { entries in
      var position = start
      while true {
        let first = 4 * position + 1
        if first >= entries.count { break }
        var largest = first
        for child in first..<min(first + 4, entries.count) where entries[child].next > entries[largest].next {
          largest = child
        }
        if entries[largest].next <= entry.next { break }
        entries[position] = entries[largest]
        position = largest
      }
      entries[position] = entry
    }
  }

  /// Drops entries of the past and orders the rest anew.
  private mutating func rebuild() {
    heap.removeAll { !isCurrent($0) }
    for position in heap.indices.reversed() { sink(heap[position], from: position) }
  }

  func contains(_ id: Int32) -> Bool { objects[id].bytesPlusOne != 0 }
  func remembers(_ id: Int32) -> Bool { contains(id) }
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
