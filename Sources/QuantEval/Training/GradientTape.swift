// Forward with everything kept that the way back needs, and the way back.

internal import TextFormats

/// Gradients of the parameters of a network, and of its input.
struct Gradients {
  var parameters: [String: [Float]] = [:]
  var input: Tensor?
}

/// One forward pass of a network in training, and its derivatives.
///
/// Layers may be quantized on the way: weights and inputs are rounded going forward, and the derivative passes the
/// rounding as if it were not there, except where a value was cut off (straight-through estimator: Bengio, Leonard,
/// Courville, "Estimating or propagating gradients through stochastic neurons", 2013).
struct GradientTape {
  private let network: Network
  private var tensors: [String: Tensor] = [:]
  /// What a quantizable layer really saw, and the weight it really had.
  private var layers: [Int: (input: Tensor, weight: Tensor, passes: [Bool]?, gates: [Float]?)] = [:]

  /// How one layer is changed in training.
  struct LayerChange {
    /// Quantizers of the weight; `nil` in float.
    var weight: [AffineQuantizer]?
    /// The quantizer of the input; `nil` in float.
    var input: AffineQuantizer?
    /// Factors of the input channels of a dense layer; `nil` for ones.
    var gates: [Float]?
  }

  /// Runs a network forward.
  /// - Parameter change: Told the layer and its input, says how it is changed.
  init(_ network: Network, _ input: Tensor, change: (Int, Tensor) -> LayerChange = { _, _ in LayerChange() }) {
    self.network = network
    tensors[network.inputName] = input
    for (index, node) in network.nodes.enumerated() {
      var inputs = node.inputs.compactMap { tensors[$0] ?? network.parameters[$0] }
      var parameters = node.parameters.compactMap { network.parameters[$0] }
      if node.operation.isQuantizable {
        let change = change(index, inputs[0])
        if let gates = change.gates {
          let width = gates.count
          for place in inputs[0].values.indices { inputs[0].values[place] *= gates[place % width] }
        }
        var passes: [Bool]?
        if let quantizer = change.input {
          passes = inputs[0].values.map { quantizer.passesGradient($0) }
          inputs[0] = quantizer.quantized(inputs[0])
        }
        if let quantizers = change.weight {
          parameters[0] = QuantizedWeight(parameters[0], quantizers: quantizers).tensor
        }
        layers[index] = (inputs[0], parameters[0], passes, change.gates)
      }
      tensors[node.output] = Forward.compute(node.operation, inputs, parameters)
    }
  }

  /// The network's output.
  var output: Tensor { tensors[network.outputName] ?? Tensor(shape: [0], values: []) }

  /// A tensor computed on the way.
  subscript(name: String) -> Tensor? { tensors[name] }

  /// Operations that have a derivative here: all but rounding that the model carries in itself.
  static func check(_ network: Network) throws(InputError) {
    for node in network.nodes {
      switch node.operation {
      case .quantize, .dequantize:
        throw InputError(
          InputPlace(source: network.name, path: "node '\(node.name)' (\(node.operation.name))"),
          "this operation cannot be trained", suggestion: "begin with the float model")
      default: continue
      }
    }
  }

  /// The derivatives of a scalar whose derivative with respect to the output is given.
  func gradients(of output: Tensor) -> Gradients {
    var result = Gradients()
    var flowing: [String: Tensor] = [network.outputName: output]
    func add(_ gradient: Tensor, to name: String) {
      guard let known = flowing[name] else {
        flowing[name] = gradient
        return
      }
      flowing[name] = ElementwiseKernel.combine(known, gradient) { $0 + $1 }
    }
    for (index, node) in network.nodes.enumerated().reversed() {
      guard let gradient = flowing.removeValue(forKey: node.output), let y = tensors[node.output] else { continue }
      let inputs = node.inputs.compactMap { tensors[$0] ?? network.parameters[$0] }
      let passed: [Tensor]
      if node.operation.isQuantizable {
        passed = [layerGradient(index, node, gradient, into: &result)]
      } else {
        let parameters = node.parameters.compactMap { network.parameters[$0] }
        let derivative = OperationDerivative(
          operation: node.operation, inputs: inputs, parameters: parameters, output: y)
        passed = derivative.inputs(gradient)
        for (name, values) in zip(node.parameters, derivative.parameters(gradient)) { result.parameters[name] = values }
      }
      for (name, gradient) in zip(node.inputs, passed) where tensors[name] != nil { add(gradient, to: name) }
    }
    result.input = flowing[network.inputName]
    return result
  }

