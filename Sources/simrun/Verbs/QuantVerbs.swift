import Arguments
import QuantEval
import Reporting
import TextFormats

/// `simrun quant ...`: quantization and pruning of networks.
enum QuantVerbs {
  static let verb = Verb(
    "quant", "Tell what quantizing or pruning a network costs, layer by layer.",
    verbs: [QuantEvalVerb.verb, QuantCalibrateVerb.verb, QuantPruneVerb.verb, QuantQatVerb.verb, QuantTrainVerb.verb])

  static let actions = [
    Simrun.Action(path: ["quant", "eval"], run: QuantEvalVerb.run),
    Simrun.Action(path: ["quant", "calibrate"], run: QuantCalibrateVerb.run),
    Simrun.Action(path: ["quant", "prune"], run: QuantPruneVerb.run),
    Simrun.Action(path: ["quant", "qat"], run: QuantQatVerb.run),
    Simrun.Action(path: ["quant", "train"], run: QuantTrainVerb.run),
  ]
}

/// `simrun quant calibrate MODEL`: ranges and thresholds of every tensor.
enum QuantCalibrateVerb {
  static let verb = Verb(
    "calibrate", "Print ranges, scales, zero points and thresholds of every tensor as JSON.",
    discussion: """
      Thresholds are those of the named tools, digit for digit, also where they are harmful: tensors with few distinct \
      values are listed under warnings.
      """,
    operands: [QuantData.model], options: QuantData.options,
    examples: [
      Example(
        "simrun quant calibrate cnn.onnx --data digits.csv --features p0:p63 --scale 1/16 --rows calib",
        "Calibrate with some rows of a CSV.")
    ])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let network = try QuantData.network(invocation)
    let rows = try QuantData.rows(invocation, for: network)
    print(try CalibrationReport.json(network, rows: rows.inputs).text(indented: true))
    return .success
  }
}
