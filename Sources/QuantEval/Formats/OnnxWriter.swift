// Writing ONNX: the float network, or with QuantizeLinear / DequantizeLinear pairs where it is quantized, so that a
// result can be checked in another tool.

/// Writes a network as an ONNX model: opset 13, or 21 where weights are stored as int4.
public struct OnnxWriter {
  private let network: Network
  private let plan: QuantizationPlan
  private let packsInt4: Bool
  private let nonnegative: Set<String>
  private var nodes: [(type: String, name: String, inputs: [String], output: String, attributes: [Attribute])] = []
  private var initializers: [(name: String, shape: [Int], type: OnnxTensor.ElementType, raw: [UInt8])] = []
  private var quantizedInputs: [String: String] = [:]

  private enum Attribute {
    case integer(String, Int64)
    case integers(String, [Int])
    case float(String, Float)
    case text(String, String)
  }

  /// The bytes of a model.
  /// - Parameter plan: Layers to quantize: weights are stored as int8 with their scales, inputs pass a pair of
  ///   QuantizeLinear and DequantizeLinear. Widths below 8 bits keep their ranges inside int8 by their integers for
  ///   weights; inputs whose range is narrower than int8 are clipped to it first.
  /// - Parameter packsInt4: Weights of at most 4 bits are stored as int4, two in a byte, which opset 21 brought.
  public static func bytes(
    _ network: Network, plan: QuantizationPlan = [:], packsInt4: Bool = false
  ) -> [UInt8] {
    var writer = OnnxWriter(network: network, plan: plan, packsInt4: packsInt4)
    return writer.model()
  }

  private init(network: Network, plan: QuantizationPlan, packsInt4: Bool) {
    self.network = network
    self.plan = plan
    self.packsInt4 = packsInt4
    nonnegative = Self.nonnegative(network)
  }

  private mutating func model() -> [UInt8] {
    for index in network.nodes.indices { add(index) }
    var model = WireWriter()
    // The version of the format that came with the opset.
    model.integer(1, packsInt4 ? 10 : 7)
    model.text(2, "simrun")
    model.message(7) { graph in
      for node in nodes { Self.write(node, to: &graph) }
      graph.text(2, network.name.isEmpty ? "network" : network.name)
      for tensor in initializers {
        graph.message(5) { message in
          for extent in tensor.shape { message.integer(1, Int64(extent)) }
          message.integer(2, tensor.type.rawValue)
          message.text(8, tensor.name)
          message.data(9, tensor.raw)
        }
      }
      graph.message(11) { Self.write(value: &$0, network.inputName, network.fixedBatch, network.inputShape) }
      let shapes = try? NetworkCheck.shapes(of: network, batch: network.fixedBatch ?? 1, source: network.name)
      let output = shapes?[network.outputName] ?? []
      graph.message(12) { Self.write(value: &$0, network.outputName, network.fixedBatch, Array(output.dropFirst())) }
    }
    model.message(8) { opset in
      opset.text(1, "")
      opset.integer(2, packsInt4 ? 21 : 13)
    }
    // determinism: the keys are put in order.
    for key in network.metadata.keys.sorted() {
      model.message(14) { entry in
        entry.text(1, key)
        entry.text(2, network.metadata[key] ?? "")
      }
    }
    return model.bytes
  }

  private static func write(value message: inout WireWriter, _ name: String, _ batch: Int?, _ shape: [Int]) {
    message.text(1, name)
    message.message(2) { type in
      type.message(1) { tensor in
        tensor.integer(1, OnnxTensor.ElementType.float.rawValue)
        tensor.message(2) { extents in
          extents.message(1) { extent in
            if let batch { extent.integer(1, Int64(batch)) } else { extent.text(2, "N") }
          }
          for extent in shape { extents.message(1) { $0.integer(1, Int64(extent)) } }
        }
      }
    }
  }

