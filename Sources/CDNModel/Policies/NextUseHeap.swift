/// A four-ary heap of objects by their next use, the farthest on top.
///
/// Four children share a cache line or two, so it is half as deep as a binary heap at the same cost a level.
///
/// - Complexity: O(log n) an operation, `removeAll` O(n).
struct NextUseHeap: ~Copyable, @unchecked Sendable {
  struct Entry: BitwiseCopyable {
    /// Number of the request, `.max` for never.
    var next: UInt32
    var id: Int32
  }

  private var entries: UnsafeMutablePointer<Entry>
  private var capacity = 64
  private(set) var count = 0

  init() { entries = .allocate(capacity: capacity) }

  deinit { entries.deallocate() }

  mutating func insert(_ entry: Entry) {
    if count == capacity {
      let larger = UnsafeMutablePointer<Entry>.allocate(capacity: capacity * 2)
      larger.moveInitialize(from: entries, count: count)
      entries.deallocate()
      entries = larger
      capacity *= 2
    }
    var position = count
    count += 1
    while position > 0 {
      let parent = (position - 1) / 4
      if entries[parent].next >= entry.next { break }
      entries[position] = entries[parent]
      position = parent
    }
    entries[position] = entry
  }

  /// Removes the entry of farthest next use; the heap must not be empty.
  mutating func removeTop() -> Entry {
    let top = entries[0]
    count -= 1
    if count > 0 { sink(entries[count], from: 0) }
    return top
  }

  /// Removes all entries of which `isStale` holds and orders the rest anew.
  mutating func removeAll(where isStale: (Entry) -> Bool) {
    var kept = 0
    for position in 0..<count where !isStale(entries[position]) {
      entries[kept] = entries[position]
      kept += 1
    }
    count = kept
    for position in stride(from: (count - 2) / 4, through: 0, by: -1) where position < count {
      sink(entries[position], from: position)
    }
  }

  private mutating func sink(_ entry: Entry, from start: Int) {
    var position = start
    while true {
      let first = 4 * position + 1
      if first >= count { break }
      var farthest = first
      for child in (first + 1)..<max(first + 1, min(first + 4, count))
      where entries[child].next > entries[farthest].next {
        farthest = child
      }
      if entries[farthest].next <= entry.next { break }
      entries[position] = entries[farthest]
      position = farthest
    }
    entries[position] = entry
  }
}
