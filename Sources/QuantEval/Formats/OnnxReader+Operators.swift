// The operators of ONNX, each brought to the operation it stands for.

internal import TextFormats

extension OnnxReader {
  /// Operators that are understood, for messages.
  static let operators = [
    "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant", "Conv", "DequantizeLinear", "Div",
    "Dropout", "Flatten", "Gather", "Gemm", "GlobalAveragePool", "Identity", "LeakyRelu", "MatMul", "MaxPool", "Mul",
    "Pad",
    "QuantizeLinear", "ReduceMean", "Relu", "Reshape", "Shape", "Sigmoid", "Slice", "Softmax", "Squeeze", "Sub", "Tanh",
    "Transpose",
    "Unsqueeze",
  ]

  /// Adds what a node of the file does.
  mutating func lower(_ node: OnnxNode) throws(InputError) {
    guard node.domain.isEmpty || node.domain == "ai.onnx" else {
      throw error(node, "operators of the domain '\(node.domain)' are not supported")
    }
    switch node.type {
    case "Conv": try lowerConvolution(node)
    case "Gemm": try lowerGemm(node)
    case "MatMul": try lowerMatMul(node)
    case "BatchNormalization": try lowerBatchNormalization(node)
    case "Add": try append(node, .add, inputs: node.inputs)
    case "Sub": try append(node, .subtract, inputs: node.inputs)
    case "Mul": try append(node, .multiply, inputs: node.inputs)
    case "Div": try append(node, .divide, inputs: node.inputs)
    case "Relu": try append(node, .relu)
    case "LeakyRelu": try append(node, .leakyRelu(alpha: node.attribute("alpha")?.float ?? 0.01))
    case "Sigmoid": try append(node, .sigmoid)
    case "Tanh": try append(node, .tanh)
    case "Clip": try lowerClip(node)
    case "Softmax":
      // Before opset 13 the axes from the given one on were flattened, and the first was the standard.
      let old = opset < 13
      try append(node, .softmax(axis: Int(node.attribute("axis")?.integer ?? (old ? 1 : -1)), isFlattened: old))
    case "MaxPool":
      try append(node, .maxPool(window(node, kernel: nil), ceil: node.attribute("ceil_mode")?.integer == 1))
    case "AveragePool":
      try append(
        node,
        .averagePool(
          window(node, kernel: nil), ceil: node.attribute("ceil_mode")?.integer == 1,
          countsPadding: node.attribute("count_include_pad")?.integer == 1))
    case "GlobalAveragePool": try append(node, .globalAveragePool)
    case "Flatten": try append(node, .flatten(axis: Int(node.attribute("axis")?.integer ?? 1)))
    case "Reshape":
      try append(node, .reshape(reshapeTarget(node), allowsZero: node.attribute("allowzero")?.integer == 1))
    case "Concat":
      guard let axis = node.attribute("axis")?.integer else { throw error(node, "it has no axis") }
      try append(node, .concatenate(axis: Int(axis)), inputs: node.inputs)
    case "Transpose": try append(node, .transpose(node.attribute("perm")?.integers.map { Int($0) } ?? []))
    case "Pad": try lowerPad(node)
    case "Squeeze": try append(node, .squeeze(axes(node, sinceOpset: 13)))
    case "Unsqueeze": try append(node, .unsqueeze(axes(node, sinceOpset: 13)))
    case "ReduceMean":
      let axes = try axes(node, sinceOpset: 18)
      if axes.isEmpty, node.attribute("noop_with_empty_axes")?.integer ?? 0 != 0 { return try alias(node) }
      try append(node, .reduceMean(axes, keepsAxes: node.attribute("keepdims")?.integer != 0))
    case "Identity": try alias(node)
    case "Dropout":
      if let mode = try constant(node, input: 2, "training mode"), mode.integers.contains(where: { $0 != 0 }) {
        throw error(node, "the training mode is not supported", suggestion: "export the model for inference")
      }
      try alias(node)
    case "Constant": try addConstant(node)
    case "Shape": try lowerShape(node)
    case "Gather": try lowerGather(node)
    case "Slice": try lowerSlice(node)
    case "Cast": try lowerCast(node)
    case "QuantizeLinear", "DequantizeLinear": try lowerQuantization(node)
    default:
      throw error(
        node, "the operator \(node.type.isEmpty ? "without a name" : node.type) is not supported",
        suggestion: NameSuggestion.phrase(for: node.type, in: Self.operators))
    }
  }

  mutating func alias(_ node: OnnxNode) throws(InputError) {
    guard let input = node.inputs.first, let output = node.outputs.first else { throw error(node, "it has no input") }
    if let constant = constants[input] { constants[output] = constant } else { aliases[output] = resolved(input) }
  }

