internal import SimEngine

/// Hit ratios under independent requests without simulating: the characteristic-time approximation.
///
/// Che, Tung, Wang: Hierarchical web caching systems, JSAC 2002; Fagin: Asymptotic miss ratios over independent
/// references, 1977. An object of request probability p is resident with probability 1 - exp(-pT) under LRU and
/// pT / (1 + pT) under FIFO and RANDOM, where T is such that the expected content fills the capacity.
public enum CheApproximation {
  /// The policies that it covers.
  public enum Policy: Sendable {
    /// Least recently used.
    case lru
    /// First in first out, and eviction at random.
    case fifo
  }

  /// Hit ratios of a cache.
  public struct HitRatios: Sendable, Equatable {
    /// Share of the requests that hit.
    public var objects: Double
    /// Share of the bytes that hit.
    public var bytes: Double
    /// The characteristic time, in requests.
    public var characteristicTime: Double
  }

  /// The hit ratios at a capacity.
  ///
  /// - Parameters:
  ///   - probabilities: request probability of each object; they sum to 1.
  ///   - sizes: size of each object in bytes, nil for objects of size 1.
  ///   - capacity: in bytes, or objects without sizes.
  /// - Complexity: about 60 passes over the objects.
  public static func hitRatios(
    _ policy: Policy, probabilities: [Double], sizes: [Double]? = nil, capacity: Double
  ) -> HitRatios {
    precondition(sizes.map { $0.count == probabilities.count } ?? true, "one size for each object")
    let total = sizes?.reduce(0, +) ?? Double(probabilities.count)
    if capacity >= total { return HitRatios(objects: 1, bytes: 1, characteristicTime: .infinity) }
    var low = 0.0
    var high = max(1, capacity)
    while content(policy, probabilities, sizes, high) < capacity { high *= 2 }
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if content(policy, probabilities, sizes, middle) < capacity { low = middle } else { high = middle }
    }
    var objects = 0.0
    var bytes = 0.0
    var asked = 0.0
    for index in probabilities.indices {
      let hit = residence(policy, probabilities[index] * high)
      let size = sizes?[index] ?? 1
      objects += probabilities[index] * hit
      bytes += probabilities[index] * size * hit
      asked += probabilities[index] * size
    }
    return HitRatios(objects: objects, bytes: bytes / asked, characteristicTime: high)
  }

  /// The hit ratio of the best fixed content of objects of one size: the sum of the largest probabilities.
  public static func staticCeiling(probabilities: [Double], capacity: Int) -> Double {
    probabilities.sorted(by: >).prefix(capacity).reduce(0, +)
  }

  @inline(__always)
  private static func residence(_ policy: Policy, _ load: Double) -> Double {
    switch policy {
    case .lru: -DeterministicMath.expm1(-load)
    case .fifo: load / (1 + load)
    }
  }

  private static func content(_ policy: Policy, _ probabilities: [Double], _ sizes: [Double]?, _ time: Double) -> Double
  {
    var sum = 0.0
    for index in probabilities.indices { sum += (sizes?[index] ?? 1) * residence(policy, probabilities[index] * time) }
    return sum
  }
}
