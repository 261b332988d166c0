// One quantized layer in integers: int8 input, int8 or int4 weights, 32-bit accumulators with the bias in them, one
// float factor a channel at the end. No sum rounds, so every machine gives the same integers.

/// A convolution or dense layer with integer weights.
///
/// Jacob et al., CVPR 2018, section 2.2: with symmetric weights the accumulator of output channel c is
/// sum (q_x - z_x) q_w + round(b / (s_x s_w[c])), and its real value is s_x s_w[c] times that.
public struct IntegerLayer: Sendable {
  /// What it computes.
  public let operation: Operation
  /// Weights [out, ...] between -127 and 127 (-7 and 7 for 4 bits).
  public var weights: [Int8] { packed?.values ?? wide }
  /// Weights of at most 4 bits, two in a byte.
  public let packed: PackedInt4?
  private let wide: [Int8]
  /// Shape of the weights.
  public let shape: [Int]
  /// The bias as integers of the accumulator's scale; limited to 32 bits.
  public let bias: [Int32]
  /// Real value of one unit of the accumulator, one a channel.
  public let scales: [Float]
  /// The quantizer of the input.
  public let input: AffineQuantizer
  /// The weights as floats, for the exact float product; of packed weights empty, they are unpacked when they are used.
  private let carrier: [Float]
  private let blocks: [Range<Int>]

  /// Quantizes a layer.
  /// - Precondition: The weight's quantizers are symmetric.
  public init(_ network: Network, node: Int, weight: [AffineQuantizer], input: AffineQuantizer) {
    precondition(weight.allSatisfy { $0.zeroPoint == 0 }, "integer layers have symmetric weights")
    let quantized = QuantizedWeight(network.weight(of: node), quantizers: weight)
    operation = network.nodes[node].operation
    let weights = quantized.integers
    let isNarrow = weight.allSatisfy { $0.minimum >= -8 && $0.maximum <= 7 }
    packed = isNarrow ? PackedInt4(weights) : nil
    wide = isNarrow ? [] : weights
    shape = quantized.tensor.shape
    self.input = input
    let outputs = shape[0]
    scales = (0..<outputs).map { input.scale * quantized.quantizer(of: $0).scale }
    let floats = network.bias(of: node)
    bias = (0..<outputs).map { channel in
      let scale = Double(input.scale) * Double(quantized.quantizer(of: channel).scale)
      let level = (Double(floats[channel]) / scale).rounded(.toNearestOrEven)
      return Int32(min(max(level, Double(Int32.min)), Double(Int32.max)))
    }
    carrier = wide.map { Float($0) }
    let depth = shape.dropFirst().reduce(1, *)
    let largest = max(Int(input.maximum - input.zeroPoint), Int(input.zeroPoint - input.minimum))
    blocks = IntegerProduct.exactBlocks(weights, depth: depth, largestInput: largest)
  }

  /// Integers of an input, the zero point taken off, as floats.
  func levels(_ x: Tensor) -> Tensor {
    let zero = Float(input.zeroPoint)
    return ElementwiseKernel.map(x) { input.level($0) - zero }
  }

  /// The accumulators for an input.
  public func accumulators(_ x: Tensor) -> (values: [Int32], shape: [Int]) { accumulate(levels(x)) }

  /// The real output for an input.
  public func output(_ x: Tensor) -> Tensor {
    let result = accumulate(levels(x))
    let channels = shape[0]
    let inner = isConvolution ? result.shape.dropFirst(2).reduce(1, *) : 1
    var y = Tensor(shape: result.shape)
    result.values.withUnsafeBufferPointer { source in
      y.values.withUnsafeMutableBufferPointer { target in
        var start = 0
        var channel = 0
        while start < source.count {
          let scale = scales[channel]
          for index in start..<start + inner { target[index] = Float(source[index]) * scale }
          start += inner
          channel = channel + 1 == channels ? 0 : channel + 1
        }
      }
    }
    return y
  }

  private var isConvolution: Bool {
    if case .convolution = operation { return true }
    return false
  }

