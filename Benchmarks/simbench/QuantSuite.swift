// Quantization at work: the divergence rules, calibration, float and int8 inference of the digits CNN and of a network
// of ResNet-18's shape, one thread each.
//
//   simbench quant [rounds]
//
// For the same figures of onnxruntime see scripts/validate-onnxruntime --benchmark.
import Glibc
import QuantEval
import SimEngine
import TextFormats

/// Measures quantization; `arguments` are those after the suite's name.
func runQuantBenchmarks(arguments: [String]) throws {
  let rounds = arguments.first.flatMap { Int($0) } ?? 5
  print("CPU milliseconds, least and median of \(rounds) rounds\n")
  print(pad("what", 52), pad("least", 10), pad("median", 10))
  try benchmarkThresholds(rounds)
  try benchmarkDigits(rounds)
  try benchmarkResidual(rounds)
}

private func report(_ name: String, _ rounds: Int, per divisor: Double = 1, _ body: () throws -> Void) rethrows {
  try body()
  var times: [Double] = []
  for _ in 0..<rounds {
    let start = processCPUNanoseconds()
    try body()
    times.append((processCPUNanoseconds() - start) / 1e6 / divisor)
  }
  print(pad(name, 52), column(times.min() ?? .nan, decimals: 2), column(median(times), decimals: 2))
}

private func drawn(_ count: Int, seed: UInt64) -> [Float] {
  var random = RandomStream(StreamKey(seed: seed, replication: 0, entity: "bench", purpose: "values"))
  return (0..<count).map { _ in Float(random.normal()) }
}

private func benchmarkThresholds(_ rounds: Int) throws {
  let values = drawn(802_816, seed: 1)
  let tensor = Tensor(shape: [802_816], values: values)
  var largest: Float = 0
  report("largest magnitude of 802 816 floats", rounds) { largest = tensor.absoluteMaximum }
  var histogram = Histogram(bins: 2048, largest: largest)
  report("histogram of 802 816 floats over 2048 bins", rounds) {
    histogram = Histogram(bins: 2048, largest: largest)
    histogram.add(values)
  }
  var nonzero = Histogram(bins: 2048, largest: largest, binning: .nonzeroMagnitudes)
  nonzero.add(values)
  var positive = Histogram(bins: 2001, largest: largest, binning: .positives)
  positive.add(values)
  var sink: Float = 0
  report("KL as ncnn has it, 2048 bins", rounds) { sink += NcnnRules.entropy(nonzero)?.threshold ?? 0 }
  report("KL as NVIDIA has it, 2048 bins", rounds) { sink += NvidiaRules.entropy(histogram) ?? 0 }
  report("KL as the table tool has it, 2001 bins", rounds) { sink += TableToolRule.entropy(positive)?.threshold ?? 0 }
  report("least squared error, 2048 bins", rounds) { sink += NvidiaRules.meanSquaredError(histogram) }
  let quantizer = AffineQuantizer.symmetric(threshold: Double(largest), bits: 8)
  report("quantize and bring back 802 816 floats", rounds) { sink += quantizer.quantized(tensor).values[0] }
  guard sink.isFinite else { throw BenchmarkFailure("a threshold is not finite") }
}

private func benchmarkDigits(_ rounds: Int) throws {
  var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
  parts.removeLast(3)
  let folder = parts.joined(separator: "/") + "/Tests/Fixtures/quant/"
  let network = try OnnxReader.network(file: folder + "cnn.onnx")
  func rows(_ split: String) throws -> DataRows {
    try DataRows(
      csv: folder + "digits.csv",
      DataRows.Columns(features: ("p0", "p63"), label: "label", scale: 1.0 / 16, split: split),
      rowShape: network.inputShape)
  }
  let (test, calibration) = (try rows("test"), try rows("calib").inputs)
  let forward = Forward(network)
  report("digits CNN, 500 images, float", rounds) { _ = forward.outputs(test.inputs) }
  let inputs = Set(network.quantizableNodes.map { network.nodes[$0].inputs[0] })
  func plan() throws -> QuantizationPlan {
    let found = try Calibration(network, rows: calibration, tensors: inputs, binnings: [], keepsMagnitudes: false)
    return QuantizationPlan(
      network, calibration: found, weightBits: 8, granularity: .perChannel, inputBits: 8, method: .minMax)
  }
  let integer = IntegerNetwork(network, plan: try plan())
  report("digits CNN, 500 images, int8", rounds) { _ = integer.outputs(test.inputs) }
  try report("digits CNN: calibrate on 200, then 500 in int8", rounds) {
    _ = IntegerNetwork(network, plan: try plan()).outputs(test.inputs)
  }
}

