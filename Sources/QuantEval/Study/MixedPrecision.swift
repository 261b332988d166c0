// Bits where they are needed: a greedy search from 8 bits down.

/// A greedy search over the precisions of the layers' weights and inputs.
///
/// The idea of AIMET's automatic mixed precision and of accuracy-driven tuning: every layer begins at the highest
/// precision; in each step the layer is lowered whose lowering costs the least noise for the bytes that it saves. The
/// steps form a path from largest to smallest; those that no other step beats in both size and rows right are the
/// Pareto front.
public struct MixedPrecision {
  /// One step of the search.
  public struct Step: Sendable {
    /// The layer that was lowered; empty for the start.
    public let lowered: String
    /// Bits of every quantizable layer, in execution order.
    public let bits: [Int]
    /// Bytes of all quantizable weights at these bits.
    public let sizeBytes: Int
    /// How the network does.
    public let score: ModelScore
    /// Whether no step is both at least as small and at least as right, and better in one.
    public fileprivate(set) var isOnFront = false
  }

  private let study: EvaluationStudy
  private let ladder: [Int]
  private let layers: [Int]
  private var plans: [Int: QuantizationPlan] = [:]

  /// Prepares a search over a ladder of precisions, the highest first.
  public init(_ study: EvaluationStudy, ladder: [Int] = [8, 6, 4, 3, 2]) {
    self.study = study
    self.ladder = ladder
    layers = study.network.quantizableNodes
    for bits in ladder {
      plans[bits] = QuantizationPlan(
        study.network, calibration: study.calibration, weightBits: bits, granularity: .perChannel, inputBits: bits,
        method: .minMax)
    }
  }

  /// The plan with given bits of every layer.
  public func plan(_ bits: [Int]) -> QuantizationPlan {
    var plan: QuantizationPlan = [:]
    for (layer, bits) in zip(layers, bits) { plan[layer] = plans[bits]?[layer] }
    return plan
  }

  private func size(_ bits: [Int]) -> Int {
    zip(layers, bits).reduce(0) { $0 + (study.network.weight(of: $1.0).count * $1.1 + 7) / 8 }
  }

  /// The steps from the highest to the lowest precision of all layers.
  /// - Complexity: O(layers^2 * precisions) runs over the rows.
  public func steps() -> [Step] {
    var levels = [Int](repeating: 0, count: layers.count)
    func bits() -> [Int] { levels.map { ladder[$0] } }
    var steps = [Step(lowered: "", bits: bits(), sizeBytes: size(bits()), score: study.score(plan(bits())))]
    while levels.contains(where: { $0 + 1 < ladder.count }) {
      var best: (layer: Int, score: ModelScore, worth: Double)?
      for layer in layers.indices where levels[layer] + 1 < ladder.count {
        let before = size(bits())
        levels[layer] += 1
        let score = study.score(plan(bits()))
        // Noise power for a byte saved; logits without noise are the cheapest of all.
        let noise = score.logits.noiseShare
        let worth = noise / Double(max(1, before - size(bits())))
        if best.map({ worth < $0.worth }) ?? true { best = (layer, score, worth) }
        levels[layer] -= 1
      }
      guard let best else { break }
      levels[best.layer] += 1
      steps.append(
        Step(
          lowered: study.network.nodes[layers[best.layer]].name, bits: bits(), sizeBytes: size(bits()),
          score: best.score))
    }
    for index in steps.indices {
      steps[index].isOnFront = !steps.contains { other in
        other.sizeBytes <= steps[index].sizeBytes && other.score.correct >= steps[index].score.correct
          && (other.sizeBytes < steps[index].sizeBytes || other.score.correct > steps[index].score.correct)
      }
    }
    return steps
  }
}