  private mutating func addConstant(_ node: OnnxNode) throws(InputError) {
    guard let output = node.outputs.first else { throw error(node, "it has no output") }
    if let tensor = node.attribute("value")?.tensor {
      constants[output] = tensor
    } else if let float = node.attribute("value_float")?.float {
      constants[output] = OnnxTensor(floats: [float], shape: [])
    } else if let integer = node.attribute("value_int")?.integer {
      constants[output] = OnnxTensor(integers: [integer], shape: [])
    } else if let list = node.attribute("value_floats") {
      constants[output] = OnnxTensor(floats: list.floats, shape: [list.floats.count])
    } else if let list = node.attribute("value_ints") {
      constants[output] = OnnxTensor(integers: list.integers, shape: [list.integers.count])
    } else {
      throw error(node, "a constant of this kind is not supported")
    }
  }

  /// The constant behind an input; `nil` if the input is not given.
  func constant(_ node: OnnxNode, input: Int, _ what: String) throws(InputError) -> OnnxTensor? {
    guard node.inputs.count > input, !node.inputs[input].isEmpty else { return nil }
    guard let tensor = constants[resolved(node.inputs[input])] else {
      throw error(node, "its \(what) '\(node.inputs[input])' is computed; only constants are supported")
    }
    return tensor
  }

  func required(_ node: OnnxNode, input: Int, _ what: String) throws(InputError) -> OnnxTensor {
    guard let tensor = try constant(node, input: input, what) else { throw error(node, "it has no \(what)") }
    return tensor
  }

  private func integers(_ node: OnnxNode, input: Int, _ what: String) throws(InputError) -> [Int] {
    let tensor = try required(node, input: input, what)
    guard !tensor.type.isFloating else { throw error(node, "its \(what) are no whole numbers") }
    return tensor.integers.map { Int(truncatingIfNeeded: $0) }
  }

  /// Axes are an attribute in older opsets and an input since.
  private func axes(_ node: OnnxNode, sinceOpset: Int64) throws(InputError) -> [Int] {
    if opset < sinceOpset || node.inputs.count < 2 {
      return node.attribute("axes")?.integers.map { Int(truncatingIfNeeded: $0) } ?? []
    }
    return try integers(node, input: 1, "axes")
  }

  private mutating func lowerConvolution(_ node: OnnxNode) throws(InputError) {
    let weight = try required(node, input: 1, "weight")
    guard weight.shape.count == 3 || weight.shape.count == 4 else {
      throw error(node, "its weight has the shape \(weight.shape); convolutions over one or two axes are supported")
    }
    let window = try window(node, kernel: Array(weight.shape.dropFirst(2)))
    let group = node.attribute("group")?.integer ?? 1
    guard (1...(1 << 24)).contains(group) else { throw error(node, "\(group) groups make no sense") }
    var parameters = [(node.inputs[1], weight.tensor)]
    if let bias = try constant(node, input: 2, "bias") { parameters.append((node.inputs[2], bias.tensor)) }
    try append(node, .convolution(window, group: Int(group)), parameters: parameters)
  }

  /// Y = alpha A' B' + beta C, with a constant B and C: the weight is stored as [out, in], alpha and beta in it.
  private mutating func lowerGemm(_ node: OnnxNode) throws(InputError) {
    guard node.attribute("transA")?.integer ?? 0 == 0 else { throw error(node, "a transposed input is not supported") }
    guard node.inputs.count > 1, constants[resolved(node.inputs[1])] != nil else { return try lowerComputedGemm(node) }
    var weight = try required(node, input: 1, "weight").tensor
    guard weight.shape.count == 2 else { throw error(node, "its weight has the shape \(weight.shape)") }
    if node.attribute("transB")?.integer ?? 0 == 0 { weight = Rearrangement.transpose(weight, [1, 0]) }
    let alpha = node.attribute("alpha")?.float ?? 1
    if alpha != 1 { weight.values = weight.values.map { $0 * alpha } }
    var parameters = [(node.inputs[1], weight)]
    if let bias = try constant(node, input: 2, "bias")?.tensor {
      let outputs = weight.shape[0]
      guard bias.count == outputs || bias.count == 1, bias.shape.last ?? 1 == bias.count else {
        throw error(node, "a bias of shape \(bias.shape) does not fit \(outputs) outputs")
      }
      let beta = node.attribute("beta")?.float ?? 1
      let values = (0..<outputs).map { bias.values[bias.count == 1 ? 0 : $0] * beta }
      parameters.append((node.inputs[2], Tensor(shape: [outputs], values: values)))
    }
    try append(node, .dense(isGemm: true), parameters: parameters)
  }

