import QuantEval
import Reporting

/// What a page of configurations comes to, in sentences.
struct QuantVerdict {
  private let floatScore: ModelScore
  private let outcomes: [EvaluationStudy.Outcome]
  private let remedy: (tried: FixProposal, before: FixProposal)?

  /// `fixes` are the remedies of the worst configuration: that itself first, then the best.
  init(_ study: EvaluationStudy, _ outcomes: [EvaluationStudy.Outcome], fixes: [FixProposal]) {
    floatScore = study.floatScore
    self.outcomes = outcomes
    remedy = fixes.count > 1 ? (fixes[1], fixes[0]) : nil
  }

  /// The float network, the best and the worst configuration of each precision, the best remedy.
  var sentences: [String] {
    var found: [String] = []
    if floatScore.total > 0 {
      found.append("In float the network has \(floatScore.correct) of \(floatScore.total) right.")
    }
    for precision in precisions {
      let ranked = outcomes.filter { self.precision($0) == precision }.sorted { isBetter($0.score, $1.score) }
      guard let best = ranked.first, let worst = ranked.last else { continue }
      let others = ranked.count > 1 ? "; worst is \(name(worst)): \(told(worst.score))" : ""
      found.append("At \(precision) the best of \(ranked.count) is \(name(best)): \(told(best.score))\(others).")
    }
    if let (tried, before) = remedy, isBetter(tried.score, before.score) {
      found.append(
        "Of the remedies tried on the worst of all, \"\(tried.fix)\" does most: from \(told(before.score)) to "
          + "\(told(tried.score)).")
    }
    return found
  }

  /// Every precision of the grid, in its order.
  private var precisions: [String] {
    outcomes.map(precision).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private func precision(_ outcome: EvaluationStudy.Outcome) -> String {
    "w\(outcome.configuration.weightBits)a\(outcome.configuration.inputBits)"
  }

  private func name(_ outcome: EvaluationStudy.Outcome) -> String {
    "\(outcome.configuration.granularity.rawValue) \(outcome.configuration.methodName)"
  }

  /// By right answers where classes are known, else by agreement with the float network; ties by noise.
  private func isBetter(_ one: ModelScore, _ other: ModelScore) -> Bool {
    if one.total > 0, one.correct != other.correct { return one.correct > other.correct }
    if one.agreement != other.agreement { return one.agreement > other.agreement }
    return one.logits.signalToNoise_dB > other.logits.signalToNoise_dB
  }

  private func told(_ score: ModelScore) -> String {
    let agreement = "\(DisplayNumber.significant(score.agreement * 100, digits: 3)) % as in float"
    guard score.total > 0 else { return agreement }
    return "\(score.correct) right, \(agreement)"
  }
}
