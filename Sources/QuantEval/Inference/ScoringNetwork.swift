// Small dense networks asked one row at a time, inside a simulation: every sum is formed in a fixed order, so that the
// answer is the same on every machine, whatever its vector units and matrix libraries.

public import TextFormats

/// A chain of dense layers and rectifiers, in integers or in float.
///
/// With a precision such as `w8a8` weights are quantized by output channel and inputs by the ranges that the model carries
/// in itself; accumulators are 32-bit integers, exact. `fp32` adds floats one after the other.
public struct ScoringNetwork: Sendable {
  /// Name of the metadata entry that holds the ranges of the layers' inputs: `name=range name=range`.
  public static let rangesKey = "simrun.input_ranges"

  private enum Weights {
    case float([Float])
    case integer([Int8], input: AffineQuantizer, scales: [Float], bias: [Int32])
  }

  private struct Layer {
    let inputs: Int
    let outputs: Int
    let weights: Weights
    let bias: [Float]
    let isRectified: Bool
  }

  private let layers: [Layer]
  /// Length of an input row.
  public let inputCount: Int
  /// Length of an output row.
  public let outputCount: Int

  /// Reads a precision: `fp32`, or `w` and `a` with 2 to 8 bits each.
  public static func bits(of precision: String) -> (weights: Int, inputs: Int)? {
    if precision == "fp32" { return (32, 32) }
    guard precision.hasPrefix("w"), let middle = precision.firstIndex(of: "a") else { return nil }
    let parts = [
      precision[precision.index(after: precision.startIndex)..<middle], precision[precision.index(after: middle)...],
    ]
    let bits = parts.compactMap { Int($0) }
    guard bits.count == 2, bits.allSatisfy({ (2...8).contains($0) }) else { return nil }
    return (bits[0], bits[1])
  }

  /// Prepares a network.
  /// - Parameter source: Where it came from, for messages.
  /// - Throws: `InputError` for an unknown precision, an operation that is no dense layer or rectifier, or a model without
  ///   ranges where they are needed.
  public init(_ network: Network, precision: String, source: String) throws(InputError) {
    guard let bits = Self.bits(of: precision) else {
      throw InputError(
        InputPlace(source: source), "'\(precision)' is no precision", suggestion: "fp32, or w8a8 with 2 to 8 bits each")
    }
    var plan: QuantizationPlan = [:]
    if bits.weights <= 8 {
      let ranges = try Self.ranges(network, source: source)
      for index in network.quantizableNodes {
        guard let range = ranges.first(where: { $0.name == network.nodes[index].name })?.range else {
          throw InputError(
            InputPlace(source: source), "it carries no range for the input of '\(network.nodes[index].name)'")
        }
        plan[index] = LayerQuantization(
          weight: QuantizedWeight.thresholds(network.weight(of: index), .perChannel).map {
            AffineQuantizer.symmetric(threshold: $0, bits: bits.weights)
          }, input: .symmetric(threshold: range, bits: bits.inputs))
      }
    }
    try self.init(network, plan: plan, source: source)
  }

  /// Prepares a network whose layers are quantized by a plan; layers without one stay in float.
  /// - Throws: `InputError` for an operation that is no dense layer or rectifier.
  public init(_ network: Network, plan: QuantizationPlan, source: String) throws(InputError) {
    var layers: [Layer] = []
    var tensor = network.inputName
    for (index, node) in network.nodes.enumerated() {
      let place = InputPlace(source: source, path: "node '\(node.name)' (\(node.operation.name))")
      guard node.inputs == [tensor] else { throw InputError(place, "the layers form no chain") }
      tensor = node.output
      switch node.operation {
      case .dense:
        let weight = network.weight(of: index)
        var weights = Weights.float(weight.values)
        if let quantizers = plan[index]?.weight, let input = plan[index]?.input {
          let layer = IntegerLayer(network, node: index, weight: quantizers, input: input)
          weights = .integer(layer.weights, input: input, scales: layer.scales, bias: layer.bias)
        } else if let quantizers = plan[index]?.weight {
          weights = .float(QuantizedWeight(weight, quantizers: quantizers).tensor.values)
        }
        layers.append(
          Layer(
            inputs: weight.shape[1], outputs: weight.shape[0], weights: weights, bias: network.bias(of: index),
            isRectified: false))
      case .relu:
        guard let last = layers.popLast() else { throw InputError(place, "a rectifier before the first layer") }
        layers.append(
          Layer(
            inputs: last.inputs, outputs: last.outputs, weights: last.weights, bias: last.bias, isRectified: true))
      case .identity, .flatten(1): continue
      default: throw InputError(place, "only chains of dense layers and rectifiers can be asked inside a simulation")
      }
    }
    guard let first = layers.first, let last = layers.last, tensor == network.outputName else {
      throw InputError(InputPlace(source: source), "it has no layers")
    }
    self.layers = layers
    inputCount = first.inputs
    outputCount = last.outputs
  }

