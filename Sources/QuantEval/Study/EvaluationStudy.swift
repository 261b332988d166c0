// A grid of configurations over one model: what each costs on the task.

internal import TextFormats

/// How the ranges of inputs are chosen in a configuration.
public enum ActivationMethod: Sendable, Hashable {
  /// A rule that looks at one tensor.
  case range(RangeMethod)
  /// The search layer by layer, which chooses the weights' scales too.
  case easyQuant

  /// The method of a name; `nil` for an unknown one.
  public init?(name: String) {
    if name == "easyquant" {
      self = .easyQuant
    } else if let method = RangeMethod(name: name) {
      self = .range(method)
    } else {
      return nil
    }
  }
}

/// One configuration of a grid.
public struct EvaluationConfiguration: Sendable {
  /// Bits of the weights; 32 is float.
  public var weightBits: Int
  /// Bits of the inputs; 32 is float.
  public var inputBits: Int
  /// How finely weights are scaled.
  public var granularity: Granularity
  /// How the ranges of inputs are chosen.
  public var method: ActivationMethod
  /// The method's name as it was given.
  public var methodName: String

  /// A configuration.
  public init(
    weightBits: Int, inputBits: Int, granularity: Granularity, method: ActivationMethod, methodName: String
  ) {
    self.weightBits = weightBits
    self.inputBits = inputBits
    self.granularity = granularity
    self.method = method
    self.methodName = methodName
  }
}

/// A model, its rows, and what to do to it before and after quantization.
public struct EvaluationStudy: Sendable {
  /// The model as it was read.
  public let original: Network
  /// The model that is quantized: batch normalisations folded, equalised if that was asked for.
  public let network: Network
  /// The rows that are scored.
  public let rows: DataRows
  /// The rows that ranges come from.
  public let calibrationRows: Tensor
  /// What calibration found.
  public let calibration: Calibration
  /// The float model's outputs.
  public let logits: Tensor
  /// Whether biases are corrected after quantization.
  public var correctsBias = false
  /// The settings of EasyQuant's search.
  public var easyQuant = EasyQuant()

  /// Prepares a study: float outputs and calibration.
  /// - Throws: `InputError` for empty rows.
  public init(
    _ network: Network, rows: DataRows, calibrationRows: Tensor, equalizes: Bool = false,
    methods: [ActivationMethod] = []
  ) throws {
    guard rows.count > 0 else { throw InputError(InputPlace(source: "data"), "there are no rows") }
    original = network
    var prepared = network.foldingBatchNormalization()
    if equalizes { prepared = CrossLayerEqualization.equalized(prepared).network }
    self.network = prepared
    self.rows = rows
    self.calibrationRows = calibrationRows
    let inputs = Set(prepared.quantizableNodes.map { prepared.nodes[$0].inputs[0] })
    var binnings: [Histogram.Binning] = []
    for case .range(let method) in methods {
      for binning in method.binnings where !binnings.contains(binning) { binnings.append(binning) }
    }
    let keeps = methods.contains { if case .range(.percentile) = $0 { true } else { false } }
    calibration = try Calibration(
      prepared, rows: calibrationRows, tensors: inputs, binnings: binnings, keepsMagnitudes: keeps)
    logits = Forward(network).outputs(rows.inputs)
    if let index = logits.values.firstIndex(where: { !$0.isFinite }) {
      throw InputError(
        InputPlace(source: "data", path: "row \(index / max(1, logits.rowCount))"),
        "the float model's output for it is \(logits.values[index])")
    }
    try rows.checkLabels(classes: logits.rowCount, source: "labels")
  }

  /// A quantized model.
  public struct Outcome: Sendable {
    /// What was asked for.
    public let configuration: EvaluationConfiguration
    /// The network, with corrected biases if that was asked for.
    public let network: Network
    /// Its layers' quantizers.
    public let plan: QuantizationPlan
    /// How it does.
    public let score: ModelScore
  }

  /// Quantizes the model and scores it.
  public func outcome(_ configuration: EvaluationConfiguration) -> Outcome {
    let plan: QuantizationPlan
    switch configuration.method {
    case .range(let method):
      plan = QuantizationPlan(
        network, calibration: calibration, weightBits: configuration.weightBits,
        granularity: configuration.granularity, inputBits: configuration.inputBits, method: method)
    case .easyQuant:
      plan =
        easyQuant.search(
          network, rows: calibrationRows, bits: configuration.weightBits, inputBits: configuration.inputBits,
          granularity: configuration.granularity
        ).plan
    }
    var quantized = network
    if correctsBias {
      quantized = BiasCorrection.corrected(network, plan: plan, rows: calibrationRows).network
    }
    let found = SimulatedNetwork(quantized, plan: plan).outputs(rows.inputs)
    return Outcome(
      configuration: configuration, network: quantized, plan: plan,
      score: ModelScore(found, float: logits, labels: rows.labels))
  }

  /// The float model's own score.
  public var floatScore: ModelScore { ModelScore(logits, float: logits, labels: rows.labels) }

  /// What to be careful of: few-valued and all-zero inputs, depthwise layers with one scale, outlier channels.
  public func warnings(_ configurations: [EvaluationConfiguration]) -> [String] {
    var warnings: [String] = []
    func add(_ text: String) { if !warnings.contains(text) { warnings.append(text) } }
    for configuration in configurations {
      guard case .range(let method) = configuration.method, configuration.inputBits <= 8 else { continue }
      for index in network.quantizableNodes {
        let tensor = calibration[network.nodes[index].inputs[0]]
        if let warning = tensor.flatMap({ method.choice(for: $0, bits: configuration.inputBits).warning }) {
          add("\(configuration.methodName): \(warning)")
        }
      }
    }
    guard configurations.contains(where: { $0.granularity == .perTensor && $0.weightBits <= 8 }) else {
      return warnings
    }
    for index in network.quantizableNodes {
      let ranges = QuantizedWeight.thresholds(network.weight(of: index), .perChannel)
      let sorted = ranges.filter { $0 > 0 }.sorted()
      guard let largest = sorted.last else {
        add("every weight of \(network.nodes[index].name) is zero")
        continue
      }
      let median = sorted[sorted.count / 2]
      if largest > 8 * median, let channel = ranges.firstIndex(of: largest) {
        let reach = (10 * largest / median).rounded() / 10
        add(
          "\(network.nodes[index].name): output channel \(channel) reaches \(reach) times as far as "
            + "the median channel; one scale for all leaves the others few levels: use per-channel weights or "
            + "equalisation")
      }
      if case .convolution(_, let group) = network.nodes[index].operation, group > 1, largest > 4 * sorted[0] {
        add(
          "\(network.nodes[index].name) is depthwise: its channels have ranges of their own, one scale for all of them "
            + "is the usual reason of a collapse; use per-channel weights or equalisation")
      }
    }
    return warnings
  }
}
