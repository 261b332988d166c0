import SimEngine
import Testing
import TextFormats

@testable import QuantEval

@Suite("Integer inference")
struct IntegerTests {
  @Test(
    "int8 inputs, weights, biases and accumulators equal the reference bit for bit",
    .enabled(if: ReferenceFiles.isPresent), arguments: ThresholdTests.models)
  func exactVectors(model: String) throws {
    let bench = try Bench(model)
    let plan = bench.plan(8, .perChannel, 8, .minMax)
    let integer = IntegerNetwork(bench.network, plan: plan)
    let rows = bench.test.inputs.rows(0..<2)
    func expected(_ name: String) throws -> [Double] {
      try ReferenceFiles.array("\(model)_int8_exact.npz:\(name)").values
    }
    var input: [Int: Tensor] = [:]
    let logits = Forward(bench.network).run(
      rows,
      layer: { index, x in
        input[index] = x
        return integer.layer(index, x)
      })
    for index in bench.network.quantizableNodes {
      let name = bench.network.nodes[index].name
      let layer = try #require(integer.layers[index])
      let x = try #require(input[index])
      #expect(layer.input.integers(x.values).map { Double($0) } == (try expected("\(name).xq")), "\(name).xq")
      #expect(layer.weights.map { Double($0) } == (try expected("\(name).wq")), "\(name).wq")
      #expect(layer.bias.map { Double($0) } == (try expected("\(name).bq")), "\(name).bq")
      #expect(layer.accumulators(x).values.map { Double($0) } == (try expected("\(name).acc")), "\(name).acc")
    }
    // Integer biases differ from float ones by at most half a unit of the accumulator.
    let simulated = SimulatedNetwork(bench.network, plan: plan).outputs(rows)
    #expect(SignalComparison(simulated, logits).signalToNoise_dB > 30)
  }

  @Test("the float product of integers equals the integer product, block by block", arguments: 1...8)
  func exactProduct(seed: Int) throws {
    var random = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "product", purpose: "test"))
    let (outputs, inputs, rows) = (1 + random.below(9), 1 + random.below(5000), 3)
    let weights = (0..<outputs * inputs).map { _ in Float(random.below(255)) - 127 }
    let network = try Network(
      name: "dense", inputName: "x", inputShape: [inputs], outputName: "y",
      nodes: [Node(name: "y", operation: .dense(isGemm: true), inputs: ["x"], output: "y", parameters: ["w"])],
      parameters: {
        var table = ParameterTable()
        table["w"] = Tensor(shape: [outputs, inputs], values: weights)
        return table
      }(), source: "test")
    let one = AffineQuantizer(scale: 1, zeroPoint: 0, minimum: -127, maximum: 127)
    let layer = IntegerLayer(network, node: 0, weight: [one], input: one)
    // All at the limits: the sums that come nearest to what a float can hold.
    let x = Tensor(shape: [rows, inputs], values: (0..<rows * inputs).map { _ in random.chance(0.5) ? 127 : -127 })
    var oracle = [Int32](repeating: 0, count: outputs * rows)
    for output in 0..<outputs {
      for row in 0..<rows {
        for index in 0..<inputs {
          oracle[row * outputs + output] +=
            Int32(weights[output * inputs + index]) * Int32(x.values[row * inputs + index])
        }
      }
    }
    #expect(layer.accumulators(x).values == oracle)
  }

  @Test("integer inference is as right as its simulation", arguments: [(8, 492, 1), (4, 483, 4)])
  func network(bits: Int, correct: Int, tolerance: Int) throws {
    let bench = try Bench("cnn")
    let plan = bench.plan(bits, .perChannel, bits, .minMax)
    let found = IntegerNetwork(bench.network, plan: plan).outputs(bench.test.inputs).rowMaxima
    let right = zip(found, bench.test.labels).count { $0 == $1 }
    #expect(abs(right - correct) <= tolerance, "\(right)")
  }

  @Test("an exported model reads back with the same top classes", arguments: [8, 4])
  func export(bits: Int) throws {
    let bench = try Bench("cnn")
    let plan = bench.plan(bits, .perChannel, bits, .minMaxAsymmetric)
    let bytes = OnnxWriter.bytes(bench.network, plan: plan)
    let read = try OnnxReader.network(bytes: bytes, source: "export")
    let found = Forward(read).outputs(bench.test.inputs)
    let expected = SimulatedNetwork(bench.network, plan: plan).outputs(bench.test.inputs)
    #expect(zip(found.rowMaxima, expected.rowMaxima).count { $0 == $1 } >= 499)
    let float = try OnnxReader.network(bytes: OnnxWriter.bytes(bench.network), source: "export")
    #expect(Forward(float).outputs(bench.test.inputs) == bench.logits)
  }
}
