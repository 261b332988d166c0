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

  /// What a search for a threshold found.
  public struct Search: Sendable {
    /// The share of weights that goes.
    public let rate: Double
    /// The largest magnitude that goes; 0 if none does.
    public let threshold: Float
    /// The pruned network, fine-tuned if that was asked for.
    public let network: Network
    /// Its rows that are right.
    public let correct: Int
  }

  /// The largest share of weights, in thirty-seconds and then in finer steps down to 1/1024, that can go so that the
  /// network is still right on as many rows as asked.
  ///
  /// Accuracy is not quite monotone in the share: this finds the end of the first stretch that holds, by doubling the
  /// fineness of the step at each failure.
  /// - Parameter tune: Applied to every candidate before it is scored, such as fine-tuning.
  public static func search(
    _ network: Network, scope: Scope, rows: DataRows, atLeast correct: Int, tune: (Network) throws -> Network = { $0 }
  ) rethrows -> Search {
    func right(_ network: Network) -> Int {
      zip(Forward(network).outputs(rows.inputs).rowMaxima, rows.labels).count { $0 == $1 }
    }
    var best = Search(rate: 0, threshold: 0, network: network, correct: right(network))
    var step = 1.0 / 32
    while step >= 1.0 / 1024 {
      let rate = best.rate + step
      guard rate < 1 else {
        step /= 2
        continue
      }
      let candidate = try tune(pruned(network, rate: rate, scope: scope))
      let found = right(candidate)
      if found >= correct {
        best = Search(rate: rate, threshold: threshold(network, candidate), network: candidate, correct: found)
      } else {
        step /= 2
      }
    }
    return best
  }

  /// The largest magnitude among the weights that are zero in another network.
  public static func threshold(_ network: Network, _ pruned: Network) -> Float {
    network.quantizableNodes.reduce(Float(0)) { largest, index in
      zip(network.weight(of: index).values, pruned.weight(of: index).values).reduce(largest) {
        $1.1 == 0 ? max($0, $1.0.magnitude) : $0
      }
    }
  }

  /// Weights at zero in each layer.
  public static func zeros(_ network: Network) -> [(layer: Int, zeros: Int, count: Int)] {
    network.quantizableNodes.map { layer in
      let weight = network.weight(of: layer)
      return (layer, weight.values.count { $0 == 0 }, weight.count)
    }
  }
}
