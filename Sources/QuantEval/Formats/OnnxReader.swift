// From the messages of a file to a network: constants are gathered and folded, operators of any supported opset are
// brought to the forms of Operation, and what cannot be done is named with its node.

internal import TextFormats

/// Reads ONNX models: opsets 11 to 21, one input, one output, constant weights.
///
/// ONNX operator specification, https://onnx.ai/onnx/operators/; the differences between opsets that matter here are
/// said where they are handled.
public struct OnnxReader {
  let source: String
  let opset: Int64
  var constants: [String: OnnxTensor] = [:]
  var parameters = ParameterTable()
  var nodes: [Node] = []
  /// Names that a node reads in place of another: outputs of Identity, Dropout and removed nodes.
  var aliases: [String: String] = [:]
  /// Shapes of tensors so far, as far as they are known; a free batch counts as 2.
  var shapes: [String: [Int]] = [:]
  /// Rows that a free batch is thought to have while shapes are worked out.
  static let freeBatch = 2
  /// Whether the model takes any number of rows.
  var hasFreeBatch = false
  private var takenNames: Set<String> = []

  /// The network in a file.
  /// - Throws: `FileError` when it cannot be read, `InputError` with byte offset or node for all that is wrong with it.
  public static func network(file path: String) throws -> Network {
    try network(bytes: InputFile.bytes(path), source: path)
  }

  /// The network in bytes.
  /// - Throws: `InputError` as for a file.
  public static func network(bytes: [UInt8], source: String) throws -> Network {
    let model = try OnnxModel(bytes, source: source)
    guard let graph = model.graph else {
      throw InputError(InputPlace(source: source), "there is no graph in it", suggestion: "is it an ONNX model?")
    }
    guard (11...23).contains(model.opset) else {
      throw InputError(
        InputPlace(source: source, path: "model/opset_import"), "opset \(model.opset) is not supported",
        suggestion: "convert the model to an opset from 11 to 21")
    }
    var reader = OnnxReader(source: source, opset: model.opset)
    var network = try reader.network(graph)
    network.metadata = model.metadata
    return network
  }

  private init(source: String, opset: Int64) {
    self.source = source
    self.opset = opset
  }

  private mutating func network(_ graph: OnnxGraph) throws -> Network {
    for tensor in graph.initializers { constants[tensor.name] = tensor }
    let inputs = graph.inputs.filter { constants[$0.name] == nil }
    guard inputs.count == 1, graph.outputs.count == 1 else {
      throw InputError(
        InputPlace(source: source, path: "model/graph"),
        "it has \(inputs.count) inputs and \(graph.outputs.count) outputs; one of each is supported")
    }
    let input = inputs[0]
    let shape = try inputShape(input)
    hasFreeBatch = shape.batch == nil
    shapes[input.name] = [shape.batch ?? Self.freeBatch] + shape.row
    for node in try ordered(graph.nodes, from: input.name) { try lower(node) }
    let output = resolved(graph.outputs[0].name)
    fuseBiases(keeping: output)
    dropUnusedNodes(output)
    return try Network(
      name: graph.name, inputName: input.name, inputShape: shape.row, fixedBatch: shape.batch, outputName: output,
      nodes: nodes, parameters: parameters, source: source)
  }

  /// The declared shape of the input: its batch is free, one symbolic extent, or a fixed number.
  private func inputShape(_ input: OnnxValue) throws(InputError) -> (batch: Int?, row: [Int]) {
    let place = InputPlace(source: source, path: "input '\(input.name)'")
    guard let extents = input.extents, extents.count >= 2 else {
      throw InputError(place, "its shape is not declared or has no batch axis")
    }
    guard input.elementType == 1 else {
      throw InputError(place, "its element type is \(input.elementType); 32-bit floats (1) are supported")
    }
    var row: [Int] = []
    for extent in extents.dropFirst() {
      guard let extent, extent > 0, extent < 1 << 31 else {
        throw InputError(place, "an extent other than the batch is not a fixed positive number")
      }
      row.append(Int(extent))
    }
    guard let batch = extents[0], batch > 0 else { return (nil, row) }
    guard batch <= 1 << 16 else { throw InputError(place, "a batch of \(batch) rows is not supported") }
    return (Int(batch), row)
  }

