// Which filters of a convolution matter least.

/// How filters are scored; the smallest score goes first.
public enum FilterCriterion: String, Sendable, CaseIterable {
  /// Sum of magnitudes: Li et al., "Pruning filters for efficient ConvNets", ICLR 2017.
  case l1
  /// Euclidean norm.
  case l2
  /// Sum of Euclidean distances to all filters of the layer, which is small near their geometric median: He et al.,
  /// "Filter pruning via geometric median for deep neural networks acceleration", CVPR 2019.
  case fpgm
  /// Sum of L1 distances to all filters of the layer.
  case l1Distance = "l1-distance"
}

/// Scores and orders of filters.
public enum FilterRanking {
  /// The score of every filter of a weight [out, ...], in double.
  /// - Complexity: O(filters * weights) for distances.
  public static func scores(_ weight: Tensor, _ criterion: FilterCriterion) -> [Double] {
    let width = weight.rowCount
    func filter(_ index: Int) -> ArraySlice<Float> { weight.values[index * width..<(index + 1) * width] }
    let filters = 0..<weight.shape[0]
    switch criterion {
    case .l1: return filters.map { filter($0).reduce(0) { $0 + Double($1.magnitude) } }
    case .l2: return filters.map { filter($0).reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
    case .fpgm, .l1Distance:
      return filters.map { one in
        filters.reduce(0) { sum, other in
          var distance = 0.0
          for (a, b) in zip(filter(one), filter(other)) {
            let difference = Double(a) - Double(b)
            distance += criterion == .fpgm ? difference * difference : abs(difference)
          }
          return sum + (criterion == .fpgm ? distance.squareRoot() : distance)
        }
      }
    }
  }

  /// Distance of every filter to the geometric median of all, found by Weiszfeld's iteration.
  public static func medianDistances(_ weight: Tensor, iterations: Int = 1000) -> [Double] {
    let width = weight.rowCount
    let filters = (0..<weight.shape[0]).map { row in
      weight.values[row * width..<(row + 1) * width].map { Double($0) }
    }
    func distance(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }
    var median = (0..<width).map { column in filters.reduce(0) { $0 + $1[column] } / Double(max(1, filters.count)) }
    for _ in 0..<iterations {
      let pulls = filters.map { 1 / max(distance($0, median), 1e-12) }
      let sum = pulls.reduce(0, +)
      let next = (0..<width).map { column in
        zip(filters, pulls).reduce(0) { $0 + $1.0[column] * $1.1 } / sum
      }
      let moved = distance(next, median)
      median = next
      if moved < 1e-12 { break }
    }
    return filters.map { distance($0, median) }
  }

  /// Indices in ascending order of score; equal scores keep their order.
  public static func ascending<Score: Comparable>(_ scores: [Score]) -> [Int] {
    // The standard sort is stable, but does not promise it: the index settles equal scores.
    scores.indices.sorted { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] < scores[$1] }
  }

  /// The filters to remove from a convolution: the int(n rate) with the smallest scores, in that order.
  public static func removed(_ weight: Tensor, _ criterion: FilterCriterion, rate: Double) -> [Int] {
    Array(ascending(scores(weight, criterion)).prefix(Int(Double(weight.shape[0]) * rate)))
  }
}

/// Filters set to zero, so that the effect of removing them can be seen without changing a shape.
public enum FilterPruning {
  /// One layer's removed filters.
  public struct Removal: Sendable {
    /// Index of the convolution's node.
    public let node: Int
    /// Filters in the order in which they go.
    public let filters: [Int]
  }

  /// What a rate removes from every convolution, or from one.
  public static func removals(
    _ network: Network, _ criterion: FilterCriterion, rate: Double, layer: String? = nil
  ) -> [Removal] {
    network.quantizableNodes.compactMap { index in
      guard case .convolution = network.nodes[index].operation else { return nil }
      guard layer == nil || network.nodes[index].name == layer else { return nil }
      return Removal(node: index, filters: FilterRanking.removed(network.weight(of: index), criterion, rate: rate))
    }
  }

  /// The network with weights and biases of removed filters at zero.
  public static func masked(_ network: Network, _ removals: [Removal]) -> Network {
    var masked = network
    for removal in removals {
      guard let name = network.nodes[removal.node].weight else { continue }
      var weight = network.weight(of: removal.node)
      var bias = network.bias(of: removal.node)
      for filter in removal.filters {
        for index in filter * weight.rowCount..<(filter + 1) * weight.rowCount { weight.values[index] = 0 }
        bias[filter] = 0
      }
      masked.parameters[name] = weight
      masked.setBias(bias, of: removal.node)
    }
    return masked
  }
}
