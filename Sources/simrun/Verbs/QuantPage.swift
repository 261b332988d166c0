import QuantEval
import Reporting
import TextFormats

/// The files that `quant eval --out` leaves.
enum QuantPage {
  static func write(
    _ study: EvaluationStudy, _ outcomes: [EvaluationStudy.Outcome], model: String, warnings: [String],
    to folder: OutputDirectory
  ) throws {
    let grid = QuantTables.grid(study, outcomes)
    let layers = QuantTables.layers(study, outcomes)
    let ranking = LayerSensitivity.ranking(study, bits: [4, 3, 2])
    let sensitivity = QuantTables.sensitivity(ranking)
    let steps = MixedPrecision(study).steps()
    let mixed = QuantTables.mixed(steps)
    let points = CalibrationSweep.points(study)
    let sweep = QuantTables.sweep(points)
    let worst = outcomes.min(by: { $0.score.logits.signalToNoise_dB < $1.score.logits.signalToNoise_dB })
    let remedies = try worst.map { try FixProposal.tried(study, $0.configuration) } ?? []
    let fixes = QuantTables.fixes(remedies)
    for (table, name) in [
      (grid, "eval.csv"), (layers, "layers.csv"), (sensitivity, "sensitivity.csv"), (mixed, "mixed.csv"),
      (sweep, "calibration_size.csv"),
    ] { try folder.write(table.csv, to: name) }
    if !remedies.isEmpty { try folder.write(fixes.csv, to: "fixes.csv") }

    var sections = [ReportPage.Section("Configurations", [.table(grid)])]
    if !warnings.isEmpty { sections.insert(.init("Warnings", warnings.map { .paragraph($0) }), at: 0) }
    let verdict = QuantVerdict(study, outcomes, fixes: remedies).sentences
    if !verdict.isEmpty { sections.insert(.init("Verdict", verdict.map { .paragraph($0) }), at: 0) }
    if let worst {
      let configuration = worst.configuration
      sections.append(
        .init(
          "What would help",
          [
            .paragraph(
              "Remedies tried on the worst configuration, w\(configuration.weightBits)a\(configuration.inputBits) "
                + "\(configuration.granularity.rawValue) \(configuration.methodName), the best first."),
            .table(fixes),
          ]))
      let reports = LayerReport.reports(worst.network, plan: worst.plan, rows: study.rows, logits: study.logits)
      let chart = BarChart(
        "Noise by layer, w\(worst.configuration.weightBits)a\(worst.configuration.inputBits) "
          + "\(worst.configuration.granularity.rawValue) \(worst.configuration.methodName)",
        x: "layer", y: ChartAxis("signal to noise", unit: "dB"), categories: reports.map(\.layer),
        series: [
          .init("everything quantized", reports.map { .init($0.graphwise.signalToNoise_dB) }),
          .init("only this layer", reports.map { .init($0.layerwise.signalToNoise_dB) }),
        ])
      sections.append(
        .init(
          "Layers",
          [.figure(chart, dataFile: "layers.csv"), .foldedTable("Every layer of every configuration", layers)]))
    }
    sections.append(
      .init(
        "Sensitivity",
        [
          .figure(sensitivityChart(study, ranking), dataFile: "sensitivity.csv"),
          .foldedTable("One layer at a time", sensitivity),
        ]))
    let front = LineChart(
      "Accuracy against size", x: ChartAxis("size", unit: "bytes"), y: ChartAxis("right"),
      series: [
        .init("greedy search", steps.map { ChartPoint(Double($0.sizeBytes), Double($0.score.correct)) }.reversed()),
        .init(
          "Pareto front",
          steps.filter(\.isOnFront).map { ChartPoint(Double($0.sizeBytes), Double($0.score.correct)) }.reversed()),
      ])
    sections.append(.init("Mixed precision", [.figure(front, dataFile: "mixed.csv"), .foldedTable("Steps", mixed)]))
    sections.append(
      .init(
        "Calibration rows",
        [.figure(sweepChart(points), dataFile: "calibration_size.csv"), .foldedTable("Every draw", sweep)]))
    sections.append(.init("Divergence rules", try divergenceFigures(study)))
    let page = ReportPage(
      title: "Quantization of \(model)", subtitle: "\(study.rows.count) rows", sections: sections)
    try folder.write(page.html, to: "report.html")
  }

  /// Noise with one layer at few bits and all others in float.
  private static func sensitivityChart(_ study: EvaluationStudy, _ ranking: [LayerSensitivity]) -> BarChart {
    let layers = study.network.quantizableNodes
    return BarChart(
      "Signal to noise with one layer at few bits", x: "layer", y: ChartAxis("signal to noise", unit: "dB"),
      categories: layers.map { study.network.nodes[$0].name },
      series: [4, 3, 2].map { bits in
        .init(
          "\(bits) bits",
          layers.map { layer in
            let found = ranking.first { $0.node == layer && $0.bits == bits }
            return .init(found?.score.logits.signalToNoise_dB ?? .nan)
          })
      })
  }

  /// Noise over the number of calibration rows, a line a draw.
  private static func sweepChart(_ points: [CalibrationSweep.Point]) -> LineChart {
    let draws = (points.map(\.draw).max() ?? 0) + 1
    return LineChart(
      "Calibration rows", x: ChartAxis("rows", scale: .logarithmic), y: ChartAxis("signal to noise", unit: "dB"),
      series: (0..<draws).map { draw in
        .init(
          "draw \(draw + 1)",
          points.filter { $0.draw == draw }.map { ChartPoint(Double($0.rows), $0.score.logits.signalToNoise_dB) })
      })
  }

  /// P and Q of NVIDIA's rule at the chosen threshold, for every quantized input that has a histogram.
  private static func divergenceFigures(_ study: EvaluationStudy) throws -> [ReportPage.Item] {
    let inputs = Set(study.network.quantizableNodes.map { study.network.nodes[$0].inputs[0] })
    let calibration = try Calibration(
      study.network, rows: study.calibrationRows, tensors: inputs, keepsMagnitudes: false)
    return calibration.tensors.compactMap { tensor in
      guard let pair = tensor.histogram(.magnitudes).flatMap({ NvidiaRules.distributions($0) }) else { return nil }
      func line(_ name: String, _ values: [Double]) -> LineChart.Series {
        .init(name, values.enumerated().map { ChartPoint(Double($0) * pair.binWidth, $1) })
      }
      return .figure(
        LineChart(
          "\(tensor.name): P and Q", x: ChartAxis("magnitude"), y: ChartAxis("share"),
          series: [line("P, what is kept", pair.reference), line("Q, what 128 levels make of it", pair.levelled)]))
    }
  }
}
