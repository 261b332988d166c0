// Scales searched for the output that points in the same direction as that of the float layer.

/// EasyQuant's search.
///
/// Di Wu, Qi Tang, Yongle Zhao, Ming Zhang, Ying Fu, Debing Zhang, "EasyQuant: Post-training quantization via scale
/// optimization", 2020: layer by layer, with the input that the already quantized layers give, first the scale of the
/// weight and then that of the input is chosen from a grid around largest integer / largest magnitude so that the mean
/// cosine of quantized and float outputs (bias included, before the activation) is largest. S multiplies:
/// q = clip(round(x S)).
public struct EasyQuant: Sendable {
  /// Lower end of the grid as a multiple of the first scale.
  public var alpha = 0.5
  /// Upper end.
  public var beta = 2.0
  /// Points of the grid, both ends among them.
  public var steps = 100
  /// How often each layer alternates between weight and input.
  public var rounds = 1
  /// Calibration rows that are looked at, from the first.
  public var rowLimit = 50

  /// The paper's settings, section 3.2.
  public init() {}

  /// A grid of its own; 0.2 and 3 is a wider one that is also met.
  public init(alpha: Double, beta: Double, steps: Int = 100, rounds: Int = 1) {
    self.alpha = alpha
    self.beta = beta
    self.steps = steps
    self.rounds = rounds
  }

  /// What was found for a layer.
  public struct Layer: Sendable {
    /// Index of its node.
    public let node: Int
    /// Multiplying scale of the weight, one or one a channel.
    public let weightScales: [Double]
    /// Where on the grid each is: 0 is the first scale, k the k-th point.
    public let weightIndices: [Int]
    /// Multiplying scale of the input.
    public let inputScale: Double
    /// Where on the grid it is.
    public let inputIndex: Int
    /// Mean cosine with the first scales and with the chosen ones.
    public let cosine: (before: Double, after: Double)
  }

  /// Scales of all layers.
  /// - Parameters:
  ///   - rows: Calibration rows; the first scale of an input is that of the largest float magnitude in them.
  ///   - bits: Bits of the weights, and of the inputs unless `inputBits` says otherwise; 32 leaves them in float.
  ///   - granularity: Per channel concerns convolutions; dense layers keep one scale.
  public func search(
    _ network: Network, rows: Tensor, bits: Int, inputBits: Int? = nil, granularity: Granularity
  ) -> (plan: QuantizationPlan, layers: [Layer]) {
    var plan: QuantizationPlan = [:]
    var layers: [Layer] = []
    let rows = rows.rows(0..<min(rowLimit, rows.shape[0]))
    let float = Forward(network)
    for index in network.quantizableNodes {
      let node = network.nodes[index]
      var (input, floatInput) = (rows, rows)
      if let producer = network.producer(of: node.inputs[0]) {
        let simulated = SimulatedNetwork(network, plan: plan)
        input = Forward(simulated.network).tensor(ofNode: producer, rows, layer: simulated.layer)
        floatInput = float.tensor(ofNode: producer, rows)
      }
      let largest = Double(floatInput.absoluteMaximum)
      let isChannelwise: Bool
      if case .convolution = node.operation {
        isChannelwise = granularity == .perChannel
      } else {
        isChannelwise = false
      }
      var search = LayerSearch(
        settings: self, float: float, node: node, weight: network.weight(of: index), input: input,
        target: float.tensor(ofNode: index, rows), weightBits: bits, inputBits: inputBits ?? bits,
        isChannelwise: isChannelwise, inputLargest: largest)
      let layer = search.run(index)
      plan[index] = LayerQuantization(
        weight: bits > 8 ? nil : layer.weightScales.map { search.weightQuantizer($0) },
        input: inputBits ?? bits > 8 ? nil : search.inputQuantizer(layer.inputScale))
      layers.append(layer)
    }
    return (plan, layers)
  }

