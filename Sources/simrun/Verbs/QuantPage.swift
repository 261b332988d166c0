import QuantEval
import Reporting
import TextFormats

/// The files that `quant eval --out` leaves.
enum QuantPage {
  static func write(
    _ study: EvaluationStudy, _ outcomes: [EvaluationStudy.Outcome], warnings: [String], to folder: OutputDirectory
  ) throws {
    let grid = QuantTables.grid(study, outcomes)
    let layers = QuantTables.layers(study, outcomes)
    let ranking = LayerSensitivity.ranking(study, bits: [4, 3, 2])
    let sensitivity = QuantTables.sensitivity(ranking)
    let steps = MixedPrecision(study).steps()
    let mixed = QuantTables.mixed(steps)
    let sweep = QuantTables.sweep(CalibrationSweep.points(study))
    for (table, name) in [
      (grid, "eval.csv"), (layers, "layers.csv"), (sensitivity, "sensitivity.csv"), (mixed, "mixed.csv"),
      (sweep, "calibration_size.csv"),
    ] { try folder.write(table.csv, to: name) }

    var sections = [ReportPage.Section("Configurations", [.table(grid)])]
    if !warnings.isEmpty { sections.insert(.init("Warnings", warnings.map { .paragraph($0) }), at: 0) }
    if let worst = outcomes.min(by: { $0.score.logits.signalToNoise_dB < $1.score.logits.signalToNoise_dB }) {
      let reports = LayerReport.reports(worst.network, plan: worst.plan, rows: study.rows, logits: study.logits)
      let chart = BarChart(
        "Noise by layer, w\(worst.configuration.weightBits)a\(worst.configuration.inputBits) "
          + "\(worst.configuration.granularity.rawValue) \(worst.configuration.methodName)",
        x: "layer", y: ChartAxis("signal to noise", unit: "dB"), categories: reports.map(\.layer),
        series: [
          .init("everything quantized", reports.map { .init($0.graphwise.signalToNoise_dB) }),
          .init("only this layer", reports.map { .init($0.layerwise.signalToNoise_dB) }),
        ])
      sections.append(.init("Layers", [.figure(chart, dataFile: "layers.csv")]))
    }
    sections.append(
      .init("Sensitivity", [.foldedTable("One layer at a time", sensitivity, dataFile: "sensitivity.csv")]))
    let front = LineChart(
      "Accuracy against size", x: ChartAxis("size", unit: "bytes"), y: ChartAxis("right"),
      series: [
        .init("greedy search", steps.map { ChartPoint(Double($0.sizeBytes), Double($0.score.correct)) }.reversed())
      ])
    sections.append(.init("Mixed precision", [.figure(front, dataFile: "mixed.csv"), .foldedTable("Steps", mixed)]))
    sections.append(.init("Calibration rows", [.table(sweep)]))
    sections.append(.init("Divergence rules", divergenceFigures(study)))
    let page = ReportPage(
      title: "Quantization of \(study.original.name)", subtitle: "\(study.rows.count) rows", sections: sections)
    try folder.write(page.html, to: "report.html")
  }

  /// P and Q of NVIDIA's rule at the chosen threshold, for every quantized input that has a histogram.
  private static func divergenceFigures(_ study: EvaluationStudy) -> [ReportPage.Item] {
    study.calibration.tensors.compactMap { tensor in
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
