// Which layer is to blame: every quantized layer beside its float self.

/// What quantization does to one layer.
public struct LayerReport: Sendable {
  /// Name of the node.
  public let layer: String
  /// Index of the node.
  public let node: Int
  /// Its output with the whole network quantized, beside the float output.
  public let graphwise: SignalComparison
  /// Its output with only this layer quantized.
  public let layerwise: SignalComparison
  /// The network's output with only this layer quantized.
  public let logits: SignalComparison
  /// Rows right with only this layer quantized.
  public let correct: Int
  /// Scales of the weight; empty where it is in float.
  public let weightScales: [Float]
  /// The quantizer of the input.
  public let input: AffineQuantizer?
  /// Share of the input's values that the range cuts off.
  public let inputSaturation: Double

  /// Reports of all layers of a plan, in execution order.
  /// - Parameter logits: The float network's outputs for the rows.
  public static func reports(
    _ network: Network, plan: QuantizationPlan, rows: DataRows, logits: Tensor
  ) -> [LayerReport] {
    let float = Forward(network)
    let whole = SimulatedNetwork(network, plan: plan)
    let layers = network.quantizableNodes.filter { plan[$0] != nil }
    var graphwise = [SignalComparison](repeating: SignalComparison(), count: network.nodes.count)
    var layerwise = graphwise
    var saturated = [Double](repeating: 0, count: network.nodes.count)
    float.forEachBatch(rows.inputs) { batch, count in
      var outputs: [Int: Tensor] = [:]
      var inputs: [Int: Tensor] = [:]
      _ = float.run(
        batch,
        layer: { index, input in
          inputs[index] = input
          return float.compute(network.nodes[index], [input])
        },
        observe: { index, tensor in if plan[index] != nil { outputs[index] = tensor } })
      let size = batch.shape[0]
      func valid(_ tensor: Tensor) -> [Float] { Array(tensor.values.prefix(tensor.count / size * count)) }
      for index in layers {
        guard let input = inputs[index], let output = outputs[index] else { continue }
        layerwise[index].add(valid(output), valid(whole.layer(index, input)))
        if let quantizer = plan[index]?.input {
          saturated[index] += quantizer.saturation(valid(input)) * Double(count)
        }
      }
      _ = Forward(whole.network).run(
        batch, layer: whole.layer,
        observe: { index, tensor in
          if let output = outputs[index] { graphwise[index].add(valid(output), valid(tensor)) }
        })
    }
    return layers.map { index in
      let only = SimulatedNetwork(network, plan: plan.filter { $0.key == index }).outputs(rows.inputs)
      let score = ModelScore(only, float: logits, labels: rows.labels)
      return LayerReport(
        layer: network.nodes[index].name, node: index, graphwise: graphwise[index], layerwise: layerwise[index],
        logits: score.logits, correct: score.correct, weightScales: plan[index]?.weight?.map(\.scale) ?? [],
        input: plan[index]?.input, inputSaturation: saturated[index] / Double(max(1, rows.count)))
    }
  }
}