  private static func ranges(_ network: Network, source: String) throws(InputError) -> [(name: String, range: Double)] {
    guard let text = network.metadata[rangesKey] else {
      throw InputError(
        InputPlace(source: source), "it carries no ranges of its layers' inputs (metadata \(rangesKey))",
        suggestion: "train it with 'simrun quant train', or use precision=fp32")
    }
    return text.split(separator: " ").compactMap { part in
      guard let split = part.lastIndex(of: "="), let range = Double(part[part.index(after: split)...]) else {
        return nil
      }
      return (String(part[..<split]), range)
    }
  }

  /// The ranges of the layers' inputs over rows, as ``rangesKey`` holds them.
  public static func ranges(of network: Network, rows: Tensor) throws -> String {
    let calibration = try Calibration(network, rows: rows, binnings: [], keepsMagnitudes: false)
    return network.quantizableNodes.map { index in
      let range = calibration[network.nodes[index].inputs[0]]?.statistics.absoluteMaximum ?? 0
      return "\(network.nodes[index].name)=\(Double(range))"
    }.joined(separator: " ")
  }

  /// The index of the largest of the first `count` outputs, the first of equals.
  /// - Precondition: There are ``inputCount`` features.
  public func best(_ features: UnsafeBufferPointer<Float>, among count: Int) -> Int {
    scores(features) { scores in
      var best = 0
      for index in 1..<max(1, min(count, scores.count)) where scores[index] > scores[best] { best = index }
      return best
    }
  }

  /// Shows the outputs for a row.
  /// - Precondition: There are ``inputCount`` features.
  public func scores<Result>(
    _ features: UnsafeBufferPointer<Float>, _ body: (UnsafeBufferPointer<Float>) -> Result
  ) -> Result {
    precondition(features.count == inputCount, "\(features.count) features for a network of \(inputCount)")
    let width = layers.reduce(inputCount) { max($0, max($1.inputs, $1.outputs)) }
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * width) { room in
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: width) { levels in
        for index in 0..<inputCount { room[index] = features[index] }
        var (current, next) = (0, width)
        for layer in layers {
          Self.run(layer, room, from: current, to: next, levels)
          swap(&current, &next)
        }
        return body(UnsafeBufferPointer(rebasing: room[current..<current + outputCount]))
      }
    }
  }

  private static func run(
    _ layer: Layer, _ room: UnsafeMutableBufferPointer<Float>, from source: Int, to target: Int,
    _ levels: UnsafeMutableBufferPointer<Int32>
  ) {
    switch layer.weights {
    case .float(let weights):
      for output in 0..<layer.outputs {
        var sum: Float = 0
        for input in 0..<layer.inputs { sum += weights[output * layer.inputs + input] * room[source + input] }
        sum += layer.bias[output]
        room[target + output] = layer.isRectified ? max(0, sum) : sum
      }
    case .integer(let weights, let quantizer, let scales, let bias):
      for input in 0..<layer.inputs {
        levels[input] = Int32(quantizer.level(room[source + input])) - quantizer.zeroPoint
      }
      for output in 0..<layer.outputs {
        var sum = bias[output]
        for input in 0..<layer.inputs { sum &+= Int32(weights[output * layer.inputs + input]) &* levels[input] }
        let value = Float(sum) * scales[output]
        room[target + output] = layer.isRectified ? max(0, value) : value
      }
    }
  }
}
