import Arguments
import Glibc
import QuantEval
import Reporting
import TextFormats

/// Models and rows from the options that the verbs of `quant` share.
enum QuantData {
  static let model = Operand("MODEL", "An ONNX model, or a model.json with weights.f32 beside it.", completion: .file)

  static let options: [Option] = [
    .value("data", "X", completion: .file, "Rows of inputs: FILE.npy, FILE.npz:NAME, or a CSV with --features."),
    .value("labels", "Y", completion: .file, "The class of each row: FILE.npy or FILE.npz:NAME; of a CSV see --label."),
    .value("features", "FIRST:LAST", "First and last feature column of a CSV."),
    .value("label", "COLUMN", "The column of a CSV that holds the class."),
    .value("scale", "S", standard: "1", "Features of a CSV are multiplied by this; 1/16 divides by sixteen."),
    .value("rows", "VALUE", "Take the rows of a CSV that have this value in the column 'split'."),
    .value("input-shape", "C,H,W", "Shape of an input row, for a model.json, which does not say it."),
  ]

  static let calibration: [Option] = [
    .value("calibration", "C", completion: .file, "Calibration inputs; the rows of --data by default."),
    .value("calibration-rows", "VALUE", "Rows of a CSV to calibrate with, by their value in the column 'split'."),
  ]

  static let format = Option.choice(
    "format", TableFormat.allCases.map(\.rawValue), short: "f", "How to print; aligned on a terminal, CSV in a pipe.")

  /// The network of the operand.
  static func network(_ invocation: Invocation) throws -> Network {
    let path = invocation.required("MODEL")
    guard path.hasSuffix(".json") else { return try OnnxReader.network(file: path) }
    let shape = invocation.list("input-shape").compactMap { Int($0) }
    guard !shape.isEmpty, shape.allSatisfy({ $0 > 0 }) else {
      throw invocation.error(
        "input-shape", "a model.json needs the shape of its input", suggestion: "--input-shape 1,8,8")
    }
    return try ModelJSON.network(file: path, inputShape: shape)
  }

  /// The rows of `--data` with their labels.
  static func rows(_ invocation: Invocation, for network: Network, split: String? = nil) throws -> DataRows {
    guard let path = invocation.text("data") else {
      throw invocation.error("data", "is wanted", suggestion: "--data digits.csv --features p0:p63")
    }
    var rows = try read(path, invocation, network, split: split ?? invocation.text("rows"))
    if let labels = invocation.text("labels") {
      try rows.setLabels(NumpyArray.read(labels), source: labels)
    }
    if !rows.labels.isEmpty {
      let classes = Forward(network).outputs(rows.inputs.rows(0..<1)).rowCount
      try rows.checkLabels(classes: classes, source: invocation.text("labels") ?? path)
    }
    return rows
  }

  /// The calibration inputs.
  static func calibrationRows(_ invocation: Invocation, for network: Network, standard rows: DataRows) throws -> Tensor
  {
    let split = invocation.text("calibration-rows")
    guard let path = invocation.text("calibration") ?? (split == nil ? nil : invocation.text("data")) else {
      Simrun.complain("simrun: no --calibration: ranges are taken from the rows that are scored")
      return rows.inputs
    }
    return try read(path, invocation, network, split: split).inputs
  }

  private static func read(
    _ path: String, _ invocation: Invocation, _ network: Network, split: String?
  ) throws -> DataRows {
    guard path.hasSuffix(".csv") else {
      return try DataRows(NumpyArray.read(path), rowShape: network.inputShape, source: path)
    }
    guard let features = invocation.text("features")?.split(separator: ":"), features.count == 2 else {
      throw invocation.error("features", "first and last feature column are wanted", suggestion: "--features p0:p63")
    }
    let columns = DataRows.Columns(
      features: (String(features[0]), String(features[1])), label: invocation.text("label"),
      scale: try scale(invocation), split: split)
    return try DataRows(csv: path, columns, rowShape: network.inputShape)
  }

  /// A number or a fraction.
  private static func scale(_ invocation: Invocation) throws -> Double {
    let parts = (invocation.text("scale") ?? "1").split(separator: "/", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Double($0) }
    guard numbers.count == parts.count, parts.count <= 2, numbers.allSatisfy({ $0.isFinite && $0 != 0 }) else {
      throw invocation.error("scale", "'\(invocation.text("scale") ?? "")' is no number", suggestion: "--scale 1/16")
    }
    return numbers.count == 2 ? numbers[0] / numbers[1] : numbers[0]
  }

  /// Prints a table in the format that was asked for.
  static func show(_ table: Table, _ invocation: Invocation) {
    let format = invocation.text("format").flatMap(TableFormat.init(rawValue:)) ?? .forStandardOutput
    print(table.text(format), terminator: "")
  }

  /// Writes a model.
  static func write(_ bytes: [UInt8], to path: String) throws {
    let file = try AtomicFile(path)
    try file.write(bytes)
    try file.commit()
  }
}