  /// Gemm of two computed matrices, in its parts.
  private mutating func lowerComputedGemm(_ node: OnnxNode) throws(InputError) {
    guard node.inputs.count > 1, let output = node.outputs.first, node.attribute("alpha")?.float ?? 1 == 1,
      node.inputs.count < 3 || node.inputs[2].isEmpty || node.attribute("beta")?.float ?? 1 == 1
    else { throw error(node, "factors are supported with a constant weight only") }
    func part(_ name: String, _ inputs: [String]) -> OnnxNode {
      var part = node
      (part.name, part.inputs, part.outputs) = ("\(node.name)/\(name)", inputs, ["\(output)/\(name)"])
      return part
    }
    var right = node.inputs[1]
    if node.attribute("transB")?.integer ?? 0 != 0 {
      try append(part("transpose", [right]), .transpose([1, 0]))
      right = "\(output)/transpose"
    }
    let hasSum = node.inputs.count > 2 && !node.inputs[2].isEmpty
    var product = part("product", [node.inputs[0], right])
    if !hasSum { product.outputs = [output] }
    try append(product, .matrixProduct, inputs: product.inputs)
    guard hasSum else { return }
    try append(node, .add, inputs: [product.outputs[0], node.inputs[2]])
  }

  /// A constant matrix on the right is the weight of a dense layer; everything else is a product of two tensors.
  private mutating func lowerMatMul(_ node: OnnxNode) throws(InputError) {
    guard node.inputs.count == 2 else { throw error(node, "two inputs are wanted, there are \(node.inputs.count)") }
    guard let weight = constants[resolved(node.inputs[1])]?.tensor, weight.shape.count == 2 else {
      return try append(node, .matrixProduct, inputs: node.inputs)
    }
    try append(node, .dense(isGemm: false), parameters: [(node.inputs[1], Rearrangement.transpose(weight, [1, 0]))])
  }

  private mutating func lowerBatchNormalization(_ node: OnnxNode) throws(InputError) {
    guard node.attribute("training_mode")?.integer ?? 0 == 0 else {
      throw error(node, "the training mode is not supported", suggestion: "export the model for inference")
    }
    var parameters: [(String, Tensor)] = []
    for (index, what) in ["scale", "shift", "mean", "variance"].enumerated() {
      let tensor = try required(node, input: index + 1, what).tensor
      parameters.append((node.inputs[index + 1], tensor))
    }
    try append(
      node, .batchNormalization(epsilon: node.attribute("epsilon")?.float ?? 1e-5), parameters: parameters)
  }

  /// The limits are attributes in opset 6 and inputs since opset 11; either may be missing.
  private mutating func lowerClip(_ node: OnnxNode) throws(InputError) {
    var minimum = node.attribute("min")?.float ?? -.greatestFiniteMagnitude
    var maximum = node.attribute("max")?.float ?? .greatestFiniteMagnitude
    if let tensor = try constant(node, input: 1, "minimum"), tensor.tensor.count == 1 {
      minimum = tensor.tensor.values[0]
    }
    if let tensor = try constant(node, input: 2, "maximum"), tensor.tensor.count == 1 {
      maximum = tensor.tensor.values[0]
    }
    try append(node, .clip(minimum: minimum, maximum: maximum))
  }

  private mutating func lowerPad(_ node: OnnxNode) throws(InputError) {
    if let mode = node.attribute("mode")?.text, mode != "constant" {
      throw error(node, "the mode '\(mode)' is not supported", suggestion: "constant is")
    }
    let value = try constant(node, input: 2, "value")?.tensor.values.first ?? 0
    // Axes since opset 18; none named means all.
    let isPartial = node.inputs.count > 3 && !node.inputs[3].isEmpty
    let axes = isPartial ? try integers(node, input: 3, "axes") : []
    try append(node, .pad(integers(node, input: 1, "paddings"), axes: axes, value: value))
  }

