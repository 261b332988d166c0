// What would help a configuration that loses too much, tried and not guessed.

/// Known remedies, each applied to one configuration and scored.
public struct FixProposal: Sendable {
  /// What is done, in words.
  public let fix: String
  /// How the network does then.
  public let score: ModelScore

  /// Every remedy that applies to a configuration, the configuration itself first, then the best remedy first.
  ///
  /// Scales per channel, asymmetric inputs, corrected biases, equalised channels (alone and with scales per channel), and
  /// each layer left in float on its own; of the last only the best is told.
  /// - Throws: What preparing an equalised network throws.
  public static func tried(_ study: EvaluationStudy, _ configuration: EvaluationConfiguration) throws -> [FixProposal] {
    let start = study.outcome(configuration)
    var found: [FixProposal] = []
    func add(_ fix: String, _ study: EvaluationStudy, _ change: (inout EvaluationConfiguration) -> Void = { _ in }) {
      var changed = configuration
      change(&changed)
      found.append(FixProposal(fix: fix, score: study.outcome(changed).score))
    }
    let isPerTensor = configuration.granularity == .perTensor && configuration.weightBits <= 8
    if isPerTensor { add("weights per channel", study) { $0.granularity = .perChannel } }
    if case .range(.minMax) = configuration.method, configuration.inputBits <= 8 {
      add("asymmetric inputs", study) { $0.method = .range(.minMaxAsymmetric) }
    }
    if !study.correctsBias {
      var corrected = study
      corrected.correctsBias = true
      add("biases corrected", corrected)
    }
    if !CrossLayerEqualization.pairs(of: study.network).isEmpty {
      var equalised = try EvaluationStudy(
        study.original, rows: study.rows, calibrationRows: study.calibrationRows, equalizes: true,
        methods: [configuration.method])
      equalised.easyQuant = study.easyQuant
      add("channels equalised", equalised)
      if isPerTensor { add("channels equalised, weights per channel", equalised) { $0.granularity = .perChannel } }
    }
    let layers = study.network.quantizableNodes.filter { start.plan[$0] != nil }
    let spared = layers.map { layer in
      let simulated = SimulatedNetwork(start.network, plan: start.plan.filter { $0.key != layer })
      return FixProposal(
        fix: "\(study.network.nodes[layer].name) in float",
        score: ModelScore(simulated.outputs(study.rows.inputs), float: study.logits, labels: study.rows.labels))
    }
    if layers.count > 1, let best = spared.max(by: { isWorse($0, $1) }) { found.append(best) }
    return [FixProposal(fix: "as it is", score: start.score)] + found.sorted { isWorse($1, $0) }
  }

  private static func isWorse(_ one: FixProposal, _ other: FixProposal) -> Bool {
    (one.score.correct, one.score.logits.signalToNoise_dB)
      < (other.score.correct, other.score.logits.signalToNoise_dB)
  }
}