  /// The first scale S and then the grid: S times equidistant factors from alpha to beta.
  ///
  /// The factors are computed before S is multiplied: at 7 bits one of them is 5/6, where the largest weight lies exactly
  /// between two integers (63 * 5/6 = 52.5), and the last bit of the product decides which one it gets.
  func candidates(_ scale: Double) -> [Double] {
    let step = steps > 1 ? (beta - alpha) / Double(steps - 1) : 0
    return [scale] + (0..<steps).map { scale * ($0 > 0 && $0 == steps - 1 ? beta : Double($0) * step + alpha) }
  }
}

/// The search over one layer.
private struct LayerSearch {
  let settings: EasyQuant
  let float: Forward
  let node: Node
  let weight: Tensor
  let input: Tensor
  let target: Tensor
  let weightBits: Int
  let inputBits: Int
  let isChannelwise: Bool
  let inputLargest: Double

  /// The first scale of a range; not finite where nothing is to be quantized.
  private func firstScale(_ largest: Double, bits: Int) -> Double {
    bits > 8 ? .infinity : Double(AffineQuantizer.largest(bits: bits)) / largest
  }

  /// The quantizer of a multiplying scale; an all-zero range has none and gets scale 1.
  private func quantizer(_ scale: Double, bits: Int) -> AffineQuantizer {
    scale > 0 && scale.isFinite ? .multiplying(by: scale, bits: bits) : .symmetric(threshold: 0, bits: bits)
  }

  func weightQuantizer(_ scale: Double) -> AffineQuantizer { quantizer(scale, bits: weightBits) }
  func inputQuantizer(_ scale: Double) -> AffineQuantizer { quantizer(scale, bits: inputBits) }

  /// The weight at multiplying scales; itself where it stays in float.
  private func quantizedWeight(_ scales: [Double]) -> Tensor {
    weightBits > 8 ? weight : QuantizedWeight(weight, quantizers: scales.map(weightQuantizer)).tensor
  }

  mutating func run(_ index: Int) -> EasyQuant.Layer {
    let thresholds = QuantizedWeight.thresholds(weight, isChannelwise ? .perChannel : .perTensor)
    let first = thresholds.map { firstScale($0, bits: weightBits) }
    var weights = first
    var weightIndices = [Int](repeating: 0, count: first.count)
    let firstInput = firstScale(inputLargest, bits: inputBits)
    var inputScale = firstInput
    var inputIndex = 0
    let before = meanCosine(output(weights, inputScale))
    var after = before
    for _ in 0..<settings.rounds {
      let quantizedInput = quantized(input, inputScale)
      if isChannelwise {
        weightIndices = channelIndices(quantizedInput, first)
      } else if first[0].isFinite {
        let candidates = settings.candidates(first[0])
        weightIndices[0] = best(candidates) { meanCosine(output(weight: [$0], quantizedInput)) }
      }
      weights = zip(first, weightIndices).map { $0.isFinite ? settings.candidates($0)[$1] : $0 }
      let quantizedWeight = quantizedWeight(weights)
      if firstInput.isFinite {
        let candidates = settings.candidates(firstInput)
        inputIndex = best(candidates) { meanCosine(compute(quantized(input, $0), quantizedWeight)) }
        inputScale = candidates[inputIndex]
      }
      after = meanCosine(compute(quantized(input, inputScale), quantizedWeight))
    }
    return EasyQuant.Layer(
      node: index, weightScales: weights, weightIndices: weightIndices, inputScale: inputScale,
      inputIndex: inputIndex, cosine: (before, after))
  }

  /// The first candidate with the largest score.
  private func best(_ candidates: [Double], _ score: (Double) -> Double) -> Int {
    var best = (index: 0, score: -Double.infinity)
    for (index, candidate) in candidates.enumerated() {
      let score = score(candidate)
      if score > best.score { best = (index, score) }
    }
    return best.index
  }

  private func quantized(_ tensor: Tensor, _ scale: Double) -> Tensor {
    inputBits > 8 ? tensor : inputQuantizer(scale).quantized(tensor)
  }

  private func output(_ weights: [Double], _ inputScale: Double) -> Tensor {
    output(weight: weights, quantized(input, inputScale))
  }

  private func output(weight scales: [Double], _ input: Tensor) -> Tensor {
    compute(input, quantizedWeight(scales))
  }

