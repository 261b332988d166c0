/// A 4-ary implicit heap on (time, sequence): the plain pending-event set that the radix heap is checked against.
///
/// Needs no monotone times. Push and pop are O(log n).
@frozen
@usableFromInline
struct QuaternaryHeap<Event: BitwiseCopyable>: ~Copyable {
  @frozen
  @usableFromInline
  struct Node: BitwiseCopyable {
    @usableFromInline var entry: PendingEvent<Event>
    /// Order of scheduling: first in, first out among events of one time.
    @usableFromInline var sequence: UInt64

    @inlinable
    init(entry: PendingEvent<Event>, sequence: UInt64) {
      self.entry = entry
      self.sequence = sequence
    }

    @inlinable
    func precedes(_ other: Node) -> Bool {
      entry.time != other.entry.time ? entry.time < other.entry.time : sequence < other.sequence
    }
  }

  @usableFromInline var nodes: UnsafeMutablePointer<Node>
  @usableFromInline var capacity: Int
  @usableFromInline var count = 0
  @usableFromInline var nextSequence: UInt64 = 0

  @inlinable
  init(capacity: Int) {
    self.capacity = capacity
    nodes = .allocate(capacity: capacity)
  }

  @inlinable
  deinit { nodes.deallocate() }

  /// The earliest entry; only while `count > 0`.
  @inlinable
  var first: PendingEvent<Event> { nodes[0].entry }

  @inlinable
  mutating func push(_ entry: PendingEvent<Event>) {
    if count == capacity { grow() }
    let node = Node(entry: entry, sequence: nextSequence)
    nextSequence += 1
    var hole = count
    count += 1
    while hole > 0 {
      let parent = (hole - 1) >> 2
      guard node.precedes(nodes[parent]) else { break }
      nodes[hole] = nodes[parent]
      hole = parent
    }
    nodes[hole] = node
  }

  @inlinable
  mutating func popFirst() -> PendingEvent<Event> {
    let first = nodes[0].entry
    count -= 1
    if count > 0 { sink(nodes[count], from: 0) }
    return first
  }

  /// Drops every entry that `isLive` rejects and restores the heap.
  ///
  /// O(n).
  @inlinable
  mutating func removeDead(_ slots: borrowing CancellationSlots) {
    var kept = 0
    for index in 0..<count where slots.isLive(slot: nodes[index].entry.slot, generation: nodes[index].entry.generation)
    {
      nodes[kept] = nodes[index]
      kept += 1
    }
    count = kept
    guard count > 1 else { return }
    for index in stride(from: (count - 2) >> 2, through: 0, by: -1) { sink(nodes[index], from: index) }
  }

  @inlinable
  mutating func sink(_ node: Node, from start: Int) {
    var hole = start
    while true {
      let firstChild = hole * 4 + 1
      guard firstChild < count else { break }
      var best = firstChild
      for child in (firstChild + 1)..<max(firstChild + 1, min(firstChild + 4, count))
      where nodes[child].precedes(nodes[best]) {
        best = child
      }
      guard nodes[best].precedes(node) else { break }
      nodes[hole] = nodes[best]
      hole = best
    }
    nodes[hole] = node
  }

  @inlinable
  @inline(never)
  mutating func grow() {
    let larger = UnsafeMutablePointer<Node>.allocate(capacity: max(16, capacity * 2))
    larger.update(from: nodes, count: count)
    nodes.deallocate()
    nodes = larger
    capacity = max(16, capacity * 2)
  }
}
