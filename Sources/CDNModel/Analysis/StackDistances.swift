/// LRU stack distances of a trace: how many objects, or bytes, were asked for since the last request for this one.
///
/// Mattson's stack algorithm with a Fenwick tree over the moments of last use (Bennett and Kruskal 1975, Olken 1981).
/// Each object has one live moment; when the moments run out they are numbered anew in order, so the tree stays small.
///
/// - Complexity: O(n log m) for n requests over m objects, 16 bytes an object.
struct StackDistances: ~Copyable {
  private let ignoresSizes: Bool
  /// Moment of the last use by object number, 0 for none.
  private var moments: [Int32]
  /// Object by moment, -1 where a later use has replaced it.
  private var owners: [Int32]
  private var sizes: [Int64]
  /// Partial sums, 1-based, of the sizes of objects by their live moment.
  private var tree: [Int64]
  private var now = 0
  private var total: Int64 = 0

  init(objects: Int, ignoringSizes: Bool) {
    ignoresSizes = ignoringSizes
    moments = Array(repeating: 0, count: objects)
    sizes = Array(repeating: 0, count: objects)
    let room = max(64, 2 * objects + objects / 2)
    owners = Array(repeating: -1, count: room + 1)
    tree = Array(repeating: 0, count: room + 1)
  }

  /// Notes a request.
  ///
  /// - Returns: the smallest LRU capacity at which it is a hit (bytes or objects, the object itself included), or nil
  ///   for the first request of an object.
  mutating func note(_ id: Int32, bytes: Int64) -> Int64? {
    let object = Int(id)
    let size = ignoresSizes ? 1 : bytes
    if now + 1 == tree.count { renumber() }
    let last = Int(moments[object])
    var distance: Int64?
    if last > 0 {
      distance = total - sum(through: last) + sizes[object]
      owners[last] = -1
      add(-sizes[object], at: last)
      total -= sizes[object]
    } else {
      sizes[object] = size
    }
    now += 1
    moments[object] = Int32(truncatingIfNeeded: now)
    owners[now] = id
    add(sizes[object], at: now)
    total += sizes[object]
    return distance
  }

  private func sum(through moment: Int) -> Int64 {
    tree.withUnsafeBufferPointer { tree in
      var sum: Int64 = 0
      var node = moment
      while node > 0 {
        sum += tree[node]
        node &= node - 1
      }
      return sum
    }
  }

  private mutating func add(_ size: Int64, at moment: Int) {
    tree.withUnsafeMutableBufferPointer { tree in
      var node = moment
      while node < tree.count {
        tree[node] += size
        node += node & -node
      }
    }
  }

  /// Numbers the live moments anew from 1 and rebuilds the tree.
  private mutating func renumber() {
    var live = 0
    for moment in 1...max(now, 1) where owners[moment] >= 0 {
      live += 1
      owners[live] = owners[moment]
      moments[Int(owners[live])] = Int32(truncatingIfNeeded: live)
    }
    for moment in (live + 1)..<owners.count { owners[moment] = -1 }
    for node in tree.indices { tree[node] = 0 }
    for moment in 1...max(live, 1) where moment <= live { tree[moment] = sizes[Int(owners[moment])] }
    for node in 1..<tree.count {
      let parent = node + (node & -node)
      if parent < tree.count { tree[parent] += tree[node] }
    }
    now = live
  }
}
