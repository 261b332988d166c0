// One layer at a time at a low precision: a ranking of the layers that need their bits.

/// What one layer costs at one precision while all others stay in float.
public struct LayerSensitivity: Sendable {
  /// Name of the layer.
  public let layer: String
  /// Index of its node.
  public let node: Int
  /// Bits of its weight and input.
  public let bits: Int
  /// How the network does.
  public let score: ModelScore
  /// Number of its weights.
  public let parameters: Int

  /// Every layer at every precision, per channel and by min-max; of each precision the worst layer first.
  public static func ranking(_ study: EvaluationStudy, bits: [Int]) -> [LayerSensitivity] {
    bits.flatMap { bits in
      let plan = QuantizationPlan(
        study.network, calibration: study.calibration, weightBits: bits, granularity: .perChannel, inputBits: bits,
        method: .minMax)
      let layers = study.network.quantizableNodes.map { index in
        LayerSensitivity(
          layer: study.network.nodes[index].name, node: index, bits: bits,
          score: study.score(plan.filter { $0.key == index }), parameters: study.network.weight(of: index).count)
      }
      return layers.sorted { $0.score.logits.signalToNoise_dB < $1.score.logits.signalToNoise_dB }
    }
  }
}

extension EvaluationStudy {
  /// How the network does under a plan.
  public func score(_ plan: QuantizationPlan) -> ModelScore {
    ModelScore(
      SimulatedNetwork(network, plan: plan).outputs(rows.inputs), float: logits, labels: rows.labels)
  }
}
