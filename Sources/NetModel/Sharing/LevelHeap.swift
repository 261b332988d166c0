// A small heap of (level, index), lowest level first: which link or cap comes next as the common level rises.

struct LevelHeap {
  struct Item: BitwiseCopyable {
    var level: Double
    var index: Int32
  }

  private(set) var items: [Item] = []

  var first: Item? { items.first }

  mutating func removeAll() { items.removeAll(keepingCapacity: true) }

  /// Adds without keeping the order; `build` follows.
  ///
  /// Complexity: O(1).
  mutating func collect(_ level: Double, _ index: Int32) { items.append(Item(level: level, index: index)) }

  /// Complexity: O(n).
  mutating func build() {
    for index in stride(from: items.count / 2 - 1, through: 0, by: -1) { sink(from: index) }
  }

  /// Gives the first item another level.
  ///
  /// Complexity: O(log n).
  mutating func changeFirst(to level: Double) {
    items[0].level = level
    sink(from: 0)
  }

  /// Complexity: O(log n).
  mutating func removeFirst() {
    let last = items.removeLast()
    guard !items.isEmpty else { return }
    items[0] = last
    sink(from: 0)
  }

  private mutating func sink(from start: Int) {
    items.withUnsafeMutableBufferPointer { items in
      let item = items[start]
      var index = start
      while true {
        var child = 2 * index + 1
        guard child < items.count else { break }
        if child + 1 < items.count, items[child + 1].level < items[child].level { child += 1 }
        guard items[child].level < item.level else { break }
        items[index] = items[child]
        index = child
      }
      items[index] = item
    }
  }
}
