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

      With --task abr or popularity and --scenario the network is tried in the simulator itself: its figures beside those \
      of its float self on the same sessions, with 95 % intervals of the paired differences; --sparsity prunes it too.

      With --out the folder gets eval.csv, layers.csv, sensitivity.csv, mixed.csv, calibration_size.csv, \
      fixes.csv (remedies tried on the worst configuration) and report.html.
      """,
    operands: [QuantData.model],
    options: QuantData.options + QuantData.calibration + QuantEffect.options + [
      .value("bits", "B,...", standard: "8", "Precisions: 8 for weights and inputs, 4:8 for weights and inputs apart."),
      .value("weights", "G,...", standard: "per-tensor,per-channel", "Scales of weights: per-tensor, per-channel."),
      .value(
        "activations", "M,...", standard: "minmax",
        "Ranges of inputs: \(RangeMethod.names.joined(separator: ", "))."),
      .value("alpha", "A", standard: "0.5", "EasyQuant: lower end of the searched scales."),
      .value("beta", "B", standard: "2", "EasyQuant: upper end of the searched scales."),
      .value("steps", "N", standard: "100", "EasyQuant: points of the grid."),
      .value("rounds", "N", standard: "1", "EasyQuant: how often a layer alternates between weight and input."),
      .flag("bias-correction", "Move the mean error of each channel into the bias."),
      .flag("equalize", "Equalise the channels of neighbouring layers first."),
      .value("out", "DIR", short: "o", completion: .folder, "Also write tables by layer and a page."),
      .value("export-qdq", "OUT", completion: .file, "Write the best configuration as ONNX with QuantizeLinear pairs."),
      .flag("int4", "Store exported weights of at most 4 bits as int4, two in a byte (opset 21)."),
      QuantData.format, .flag("quiet", short: "q", "No warnings."),
    ],
    examples: [
      Example(
        "simrun quant eval cnn.onnx --data digits.csv --features p0:p63 --label label --scale 1/16 --rows test "
          + "--calibration-rows calib --bits 8,4 --activations minmax,kl-ncnn", "A grid over a CSV.")
    ])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let configurations = try configurations(invocation)
    if let task = invocation.text("task") {
      return try QuantEffect.run(invocation, task: task, configurations)
    }
    let network = try QuantData.network(invocation)
    let rows = try QuantData.rows(invocation, for: network)
    var study = try EvaluationStudy(
      network, rows: rows,
      calibrationRows: QuantData.calibrationRows(invocation, for: network, standard: rows),
      equalizes: invocation.flag("equalize"), methods: configurations.map(\.method))
    study.correctsBias = invocation.flag("bias-correction")
    study.easyQuant = EasyQuant(
      alpha: try invocation.number("alpha", in: 0.001...1) ?? 0.5,
      beta: try invocation.number("beta", in: 1...100) ?? 2,
      steps: Int(try invocation.integer("steps", in: 1...10_000) ?? 100),
      rounds: Int(try invocation.integer("rounds", in: 1...100) ?? 1))
    let warnings = study.warnings(configurations)
    if !invocation.flag("quiet") { for warning in warnings { Simrun.complain("warning: \(warning)") } }
    let outcomes = configurations.map { study.outcome($0) }
    QuantData.show(QuantTables.grid(study, outcomes), invocation)
    if let folder = invocation.text("out") {
      let model = invocation.required("MODEL").split(separator: "/").last.map(String.init) ?? study.original.name
      try QuantPage.write(study, outcomes, model: model, warnings: warnings, to: OutputDirectory(folder))
    }
    if let path = invocation.text("export-qdq"), let best = QuantTables.best(outcomes) {
      try QuantData.write(OnnxWriter.bytes(best.network, plan: best.plan, packsInt4: invocation.flag("int4")), to: path)
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
