// Channels of very different ranges ruin a weight that has one scale. Where only a rectifier lies between two layers,
// a factor can move from a channel of the first to the second without changing the function.

/// Cross-layer equalisation.
///
/// Nagel et al., ICCV 2019, section 4.1: relu(s x) = s relu(x) for s > 0, so W1_i / s_i, b1_i / s_i and W2_{:,i} s_i
/// compute the same; s_i = r1_i / sqrt(r1_i r2_i) makes the ranges r of both weights equal channel by channel.
public enum CrossLayerEqualization {
  /// One pair of layers and the factors that were moved.
  public struct Step: Sendable {
    /// Index of the first layer's node.
    public let first: Int
    /// Index of the second layer's node.
    public let second: Int
    /// The factor of each channel between them.
    public let factors: [Float]
  }

  /// What equalisation did.
  public struct Result: Sendable {
    /// The equalised network.
    public let network: Network
    /// Sweeps over all pairs until nothing moved any more.
    public let sweeps: Int
    /// The pairs with the factors of the first sweep.
    public let firstSweep: [Step]
  }

  /// The network equalised pair by pair, in execution order, until no factor is further than `tolerance` from 1.
  public static func equalized(_ network: Network, tolerance: Float = 1e-6, sweepLimit: Int = 100) -> Result {
    var network = network
    let pairs = pairs(of: network)
    var firstSweep: [Step] = []
    var sweeps = 0
    var isDone = pairs.isEmpty
    while !isDone, sweeps < sweepLimit {
      var furthest: Float = 0
      for pair in pairs {
        let step = Step(first: pair.first, second: pair.second, factors: equalize(&network, pair))
        if sweeps == 0 { firstSweep.append(step) }
        for factor in step.factors { furthest = max(furthest, abs(factor - 1)) }
      }
      sweeps += 1
      isDone = furthest < tolerance
    }
    return Result(network: network, sweeps: sweeps, firstSweep: firstSweep)
  }

  /// Layers with nothing but a rectifier between them, read by nobody else.
  static func pairs(of network: Network) -> [(first: Int, second: Int)] {
    network.quantizableNodes.compactMap { first in
      var tensor = network.nodes[first].output
      while tensor != network.outputName {
        let readers = network.consumers(of: tensor)
        guard readers.count == 1 else { return nil }
        let node = network.nodes[readers[0]]
        switch node.operation {
        case .relu, .leakyRelu, .identity: tensor = node.output
        case .convolution, .dense:
          return matches(network, first, readers[0]) ? (first, readers[0]) : nil
        default: return nil
        }
      }
      return nil
    }
  }

  private static func matches(_ network: Network, _ first: Int, _ second: Int) -> Bool {
    inputChannels(network, second) == network.weight(of: first).shape[0]
  }

  private static func inputChannels(_ network: Network, _ index: Int) -> Int {
    let shape = network.weight(of: index).shape
    if case .convolution(_, let group) = network.nodes[index].operation { return shape[1] * group }
    return shape[1]
  }

  /// Moves one factor a channel from the first layer to the second.
  private static func equalize(_ network: inout Network, _ pair: (first: Int, second: Int)) -> [Float] {
    guard let firstName = network.nodes[pair.first].weight, let secondName = network.nodes[pair.second].weight else {
      return []
    }
    var (first, second) = (network.weight(of: pair.first), network.weight(of: pair.second))
    var bias = network.bias(of: pair.first)
    let channels = first.shape[0]
    let slices = (0..<channels).map { inputSlices(network, pair.second, channel: $0) }
    var factors = [Float](repeating: 1, count: channels)
    for channel in 0..<channels {
      let own = channel * first.rowCount..<(channel + 1) * first.rowCount
      let firstRange = own.reduce(Float(0)) { max($0, first.values[$1].magnitude) }
      let secondRange = slices[channel].joined().reduce(Float(0)) { max($0, second.values[$1].magnitude) }
      guard firstRange > 0, secondRange > 0 else { continue }
      let mean = (Double(firstRange) * Double(secondRange)).squareRoot()
      let factor = Float(Double(firstRange) / mean)
      guard factor.isFinite, factor > 0, (1 / factor).isFinite else { continue }
      factors[channel] = factor
      for index in own { first.values[index] /= factor }
      bias[channel] /= factor
      for index in slices[channel].joined() { second.values[index] *= factor }
    }
    network.parameters[firstName] = first
    network.setBias(bias, of: pair.first)
    network.parameters[secondName] = second
    return factors
  }

  /// Where the weight of a layer multiplies an input channel.
  static func inputSlices(_ network: Network, _ index: Int, channel: Int) -> [Range<Int>] {
    let shape = network.weight(of: index).shape
    let taps = shape.dropFirst(2).reduce(1, *)
    var outputs = 0..<shape[0]
    var position = channel
    if case .convolution(_, let group) = network.nodes[index].operation {
      let outputsPerGroup = shape[0] / group
      let own = channel / shape[1]
      outputs = own * outputsPerGroup..<(own + 1) * outputsPerGroup
      position = channel % shape[1]
    }
    return outputs.map { output in
      let start = (output * shape[1] + position) * taps
      return start..<start + taps
    }
  }
}