  /// The window of a convolution (its kernel from the weight) or of a pooling (its kernel an attribute).
  private func window(_ node: OnnxNode, kernel: [Int]?) throws(InputError) -> Window {
    func list(_ name: String, _ count: Int, standard: Int64) throws(InputError) -> [Int] {
      let given = node.attribute(name)?.integers ?? []
      guard given.isEmpty || given.count == count else {
        throw error(node, "\(name) has \(given.count) numbers, \(count) are wanted")
      }
      guard given.allSatisfy({ (0...(1 << 24)).contains($0) }) else { throw error(node, "\(name) is out of range") }
      return given.isEmpty ? [Int](repeating: Int(standard), count: count) : given.map { Int($0) }
    }
    let rank = kernel?.count ?? node.attribute("kernel_shape")?.integers.count ?? 0
    guard rank == 1 || rank == 2 else { throw error(node, "windows over one or two axes are supported") }
    let taps: [Int]
    if let kernel { taps = kernel } else { taps = try list("kernel_shape", rank, standard: 1) }
    if kernel != nil, let declared = node.attribute("kernel_shape")?.integers, !declared.isEmpty,
      declared.map({ Int(truncatingIfNeeded: $0) }) != taps
    {
      throw error(node, "kernel_shape is \(declared), the weight has \(taps)")
    }
    let strides = try list("strides", rank, standard: 1)
    let dilations = try list("dilations", rank, standard: 1)
    let pads = try list("pads", 2 * rank, standard: 0)
    var window = Window(kernel: 1)
    window.kernelWidth = taps[rank - 1]
    window.strideAcross = strides[rank - 1]
    window.dilationAcross = dilations[rank - 1]
    window.padLeft = pads[rank - 1]
    window.padRight = pads[2 * rank - 1]
    if rank == 2 {
      window.kernelHeight = taps[0]
      window.strideDown = strides[0]
      window.dilationDown = dilations[0]
      window.padTop = pads[0]
      window.padBottom = pads[2]
    }
    switch node.attribute("auto_pad")?.text ?? "NOTSET" {
    case "NOTSET", "VALID": break
    case let mode where mode == "SAME_UPPER" || mode == "SAME_LOWER":
      guard let shape = shapes[resolved(node.inputs.first ?? "")], shape.count == rank + 2 else {
        throw error(node, "auto_pad \(mode) needs an input whose shape is known", suggestion: "give explicit pads")
      }
      // ceil(extent / step) windows: what they span beyond the extent is padding.
      func missing(_ extent: Int, _ kernel: Int, _ step: Int, _ dilation: Int) -> Int {
        max(0, (extent - 1) / max(1, step) * step + (kernel - 1) * dilation + 1 - extent)
      }
      let down = rank == 1 ? 0 : missing(shape[2], window.kernelHeight, window.strideDown, window.dilationDown)
      let across = missing(shape[rank + 1], window.kernelWidth, window.strideAcross, window.dilationAcross)
      let upper = mode == "SAME_UPPER"
      (window.padTop, window.padLeft) = upper ? (down / 2, across / 2) : (down - down / 2, across - across / 2)
      (window.padBottom, window.padRight) = (down - window.padTop, across - window.padLeft)
    case let mode: throw error(node, "auto_pad \(mode) is not supported", suggestion: "give explicit pads")
    }
    return window
  }

  /// Quantization of constants is carried out, that of computed tensors becomes a node.
  private mutating func lowerQuantization(_ node: OnnxNode) throws(InputError) {
    guard node.attribute("block_size")?.integer ?? 0 == 0 else { throw error(node, "blocks are not supported") }
    let scales = try required(node, input: 1, "scale")
    let zeroPoints = try constant(node, input: 2, "zero point")
    guard scales.type.isFloating, scales.floats.allSatisfy({ $0.isFinite && $0 > 0 }), !scales.floats.isEmpty else {
      throw error(node, "a scale is not a positive number")
    }
    let stored = zeroPoints?.integers ?? [Int64](repeating: 0, count: scales.floats.count)
    guard stored.count == scales.floats.count, stored.allSatisfy({ Int32(exactly: $0) != nil }) else {
      throw error(node, "there are \(scales.floats.count) scales and \(stored.count) zero points")
    }
    // Without a zero point the type is uint8, or since opset 21 what output_dtype says.
    let declared = node.attribute("output_dtype")?.integer.flatMap { OnnxTensor.ElementType(rawValue: $0) }
    var type = zeroPoints?.type ?? declared ?? .uint8
    if node.type == "DequantizeLinear", let constant = constants[resolved(node.inputs[0])] { type = constant.type }
    let range = type.range ?? (.min, .max)
    let quantization = StoredQuantization(
      scales: scales.floats, zeroPoints: stored.map { Int32(truncatingIfNeeded: $0) },
      axis: Int(node.attribute("axis")?.integer ?? 1), minimum: range.0, maximum: range.1)
    if let constant = constants[resolved(node.inputs[0])], let output = node.outputs.first {
      let operation: Operation =
        node.type == "QuantizeLinear" ? .quantize(quantization) : .dequantize(quantization)
      do throws(ShapeMismatch) {
        _ = try Shapes.output(of: operation, inputs: [constant.shape], parameters: [])
      } catch { throw self.error(node, error.message) }
      let result =
        node.type == "QuantizeLinear"
        ? quantization.quantized(constant.tensor) : quantization.dequantized(constant.tensor)
      constants[output] = OnnxTensor(floats: result.values, shape: result.shape)
      return
    }
    try append(node, node.type == "QuantizeLinear" ? .quantize(quantization) : .dequantize(quantization))
  }
}

extension OnnxTensor {
  /// A constant of floats.
  init(floats: [Float], shape: [Int]) {
    self.floats = floats
    self.shape = shape
  }

  /// A constant of whole numbers.
  init(integers: [Int64], shape: [Int]) {
    self.integers = integers
    self.shape = shape
    type = .int64
  }
}
