/// Use count and size of an object, 16 bytes.
struct UseRecord: BitwiseCopyable {
  var uses: Int64
  var bytes: Int64
}

/// What GDSF and LFU-DA share: objects by an aged priority, a byte account, and the age `L` that rises to the
/// priority of each victim, so that old merit loses against new.
struct AgedHeapCache: ~Copyable, Sendable {
  var heap: IndexedHeap<AgedPriority>
  var records: ObjectTable<UseRecord>
  var age = 0.0
  var bytes: Int64 = 0

  init(objects: Int) {
    heap = IndexedHeap(objects: objects)
    records = ObjectTable(objects: objects)
  }

  func prefetch(_ id: Int32) {
    heap.prefetch(id)
    records.prefetch(id)
  }

  mutating func insert(_ id: Int32, bytes size: Int64, priority: Double, at index: Int64) {
    records[id] = UseRecord(uses: 1, bytes: size)
    heap.insert(id, key: AgedPriority(value: priority, lastRequest: index))
    bytes += size
  }

  @discardableResult
  mutating func evict() -> Int32 {
    let victim = heap.removeTop()
    age = victim.key.value
    bytes -= records[victim.id].bytes
    return victim.id
  }

  mutating func reserve(objects: Int) {
    heap.reserve(objects: objects)
    records.reserve(objects: objects)
  }

  func validate(capacity: Int64) throws(InvariantViolation) {
    try heap.validate()
    try checkCapacity(bytes, capacity)
    var sum: Int64 = 0
    heap.forEach { sum += records[$0.id].bytes }
    if sum != bytes { throw InvariantViolation("residents sum to \(sum), accounted \(bytes)") }
  }
}
