import Arguments
import Glibc
import QuantEval
import Reporting
import TextFormats

/// `simrun quant qat MODEL`: training that knows it will be quantized.
enum QuantQatVerb {
  static let verb = Verb(
    "qat", "Train a model with quantization in the loop.",
    discussion: """
      A row a pass: the float model, the model quantized without training (ptq), and after each pass of training (qat). \
      Rows are scored on --test-rows of the CSV, or on --test and --test-labels, or else on the training rows.
      """,
    operands: [QuantData.model],
    options: QuantData.options + QuantData.calibration + [
      .value("bits", "W,A", standard: "8,8", "Bits of weights and inputs, 2 to 8 or 32; one number for both."),
      .value("epochs", "N", standard: "5", "Passes over the training rows."),
      .value("float-epochs", "N", standard: "0", "Passes in float before."),
      .value("seed", "S", standard: "1", "Decides the order of the rows."),
      .value("ema", "BETA", standard: "0.99", "The moving range keeps this share at each step."),
      .value("rate", "R", standard: "0.001", "Rate of Adam."),
      .value("batch", "N", standard: "32", "Rows of a step."),
      .choice("weights", Granularity.allCases.map(\.rawValue), standard: "per-channel", "Scales of weights."),
      .value("test", "X", completion: .file, "Rows that are scored."),
      .value("test-labels", "Y", completion: .file, "Their classes."),
      .value("test-rows", "VALUE", "Rows of the CSV that are scored, by their value in the column 'split'."),
      .value(
        "checkpoint", "FILE", completion: .file, "Save the state here after each pass; go on from it if it is there."),
      .value("export-qdq", "OUT", completion: .file, "Write the best model as ONNX with QuantizeLinear pairs."),
      QuantData.format,
    ],
    examples: [
      Example(
        "simrun quant qat cnn.onnx --data digits.csv --features p0:p63 --label label --scale 1/16 --rows train "
          + "--calibration-rows calib --test-rows test --bits 3,3 --epochs 5 --seed 1", "Three bits.")
    ])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let network = try QuantData.network(invocation)
    let train = try QuantData.rows(invocation, for: network)
    let calibration = try QuantData.calibrationRows(invocation, for: network, standard: train)
    var training = try QuantizationAwareTraining(network, settings: settings(invocation))
    var table = Table(["epoch", "stage", "loss", "correct", "total", "accuracy"], text: ["stage"])
    let checkpoint = invocation.text("checkpoint")
    if let checkpoint, access(checkpoint, F_OK) == 0 { try training.restore(JSONText(readingFile: checkpoint)) }
    let result = try training.run(
      train: train, calibration: calibration, test: test(invocation, network, train),
      progress: { epoch in
        Simrun.complain("\(epoch.stage) \(epoch.number): \(epoch.correct) of \(epoch.total) right")
        table.append([
          .integer(Int64(epoch.number)), .text(epoch.stage), epoch.loss.isNaN ? .empty : .number(epoch.loss),
          .integer(Int64(epoch.correct)), .integer(Int64(epoch.total)),
          .number(Double(epoch.correct) / Double(max(1, epoch.total))),
        ])
      }, checkpoint: { state in if let checkpoint { try AtomicFile.write(state.text(), to: checkpoint) } })
    QuantData.show(table, invocation)
    if let path = invocation.text("export-qdq") {
      try QuantData.write(OnnxWriter.bytes(result.network, plan: result.plan), to: path)
    }
    return .success
  }

  private static func settings(_ invocation: Invocation) throws -> QuantizationAwareTraining.Settings {
    var settings = QuantizationAwareTraining.Settings()
    var bits = invocation.list("bits").compactMap { Int($0) }
    if bits.count == 1, invocation.list("bits").count == 1 { bits.append(bits[0]) }
    guard bits.count == 2, bits.allSatisfy({ (2...8).contains($0) || $0 == 32 }) else {
      throw invocation.error("bits", "bits of weights and inputs are wanted", suggestion: "--bits 4,4")
    }
    (settings.weightBits, settings.inputBits) = (bits[0], bits[1])
    settings.granularity = invocation.text("weights").flatMap(Granularity.init(rawValue:)) ?? .perChannel
    settings.epochs = Int(try invocation.integer("epochs", in: 0...100_000) ?? 5)
    settings.floatEpochs = Int(try invocation.integer("float-epochs", in: 0...100_000) ?? 0)
    settings.batch = Int(try invocation.integer("batch", in: 1...65_536) ?? 32)
    settings.seed = UInt64(try invocation.integer("seed", in: 0...Int64.max) ?? 1)
    settings.rangeDecay = try invocation.number("ema", in: 0...1) ?? 0.99
    settings.rate = Float(try invocation.number("rate", in: 0...10) ?? 0.001)
    return settings
  }

  private static func test(_ invocation: Invocation, _ network: Network, _ train: DataRows) throws -> DataRows {
    if let split = invocation.text("test-rows") { return try QuantData.rows(invocation, for: network, split: split) }
    guard let path = invocation.text("test") else { return train }
    var rows = try DataRows(NumpyArray.read(path), rowShape: network.inputShape, source: path)
    if let labels = invocation.text("test-labels") {
      try rows.setLabels(NumpyArray.read(labels), source: labels)
      try rows.checkLabels(classes: Forward(network).outputs(rows.inputs.rows(0..<1)).rowCount, source: labels)
    }
    return rows
  }
}