private func benchmarkResidual(_ rounds: Int) throws {
  let network = try residualNetwork()
  let images = Tensor(shape: [1, 3, 224, 224], values: drawn(3 * 224 * 224, seed: 2))
  let forward = Forward(network)
  report("ResNet-18 shape, one 224x224 image, float", rounds) { _ = forward.run(images) }
  let calibration = try Calibration(network, rows: images, binnings: [], keepsMagnitudes: false)
  let integer = IntegerNetwork(
    network,
    plan: QuantizationPlan(
      network, calibration: calibration, weightBits: 8, granularity: .perChannel, inputBits: 8, method: .minMax))
  report("ResNet-18 shape, one 224x224 image, int8", rounds) { _ = integer.outputs(images) }
}

/// A network with the layers of ResNet-18 and random weights.
private func residualNetwork() throws -> Network {
  var nodes: [Node] = []
  var parameters = ParameterTable()
  var tensor = "image"
  func convolution(_ name: String, _ input: String, _ from: Int, _ to: Int, kernel: Int, stride: Int) -> String {
    let count = to * from * kernel * kernel
    let spread = Float((2 / Double(from * kernel * kernel)).squareRoot())
    parameters[name + ".w"] = Tensor(
      shape: [to, from, kernel, kernel], values: drawn(count, seed: UInt64(nodes.count)).map { $0 * spread })
    parameters[name + ".b"] = Tensor(shape: [to])
    nodes.append(
      Node(
        name: name, operation: .convolution(Window(kernel: kernel, stride: stride, pad: kernel / 2), group: 1),
        inputs: [input], output: name, parameters: [name + ".w", name + ".b"]))
    return name
  }
  func plain(_ name: String, _ operation: Operation, _ inputs: [String]) -> String {
    nodes.append(Node(name: name, operation: operation, inputs: inputs, output: name))
    return name
  }
  tensor = plain("relu0", .relu, [convolution("conv0", tensor, 3, 64, kernel: 7, stride: 2)])
  tensor = plain("pool0", .maxPool(Window(kernel: 3, stride: 2, pad: 1), ceil: false), [tensor])
  var channels = 64
  for stage in 0..<4 {
    for block in 0..<2 {
      let name = "s\(stage)b\(block)"
      let wanted = 64 << stage
      let stride = stage > 0 && block == 0 ? 2 : 1
      var shortcut = tensor
      let first = convolution(name + "a", tensor, channels, wanted, kernel: 3, stride: stride)
      let second = convolution(
        name + "c", plain(name + "b", .relu, [first]), wanted, wanted, kernel: 3, stride: 1)
      if stride == 2 { shortcut = convolution(name + "s", tensor, channels, wanted, kernel: 1, stride: 2) }
      tensor = plain(name + "r", .relu, [plain(name + "d", .add, [second, shortcut])])
      channels = wanted
    }
  }
  tensor = plain("flat", .flatten(axis: 1), [plain("mean", .globalAveragePool, [tensor])])
  parameters["fc.w"] = Tensor(shape: [1000, 512], values: drawn(512_000, seed: 99).map { $0 * 0.05 })
  nodes.append(
    Node(name: "fc", operation: .dense(isGemm: true), inputs: [tensor], output: "fc", parameters: ["fc.w"]))
  return try Network(
    name: "ResNet-18 shape", inputName: "image", inputShape: [3, 224, 224], outputName: "fc", nodes: nodes,
    parameters: parameters, source: "benchmark")
}
