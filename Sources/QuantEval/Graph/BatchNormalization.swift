// Batch normalisation at inference time is a scale and a shift of each channel, and so can be folded into the
// convolution or dense layer before it.

/// The arithmetic of batch normalisation.
enum BatchNormalization {
  /// y = scale x + shift for parameters scale, shift, mean, variance; computed in double, stored as float.
  static func affine(_ parameters: [Tensor], epsilon: Float) -> (scale: [Float], shift: [Float]) {
    let factors = factors(parameters, epsilon: epsilon)
    let shift = factors.indices.map {
      Float(Double(parameters[1].values[$0]) - Double(parameters[2].values[$0]) * factors[$0])
    }
    return (factors.map { Float($0) }, shift)
  }

  /// scale / sqrt(variance + epsilon) of each channel.
  static func factors(_ parameters: [Tensor], epsilon: Float) -> [Double] {
    parameters[0].values.indices.map {
      Double(parameters[0].values[$0]) / (Double(parameters[3].values[$0]) + Double(epsilon)).squareRoot()
    }
  }
}

extension Network {
  /// The network with every batch normalisation that follows a convolution or dense layer folded into it.
  ///
  /// w' = w g / sqrt(var + eps), b' = shift + (b - mean) g / sqrt(var + eps), in double (Jacob et al., "Quantization and
  /// training of neural networks for efficient integer-arithmetic-only inference", CVPR 2018, section 3.2). A layer
  /// whose output is read by others too is left alone.
  public func foldingBatchNormalization() -> Network {
    var network = self
    var removed: Set<Int> = []
    for (index, node) in nodes.enumerated() {
      guard case .batchNormalization(let epsilon) = node.operation, let source = producer(of: node.inputs[0]),
        nodes[source].operation.isQuantizable, consumers(of: node.inputs[0]).count == 1,
        node.inputs[0] != outputName, let weightName = nodes[source].weight, let weight = parameters[weightName],
        node.parameters.count == 4
      else { continue }
      if case .dense = nodes[source].operation, weight.shape[0] != parameters[node.parameters[0]]?.count { continue }
      let statistics = node.parameters.compactMap { parameters[$0] }
      let factors = BatchNormalization.factors(statistics, epsilon: epsilon)
      var folded = weight
      let width = weight.rowCount
      for channel in factors.indices {
        for element in channel * width..<(channel + 1) * width {
          folded.values[element] = Float(Double(weight.values[element]) * factors[channel])
        }
      }
      let old = bias(of: source)
      let bias = factors.indices.map { channel in
        let centred = Double(old[channel]) - Double(statistics[2].values[channel])
        return Float(Double(statistics[1].values[channel]) + centred * factors[channel])
      }
      network.parameters[weightName] = folded
      network.setBias(bias, of: source)
      network.nodes[source].output = node.output
      for name in node.parameters { network.parameters[name] = nil }
      removed.insert(index)
    }
    network.nodes = network.nodes.indices.filter { !removed.contains($0) }.map { network.nodes[$0] }
    return network
  }
}
