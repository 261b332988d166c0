import QuantEval
import Reporting

/// The tables of `quant eval`.
enum QuantTables {
  /// The outcome with the most rows right; of equals the one with the least noise.
  static func best(_ outcomes: [EvaluationStudy.Outcome]) -> EvaluationStudy.Outcome? {
    outcomes.max {
      ($0.score.correct, $0.score.logits.signalToNoise_dB) < ($1.score.correct, $1.score.logits.signalToNoise_dB)
    }
  }

  /// A row a configuration, the float model first.
  static func grid(_ study: EvaluationStudy, _ outcomes: [EvaluationStudy.Outcome]) -> Table {
    var table = Table(
      [
        "wbits", "abits", "weights", "activation", "correct", "total", "accuracy", "agree_with_fp32", "logit_cosine",
        "logit_sqnr_db",
      ], text: ["weights", "activation"])
    table.append([32, 32, "float", "float"] + cells(study.floatScore))
    for outcome in outcomes {
      let configuration = outcome.configuration
      table.append(
        [
          .integer(Int64(configuration.weightBits)), .integer(Int64(configuration.inputBits)),
          .text(configuration.granularity.rawValue), .text(configuration.methodName),
        ] + cells(outcome.score))
    }
    return table
  }

  private static func cells(_ score: ModelScore) -> [Table.Cell] {
    [
      score.total == 0 ? .empty : .integer(Int64(score.correct)), .integer(Int64(score.total)),
      score.total == 0 ? .empty : .number(score.accuracy), .number(score.agreement), .number(score.logits.cosine),
      .number(score.logits.signalToNoise_dB),
    ]
  }

  /// Every layer of every configuration.
  static func layers(_ study: EvaluationStudy, _ outcomes: [EvaluationStudy.Outcome]) -> Table {
    var table = Table(
      [
        "wbits", "abits", "weights", "activation", "layer", "graphwise_cosine", "graphwise_sqnr_db", "layerwise_cosine",
        "layerwise_sqnr_db", "final_sqnr_db", "only_this_layer_correct", "input_scale", "input_zero_point",
        "input_saturation", "weight_scale_min", "weight_scale_max",
      ], text: ["weights", "activation", "layer"])
    for outcome in outcomes {
      let configuration = outcome.configuration
      for report in LayerReport.reports(outcome.network, plan: outcome.plan, rows: study.rows, logits: study.logits) {
        let scales = report.weightScales
        table.append([
          .integer(Int64(configuration.weightBits)), .integer(Int64(configuration.inputBits)),
          .text(configuration.granularity.rawValue), .text(configuration.methodName), .text(report.layer),
          .number(report.graphwise.cosine), .number(report.graphwise.signalToNoise_dB),
          .number(report.layerwise.cosine), .number(report.layerwise.signalToNoise_dB),
          .number(report.logits.signalToNoise_dB), .integer(Int64(report.correct)),
          report.input.map { .number(Double($0.scale)) } ?? .empty,
          report.input.map { .integer(Int64($0.zeroPoint)) } ?? .empty,
          report.input == nil ? .empty : .number(report.inputSaturation),
          scales.min().map { .number(Double($0)) } ?? .empty, scales.max().map { .number(Double($0)) } ?? .empty,
        ])
      }
    }
    return table
  }

  /// Layers by what they cost alone at low precisions, the worst first.
  static func sensitivity(_ ranking: [LayerSensitivity]) -> Table {
    var table = Table(
      ["bits", "layer", "correct", "agree_with_fp32", "logit_sqnr_db", "parameters"], text: ["layer"])
    for row in ranking {
      table.append([
        .integer(Int64(row.bits)), .text(row.layer), .integer(Int64(row.score.correct)), .number(row.score.agreement),
        .number(row.score.logits.signalToNoise_dB), .integer(Int64(row.parameters)),
      ])
    }
    return table
  }

  /// Remedies and what they give.
  static func fixes(_ fixes: [FixProposal]) -> Table {
    var table = Table(["fix", "correct", "agree_with_fp32", "logit_sqnr_db"], text: ["fix"])
    for row in fixes {
      table.append([
        .text(row.fix), .integer(Int64(row.score.correct)), .number(row.score.agreement),
        .number(row.score.logits.signalToNoise_dB),
      ])
    }
    return table
  }

  /// The steps of the mixed precision search.
  static func mixed(_ steps: [MixedPrecision.Step]) -> Table {
    var table = Table(
      ["step", "lowered_layer", "bits", "size_bytes", "correct", "logit_sqnr_db", "on_front"],
      text: ["lowered_layer", "bits", "on_front"])
    for (index, step) in steps.enumerated() {
      table.append([
        .integer(Int64(index)), .text(step.lowered), .text(step.bits.map(String.init).joined(separator: "/")),
        .integer(Int64(step.sizeBytes)), .integer(Int64(step.score.correct)),
        .number(step.score.logits.signalToNoise_dB), .text(step.isOnFront ? "yes" : "no"),
      ])
    }
    return table
  }

  /// How accuracy depends on the number of calibration rows.
  static func sweep(_ points: [CalibrationSweep.Point]) -> Table {
    var table = Table(["calibration_rows", "draw", "correct", "logit_sqnr_db"])
    for point in points {
      table.append([
        .integer(Int64(point.rows)), .integer(Int64(point.draw)), .integer(Int64(point.score.correct)),
        .number(point.score.logits.signalToNoise_dB),
      ])
    }
    return table
  }
}
