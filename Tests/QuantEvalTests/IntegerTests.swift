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

  @Test("integer inference is as right as its simulation", arguments: [(8, 492, 1), (4, 483, 4)])
  func network(bits: Int, correct: Int, tolerance: Int) throws {
    let bench = try Bench("cnn")
    let plan = bench.plan(bits, .perChannel, bits, .minMax)
    let found = IntegerNetwork(bench.network, plan: plan).outputs(bench.test.inputs).rowMaxima
    let right = zip(found, bench.test.labels).count { $0 == $1 }
    #expect(abs(right - correct) <= tolerance, "\(right)")
  }

  @Test("limits of a Clip and of a quantizer behind it stay apart in an export", arguments: [3, 8])
  func exportedLimits(bits: Int) throws {
    var random = RandomStream(StreamKey(seed: 3, replication: 0, entity: "export", purpose: "limits"))
    var table = ParameterTable()
    for name in ["v", "w"] {
      table[name] = Tensor(shape: [6, 6], values: (0..<36).map { _ in Float(random.normal()) })
    }
    let network = try Network(
      name: "clipped", inputName: "x", inputShape: [6], outputName: "z",
      nodes: [
        Node(name: "h", operation: .dense(isGemm: true), inputs: ["x"], output: "h", parameters: ["v"]),
        Node(name: "y", operation: .clip(minimum: 0, maximum: 6), inputs: ["h"], output: "y"),
        Node(name: "z", operation: .dense(isGemm: true), inputs: ["y"], output: "z", parameters: ["w"]),
      ], parameters: table, source: "test")
    let rows = Tensor(shape: [40, 6], values: (0..<240).map { _ in Float(random.normal()) })
    let calibration = try Calibration(network, rows: rows)
    let plan = QuantizationPlan(
      network, calibration: calibration, weightBits: bits, granularity: .perTensor, inputBits: bits,
      method: .percentile(90))
    let read = try OnnxReader.network(bytes: OnnxWriter.bytes(network, plan: plan), source: "export")
    let (found, expected) = (Forward(read).outputs(rows), SimulatedNetwork(network, plan: plan).outputs(rows))
    #expect(SignalComparison(expected, found).signalToNoise_dB > 80)
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
