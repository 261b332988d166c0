/// The derivative of one node that is no convolution or dense layer: what reaches its inputs for what reaches its output.
struct OperationDerivative {
  let operation: Operation
  let inputs: [Tensor]
  let parameters: [Tensor]
  let output: Tensor

  private var x: Tensor { inputs[0] }

  /// Gradients of the inputs, in their order.
  func inputs(_ gradient: Tensor) -> [Tensor] {
    switch operation {
    case .add: return inputs.map { Self.gathered(gradient, onto: $0.shape) }
    case .subtract:
      let negative = ElementwiseKernel.map(gradient) { -$0 }
      return [Self.gathered(gradient, onto: x.shape), Self.gathered(negative, onto: inputs[1].shape)]
    case .multiply:
      return [0, 1].map { side in
        Self.gathered(ElementwiseKernel.combine(gradient, inputs[1 - side]) { $0 * $1 }, onto: inputs[side].shape)
      }
    case .divide:
      let quotient = ElementwiseKernel.combine(gradient, inputs[1]) { $0 / $1 }
      let second = ElementwiseKernel.combine(quotient, output) { -$0 * $1 }
      return [Self.gathered(quotient, onto: x.shape), Self.gathered(second, onto: inputs[1].shape)]
    case .matrixProduct:
      return [
        Self.gathered(MatrixKernel.product(gradient, Self.turned(inputs[1])), onto: x.shape),
        Self.gathered(MatrixKernel.product(Self.turned(x), gradient), onto: inputs[1].shape),
      ]
    case .concatenate(let axis): return parted(gradient, axis: axis)
    default: return [single(gradient)]
    }
  }

  /// Gradients of trained parameters: of batch normalisation scale and shift.
  func parameters(_ gradient: Tensor) -> [[Float]] {
    guard case .batchNormalization(let epsilon) = operation, parameters.count == 4 else { return [] }
    let channels = x.shape[1]
    let plane = x.shape.dropFirst(2).reduce(1, *)
    var (scale, shift) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
    let deviations = parameters[3].values.map { (Double($0) + Double(epsilon)).squareRoot() }
    for index in 0..<gradient.count {
      let channel = index / plane % channels
      let centred = Double(x.values[index]) - Double(parameters[2].values[channel])
      scale[channel] += Double(gradient.values[index]) * centred / deviations[channel]
      shift[channel] += Double(gradient.values[index])
    }
    return [scale.map { Float($0) }, shift.map { Float($0) }]
  }

  /// The gradient of the only input.
  private func single(_ gradient: Tensor) -> Tensor {
    switch operation {
    case .relu: return ElementwiseKernel.combine(gradient, x) { $1 > 0 ? $0 : 0 }
    case .leakyRelu(let alpha): return ElementwiseKernel.combine(gradient, x) { $1 >= 0 ? $0 : alpha * $0 }
    case .clip(let minimum, let maximum):
      return ElementwiseKernel.combine(gradient, x) { $1 >= minimum && $1 <= maximum ? $0 : 0 }
    case .sigmoid: return ElementwiseKernel.combine(gradient, output) { $0 * $1 * (1 - $1) }
    case .tanh: return ElementwiseKernel.combine(gradient, output) { $0 * (1 - $1 * $1) }
    case .softmax(let axis, let isFlattened): return softmax(gradient, axis: axis, isFlattened: isFlattened)
    case .maxPool(let window, let ceil):
      let sources = PoolingKernel(window: window, ceil: ceil, input: x.shape).maxima(x.values).sources
      var result = Tensor(shape: x.shape)
      for (place, source) in sources.enumerated() { result.values[Int(source)] += gradient.values[place] }
      return result
    case .averagePool(let window, let ceil, let countsPadding):
      let kernel = PoolingKernel(window: window, ceil: ceil, input: x.shape)
      return Tensor(shape: x.shape, values: kernel.spread(gradient.values, countsPadding: countsPadding))
    case .globalAveragePool:
      let plane = x.shape.dropFirst(2).reduce(1, *)
      return Tensor(shape: x.shape, values: (0..<x.count).map { gradient.values[$0 / plane] / Float(plane) })
    case .reduceMean(let axes, _): return spread(gradient, axes: axes)
    case .batchNormalization(let epsilon):
      let scale = BatchNormalization.affine(parameters, epsilon: epsilon).scale
      return ElementwiseKernel.scaleChannels(
        gradient, scale: scale, shift: [Float](repeating: 0, count: scale.count))
    case .transpose(let order):
      let order = order.isEmpty ? Array(x.shape.indices.reversed()) : order
      var back = order
      for (place, axis) in order.enumerated() { back[axis] = place }
      return Rearrangement.transpose(gradient, back)
    case .pad(let amounts, let axes, _): return cropped(gradient, amounts, axes)
    default: return Tensor(shape: x.shape, values: gradient.values)
    }
  }

