/// How many servers of a cluster hold a copy of each file, in proportion to its expected traffic.
public enum ReplicaCounts {
  /// Copies for each candidate, in the candidates' order; 0 where a file is not placed at all.
  ///
  /// First one copy of each file by density, as far as the storage without `copyShare` of it goes; what is left goes
  /// copy by copy to the file
  /// with the highest expected traffic per copy and stored byte, up to one copy on each server. That is the greedy
  /// that equalises the load of copies, so counts end up in proportion to popularity (Netflix Open Connect places
  /// popular titles on many servers of a cluster for the same reason).
  ///
  /// - Complexity: O((n + copies) log n).
  public static func proportional(
    candidates: [PlacementCandidate], servers: Int, storageBytes: Int64, copyShare: Double = 0
  ) -> [Int] {
    precondition(servers > 0, "a cluster has at least one server")
    var counts = [Int](repeating: 0, count: candidates.count)
    let copyBytes = Int64(Double(storageBytes) * copyShare)
    var left = storageBytes - copyBytes
    for index in PlacedTitles.order(candidates) {
      let candidate = candidates[index]
      if candidate.expectedBytesServed <= 0 || candidate.storedBytes > left { continue }
      counts[index] = 1
      left -= candidate.storedBytes
    }
    if servers == 1 { return counts }
    left += copyBytes
    var heap = IndexedHeap<Key>(objects: candidates.count)
    for index in candidates.indices where counts[index] == 1 {
      heap.insert(Int32(index), key: key(candidates[index], copies: 1, index))
    }
    while heap.count > 0 {
      let index = Int(heap.removeTop().id)
      if candidates[index].storedBytes > left { continue }
      counts[index] += 1
      left -= candidates[index].storedBytes
      if counts[index] < servers {
        heap.insert(Int32(index), key: key(candidates[index], copies: counts[index], index))
      }
    }
    return counts
  }

  /// Orders the highest load per copy and stored byte first, ties by position.
  private struct Key: Comparable, BitwiseCopyable, Sendable {
    var load: Double
    var index: Int

    static func < (left: Key, right: Key) -> Bool {
      left.load != right.load ? left.load > right.load : left.index < right.index
    }
  }

  private static func key(_ candidate: PlacementCandidate, copies: Int, _ index: Int) -> Key {
    Key(load: candidate.expectedBytesServed / Double(copies) / Double(candidate.storedBytes), index: index)
  }
}
