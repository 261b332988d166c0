// Which of many groups of flows completes a member first: a heap that finds its entries again when their time changes.

/// Indices 0 ..< n, each with a time or none, earliest first; ties by index, so that runs repeat exactly.
struct DueQueue {
  private var times: [Int64] = []
  private var heap: [Int32] = []
  private var places: [Int32] = []

  /// Makes room for one more index, without a time.
  mutating func addIndex() {
    times.append(FairGroup.never)
    places.append(-1)
  }

  /// The earliest time, `FairGroup.never` if there is none.
  var earliest: Int64 { heap.first.map { times[Int($0)] } ?? FairGroup.never }

  /// An index with the earliest time.
  var first: Int? { heap.first.map { Int($0) } }

  /// Complexity: O(log n).
  mutating func update(_ index: Int, to time: Int64) {
    guard time != times[index] else { return }
    times[index] = time
    let place = Int(places[index])
    if time == FairGroup.never {
      remove(at: place)
      places[index] = -1
    } else if place < 0 {
      heap.append(Int32(index))
      rise(from: heap.count - 1)
    } else {
      rise(from: place)
      sink(from: Int(places[index]))
    }
  }

  private mutating func remove(at place: Int) {
    let last = heap.removeLast()
    guard place < heap.count else { return }
    heap[place] = last
    places[Int(last)] = Int32(place)
    rise(from: place)
    sink(from: Int(places[Int(last)]))
  }

  private func precedes(_ left: Int32, _ right: Int32) -> Bool {
    let (leftTime, rightTime) = (times[Int(left)], times[Int(right)])
    return leftTime < rightTime || (leftTime == rightTime && left < right)
  }

  private mutating func rise(from start: Int) {
    let item = heap[start]
    var place = start
    while place > 0 {
      let parent = (place - 1) / 2
      guard precedes(item, heap[parent]) else { break }
      heap[place] = heap[parent]
      places[Int(heap[place])] = Int32(place)
      place = parent
    }
    heap[place] = item
    places[Int(item)] = Int32(place)
  }

  private mutating func sink(from start: Int) {
    let item = heap[start]
    var place = start
    while true {
      var child = 2 * place + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, precedes(heap[child + 1], heap[child]) { child += 1 }
      guard precedes(heap[child], item) else { break }
      heap[place] = heap[child]
      places[Int(heap[place])] = Int32(place)
      place = child
    }
    heap[place] = item
    places[Int(item)] = Int32(place)
  }
}
