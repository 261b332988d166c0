// Single weights set to zero by magnitude; the shape of the network stays.

/// Magnitude pruning: of n weights the round(rate n) smallest in magnitude become zero.
///
/// Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks", NeurIPS 2015. Rounding is
/// to even; of equal magnitudes the earlier weight goes first.
public enum MagnitudePruning {
  /// Over what the smallest weights are sought.
  public enum Scope: String, Sendable, CaseIterable {
    /// All layers together.
    case global
    /// Each layer on its own.
    case layer
  }

  /// The network with the smallest weights of its convolutions and dense layers at zero.
  /// - Parameter rate: Share of weights to zero, from 0 to 1.
  public static func pruned(_ network: Network, rate: Double, scope: Scope) -> Network {
    let layers = network.quantizableNodes
    let parts = scope == .global ? [layers] : layers.map { [$0] }
    return parts.reduce(into: network) { network, part in zeroSmallest(&network, part, rate: rate) }
  }

  private static func zeroSmallest(_ network: inout Network, _ layers: [Int], rate: Double) {
    var magnitudes: [Float] = []
    for layer in layers { magnitudes += network.weight(of: layer).values.map(\.magnitude) }
    let count = Int((rate * Double(magnitudes.count)).rounded(.toNearestOrEven))
    var isZeroed = [Bool](repeating: false, count: magnitudes.count)
    for index in FilterRanking.ascending(magnitudes).prefix(count) { isZeroed[index] = true }
    var start = 0
    for layer in layers {
      guard let name = network.nodes[layer].weight else { continue }
      var weight = network.weight(of: layer)
      for index in weight.values.indices where isZeroed[start + index] { weight.values[index] = 0 }
      start += weight.count
      network.parameters[name] = weight
    }
  }

  /// The largest rate of a list whose pruned network is still right on as many rows as asked; 0 if none is.
  public static func largestRate(
    _ network: Network, rates: [Double], scope: Scope, rows: DataRows, atLeast correct: Int
  ) -> Double {
    var best = 0.0
    for rate in rates.sorted() {
      let found = Forward(pruned(network, rate: rate, scope: scope)).outputs(rows.inputs).rowMaxima
      if zip(found, rows.labels).count(where: { $0 == $1 }) >= correct { best = rate }
    }
    return best
  }

  /// Weights at zero in each layer.
  public static func zeros(_ network: Network) -> [(layer: Int, zeros: Int, count: Int)] {
    network.quantizableNodes.map { layer in
      let weight = network.weight(of: layer)
      return (layer, weight.values.count { $0 == 0 }, weight.count)
    }
  }
}