  private static func write(
    _ node: (type: String, name: String, inputs: [String], output: String, attributes: [Attribute]),
    to graph: inout WireWriter
  ) {
    graph.message(1) { message in
      for input in node.inputs { message.text(1, input) }
      message.text(2, node.output)
      message.text(3, node.name)
      message.text(4, node.type)
      for attribute in node.attributes {
        message.message(5) { field in
          switch attribute {
          case .integer(let name, let value):
            field.text(1, name)
            field.integer(3, value)
            field.integer(20, 2)
          case .integers(let name, let values):
            field.text(1, name)
            for value in values { field.integer(8, Int64(value)) }
            field.integer(20, 7)
          case .float(let name, let value):
            field.text(1, name)
            field.float(2, value)
            field.integer(20, 1)
          case .text(let name, let value):
            field.text(1, name)
            field.text(4, value)
            field.integer(20, 3)
          }
        }
      }
    }
  }

  private mutating func constant(_ name: String, _ tensor: Tensor) -> String {
    if !initializers.contains(where: { $0.name == name }) {
      initializers.append((name, tensor.shape, .float, Self.raw(tensor.values)))
    }
    return name
  }

  private static func raw(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) } }
  }

  private mutating func integers(_ name: String, _ values: [Int]) -> String {
    let raw = values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    initializers.append((name, [values.count], .int64, raw))
    return name
  }

  private mutating func int4(_ name: String, shape: [Int], _ values: [Int8]) -> String {
    initializers.append((name, shape, .int4, PackedInt4(values).bytes))
    return name
  }

  private mutating func int8(_ name: String, shape: [Int], _ values: [Int8]) -> String {
    initializers.append((name, shape, .int8, values.map { UInt8(bitPattern: $0) }))
    return name
  }

  /// The input of a layer behind a pair of QuantizeLinear and DequantizeLinear; tensors that several layers read with
  /// the same quantizer get one pair.
  private mutating func quantizedInput(_ tensor: String, _ quantizer: AffineQuantizer) -> String {
    let key = "\(tensor)|\(quantizer.scale.bitPattern)|\(quantizer.zeroPoint)|\(quantizer.maximum)"
    if let known = quantizedInputs[key] { return known }
    let name = quantizedInputs.values.contains("\(tensor)/dequantized") ? "\(tensor)/\(quantizedInputs.count)" : tensor
    var source = tensor
    if quantizer.maximum < 127 || quantizer.minimum > -128 && !nonnegative.contains(tensor) {
      // The integers of int8 beyond the range must not be reached: those of fewer bits, and -128 of a symmetric range.
      let (low, high) = (Float(quantizer.minimum - quantizer.zeroPoint), Float(quantizer.maximum - quantizer.zeroPoint))
      let minimum = constant("\(name)/lowest", Tensor(shape: [], values: [low * quantizer.scale]))
      let maximum = constant("\(name)/highest", Tensor(shape: [], values: [high * quantizer.scale]))
      nodes.append(("Clip", "\(name)/clip", [source, minimum, maximum], "\(name)/clipped", []))
      source = "\(name)/clipped"
    }
    let scale = constant("\(name)/scale", Tensor(shape: [], values: [quantizer.scale]))
    let zero = int8("\(name)/zero_point", shape: [], [Int8(truncatingIfNeeded: quantizer.zeroPoint)])
    nodes.append(("QuantizeLinear", "\(name)/quantize", [source, scale, zero], "\(name)/quantized", []))
    nodes.append(
      ("DequantizeLinear", "\(name)/dequantize", ["\(name)/quantized", scale, zero], "\(name)/dequantized", []))
    quantizedInputs[key] = "\(name)/dequantized"
    return "\(name)/dequantized"
  }

  /// Names of the tensors that have no negative values whatever the input is.
  private static func nonnegative(_ network: Network) -> Set<String> {
    var names: Set<String> = []
    for node in network.nodes {
      let isOne: Bool =
        switch node.operation {
        case .relu, .sigmoid, .softmax: true
        case .clip(let minimum, _): minimum >= 0
        case .add, .multiply, .concatenate, .maxPool, .averagePool, .globalAveragePool, .flatten, .reshape, .transpose,
          .squeeze, .unsqueeze, .reduceMean, .identity:
          node.inputs.allSatisfy(names.contains)
        default: false
        }
      if isOne { names.insert(node.output) }
    }
    return names
  }

  /// The weight of a layer: floats, or int8 behind a DequantizeLinear.
  private mutating func weight(_ index: Int, transposed: Bool) -> String {
    let name = network.nodes[index].weight ?? ""
    let tensor = network.weight(of: index)
    guard let quantizers = plan[index]?.weight else {
      return constant(name, transposed ? Rearrangement.transpose(tensor, [1, 0]) : tensor)
    }
    let quantized = QuantizedWeight(tensor, quantizers: quantizers)
    var (values, shape) = (quantized.integers, tensor.shape)
    if transposed {
      values = Rearrangement.transpose(Tensor(shape: shape, values: values.map { Float($0) }), [1, 0]).values.map {
        Int8($0)
      }
      shape = [shape[1], shape[0]]
    }
    let extents = quantizers.count == 1 ? [] : [quantizers.count]
    let scale = constant("\(name)/scale", Tensor(shape: extents, values: quantizers.map(\.scale)))
    let zeros = [Int8](repeating: 0, count: quantizers.count)
    let isNarrow = packsInt4 && quantizers.allSatisfy { $0.minimum >= -8 && $0.maximum <= 7 }
    let stored: String
    let zero: String
    if isNarrow {
      stored = int4("\(name)/quantized", shape: shape, values)
      zero = int4("\(name)/zero_point", shape: extents, zeros)
    } else {
      stored = int8("\(name)/quantized", shape: shape, values)
      zero = int8("\(name)/zero_point", shape: extents, zeros)
    }
    nodes.append(
      (
        "DequantizeLinear", "\(name)/dequantize", [stored, scale, zero], "\(name)/dequantized",
        quantizers.count == 1 ? [] : [.integer("axis", transposed ? 1 : 0)]
      ))
    return "\(name)/dequantized"
  }

  private mutating func add(_ index: Int) {
    let node = network.nodes[index]
    var inputs = node.inputs
    for name in inputs { if let tensor = network.parameters[name] { _ = constant(name, tensor) } }
    if node.operation.isQuantizable {
      if let quantizer = plan[index]?.input { inputs[0] = quantizedInput(inputs[0], quantizer) }
    }
    var attributes: [Attribute] = []
    switch node.operation {
    case .convolution(let window, let group):
      inputs.append(weight(index, transposed: false))
      if let bias = node.bias, let tensor = network.parameters[bias] { inputs.append(constant(bias, tensor)) }
      attributes =
        Self.attributes(window, rank: network.weight(of: index).shape.count - 2) + [
          .integer("group", Int64(group))
        ]
    case .dense(let isGemm): return addDense(index, inputs[0], isGemm: isGemm)
    case .batchNormalization(let epsilon):
      for name in node.parameters { if let tensor = network.parameters[name] { inputs.append(constant(name, tensor)) } }
      attributes = [.float("epsilon", epsilon)]
    case .leakyRelu(let alpha): attributes = [.float("alpha", alpha)]
    case .clip(let minimum, let maximum):
      inputs.append(constant("\(node.name)/minimum", Tensor(shape: [], values: [minimum])))
      inputs.append(constant("\(node.name)/maximum", Tensor(shape: [], values: [maximum])))
    case .softmax(let axis, let isFlattened):
      if isFlattened { return addFlattenedSoftmax(node, axis: axis) }
      attributes = [.integer("axis", Int64(axis))]
    case .maxPool(let window, let ceil):
      attributes = Self.poolAttributes(window, ceil, rank: rank(of: node.inputs[0]) - 2)
    case .averagePool(let window, let ceil, let countsPadding):
      attributes =
        Self.poolAttributes(window, ceil, rank: rank(of: node.inputs[0]) - 2) + [
          .integer("count_include_pad", countsPadding ? 1 : 0)
        ]
    case .flatten(let axis): attributes = [.integer("axis", Int64(axis))]
    case .reshape(let shape, _): inputs.append(integers("\(node.name)/shape", shape))
    case .concatenate(let axis): attributes = [.integer("axis", Int64(axis))]
    case .transpose(let order): if !order.isEmpty { attributes = [.integers("perm", order)] }
    case .pad(let amounts, let axes, let value):
      // Opset 13 has no axes: the border of the others is nothing.
      let border = try? Shapes.border(amounts, axes, of: [Int](repeating: 1, count: rank(of: node.inputs[0])))
      inputs.append(integers("\(node.name)/pads", border ?? amounts))
      inputs.append(constant("\(node.name)/value", Tensor(shape: [], values: [value])))
    case .squeeze(let axes), .unsqueeze(let axes):
      if !axes.isEmpty { inputs.append(integers("\(node.name)/axes", axes)) }
    case .reduceMean(let axes, let keepsAxes):
      // The axes became an input with opset 18.
      if packsInt4, !axes.isEmpty { inputs.append(integers("\(node.name)/axes", axes)) }
      attributes =
        (axes.isEmpty || packsInt4 ? [] : [.integers("axes", axes)]) + [.integer("keepdims", keepsAxes ? 1 : 0)]
    case .quantize(let stored), .dequantize(let stored):
      let extents = stored.scales.count == 1 ? [] : [stored.scales.count]
      inputs.append(constant("\(node.name)/own_scale", Tensor(shape: extents, values: stored.scales)))
      let raw = stored.zeroPoints.map { UInt8(truncatingIfNeeded: $0) }
      initializers.append(("\(node.name)/own_zero_point", extents, stored.minimum < 0 ? .int8 : .uint8, raw))
      inputs.append("\(node.name)/own_zero_point")
      attributes = [.integer("axis", Int64(stored.axis))]
    default: break
    }
    nodes.append((node.operation.name, node.name, inputs, node.output, attributes))
  }

  private mutating func addDense(_ index: Int, _ input: String, isGemm: Bool) {
    let node = network.nodes[index]
    let weight = weight(index, transposed: !isGemm)
    let bias = node.bias.flatMap { name in network.parameters[name].map { constant(name, $0) } }
    if isGemm {
      nodes.append(
        ("Gemm", node.name, [input, weight] + (bias.map { [$0] } ?? []), node.output, [.integer("transB", 1)]))
      return
    }
    guard let bias else {
      nodes.append(("MatMul", node.name, [input, weight], node.output, []))
      return
    }
    nodes.append(("MatMul", node.name, [input, weight], "\(node.output)/product", []))
    nodes.append(("Add", "\(node.name)/bias", ["\(node.output)/product", bias], node.output, []))
  }

  /// The softmax of opsets before 13 over several axes: they are joined for it and parted again.
  private mutating func addFlattenedSoftmax(_ node: Node, axis: Int) {
    let shapes = try? NetworkCheck.shapes(of: network, batch: 1, source: network.name)
    let shape = integers("\(node.name)/shape", [-1] + (shapes?[node.output] ?? []).dropFirst())
    let (flat, joined) = ("\(node.name)/flat", "\(node.name)/joined")
    nodes.append(("Flatten", flat, [node.inputs[0]], flat, [.integer("axis", Int64(axis))]))
    nodes.append(("Softmax", node.name, [flat], joined, [.integer("axis", 1)]))
    nodes.append(("Reshape", "\(node.name)/parted", [joined, shape], node.output, []))
  }

  private func rank(of tensor: String) -> Int {
    let shapes = try? NetworkCheck.shapes(of: network, batch: 1, source: network.name)
    return shapes?[tensor]?.count ?? 4
  }

  private static func attributes(_ window: Window, rank: Int) -> [Attribute] {
    rank == 1
      ? [
        .integers("kernel_shape", [window.kernelWidth]), .integers("strides", [window.strideAcross]),
        .integers("dilations", [window.dilationAcross]), .integers("pads", [window.padLeft, window.padRight]),
      ]
      : [
        .integers("kernel_shape", [window.kernelHeight, window.kernelWidth]),
        .integers("strides", [window.strideDown, window.strideAcross]),
        .integers("dilations", [window.dilationDown, window.dilationAcross]),
        .integers("pads", [window.padTop, window.padLeft, window.padBottom, window.padRight]),
      ]
  }

  /// Dilated poolings came with opset 19 for means; of maxima they are older.
  private static func poolAttributes(_ window: Window, _ ceil: Bool, rank: Int) -> [Attribute] {
    attributes(window, rank: rank).filter {
      if case .integers("dilations", let steps) = $0 { return steps.contains { $0 != 1 } }
      return true
    } + [.integer("ceil_mode", ceil ? 1 : 0)]
  }
}
