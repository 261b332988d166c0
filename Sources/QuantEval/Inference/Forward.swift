// A network at work: one node after the other over a batch.

/// Runs a network over batches.
///
/// Results depend on the parameters and the input alone; every batch of rows gives what its rows would give one by one,
/// up to the order in which the matrix library adds.
public struct Forward: Sendable {
  /// The network.
  public let network: Network
  /// Index of the last node that reads each computed tensor.
  private let lastUse: [String: Int]
  /// Rows computed together.
  public static let batch = 64

  /// Prepares to run a network.
  public init(_ network: Network) {
    self.network = network
    var lastUse: [String: Int] = [:]
    for (index, node) in network.nodes.enumerated() {
      for name in node.inputs { lastUse[name] = index }
    }
    self.lastUse = lastUse
  }

  /// The outputs of rows, in batches.
  /// - Parameter layer: Computes convolutions and dense layers in place of the float arithmetic, given the index of the
  ///   node and its input.
  public func outputs(_ rows: Tensor, layer: ((Int, Tensor) -> Tensor)? = nil) -> Tensor {
    var values: [Float] = []
    var shape: [Int] = []
    forEachBatch(rows) { batch, count in
      let y = run(batch, layer: layer)
      shape = y.shape
      values.append(contentsOf: y.values.prefix(count * y.rowCount))
    }
    if shape.isEmpty { shape = [0] } else { shape[0] = rows.shape[0] }
    return Tensor(shape: shape, values: values)
  }

  /// Cuts rows into batches of the size that the model takes; a last batch that the model wants larger is filled up
  /// with zeros, and `body` learns how many of its rows count.
  public func forEachBatch(_ rows: Tensor, _ body: (_ batch: Tensor, _ count: Int) -> Void) {
    let size = network.fixedBatch ?? Self.batch
    let total = rows.shape[0]
    for start in stride(from: 0, to: total, by: size) {
      let count = min(size, total - start)
      var batch = rows.rows(start..<start + count)
      if network.fixedBatch != nil, count < size {
        batch = Tensor(
          shape: [size] + batch.shape.dropFirst(),
          values: batch.values + [Float](repeating: 0, count: (size - count) * batch.rowCount))
      }
      body(batch, count)
    }
  }

  /// Runs one batch.
  /// - Parameters:
  ///   - layer: As for ``outputs(_:layer:)``.
  ///   - observe: Sees the input (node -1) and the output of every node.
  public func run(
    _ input: Tensor, layer: ((Int, Tensor) -> Tensor)? = nil, observe: (Int, Tensor) -> Void = { _, _ in }
  ) -> Tensor {
    var tensors: [String: Tensor] = [network.inputName: input]
    observe(-1, input)
    for (index, node) in network.nodes.enumerated() {
      var inputs: [Tensor] = []
      for name in node.inputs {
        guard let tensor = tensors[name] ?? network.parameters[name] else {
          preconditionFailure("the network was checked: \(name)")
        }
        inputs.append(tensor)
        if lastUse[name] == index, name != network.outputName { tensors[name] = nil }
      }
      let result: Tensor
      if node.operation.isQuantizable, let layer {
        result = layer(index, inputs[0])
      } else {
        result = compute(node, inputs)
      }
      observe(index, result)
      tensors[node.output] = result
    }
    guard let output = tensors[network.outputName] else { preconditionFailure("the network was checked") }
    return output
  }

  /// What a node computes.
  func compute(_ node: Node, _ inputs: [Tensor]) -> Tensor {
    let parameters = node.parameters.compactMap { network.parameters[$0] }
    return Self.compute(node.operation, inputs, parameters)
  }

