extension QuantizationPlan {
  /// One precision and one method for all layers that can be quantized.
  /// - Parameters:
  ///   - weightBits: 2 to 8, or 32 for float weights.
  ///   - inputBits: 2 to 8, or 32 for float inputs.
  public init(
    _ network: Network, calibration: Calibration, weightBits: Int, granularity: Granularity, inputBits: Int,
    method: RangeMethod
  ) {
    self = [:]
    for index in network.quantizableNodes {
      let weight =
        weightBits > 8
        ? nil
        : QuantizedWeight.thresholds(network.weight(of: index), granularity).map {
          AffineQuantizer.symmetric(threshold: $0, bits: weightBits)
        }
      let input =
        inputBits > 8
        ? nil
        : calibration[network.nodes[index].inputs[0]].map { method.choice(for: $0, bits: inputBits).quantizer }
      self[index] = LayerQuantization(weight: weight, input: input)
    }
  }
}
