import SimEngine
import Testing
import TextFormats

@testable import QuantEval

/// Integer layers on every path that this processor has, beside plain loops.
@Suite("Paths of integer products")
struct IntegerPathTests {
  private func stream(_ seed: Int, _ purpose: String) -> RandomStream {
    RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "integer", purpose: purpose))
  }

  /// A network of one layer with random weights and bias.
  private func network(_ operation: QuantEval.Operation, weight: Tensor, input: [Int], bias: [Float]) throws -> Network
  {
    var table = ParameterTable()
    table["w"] = weight
    table["b"] = Tensor(shape: [bias.count], values: bias)
    return try Network(
      name: "layer", inputName: "x", inputShape: input, outputName: "y",
      nodes: [Node(name: "y", operation: operation, inputs: ["x"], output: "y", parameters: ["w", "b"])],
      parameters: table, source: "test")
  }

  /// The layer on all paths.
  private func onAllPaths(_ layer: IntegerLayer) -> [(path: IntegerPath, layer: IntegerLayer)] {
    IntegerPath.available.map { path in
      var copy = layer
      copy.product.path = path
      return (path, copy)
    }
  }

  /// Sums of (q - z) w + b, tap by tap.
  private func oracle(_ layer: IntegerLayer, _ x: Tensor, _ window: Window, _ group: Int) -> [Int32] {
    let kernel = ConvolutionKernel(window: window, group: group, input: x.shape, outputChannels: layer.shape[0])
    let levels = x.values.map { Int32(layer.input.level($0)) - layer.input.zeroPoint }
    let weights = layer.weights.map { Int32($0) }
    var sums: [Int32] = []
    for image in 0..<kernel.input.batch {
      for output in 0..<kernel.output.channels {
        for row in 0..<kernel.output.height {
          for column in 0..<kernel.output.width {
            var sum = layer.bias[output]
            for channel in 0..<kernel.channelsPerGroup {
              let plane =
                image * kernel.input.channels + output / kernel.outputsPerGroup * kernel.channelsPerGroup + channel
              for tapRow in 0..<window.kernelHeight {
                for tap in 0..<window.kernelWidth {
                  let y = row * window.strideDown + tapRow * window.dilationDown - window.padTop
                  let at = column * window.strideAcross + tap * window.dilationAcross - window.padLeft
                  guard (0..<kernel.input.height).contains(y), (0..<kernel.input.width).contains(at) else { continue }
                  let weight =
                    (output * kernel.channelsPerGroup + channel) * window.kernelHeight * window.kernelWidth
                    + tapRow * window.kernelWidth + tap
                  sum &+= weights[weight] &* levels[(plane * kernel.input.height + y) * kernel.input.width + at]
                }
              }
            }
            sums.append(sum)
          }
        }
      }
    }
    return sums
  }

  @Test("convolutions of any geometry and width give the sums of a plain loop on every path", arguments: 0..<120)
  func convolutions(seed: Int) throws {
    var random = stream(seed, "convolution")
    let group = [1, 1, 2, 3][random.below(4)]
    let (inputs, outputs) = (group * (1 + random.below(6)), group * (1 + random.below(11)))
    var window = Window(kernel: 1)
    window.kernelHeight = 1 + random.below(4)
    window.kernelWidth = 1 + random.below(4)
    window.strideDown = 1 + random.below(3)
    window.strideAcross = 1 + random.below(3)
    window.dilationDown = 1 + random.below(2)
    window.dilationAcross = 1 + random.below(2)
    (window.padTop, window.padBottom) = (random.below(3), random.below(3))
    (window.padLeft, window.padRight) = (random.below(3), random.below(3))
    if seed % 5 == 0 { window = Window(kernel: 1) }
    let (height, width) = (7 + random.below(9), 7 + random.below(30))
    let (bits, weightBits) = (2 + random.below(7), 2 + random.below(7))
    let weight = Tensor(
      shape: [outputs, inputs / group, window.kernelHeight, window.kernelWidth],
      values: (0..<outputs * inputs / group * window.kernelHeight * window.kernelWidth).map { _ in
        Float(random.normal())
      })
    let network = try network(
      .convolution(window, group: group), weight: weight, input: [inputs, height, width],
      bias: (0..<outputs).map { _ in Float(random.normal()) })
    let quantizers = QuantizedWeight.thresholds(weight, seed.isMultiple(of: 2) ? .perTensor : .perChannel).map {
      AffineQuantizer.symmetric(threshold: $0, bits: weightBits)
    }
    let input: AffineQuantizer =
      switch seed % 4 {
      case 0: .symmetric(threshold: 2, bits: bits)
      case 1: .asymmetric(minimum: -0.5, maximum: 2.5, bits: bits)
      case 2: .asymmetric(minimum: 0, maximum: 3, bits: bits, isSigned: false)
      default: .multiplying(by: 30.3, bits: bits)
      }
    let layer = IntegerLayer(network, node: 0, weight: quantizers, input: input)
    #expect((layer.product.panels.packed != nil) == (weightBits <= 4))
    let batch = 1 + random.below(5)
    let x = Tensor(
      shape: [batch, inputs, height, width],
      values: (0..<batch * inputs * height * width).map { _ in Float(random.normal()) })
    let expected = oracle(layer, x, window, group)
    for (path, layer) in onAllPaths(layer) {
      let found = layer.accumulators(x)
      #expect(found.values == expected, "\(path) \(window) group \(group) \(x.shape) -> \(found.shape)")
      let reals = layer.output(x).values
      let size = found.values.count / batch / outputs
      #expect(
        reals == found.values.indices.map { Float(found.values[$0]) * layer.scales[$0 / size % outputs] }, "\(path)")
    }
  }

  @Test("dense layers give the sums of a plain loop on every path, at the limits of bytes too", arguments: 0..<24)
  func dense(seed: Int) throws {
    var random = stream(seed, "dense")
    let (outputs, inputs, rows) = (1 + random.below(20), 1 + random.below(3000), [1, 3, 17, 64][random.below(4)])
    let weightBits = seed.isMultiple(of: 3) ? 4 : 8
    let limit = Int(AffineQuantizer.largest(bits: weightBits))
    let isExtreme = seed.isMultiple(of: 2)
    let weights = (0..<outputs * inputs).map { _ in
      Float(isExtreme ? (random.chance(0.5) ? limit : -limit) : random.below(2 * limit + 1) - limit)
    }
    let network = try network(
      .dense(isGemm: true), weight: Tensor(shape: [outputs, inputs], values: weights), input: [inputs],
      bias: (0..<outputs).map { Float($0) })
    let narrow = AffineQuantizer(scale: 1, zeroPoint: 0, minimum: Int32(-limit), maximum: Int32(limit))
    let input = AffineQuantizer(scale: 1, zeroPoint: seed.isMultiple(of: 2) ? 0 : -100, minimum: -128, maximum: 127)
    let layer = IntegerLayer(network, node: 0, weight: [narrow], input: input)
    let x = Tensor(
      shape: [rows, inputs],
      values: (0..<rows * inputs).map { _ in
        isExtreme ? (random.chance(0.5) ? 127 : -128) : Float(random.below(300)) - 150
      })
    var expected: [Int32] = []
    for row in 0..<rows {
      for output in 0..<outputs {
        var sum = Int32(output)
        for index in 0..<inputs {
          let level = Int32(input.level(x.values[row * inputs + index])) - input.zeroPoint
          sum += Int32(weights[output * inputs + index]) * level
        }
        expected.append(sum)
      }
    }
    for (path, layer) in onAllPaths(layer) {
      #expect(layer.accumulators(x).values == expected, "\(path)")
      #expect(layer.output(x).values == expected.map { Float($0) }, "\(path)")
      #expect(layer.weights.map { Float($0) } == weights)
    }
  }

  @Test("floats become the same bytes on every path as one by one, ties and infinities too", arguments: [8, 5, 2])
  func rounding(bits: Int) throws {
    var random = stream(bits, "rounding")
    let quantizers: [AffineQuantizer] = [
      .symmetric(threshold: 127.0 / 64, bits: bits), .asymmetric(minimum: -1.3, maximum: 0.7, bits: bits),
      .asymmetric(minimum: 0, maximum: 5, bits: bits, isSigned: false), .multiplying(by: 52.5, bits: bits),
    ]
    let special: [Float] = [0, -0.0, .infinity, -.infinity, 1e30, -1e30, .leastNonzeroMagnitude, 1 / 128, -3 / 128]
    for quantizer in quantizers {
      // Halves of the scale are ties.
      let values =
        special
        + (0..<300).map { _ in
          random.chance(0.3)
            ? (Float(random.below(400)) - 200) / 2 * quantizer.scale : Float(random.normal()) * 3
        }
      let count = values.count
      let identity = Tensor(shape: [1, 1], values: [1])
      let network = try network(.dense(isGemm: true), weight: identity, input: [1], bias: [0])
      let layer = IntegerLayer(
        network, node: 0, weight: [AffineQuantizer(scale: 1, zeroPoint: 0, minimum: -127, maximum: 127)],
        input: quantizer)
      let expected = values.map { Int32(quantizer.level($0)) - quantizer.zeroPoint }
      for (path, layer) in onAllPaths(layer) {
        #expect(layer.accumulators(Tensor(shape: [count, 1], values: values)).values == expected, "\(path)")
      }
    }
  }
}