  private func accumulate(_ levels: Tensor) -> (values: [Int32], shape: [Int]) {
    guard case .convolution(let window, let group) = operation else { return dense(levels) }
    let kernel = ConvolutionKernel(window: window, group: group, input: levels.shape, outputChannels: shape[0])
    let positions = kernel.positions
    let shape = kernel.outputShape(rank: levels.shape.count)
    var values = [Int32](repeating: 0, count: shape.reduce(1, *))
    let carrier = packed?.floats ?? carrier
    levels.values.withUnsafeBufferPointer { x in
      carrier.withUnsafeBufferPointer { weights in
        values.withUnsafeMutableBufferPointer { values in
          guard let x = x.baseAddress, let weights = weights.baseAddress, let values = values.baseAddress else {
            return
          }
          if kernel.channelsPerGroup == 1 && kernel.outputsPerGroup == 1 && blocks.count == 1 {
            let sums = UnsafeMutablePointer<Float>.allocate(capacity: shape.reduce(1, *))
            defer { sums.deallocate() }
            DepthwiseKernel(kernel).forward(x, weights, onto: sums)
            for index in 0..<shape.reduce(1, *) { values[index] = IntegerProduct.integer(sums[index]) }
          } else {
            var sums = [Float](repeating: 0, count: kernel.outputsPerGroup * positions)
            kernel.forEachPatchMatrix(x) { image, group, rows, matrix, stride in
              let columns = rows.count * kernel.output.width
              let first = (image * kernel.output.channels + group * kernel.outputsPerGroup) * positions
              for block in blocks {
                sums.withUnsafeMutableBufferPointer { sums in
                  guard let sums = sums.baseAddress else { return }
                  MatrixProduct.multiply(
                    rows: kernel.outputsPerGroup, columns: columns, depth: block.count,
                    weights + group * kernel.outputsPerGroup * kernel.depth + block.lowerBound, strideA: kernel.depth,
                    matrix + block.lowerBound * stride, strideB: stride, into: sums, strideC: columns)
                  for channel in 0..<kernel.outputsPerGroup {
                    let target = values + first + channel * positions + rows.lowerBound * kernel.output.width
                    let source = sums + channel * columns
                    for column in 0..<columns { target[column] &+= IntegerProduct.integer(source[column]) }
                  }
                }
              }
            }
          }
          for plane in 0..<kernel.input.batch * kernel.output.channels {
            let bias = bias[plane % kernel.output.channels]
            for index in plane * positions..<(plane + 1) * positions { values[index] &+= bias }
          }
        }
      }
    }
    return (values, shape)
  }

  private func dense(_ levels: Tensor) -> (values: [Int32], shape: [Int]) {
    let (outputs, inputs) = (shape[0], shape[1])
    let rows = levels.count / max(1, inputs)
    var values = [Int32](repeating: 0, count: rows * outputs)
    var sums = [Float](repeating: 0, count: rows * outputs)
    let carrier = packed?.floats ?? carrier
    for block in blocks {
      levels.values.withUnsafeBufferPointer { x in
        carrier.withUnsafeBufferPointer { weights in
          sums.withUnsafeMutableBufferPointer { sums in
            guard let x = x.baseAddress, let weights = weights.baseAddress, let sums = sums.baseAddress else { return }
            MatrixProduct.multiply(
              rows: rows, columns: outputs, depth: block.count, x + block.lowerBound, strideA: inputs,
              weights + block.lowerBound, strideB: inputs, transposeB: true, into: sums, strideC: outputs)
          }
        }
      }
      for index in values.indices { values[index] &+= IntegerProduct.integer(sums[index]) }
    }
    for index in values.indices { values[index] &+= bias[index % outputs] }
    return (values, levels.shape.dropLast() + [outputs])
  }
}

/// A network whose convolutions and dense layers run in integers.
public struct IntegerNetwork: Sendable {
  /// The layers by node.
  public let layers: [Int: IntegerLayer]
  private let forward: Forward

  /// Quantizes the layers of a plan that quantizes weight and input symmetrically in the weight; others stay in float.
  public init(_ network: Network, plan: QuantizationPlan) {
    var layers: [Int: IntegerLayer] = [:]
    for index in network.quantizableNodes {
      guard let weight = plan[index]?.weight, let input = plan[index]?.input else { continue }
      layers[index] = IntegerLayer(network, node: index, weight: weight, input: input)
    }
    self.layers = layers
    forward = Forward(network)
  }

  /// What a layer computes from its input.
  func layer(_ index: Int, _ input: Tensor) -> Tensor {
    layers[index]?.output(input) ?? forward.compute(forward.network.nodes[index], [input])
  }

  /// The outputs of rows.
  public func outputs(_ rows: Tensor) -> Tensor { forward.outputs(rows, layer: layer) }
}
