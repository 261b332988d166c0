/// Moves the mean error of each output channel into the bias.
///
/// Nagel, van Baalen, Blankevoort, Welling, "Data-free quantization through weight equalization and bias correction",
/// ICCV 2019, section 4.2, in its form with data: layer after layer, earlier layers already corrected,
/// bias += mean over the calibration rows of (float output - quantized output).
public enum BiasCorrection {
  /// The network with corrected biases, and what was added to each quantized layer's, in execution order.
  public static func corrected(
    _ network: Network, plan: QuantizationPlan, rows: Tensor
  ) -> (network: Network, deltas: [(node: Int, delta: [Float])]) {
    var corrected = network
    var deltas: [(node: Int, delta: [Float])] = []
    let float = Forward(network)
    for index in network.quantizableNodes where plan[index] != nil {
      let expected = float.tensor(ofNode: index, rows)
      let simulated = SimulatedNetwork(corrected, plan: plan)
      let found = Forward(simulated.network).tensor(ofNode: index, rows, layer: simulated.layer)
      let channels = network.weight(of: index).shape[0]
      let delta = channelMeans(expected, channels: channels, minus: found)
      corrected.setBias(zip(corrected.bias(of: index), delta).map { $0 + $1 }, of: index)
      deltas.append((index, delta))
    }
    return (corrected, deltas)
  }

  /// Mean difference of each channel; the channels are axis 1, of a dense layer over more axes the last.
  private static func channelMeans(_ expected: Tensor, channels: Int, minus found: Tensor) -> [Float] {
    let isImage = expected.shape.count > 2 && expected.shape[1] == channels
    let inner = isImage ? expected.shape.dropFirst(2).reduce(1, *) : 1
    var sums = [Double](repeating: 0, count: channels)
    for index in 0..<expected.count {
      sums[index / inner % channels] += Double(expected.values[index]) - Double(found.values[index])
    }
    let terms = Double(max(1, expected.count / channels))
    return sums.map { Float($0 / terms) }
  }
}