  /// What an operation computes.
  static func compute(_ operation: Operation, _ inputs: [Tensor], _ parameters: [Tensor]) -> Tensor {
    let x = inputs[0]
    switch operation {
    case .convolution(let window, let group):
      let kernel = ConvolutionKernel(
        window: window, group: group, input: x.shape, outputChannels: parameters[0].shape[0])
      return kernel.forward(
        x, weight: parameters[0].values, bias: parameters.count > 1 ? parameters[1].values : nil)
    case .dense:
      return DenseKernel.forward(
        x, weight: parameters[0], bias: parameters.count > 1 ? parameters[1].values : nil)
    case .batchNormalization(let epsilon):
      let folded = BatchNormalization.affine(parameters, epsilon: epsilon)
      return ElementwiseKernel.scaleChannels(x, scale: folded.scale, shift: folded.shift)
    case .matrixProduct: return MatrixKernel.product(x, inputs[1])
    case .add: return ElementwiseKernel.combine(x, inputs[1]) { $0 + $1 }
    case .subtract: return ElementwiseKernel.combine(x, inputs[1]) { $0 - $1 }
    case .multiply: return ElementwiseKernel.combine(x, inputs[1]) { $0 * $1 }
    case .divide: return ElementwiseKernel.combine(x, inputs[1]) { $0 / $1 }
    case .relu: return ElementwiseKernel.map(x) { $0 > 0 ? $0 : 0 }
    case .leakyRelu(let alpha): return ElementwiseKernel.map(x) { $0 >= 0 ? $0 : alpha * $0 }
    case .clip(let minimum, let maximum):
      return ElementwiseKernel.map(x) { Swift.min(Swift.max($0, minimum), maximum) }
    case .sigmoid: return ElementwiseKernel.map(x, ElementwiseKernel.sigmoid)
    case .tanh: return ElementwiseKernel.map(x, ElementwiseKernel.tanh)
    case .softmax(let axis, let isFlattened): return softmax(x, axis, isFlattened)
    case .maxPool(let window, let ceil):
      let kernel = PoolingKernel(window: window, ceil: ceil, input: x.shape)
      return Tensor(shape: kernel.outputShape(x.shape), values: kernel.largest(x.values))
    case .averagePool(let window, let ceil, let countsPadding):
      let kernel = PoolingKernel(window: window, ceil: ceil, input: x.shape)
      return Tensor(
        shape: kernel.outputShape(x.shape), values: kernel.means(x.values, countsPadding: countsPadding))
    case .globalAveragePool: return Rearrangement.mean(x, axes: Array(2..<x.shape.count), keepsAxes: true)
    case .quantize(let stored): return stored.quantized(x)
    case .dequantize(let stored): return stored.dequantized(x)
    case .identity: return x
    case .concatenate(let axis): return Rearrangement.concatenate(inputs, axis: axis)
    case .transpose(let order):
      return Rearrangement.transpose(x, order.isEmpty ? Array(x.shape.indices.reversed()) : order)
    case .pad(let amounts, let axes, let value):
      guard let border = try? Shapes.border(amounts, axes, of: x.shape) else {
        preconditionFailure("the network was checked")
      }
      return Rearrangement.pad(x, border, value: value)
    case .reduceMean(let axes, let keepsAxes):
      return Rearrangement.mean(x, axes: axes.isEmpty ? Array(x.shape.indices) : axes, keepsAxes: keepsAxes)
    case .flatten, .reshape, .squeeze, .unsqueeze:
      guard let shape = try? Shapes.output(of: operation, inputs: [x.shape], parameters: []) else {
        preconditionFailure("the network was checked")
      }
      return Tensor(shape: shape, values: x.values)
    }
  }

  private static func softmax(_ x: Tensor, _ axis: Int, _ isFlattened: Bool) -> Tensor {
    let axis = axis < 0 ? axis + x.shape.count : axis
    let outer = x.shape.prefix(axis).reduce(1, *)
    if isFlattened {
      return ElementwiseKernel.softmax(x, outer: outer, extent: x.shape.dropFirst(axis).reduce(1, *), inner: 1)
    }
    let inner = x.shape.dropFirst(axis + 1).reduce(1, *)
    return ElementwiseKernel.softmax(x, outer: outer, extent: x.shape[axis], inner: inner)
  }
}

extension StoredQuantization {
  /// round(x / scale) + zero point, saturated.
  func quantized(_ x: Tensor) -> Tensor {
    perElement(x) { value, scale, zero in
      let level = (value / scale).rounded(.toNearestOrEven) + zero
      return min(max(level, Float(minimum)), Float(maximum))
    }
  }

  /// (q - zero point) * scale.
  func dequantized(_ x: Tensor) -> Tensor { perElement(x) { ($0 - $2) * $1 } }

  private func perElement(_ x: Tensor, _ body: (_ value: Float, _ scale: Float, _ zero: Float) -> Float) -> Tensor {
    guard scales.count > 1 else {
      return ElementwiseKernel.map(x) { body($0, scales[0], Float(zeroPoints[0])) }
    }
    var result = x
    let axis = axis < 0 ? axis + x.shape.count : axis
    let inner = x.shape.dropFirst(axis + 1).reduce(1, *)
    for index in 0..<x.count {
      let channel = index / inner % x.shape[axis]
      result.values[index] = body(x.values[index], scales[channel], Float(zeroPoints[channel]))
    }
    return result
  }
}
