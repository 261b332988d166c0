internal import CPrefetch

/// A binary heap of objects by key that knows where each object sits, so that keys can change and objects can leave.
///
/// The smallest key is on top. Comparisons are strict and equal children yield the left one, so the order of equal
/// keys is that of a plain array heap filled from the right and refilled from the root.
///
/// - Complexity: O(log n) an operation; 4 bytes an object plus one entry a member.
struct IndexedHeap<Key: Comparable & BitwiseCopyable & Sendable>: ~Copyable, @unchecked Sendable {
  struct Entry: BitwiseCopyable {
    var key: Key
    var id: Int32
  }

  /// Position plus one by object number; 0 is not a member.
  private var positions: ObjectTable<Int32>
  private var entries: UnsafeMutablePointer<Entry>
  private var capacity = 64
  private(set) var count = 0

  init(objects: Int) {
    positions = ObjectTable(objects: objects)
    entries = .allocate(capacity: capacity)
  }

  deinit { entries.deallocate() }

  mutating func reserve(objects: Int) { positions.reserve(objects: objects) }

  func prefetch(_ id: Int32) { positions.prefetch(id) }
  /// Fetches a member's entry, whose position has been fetched.
  func prefetchEntry(of id: Int32) { prefetch_line(entries + (Int(positions[id]) &- 1)) }

  func contains(_ id: Int32) -> Bool { positions[id] != 0 }

  /// The object of smallest key; the heap must not be empty.
  var top: Entry { entries[0] }

  func key(of id: Int32) -> Key { entries[Int(positions[id]) - 1].key }

  mutating func insert(_ id: Int32, key: Key) {
    if count == capacity { grow() }
    count += 1
    rise(Entry(key: key, id: id), from: count - 1)
  }

  /// Changes the key of a member.
  mutating func update(_ id: Int32, key: Key) {
    let position = Int(positions[id]) - 1
    let entry = Entry(key: key, id: id)
    if key < entries[position].key { rise(entry, from: position) } else { sink(entry, from: position) }
  }

  /// Removes the object of smallest key.
  @discardableResult
  mutating func removeTop() -> Entry {
    let top = entries[0]
    positions[top.id] = 0
    count -= 1
    if count > 0 { sink(entries[count], from: 0) }
    return top
  }

  private mutating func rise(_ entry: Entry, from start: Int) {
    var position = start
    while position > 0 {
      let parent = (position - 1) / 2
      if !(entry.key < entries[parent].key) { break }
      put(entries[parent], at: position)
      position = parent
    }
    put(entry, at: position)
  }

  private mutating func sink(_ entry: Entry, from start: Int) {
    var position = start
    while true {
      var child = 2 * position + 1
      if child >= count { break }
      if child + 1 < count && entries[child + 1].key < entries[child].key { child += 1 }
      if !(entries[child].key < entry.key) { break }
      put(entries[child], at: position)
      position = child
    }
    put(entry, at: position)
  }

  @inline(__always)
  private mutating func put(_ entry: Entry, at position: Int) {
    entries[position] = entry
    positions[entry.id] = Int32(truncatingIfNeeded: position + 1)
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Entry>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: entries, count: count)
    entries.deallocate()
    entries = larger
    capacity *= 2
  }

  /// Calls `body` for each member in heap order.
  func forEach(_ body: (Entry) -> Void) {
    for position in 0..<count { body(entries[position]) }
  }

  func validate() throws(InvariantViolation) {
    for position in 0..<count {
      if Int(positions[entries[position].id]) != position + 1 {
        throw InvariantViolation("object \(entries[position].id) is not where the heap says")
      }
      if position > 0 && entries[position].key < entries[(position - 1) / 2].key {
        throw InvariantViolation("heap position \(position) is out of order")
      }
    }
  }
}

/// A priority whose ties go to the object used longest ago.
struct AgedPriority: Comparable, BitwiseCopyable, Sendable {
  var value: Double
  var lastRequest: Int64

  static func < (left: AgedPriority, right: AgedPriority) -> Bool {
    left.value != right.value ? left.value < right.value : left.lastRequest < right.lastRequest
  }
}
