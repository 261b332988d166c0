import SimEngine

/// The tasks that wait for a worker, most urgent first.
///
/// Encoding tasks of a title become ready all at once, so one entry stands for thousands of them: a stretch of
/// positions that is eaten from the front. The heap is as long as there are titles and tasks to be repeated.
struct ReadyTasks: Sendable {
  /// Some tasks of one title.
  struct Entry: BitwiseCopyable, Sendable {
    /// 0 is given out first.
    var level: UInt8
    /// Order within a level: when the title came, or its deadline.
    var order: Int64
    var title: UInt32
    /// Tasks that are to be repeated and the last steps of a title come before its other tasks.
    var rank: UInt8
    /// First come first served within all this.
    var sequence: UInt32
    var visit: UInt32
    /// Positions of encoding tasks, or a single task number.
    var first: UInt32
    var end: UInt32
    var isBatch: Bool
    /// Attempts at the task before this one, and how many of them failed by themselves.
    var attempt: UInt16
    var failures: UInt8

    static func < (left: Entry, right: Entry) -> Bool {
      if left.level != right.level { return left.level < right.level }
      if left.order != right.order { return left.order < right.order }
      if left.title != right.title { return left.title < right.title }
      if left.rank != right.rank { return left.rank < right.rank }
      return left.sequence < right.sequence
    }
  }

  private var heap: [Entry] = []
  private var inserted: UInt32 = 0

  var isEmpty: Bool { heap.isEmpty }

  /// The most urgent entry.
  var first: Entry? { heap.first }

  /// O(log entries).
  mutating func insert(_ entry: Entry) {
    var entry = entry
    entry.sequence = inserted
    inserted &+= 1
    var place = heap.count
    heap.append(entry)
    while place > 0 {
      let parent = (place - 1) / 2
      guard entry < heap[parent] else { break }
      heap[place] = heap[parent]
      place = parent
    }
    heap[place] = entry
  }

  /// Takes one task from the front of the most urgent entry, which must exist.
  ///
  /// O(1) while the entry has more.
  mutating func takeOne() {
    if heap[0].isBatch, heap[0].first + 1 < heap[0].end {
      heap[0].first += 1
    } else {
      removeFirst()
    }
  }

  /// Drops the most urgent entry, which must exist.
  ///
  /// O(log entries).
  mutating func removeFirst() {
    let last = heap.removeLast()
    guard !heap.isEmpty else { return }
    var place = 0
    while true {
      var child = 2 * place + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < last else { break }
      heap[place] = heap[child]
      place = child
    }
    heap[place] = last
  }
}
