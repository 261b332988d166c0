// One quantized layer in integers: int8 input, int8 or int4 weights, 32-bit accumulators with the bias in them, one
// float factor a channel at the end. No sum rounds, so every machine gives the same integers.

internal import CIntegerKernels

/// A convolution or dense layer with integer weights.
///
/// Jacob et al., CVPR 2018, section 2.2: with symmetric weights the accumulator of output channel c is
/// sum (q_x - z_x) q_w + round(b / (s_x s_w[c])), and its real value is s_x s_w[c] times that.
public struct IntegerLayer: Sendable {
  /// What it computes.
  public let operation: Operation
  /// Shape of the weights.
  public let shape: [Int]
  /// The bias as integers of the accumulator's scale; limited to 32 bits.
  public let bias: [Int32]
  /// Real value of one unit of the accumulator, one a channel.
  public let scales: [Float]
  /// The product; tests choose its path.
  var product: IntegerProduct

  /// Weights [out, ...] between -127 and 127 (-7 and 7 for 4 bits).
  public var weights: [Int8] { product.panels.weights }
  /// The quantizer of the input.
  public var input: AffineQuantizer { product.input }

  /// Quantizes a layer.
  /// - Precondition: The weight's quantizers are symmetric.
  public init(_ network: Network, node: Int, weight: [AffineQuantizer], input: AffineQuantizer) {
    precondition(weight.allSatisfy { $0.zeroPoint == 0 }, "integer layers have symmetric weights")
    let quantized = QuantizedWeight(network.weight(of: node), quantizers: weight)
    operation = network.nodes[node].operation
    shape = quantized.tensor.shape
    let outputs = shape[0]
    scales = (0..<outputs).map { input.scale * quantized.quantizer(of: $0).scale }
    let floats = network.bias(of: node)
    bias = (0..<outputs).map { channel in
      let scale = Double(input.scale) * Double(quantized.quantizer(of: channel).scale)
      let level = (Double(floats[channel]) / scale).rounded(.toNearestOrEven)
      return Int32(min(max(level, Double(Int32.min)), Double(Int32.max)))
    }
    var groups = 1
    if case .convolution(_, let group) = operation { groups = group }
    let panels = WeightPanels(
      quantized.integers, PanelOrder(shape, groups: groups, isConvolution: operation.isConvolution),
      isNarrow: weight.allSatisfy { $0.minimum >= -8 && $0.maximum <= 7 })
    product = IntegerProduct(quantized.integers, panels: panels, bias: bias, input: input)
  }

  /// The accumulators for an input.
  public func accumulators(_ x: Tensor) -> (values: [Int32], shape: [Int]) {
    let shape = outputShape(x)
    var values = [Int32](repeating: 0, count: shape.reduce(1, *))
    values.withUnsafeMutableBufferPointer { values in
      compute(x) { block in
        let addend = product.addends[block.channel]
        for line in 0..<block.lines {
          for index in 0..<block.width {
            values[place(block, line, index)] = block.sums[line * block.distance + index] &+ addend
          }
        }
      }
    }
    return (values, shape)
  }

  /// The real output for an input.
  public func output(_ x: Tensor) -> Tensor {
    let shape = outputShape(x)
    let count = shape.reduce(1, *)
    let path = product.path.code
    let isConvolution = operation.isConvolution
    let values = [Float](unsafeUninitializedCapacity: count) { values, filled in
      compute(x) { block in
        let (addend, scale) = (product.addends[block.channel], scales[block.channel])
        guard let target = values.baseAddress else { return }
        if isConvolution {
          integer_scale_lines(
            path, block.sums, block.distance, block.lines, block.width, addend, scale, target + block.first)
        } else {
          for index in 0..<block.width { target[place(block, 0, index)] = Float(block.sums[index] &+ addend) * scale }
        }
      }
      filled = count
    }
    return Tensor(shape: shape, values: values)
  }

  /// The element of the output that a sum belongs to.
  @inline(__always)
  private func place(_ block: IntegerProduct.Block, _ line: Int, _ index: Int) -> Int {
    operation.isConvolution
      ? block.first + line * block.width + index : (block.first + index) * self.shape[0] + block.channel
  }

  private func outputShape(_ x: Tensor) -> [Int] {
    guard case .convolution(let window, let group) = operation else { return x.shape.dropLast() + [shape[0]] }
    return ConvolutionKernel(window: window, group: group, input: x.shape, outputChannels: shape[0])
      .outputShape(rank: x.shape.count)
  }

  /// Shows the sums of every element of the output once.
  private func compute(_ x: Tensor, _ receive: (IntegerProduct.Block) -> Void) {
    x.values.withUnsafeBufferPointer { values in
      guard let values = values.baseAddress else { return }
      if case .convolution(let window, let group) = operation {
        product.convolve(
          values,
          ConvolutionKernel(window: window, group: group, input: x.shape, outputChannels: shape[0]), receive)
      } else {
        product.dense(values, rows: shape[1] == 0 ? 0 : x.count / shape[1], receive)
      }
    }
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