  /// Nodes in an order in which every input is there before it is read; files need not have it.
  private func ordered(_ nodes: [OnnxNode], from input: String) throws(InputError) -> [OnnxNode] {
    var known: Set<String> = [input, ""]
    // determinism: the order of insertion into a set does not matter.
    for name in constants.keys { known.insert(name) }
    var order: [OnnxNode] = []
    var waiting = nodes
    while !waiting.isEmpty {
      var later: [OnnxNode] = []
      for node in waiting {
        if node.inputs.allSatisfy({ known.contains($0) }) {
          order.append(node)
          known.formUnion(node.outputs)
        } else {
          later.append(node)
        }
      }
      if later.count == waiting.count, let stuck = later.first {
        let missing = stuck.inputs.filter { !known.contains($0) }
        throw error(stuck, "nothing computes its input '\(missing.first ?? "")', or only what it computes itself")
      }
      waiting = later
    }
    return order
  }

  /// The tensor that a name stands for.
  func resolved(_ name: String) -> String {
    var name = name
    while let alias = aliases[name], alias != name { name = alias }
    return name
  }

  /// A finding at a node.
  func error(_ node: OnnxNode, _ message: String, suggestion: String? = nil) -> InputError {
    let label = node.name.isEmpty ? node.outputs.first ?? "" : node.name
    return InputError(
      InputPlace(source: source, byteOffset: UInt64(node.offset), path: "node '\(label)' (\(node.type))"), message,
      suggestion: suggestion)
  }

  /// Adds a node that computes a tensor.
  mutating func append(
    _ node: OnnxNode, _ operation: Operation, inputs: [String]? = nil, parameters: [(String, Tensor)] = []
  ) throws(InputError) {
    guard let output = node.outputs.first, !output.isEmpty else { throw error(node, "it has no output") }
    guard node.outputs.dropFirst().allSatisfy(\.isEmpty) || ["Dropout", "BatchNormalization"].contains(node.type)
    else { throw error(node, "only its first output is supported") }
    let read = (inputs ?? [node.inputs.first ?? ""]).map { resolved($0) }
    if parameters.isEmpty, try fold(node, operation, read) { return }
    var name = node.name.isEmpty ? output : node.name
    while takenNames.contains(name) { name += "'" }
    takenNames.insert(name)
    var names: [String] = []
    for (wanted, tensor) in parameters {
      // A parameter that several nodes share is stored once for each: methods change them layer by layer.
      var own = wanted
      while self.parameters[own] != nil { own = "\(name).\(own)" }
      self.parameters[own] = tensor
      names.append(own)
    }
    for input in read where self.parameters[input] == nil {
      if let constant = constants[input] { self.parameters[input] = constant.tensor }
    }
    nodes.append(Node(name: name, operation: operation, inputs: read, output: output, parameters: names))
    // Shapes that do not fit are told later, all together.
    let inputShapes = read.map { shapes[$0] ?? self.parameters[$0]?.shape ?? [] }
    let own = names.compactMap { self.parameters[$0]?.shape }
    shapes[output] = try? Shapes.output(of: operation, inputs: inputShapes, parameters: own)
  }

  /// Dense or convolution without bias followed by the addition of a constant: the constant becomes the bias.
  private mutating func fuseBiases(keeping output: String) {
    var index = 0
    while index < nodes.count {
      defer { index += 1 }
      let sum = nodes[index]
      guard sum.operation == .add, sum.inputs.count == 2 else { continue }
      for side in 0...1 {
        let (value, constant) = (sum.inputs[side], sum.inputs[1 - side])
        guard let bias = parameters[constant], let layer = nodes.firstIndex(where: { $0.output == value }),
          case .dense = nodes[layer].operation, nodes[layer].bias == nil, value != output,
          nodes.filter({ $0.inputs.contains(value) }).count == 1, let weight = nodes[layer].weight,
          let outputs = parameters[weight]?.shape[0], bias.count == outputs, bias.shape.last == outputs
        else { continue }
        let name = "\(nodes[layer].name).bias"
        parameters[name] = Tensor(shape: [outputs], values: bias.values)
        nodes[layer].parameters.append(name)
        nodes[layer].output = sum.output
        nodes.remove(at: index)
        index -= 1
        break
      }
    }
  }

  /// Removes nodes that the output does not need, and then parameters that no node reads.
  private mutating func dropUnusedNodes(_ output: String) {
    var needed: Set<String> = [output]
    var kept: [Node] = []
    for node in nodes.reversed() where needed.contains(node.output) {
      kept.append(node)
      needed.formUnion(node.inputs)
      needed.formUnion(node.parameters)
    }
    nodes = kept.reversed()
    for name in parameters.names where !needed.contains(name) { parameters[name] = nil }
  }
}
