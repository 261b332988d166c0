import Arguments
import QuantEval
import Reporting
import TextFormats

/// `simrun quant eval MODEL`: what each configuration costs on the task, and which layers are to blame.
enum QuantEvalVerb {
  static let verb = Verb(
    "eval", "Score quantized configurations of a model beside its float self.",
    discussion: """
      A row a configuration, the float model first. Weights and inputs of convolutions and dense layers are quantized; \
      the rest stays in float. Divergence rules (kl-...) leave tensors with few distinct values on min-max and say so; \
      kl-...:unguarded applies them as the tools do.

      With --out the folder gets eval.csv, layers.csv, sensitivity.csv, mixed.csv and report.html.
      """,
    operands: [QuantData.model],
    options: QuantData.options + QuantData.calibration + [
      .value("bits", "B,...", standard: "8", "Precisions: 8 for weights and inputs, 4:8 for weights and inputs apart."),
      .value("weights", "G,...", standard: "per-tensor,per-channel", "Scales of weights: per-tensor, per-channel."),
      .value(
        "activations", "M,...", standard: "minmax",
        "Ranges of inputs: \(RangeMethod.names.joined(separator: ", "))."),
      .value("alpha", "A", standard: "0.5", "EasyQuant: lower end of the searched scales."),
      .value("beta", "B", standard: "2", "EasyQuant: upper end of the searched scales."),
      .flag("bias-correction", "Move the mean error of each channel into the bias."),
      .flag("equalize", "Equalise the channels of neighbouring layers first."),
      .value("out", "DIR", short: "o", completion: .folder, "Also write tables by layer and a page."),
      .value("export-qdq", "OUT", completion: .file, "Write the best configuration as ONNX with QuantizeLinear pairs."),
      QuantData.format, .flag("quiet", short: "q", "No warnings."),
    ],
    examples: [
      Example(
        "simrun quant eval cnn.onnx --data digits.csv --features p0:p63 --label label --scale 1/16 --rows test "
          + "--calibration-rows calib --bits 8,4 --activations minmax,kl-ncnn", "A grid over a CSV.")
    ])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let network = try QuantData.network(invocation)
    let configurations = try configurations(invocation)
    let rows = try QuantData.rows(invocation, for: network)
    var study = try EvaluationStudy(
      network, rows: rows,
      calibrationRows: QuantData.calibrationRows(invocation, for: network, standard: rows),
      equalizes: invocation.flag("equalize"), methods: configurations.map(\.method))
    study.correctsBias = invocation.flag("bias-correction")
    study.easyQuant = EasyQuant(
      alpha: try invocation.number("alpha", in: 0.001...1) ?? 0.5, beta: try invocation.number("beta", in: 1...100) ?? 2
    )
    let warnings = study.warnings(configurations)
    if !invocation.flag("quiet") { for warning in warnings { Simrun.complain("warning: \(warning)") } }
    let outcomes = configurations.map { study.outcome($0) }
    QuantData.show(QuantTables.grid(study, outcomes), invocation)
    if let folder = invocation.text("out") {
      try QuantPage.write(study, outcomes, warnings: warnings, to: OutputDirectory(folder))
    }
    if let path = invocation.text("export-qdq"), let best = QuantTables.best(outcomes) {
      try QuantData.write(OnnxWriter.bytes(best.network, plan: best.plan), to: path)
      let configuration = best.configuration
      Simrun.complain(
        "simrun: \(path) holds w\(configuration.weightBits)a\(configuration.inputBits) "
          + "\(configuration.granularity.rawValue) \(configuration.methodName)")
    }
    return .success
  }

  private static func configurations(_ invocation: Invocation) throws -> [EvaluationConfiguration] {
    var configurations: [EvaluationConfiguration] = []
    for text in invocation.list("bits") {
      let bits = text.split(separator: ":").compactMap { Int($0) }
      guard (1...2).contains(bits.count), bits.allSatisfy({ (2...8).contains($0) || $0 == 32 }) else {
        throw invocation.error("bits", "'\(text)' is no precision", suggestion: "2 to 8, or 32 for float; 4:8 for both")
      }
      for name in invocation.list("weights") {
        guard let granularity = Granularity(rawValue: name) else {
          throw invocation.error(
            "weights", "'\(name)' is unknown",
            suggestion: NameSuggestion.phrase(for: name, in: Granularity.allCases.map(\.rawValue)))
        }
        for name in invocation.list("activations") {
          guard let method = ActivationMethod(name: name) else {
            throw invocation.error(
              "activations", "'\(name)' is unknown", suggestion: NameSuggestion.phrase(for: name, in: RangeMethod.names)
            )
          }
          configurations.append(
            EvaluationConfiguration(
              weightBits: bits[0], inputBits: bits[bits.count - 1], granularity: granularity, method: method,
              methodName: name))
        }
      }
    }
    guard !configurations.isEmpty else { throw invocation.error("bits", "no configuration is asked for") }
    return configurations
  }
}