  /// Sums over the axes along which a tensor of `shape` was repeated.
  private static func gathered(_ gradient: Tensor, onto shape: [Int]) -> Tensor {
    guard gradient.shape != shape else { return gradient }
    let steps = ElementwiseKernel.strides(shape, rank: gradient.shape.count).steps
    var sums = [Double](repeating: 0, count: shape.reduce(1, *))
    Rearrangement.walk(gradient.shape, steps) { index, target in sums[target] += Double(gradient.values[index]) }
    return Tensor(shape: shape, values: sums.map { Float($0) })
  }

  /// The last two axes exchanged.
  private static func turned(_ x: Tensor) -> Tensor {
    var order = Array(x.shape.indices)
    order.swapAt(order.count - 1, order.count - 2)
    return Rearrangement.transpose(x, order)
  }

  /// y (g - sum g y) over the axes that were normalised.
  private func softmax(_ gradient: Tensor, axis: Int, isFlattened: Bool) -> Tensor {
    let axis = axis < 0 ? axis + x.shape.count : axis
    let outer = x.shape.prefix(axis).reduce(1, *)
    let extent = isFlattened ? x.shape.dropFirst(axis).reduce(1, *) : x.shape[axis]
    let inner = isFlattened ? 1 : x.shape.dropFirst(axis + 1).reduce(1, *)
    var result = gradient
    for block in 0..<outer {
      for lane in 0..<inner {
        let places = (0..<extent).map { (block * extent + $0) * inner + lane }
        let sum = places.reduce(Float(0)) { $0 + gradient.values[$1] * output.values[$1] }
        for place in places { result.values[place] = output.values[place] * (gradient.values[place] - sum) }
      }
    }
    return result
  }

  /// The pieces of a joined tensor.
  private func parted(_ gradient: Tensor, axis: Int) -> [Tensor] {
    let axis = axis < 0 ? axis + x.shape.count : axis
    let outer = x.shape.prefix(axis).reduce(1, *)
    let inner = x.shape.dropFirst(axis + 1).reduce(1, *)
    var pieces = inputs.map { _ in [Float]() }
    var place = 0
    for _ in 0..<outer {
      for (index, input) in inputs.enumerated() {
        let width = input.shape[axis] * inner
        pieces[index].append(contentsOf: gradient.values[place..<place + width])
        place += width
      }
    }
    return zip(inputs, pieces).map { Tensor(shape: $0.shape, values: $1) }
  }

  /// Each term of a mean gets its share.
  private func spread(_ gradient: Tensor, axes: [Int]) -> Tensor {
    let axes = axes.isEmpty ? Array(x.shape.indices) : axes.map { $0 < 0 ? $0 + x.shape.count : $0 }
    let kept = x.shape.indices.map { axes.contains($0) ? 1 : x.shape[$0] }
    let moves = ElementwiseKernel.strides(kept, rank: kept.count).steps
    let share = Float(gradient.count) / Float(max(1, x.count))
    var result = x
    Rearrangement.walk(x.shape, moves) { index, source in result.values[index] = gradient.values[source] * share }
    return result
  }

  /// A border taken off.
  private func cropped(_ gradient: Tensor, _ amounts: [Int], _ axes: [Int]) -> Tensor {
    guard let border = try? Shapes.border(amounts, axes, of: x.shape) else { return gradient }
    var moves = [Int](repeating: 1, count: x.shape.count)
    for axis in moves.indices.dropLast().reversed() { moves[axis] = moves[axis + 1] * gradient.shape[axis + 1] }
    let start = x.shape.indices.reduce(0) { $0 + border[$1] * moves[$1] }
    var result = x
    Rearrangement.walk(x.shape, moves) { index, source in result.values[index] = gradient.values[start + source] }
    return result
  }
}
