import SimEngine
import Testing
import TextFormats

@testable import QuantEval

@Suite("Derivatives")
struct DerivativeTests {
  static let cases: [(String, Operation, [[Int]])] = [
    ("add", .add, [[2, 3, 4], [3, 1]]), ("subtract", .subtract, [[2, 3, 4], [4]]),
    ("multiply", .multiply, [[2, 3, 4], [2, 1, 4]]), ("divide", .divide, [[2, 3], [2, 3]]),
    ("matrix product", .matrixProduct, [[2, 3, 4], [4, 2]]),
    ("relu", .relu, [[2, 5]]), ("leaky relu", .leakyRelu(alpha: 0.1), [[2, 5]]),
    ("clip", .clip(minimum: -0.5, maximum: 0.7), [[2, 5]]), ("sigmoid", .sigmoid, [[2, 5]]), ("tanh", .tanh, [[2, 5]]),
    ("softmax", .softmax(axis: 1, isFlattened: false), [[2, 3, 2]]),
    ("flattened softmax", .softmax(axis: 1, isFlattened: true), [[2, 3, 2]]),
    ("max pool", .maxPool(Window(kernel: 2, stride: 1, pad: 1), ceil: false), [[1, 2, 3, 3]]),
    (
      "average pool", .averagePool(Window(kernel: 2, stride: 2, pad: 1), ceil: true, countsPadding: true),
      [[1, 2, 3, 3]]
    ),
    ("global average pool", .globalAveragePool, [[2, 3, 2, 2]]),
    ("mean", .reduceMean([-1, 1], keepsAxes: false), [[2, 3, 2, 2]]),
    ("mean of all", .reduceMean([], keepsAxes: true), [[1, 3, 2]]),
    ("flatten", .flatten(axis: 1), [[2, 3, 2]]), ("reshape", .reshape([0, -1], allowsZero: false), [[2, 3, 2]]),
    ("squeeze", .squeeze([1]), [[2, 1, 3]]), ("unsqueeze", .unsqueeze([1]), [[2, 3]]),
    ("concatenate", .concatenate(axis: 1), [[2, 1, 2], [2, 3, 2]]), ("transpose", .transpose([0, 2, 1]), [[2, 3, 2]]),
    ("pad", .pad([1, 0, 2, 1], axes: [2, 1], value: 3), [[2, 2, 2]]), ("identity", .identity, [[2, 3]]),
  ]

  @Test("a derivative is what a small change of an input does to the output", arguments: cases)
  func slopes(name: String, operation: Operation, shapes: [[Int]]) throws {
    var random = RandomStream(StreamKey(seed: 3, replication: 0, entity: name, purpose: "values"))
    func drawn(_ shape: [Int]) -> Tensor {
      Tensor(shape: shape, values: (0..<shape.reduce(1, *)).map { _ in Float(random.uniform(from: -2, to: 2)) })
    }
    let inputs = shapes.map(drawn)
    let output = Forward.compute(operation, inputs, [])
    #expect(output.shape == (try Shapes.output(of: operation, inputs: shapes, parameters: [])))
    let weights = drawn(output.shape)
    func value(_ inputs: [Tensor]) -> Double {
      zip(Forward.compute(operation, inputs, []).values, weights.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let derivative = OperationDerivative(operation: operation, inputs: inputs, parameters: [], output: output)
    let gradients = derivative.inputs(weights)
    #expect(gradients.map(\.shape) == shapes)
    let step: Float = 1.0 / 256
    for (side, gradient) in gradients.enumerated() {
      for index in 0..<gradient.count {
        var (up, down) = (inputs, inputs)
        up[side].values[index] += step
        down[side].values[index] -= step
        let slope = (value(up) - value(down)) / Double(2 * step)
        #expect(abs(slope - Double(gradient.values[index])) < 2e-2 * max(1, abs(slope)), "input \(side)[\(index)]")
      }
    }
  }

  @Test("scale and shift of a batch normalisation have their derivatives")
  func batchNormalization() {
    var random = RandomStream(StreamKey(seed: 4, replication: 0, entity: "normalisation", purpose: "values"))
    func drawn(_ shape: [Int], _ low: Double) -> Tensor {
      Tensor(shape: shape, values: (0..<shape.reduce(1, *)).map { _ in Float(random.uniform(from: low, to: 2)) })
    }
    let x = drawn([2, 3, 2], -2)
    let parameters = [drawn([3], 0.5), drawn([3], -1), drawn([3], -1), drawn([3], 0.5)]
    let operation = Operation.batchNormalization(epsilon: 1e-5)
    let output = Forward.compute(operation, [x], parameters)
    let weights = drawn([2, 3, 2], -2)
    let derivative = OperationDerivative(operation: operation, inputs: [x], parameters: parameters, output: output)
    for (which, gradient) in derivative.parameters(weights).enumerated() {
      for index in 0..<3 {
        func value(_ change: Float) -> Double {
          var changed = parameters
          changed[which].values[index] += change
          let y = Forward.compute(operation, [x], changed).values
          return zip(y, weights.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let slope = (value(1.0 / 64) - value(-1.0 / 64)) * 32
        #expect(abs(slope - Double(gradient[index])) < 1e-2 * max(1, abs(slope)))
      }
    }
  }
}
