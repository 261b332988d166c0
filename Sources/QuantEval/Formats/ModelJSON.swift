// The plain form of a model: model.json says what the nodes are, weights.f32 holds the numbers.

internal import TextFormats

/// Reads `model.json` with the `weights.f32` beside it.
///
/// `nodes` are in execution order, each with `name`, `op`, `inputs`, `output`, the names of its tensors (`weight`, `bias`,
/// `scale`, `shift`, `mean`, `var`) and `attrs`; `tensors` give `name`, `shape` and `offset_floats` into weights.f32, raw
/// little-endian 32-bit floats.
public struct ModelJSON {
  private let source: String
  private let root: JSONNode
  private var parameters = ParameterTable()

  /// The network of a model.json.
  /// - Parameter inputShape: Shape of one input row; the file does not say it.
  /// - Throws: `FileError`, or `InputError` with line and column for what is wrong.
  public static func network(file path: String, inputShape: [Int]) throws -> Network {
    let text = try JSONText(readingFile: path)
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let weights = try InputFile.bytes((folder.isEmpty ? "" : folder + "/") + "weights.f32")
    var reader = ModelJSON(source: path, root: text.root)
    try reader.readTensors(weights)
    return try reader.network(inputShape)
  }

  private init(source: String, root: JSONNode) {
    self.source = source
    self.root = root
  }

  private mutating func readTensors(_ bytes: [UInt8]) throws(InputError) {
    for item in try items(root, "tensors") {
      let (name, offset) = (try text(item, "name"), try integer(item, "offset_floats"))
      var shape: [Int] = []
      for extent in try items(item, "shape") { shape.append(try integer(extent)) }
      guard let shape = try? Shapes.limited(shape) else { throw InputError(item.place, "the shape makes no sense") }
      let count = shape.reduce(1, *)
      guard offset >= 0, offset <= bytes.count / 4, count <= bytes.count / 4 - offset else {
        throw InputError(item.place, "'\(name)' lies outside the \(bytes.count / 4) floats of weights.f32")
      }
      let values = (offset..<offset + count).map { index in
        Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[4 * index + $1]) << UInt32(8 * $1) })
      }
      parameters[name] = Tensor(shape: shape, values: values)
    }
  }

  private func network(_ inputShape: [Int]) throws -> Network {
    var nodes: [Node] = []
    for item in try items(root, "nodes") {
      var inputs: [String] = []
      for input in try items(item, "inputs") { inputs.append(try text(input)) }
      var names: [String] = []
      for key in ["weight", "bias", "scale", "shift", "mean", "var"] {
        guard let member = item[key] else { continue }
        let name = try text(member)
        guard parameters[name] != nil else { throw InputError(member.place, "there is no tensor '\(name)'") }
        names.append(name)
      }
      let operation = try operation(item, weight: names.first.flatMap { parameters[$0] })
      nodes.append(
        Node(
          name: try text(item, "name"), operation: operation, inputs: inputs, output: try text(item, "output"),
          parameters: names))
    }
    guard let last = nodes.last else { throw InputError(root.place, "there are no nodes") }
    return try Network(
      name: root["meta"].flatMap { try? text($0, "name") } ?? "model", inputName: "input", inputShape: inputShape,
      outputName: last.output, nodes: nodes, parameters: parameters, source: source)
  }

  private func operation(_ item: JSONNode, weight: Tensor?) throws(InputError) -> Operation {
    let attributes = item["attrs"]
    func value(_ key: String, _ standard: Int) throws(InputError) -> Int {
      guard let member = attributes?[key] else { return standard }
      let number = try integer(member)
      guard (0...(1 << 20)).contains(number) else { throw InputError(member.place, "\(number) is out of range") }
      return number
    }
    switch try text(item, "op") {
    case "Conv":
      guard let weight, weight.shape.count == 4 else { throw InputError(item.place, "its weight is no image filter") }
      var window = Window(kernel: weight.shape[3], stride: try value("stride", 1), pad: try value("pad", 0))
      window.kernelHeight = weight.shape[2]
      return .convolution(window, group: try value("group", 1))
    case "Gemm": return .dense(isGemm: true)
    case "BatchNorm", "BatchNormalization":
      guard case .number(let epsilon)? = attributes?["eps"]?.content else { return .batchNormalization(epsilon: 1e-5) }
      return .batchNormalization(epsilon: Float(epsilon.double))
    case "Relu": return .relu
    case "Add": return .add
    case "Flatten": return .flatten(axis: 1)
    case "MaxPool":
      let kernel = try value("kernel", 2)
      return .maxPool(Window(kernel: kernel, stride: try value("stride", kernel)), ceil: false)
    case "AveragePool":
      let kernel = try value("kernel", 2)
      return .averagePool(
        Window(kernel: kernel, stride: try value("stride", kernel)), ceil: false, countsPadding: false)
    case let name:
      throw InputError(
        item["op"]?.place ?? item.place, "the operator \(name) is not supported",
        suggestion: NameSuggestion.phrase(for: name, in: OnnxReader.operators))
    }
  }

  private func member(_ node: JSONNode, _ key: String) throws(InputError) -> JSONNode {
    guard let member = node[key] else { throw InputError(node.place, "'\(key)' is missing") }
    return member
  }

  private func items(_ node: JSONNode, _ key: String) throws(InputError) -> [JSONNode] {
    let member = try member(node, key)
    guard case .array(let items) = member.content else {
      throw InputError(member.place, "\(member.kindPhrase) stands where an array should")
    }
    return items
  }

  private func text(_ node: JSONNode, _ key: String) throws(InputError) -> String { try text(member(node, key)) }

  private func text(_ node: JSONNode) throws(InputError) -> String {
    guard case .text(let text) = node.content else {
      throw InputError(node.place, "\(node.kindPhrase) stands where a text should")
    }
    return text
  }

  private func integer(_ node: JSONNode, _ key: String) throws(InputError) -> Int {
    try integer(member(node, key))
  }

  private func integer(_ node: JSONNode) throws(InputError) -> Int {
    guard case .number(let number) = node.content, let integer = number.integer else {
      throw InputError(node.place, "\(node.kindPhrase) stands where a whole number should")
    }
    return Int(integer)
  }
}