  private func layerGradient(_ index: Int, _ node: Node, _ gradient: Tensor, into result: inout Gradients) -> Tensor {
    guard let layer = layers[index], let weightName = node.weight else { return gradient }
    var weights = [Float](repeating: 0, count: layer.weight.count)
    var inputs = Tensor(shape: layer.input.shape)
    let channels = layer.weight.shape[0]
    var inner = 1
    switch node.operation {
    case .convolution(let window, let group):
      let kernel = ConvolutionKernel(window: window, group: group, input: layer.input.shape, outputChannels: channels)
      inner = kernel.positions
      kernel.backward(gradient, input: layer.input, weight: layer.weight.values, weights: &weights, inputs: &inputs)
    default:
      DenseKernel.backward(gradient, input: layer.input, weight: layer.weight, weights: &weights, inputs: &inputs)
    }
    result.parameters[weightName] = weights
    if let bias = node.bias {
      var sums = [Float](repeating: 0, count: channels)
      for place in gradient.values.indices { sums[place / inner % channels] += gradient.values[place] }
      result.parameters[bias] = sums
    }
    if let passes = layer.passes {
      for place in passes.indices where !passes[place] { inputs.values[place] = 0 }
    }
    if let gates = layer.gates, let x = tensors[node.inputs[0]] {
      var sums = [Float](repeating: 0, count: gates.count)
      for place in inputs.values.indices {
        let gate = place % gates.count
        sums[gate] += inputs.values[place] * x.values[place]
        inputs.values[place] *= gates[gate]
      }
      result.parameters["gates of \(index)"] = sums
    }
    return inputs
  }
}

extension AffineQuantizer {
  /// Whether the straight-through derivative of a value is 1: its integer lies in the range before it is limited.
  public func passesGradient(_ value: Float) -> Bool {
    let quotient = multiplier == 0 ? value / scale : Float(Double(value) * multiplier)
    let level = quotient.rounded(.toNearestOrEven) + Float(zeroPoint)
    return level >= Float(minimum) && level <= Float(maximum)
  }
}

extension ConvolutionKernel {
  /// Adds the derivatives with respect to weights and input.
  func backward(
    _ gradient: Tensor, input x: Tensor, weight: [Float], weights: inout [Float], inputs: inout Tensor
  ) {
    let block = UnsafeMutablePointer<Float>.allocate(capacity: max(1, depth * positions))
    defer { block.deallocate() }
    let plane = input.height * input.width
    x.values.withUnsafeBufferPointer { x in
      gradient.values.withUnsafeBufferPointer { gradient in
        weight.withUnsafeBufferPointer { weight in
          weights.withUnsafeMutableBufferPointer { weights in
            inputs.values.withUnsafeMutableBufferPointer { inputs in
              guard let x = x.baseAddress, let gradient = gradient.baseAddress, let weight = weight.baseAddress,
                let weights = weights.baseAddress, let inputs = inputs.baseAddress
              else { return }
              forEachPatchMatrix(x) { image, group, rows, matrix, stride in
                let columns = rows.count * output.width
                let first = (image * output.channels + group * outputsPerGroup) * positions
                let own = gradient + first + rows.lowerBound * output.width
                let filters = group * outputsPerGroup * depth
                MatrixProduct.multiply(
                  rows: outputsPerGroup, columns: depth, depth: columns, own, strideA: positions, matrix,
                  strideB: stride, transposeB: true, beta: 1, into: weights + filters, strideC: depth)
                MatrixProduct.multiply(
                  rows: depth, columns: columns, depth: outputsPerGroup, weight + filters, strideA: depth,
                  transposeA: true, own, strideB: positions, into: block, strideC: columns)
                window.fold(
                  block, channels: channelsPerGroup, height: input.height, width: input.width,
                  outputWidth: output.width, rows: rows,
                  onto: inputs + (image * input.channels + group * channelsPerGroup) * plane)
              }
            }
          }
        }
      }
    }
  }
}

extension DenseKernel {
  /// Adds the derivatives with respect to weights and input.
  static func backward(
    _ gradient: Tensor, input: Tensor, weight: Tensor, weights: inout [Float], inputs: inout Tensor
  ) {
    let (outputs, width) = (weight.shape[0], weight.shape[1])
    let rows = input.count / max(1, width)
    input.values.withUnsafeBufferPointer { x in
      gradient.values.withUnsafeBufferPointer { gradient in
        weight.values.withUnsafeBufferPointer { weight in
          weights.withUnsafeMutableBufferPointer { weights in
            inputs.values.withUnsafeMutableBufferPointer { inputs in
              guard let x = x.baseAddress, let gradient = gradient.baseAddress, let weight = weight.baseAddress,
                let weights = weights.baseAddress, let inputs = inputs.baseAddress
              else { return }
              MatrixProduct.multiply(
                rows: outputs, columns: width, depth: rows, gradient, strideA: outputs, transposeA: true, x,
                strideB: width, beta: 1, into: weights, strideC: width)
              MatrixProduct.multiply(
                rows: rows, columns: width, depth: outputs, gradient, strideA: outputs, weight, strideB: width,
                beta: 1, into: inputs, strideC: width)
            }
          }
        }
      }
    }
  }
}
