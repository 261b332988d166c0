/// A point of a miss-ratio curve.
public struct MissRatioPoint: Sendable, Equatable {
  /// Cache size in bytes, or objects where sizes are ignored.
  public var capacity: Int64
  /// Missed share of the requests.
  public var objectMissRatio: Double
  /// Missed share of the bytes.
  public var byteMissRatio: Double

  /// Names of the columns.
  public static let header = ["cache_size", "object_miss_ratio", "byte_miss_ratio"]
  /// The point as text fields.
  public var fields: [String] { ["\(capacity)", "\(objectMissRatio)", "\(byteMissRatio)"] }
}

/// The exact LRU miss-ratio curve.
public enum MissRatioCurve {
  /// Points of the default curve.
  public static let defaultPoints = 100

  /// Sizes from a thousandth of the footprint up to all of it, in equal ratios.
  public static func defaultCapacities(footprint: Int64, points: Int = defaultPoints) -> [Int64] {
    precondition(points >= 2, "a curve has at least two points")
    var sizes: [Int64] = []
    // Equal ratios by repeated multiplication: 1000^(1 / (points - 1)), found by bisection so that no library
    // function's last bit decides a size.
    var low = 1.0
    var high = 1000.0
    for _ in 0..<200 {
      let middle = (low + high) / 2
      let power = (1..<points).reduce(1.0) { product, _ in product * middle }
      if power < 1000 { low = middle } else { high = middle }
    }
    var size = Double(footprint) / 1000
    for _ in 0..<(points - 1) {
      let rounded = max(1, Int64(size))
      if sizes.last.map({ $0 < rounded }) ?? true { sizes.append(rounded) }
      size *= low
    }
    if sizes.last.map({ $0 < footprint }) ?? true { sizes.append(footprint) }
    return sizes
  }

  /// The LRU miss ratios at the given sizes, all from one pass.
  ///
  /// Exact for LRU at every size where the stack property holds: always with sizes ignored; with sizes, where no
  /// object changes its size and none is larger than the cache. Other points are simulated one by one, so every
  /// returned point is that of the `lru` policy (but for sampling).
  ///
  /// - Complexity: O(n log m) for n requests over m objects, plus one replay for each point outside the property.
  public static func lru(
    trace: RequestTrace, capacities: [Int64], ignoringSizes: Bool = false, jobs: Int = 1
  ) -> [MissRatioPoint] {
    let whole = capacities
    let scaled = whole.map { trace.sampleRate < 1 ? Int64(Double($0) * trace.sampleRate) : $0 }
    let order = scaled.indices.sorted { scaled[$0] != scaled[$1] ? scaled[$0] < scaled[$1] : $0 < $1 }
    let sorted = order.map { scaled[$0] }
    var hits = hitsBySize(trace, sorted, ignoringSizes)
    if !ignoringSizes { simulateOutsideStackProperty(trace, sorted, jobs, &hits) }
    var points = [MissRatioPoint](
      repeating: MissRatioPoint(capacity: 0, objectMissRatio: 0, byteMissRatio: 0), count: whole.count)
    for (rank, index) in order.enumerated() {
      let counts = trace.scaledToWholeIfSampled(hits[rank], ignoringSizes)
      points[index] = MissRatioPoint(
        capacity: whole[index], objectMissRatio: counts.objectMissRatio, byteMissRatio: counts.byteMissRatio)
    }
    return points
  }

  /// Counts of an LRU at each of the rising sizes.
  private static func hitsBySize(
    _ trace: RequestTrace, _ sizes: [Int64], _ ignoresSizes: Bool
  ) -> [ReplayCounts] {
    var distances = StackDistances(objects: trace.objectCount, ignoringSizes: ignoresSizes)
    var hitRequests = [Int64](repeating: 0, count: sizes.count + 1)
    var hitBytes = [Int64](repeating: 0, count: sizes.count + 1)
    var requestBytes: Int64 = 0
    for (id, size) in zip(trace.ids, trace.bytes) {
      let bytes = ignoresSizes ? 1 : size
      requestBytes += bytes
      guard let needed = distances.note(id, bytes: bytes) else { continue }
      // The first size that is large enough.
      var low = 0
      var high = sizes.count
      while low < high {
        let middle = (low + high) / 2
        if sizes[middle] < needed { low = middle + 1 } else { high = middle }
      }
      hitRequests[low] += 1
      hitBytes[low] += bytes
    }
    var requestsSoFar: Int64 = 0
    var bytesSoFar: Int64 = 0
    return sizes.indices.map { rank in
      requestsSoFar += hitRequests[rank]
      bytesSoFar += hitBytes[rank]
      var counts = ReplayCounts()
      counts.requests = Int64(trace.count)
      counts.requestBytes = requestBytes
      counts.misses = counts.requests - requestsSoFar
      counts.missBytes = requestBytes - bytesSoFar
      return counts
    }
  }

  /// Replaces the counts of sizes where objects are too large, or of all if objects change their size.
  private static func simulateOutsideStackProperty(
    _ trace: RequestTrace, _ sizes: [Int64], _ jobs: Int, _ counts: inout [ReplayCounts]
  ) {
    let largest = trace.largestBytes
    let changes = trace.changesSizes
    let outside = sizes.indices.filter { changes || sizes[$0] < largest }
    guard !outside.isEmpty, let lru = PolicyRegistry.standard.entry(named: "lru") else { return }
    let simulated = inParallel(count: outside.count, jobs: jobs) { index in
      let setup = PolicySetup(
        capacity: sizes[outside[index]], objects: trace.objectCount,
        arguments: PolicyArguments(defaultsOf: lru.description))
      return try? lru.replay(ReplayInput(trace: trace, setup: setup))
    }
    for (index, rank) in outside.enumerated() {
      if let exact = simulated[index] { counts[rank] = exact }
    }
  }
}

extension RequestTrace {
  fileprivate func scaledToWholeIfSampled(_ counts: ReplayCounts, _ ignoresSizes: Bool) -> ReplayCounts {
    sampleRate < 1 ? scaledToWhole(counts, ignoringSizes: ignoresSizes) : counts
  }
}
