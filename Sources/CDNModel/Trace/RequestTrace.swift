/// A trace in memory: object names replaced by dense numbers in order of first appearance.
///
/// Policies index their tables with the numbers, so no run hashes a name, and many runs share one trace.
public struct RequestTrace: Sendable {
  /// What the trace is called in tables.
  public var name: String
  /// Object number of each request, 0-based.
  public internal(set) var ids: [Int32] = []
  /// Size of each request, in bytes, positive.
  public internal(set) var bytes = RequestSizes()
  /// Original name of each object, by number.
  public internal(set) var keys: [UInt64] = []
  /// Number of the next request for the same object, `.max` if none; empty until `linkRequests()`.
  public internal(set) var nextRequests: [Int32] = []
  /// Requests of size zero that were left out.
  public internal(set) var skippedZeroSizes = 0
  /// Requests that the trace held before sampling, equal to `count` if it was not sampled.
  public internal(set) var unsampledCount = 0
  /// Bytes requested before sampling.
  public internal(set) var unsampledBytes: Int64 = 0
  /// Share of the objects that were kept by sampling.
  public internal(set) var sampleRate = 1.0

  /// A trace of already dense requests, mostly for tests.
  ///
  /// - Precondition: the numbers 0..<n all occur, in order of first appearance; sizes are positive.
  public init(name: String, ids: [Int32], bytes: [Int64]) {
    precondition(ids.count == bytes.count, "one size for each request")
    self.name = name
    self.ids = ids
    self.bytes = RequestSizes(bytes)
    let objects = Int(ids.max() ?? -1) + 1
    keys = (0..<UInt64(objects)).map { $0 }
    unsampledCount = ids.count
    unsampledBytes = bytes.reduce(0, +)
  }

  init(name: String) { self.name = name }

  /// Number of requests.
  public var count: Int { ids.count }
  /// Number of distinct objects.
  public var objectCount: Int { keys.count }

  /// Sum of the sizes of all objects at their first request, in bytes.
  public var footprintBytes: Int64 {
    var sum: Int64 = 0
    var seen: Int32 = 0
    for (id, size) in zip(ids, bytes) where id == seen {
      sum += size
      seen += 1
    }
    return sum
  }

  /// Requests and first size of each object.
  public func census(ignoringSizes: Bool) -> ObjectCensus {
    var requests = [Int32](repeating: 0, count: objectCount)
    var sizes = [Int64](repeating: 1, count: objectCount)
    for (id, size) in zip(ids, bytes) {
      if requests[Int(id)] == 0 && !ignoringSizes { sizes[Int(id)] = size }
      requests[Int(id)] += 1
    }
    return ObjectCensus(requests: requests, bytes: sizes)
  }

  /// Fills `nextRequests`, which clairvoyant policies need.
  ///
  /// - Complexity: O(requests).
  public mutating func linkRequests() {
    if nextRequests.count == ids.count { return }
    var upcoming = [Int32](repeating: .max, count: objectCount)
    var nexts = [Int32](repeating: .max, count: ids.count)
    for index in ids.indices.reversed() {
      let id = Int(ids[index])
      nexts[index] = upcoming[id]
      upcoming[id] = Int32(truncatingIfNeeded: index)
    }
    nextRequests = nexts
  }

  /// Whether an object is ever requested with different sizes.
  public var changesSizes: Bool {
    var sizes = [Int64](repeating: 0, count: objectCount)
    for (id, size) in zip(ids, bytes) {
      if sizes[Int(id)] == 0 {
        sizes[Int(id)] = size
      } else if sizes[Int(id)] != size {
        return true
      }
    }
    return false
  }

  /// The largest size of any request, in bytes; 0 for an empty trace.
  public var largestBytes: Int64 { bytes.max() ?? 0 }
}