  private func compute(_ input: Tensor, _ weight: Tensor) -> Tensor {
    let bias = node.bias.flatMap { float.network.parameters[$0] }
    return Forward.compute(node.operation, [input], [weight] + (bias.map { [$0] } ?? []))
  }

  /// Mean over the rows of the cosine with the float output.
  private func meanCosine(_ output: Tensor) -> Double {
    let width = output.rowCount
    var sum = 0.0
    output.values.withUnsafeBufferPointer { output in
      target.values.withUnsafeBufferPointer { target in
        for row in 0..<input.shape[0] {
          var sums = CosineSums()
          for index in row * width..<(row + 1) * width { sums.add(Double(target[index]), Double(output[index])) }
          sum += sums.cosine
        }
      }
    }
    return sum / Double(max(1, input.shape[0]))
  }

  /// The best candidate of each output channel by the mean cosine of that channel: all candidates of a channel are the
  /// rows of one matrix, so that a patch is unfolded once for all.
  private func channelIndices(_ input: Tensor, _ first: [Double]) -> [Int] {
    guard case .convolution(let window, let group) = node.operation else { return [] }
    let kernel = ConvolutionKernel(
      window: window, group: group, input: input.shape, outputChannels: weight.shape[0])
    let (depth, count) = (kernel.depth, settings.steps + 1)
    var filters = [Float](repeating: 0, count: weight.shape[0] * count * depth)
    for channel in 0..<weight.shape[0] where first[channel].isFinite {
      for (candidate, scale) in settings.candidates(first[channel]).enumerated() {
        let quantizer = weightQuantizer(scale)
        let start = (channel * count + candidate) * depth
        for index in 0..<depth {
          filters[start + index] = quantizer.quantized(weight.values[channel * depth + index])
        }
      }
    }
    let bias = node.bias.flatMap { float.network.parameters[$0]?.values }
    var scores = [Double](repeating: 0, count: weight.shape[0] * count)
    var sums = [CosineSums](repeating: CosineSums(), count: kernel.outputsPerGroup * count)
    var products = [Float](repeating: 0, count: count * kernel.positions)
    input.values.withUnsafeBufferPointer { x in
      guard let x = x.baseAddress else { return }
      kernel.forEachPatchMatrix(x) { image, group, rows, matrix, stride in
        let columns = rows.count * kernel.output.width
        if rows.lowerBound == 0 { for index in sums.indices { sums[index] = CosineSums() } }
        for own in 0..<kernel.outputsPerGroup {
          let channel = group * kernel.outputsPerGroup + own
          products.withUnsafeMutableBufferPointer { products in
            filters.withUnsafeBufferPointer { filters in
              guard let products = products.baseAddress, let filters = filters.baseAddress else { return }
              MatrixProduct.multiply(
                rows: count, columns: columns, depth: depth, filters + channel * count * depth, strideA: depth, matrix,
                strideB: stride, into: products, strideC: columns)
            }
          }
          let start =
            (image * kernel.output.channels + channel) * kernel.positions + rows.lowerBound * kernel.output.width
          for candidate in 0..<count {
            for position in 0..<columns {
              sums[own * count + candidate].add(
                Double(target.values[start + position]),
                Double(products[candidate * columns + position] + (bias?[channel] ?? 0)))
            }
          }
        }
        if rows.upperBound == kernel.output.height {
          let base = group * kernel.outputsPerGroup * count
          for index in sums.indices { scores[base + index] += sums[index].cosine }
        }
      }
    }
    return (0..<weight.shape[0]).map { channel in
      var best = 0
      for candidate in 1..<count where scores[channel * count + candidate] > scores[channel * count + best] {
        best = candidate
      }
      return first[channel].isFinite ? best : 0
    }
  }
}

/// Sums for one cosine.
private struct CosineSums {
  private var product = 0.0
  private var first = 0.0
  private var second = 0.0

  @inline(__always)
  mutating func add(_ a: Double, _ b: Double) {
    product += a * b
    first += a * a
    second += b * b
  }

  var cosine: Double { first > 0 && second > 0 ? product / (first * second).squareRoot() : 0 }
}
