// Training that knows it will be quantized.

internal import SimEngine
public import TextFormats

/// Quantization-aware training in eight steps.
///
/// (1) The training graph: batch normalisations folded, every convolution and dense layer with room for a quantizer of its
/// weight and of its input. (2) Perhaps some epochs in float. (3) The ranges of the inputs are collected on calibration
/// rows. (4) Scale, zero point, minimum and maximum of each quantizer are set from them. (5) Forward with weights and
/// inputs quantized and brought back. (6) The input's range follows v = beta v + (1 - beta) theta, theta being the largest
/// magnitude of the batch. (7) Backward, straight through the rounding, and a step of Adam. (8) And again.
/// (Jacob et al., CVPR 2018, section 3; Krishnamoorthi 2018.)
public struct QuantizationAwareTraining: Sendable {
  /// What to train for.
  public struct Settings: Sendable {
    /// Bits of the weights.
    public var weightBits = 8
    /// Bits of the inputs.
    public var inputBits = 8
    /// How finely weights are scaled.
    public var granularity = Granularity.perChannel
    /// Passes over the training rows with quantization.
    public var epochs = 5
    /// Passes in float before.
    public var floatEpochs = 0
    /// Rows of a step.
    public var batch = 32
    /// The rate of Adam.
    public var rate: Float = 1e-3
    /// beta of the moving ranges.
    public var rangeDecay = 0.99
    /// Decides the order of the rows.
    public var seed: UInt64 = 1

    /// The standard settings.
    public init() {}
  }

  /// What stood after a pass.
  public struct Epoch: Sendable {
    /// Which pass; 0 is before training.
    public let number: Int
    /// `float`, `ptq` (quantized without training), `restored` or `qat`.
    public let stage: String
    /// Mean training loss of the pass; NaN before training.
    public let loss: Double
    /// Test rows that are right.
    public let correct: Int
    /// Test rows.
    public let total: Int
  }

  /// The trained network.
  public internal(set) var network: Network
  /// Range of each quantized layer's input.
  public private(set) var ranges: [Int: MovingRange] = [:]
  /// Passes with quantization so far.
  public internal(set) var passes = 0
  private let settings: Settings
  var optimizer: Optimizer

  /// Prepares training.
  /// - Throws: `InputError` naming an operation that has no derivative here.
  public init(_ network: Network, settings: Settings) throws {
    self.network = network.foldingBatchNormalization()
    self.settings = settings
    optimizer = Optimizer(.adam(rate: settings.rate))
    try GradientTape.check(self.network)
  }

  /// Trains, and keeps the best network that was met; ties go to the later one.
  /// - Parameters:
  ///   - train: Rows with labels.
  ///   - calibration: Rows that set the first ranges.
  ///   - test: Rows that are scored after each pass.
  ///   - progress: Told of each pass.
  ///   - checkpoint: Given the state after each pass with quantization; see ``restore(_:)``.
  /// - Returns: The best network, its plan, and all passes.
  public mutating func run(
    train: DataRows, calibration: Tensor, test: DataRows, progress: (Epoch) -> Void = { _ in },
    checkpoint save: (JSONValue) throws -> Void = { _ in }
  ) throws -> (network: Network, plan: QuantizationPlan, epochs: [Epoch]) {
    let classes = Forward(network).outputs(test.inputs.rows(0..<min(1, test.count))).rowCount
    try train.checkLabels(classes: classes, source: "training labels")
    guard train.labels.count == train.count, train.count > 0 else {
      throw InputError(
        InputPlace(source: "training rows"), "there are \(train.labels.count) labels for \(train.count) rows")
    }
    var epochs: [Epoch] = []
    func note(_ number: Int, _ stage: String, _ loss: Double, _ correct: Int) {
      epochs.append(Epoch(number: number, stage: stage, loss: loss, correct: correct, total: test.labels.count))
      progress(epochs[epochs.count - 1])
    }
    note(0, "float", .nan, correct([:], test))
    for epoch in 0..<(passes == 0 ? settings.floatEpochs : 0) {
      let loss = pass(train, isQuantized: false, number: epoch)
      note(epoch + 1, "float", loss, correct([:], test))
    }
    if passes == 0 {
      let collected = try Calibration(network, rows: calibration, binnings: [], keepsMagnitudes: false)
      for index in network.quantizableNodes {
        setRange(index, Double(collected[network.nodes[index].inputs[0]]?.statistics.absoluteMaximum ?? 0))
      }
    }
    var best = (network: network, plan: plan, correct: correct(plan, test))
    note(passes, passes == 0 ? "ptq" : "restored", .nan, best.correct)
    while passes < settings.epochs {
      let loss = pass(train, isQuantized: true, number: passes)
      passes += 1
      let right = correct(plan, test)
      note(passes, "qat", loss, right)
      try save(checkpoint)
      if right >= best.correct { best = (network, plan, right) }
    }
    return (best.network, best.plan, epochs)
  }

  /// Sets the range of a layer's input.
  mutating func setRange(_ layer: Int, _ maximum: Double) {
    ranges[layer] = MovingRange(constant: 1 - settings.rangeDecay, minimum: 0, maximum: maximum)
  }

  /// The quantizers as they stand.
  public var plan: QuantizationPlan {
    var plan: QuantizationPlan = [:]
    for index in network.quantizableNodes { plan[index] = quantization(index) }
    return plan
  }

  private func quantization(_ index: Int) -> LayerQuantization {
    let weight =
      settings.weightBits > 8
      ? nil
      : QuantizedWeight.thresholds(network.weight(of: index), settings.granularity).map {
        AffineQuantizer.symmetric(threshold: $0, bits: settings.weightBits)
      }
    let input =
      settings.inputBits > 8
      ? nil : AffineQuantizer.symmetric(threshold: ranges[index]?.maximum ?? 0, bits: settings.inputBits)
    return LayerQuantization(weight: weight, input: input)
  }

  private func correct(_ plan: QuantizationPlan, _ rows: DataRows) -> Int {
    let found = SimulatedNetwork(network, plan: plan).outputs(rows.inputs).rowMaxima
    return zip(found, rows.labels).count { $0 == $1 }
  }

  /// One pass over the rows in a random order; the mean loss.
  private mutating func pass(_ rows: DataRows, isQuantized: Bool, number: Int) -> Double {
    var random = RandomStream(
      StreamKey(
        seed: settings.seed, replication: UInt64(number), entity: "training",
        purpose: isQuantized ? "order of rows" : "order of rows in float"))
    var order = Array(0..<rows.count)
    random.shuffle(&order)
    var sum = 0.0
    for start in stride(from: 0, to: order.count, by: settings.batch) {
      let batch = rows.rows(Array(order[start..<min(order.count, start + settings.batch)]))
      let tape = GradientTape(network, batch.inputs) { index, input in
        guard isQuantized else { return GradientTape.LayerChange() }
        ranges[index]?.update(minimum: 0, maximum: Double(input.absoluteMaximum))
        let quantization = quantization(index)
        return GradientTape.LayerChange(weight: quantization.weight, input: quantization.input, gates: nil)
      }
      let (loss, gradient) = Loss.crossEntropy(labels: batch.labels).value(tape.output)
      sum += loss * Double(batch.count)
      let gradients = tape.gradients(of: gradient)
      for name in network.parameters.names {
        guard let own = gradients.parameters[name], var tensor = network.parameters[name] else { continue }
        optimizer.step(&tensor.values, own, name: name)
        network.parameters[name] = tensor
      }
    }
    return sum / Double(max(1, rows.count))
  }
}
