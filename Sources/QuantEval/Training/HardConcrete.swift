// Gates that are exactly zero with a probability that has a derivative: pruning by gradient descent.

internal import SimEngine
internal import TextFormats

/// The hard concrete distribution.
///
/// Louizos, Welling, Kingma, "Learning sparse neural networks through L0 regularization", ICLR 2018: a binary concrete
/// variable of temperature beta, stretched to (gamma, zeta) and cut to [0, 1].
public enum HardConcrete {
  /// Lower end of the stretched interval.
  public static let gamma = -0.1
  /// Upper end.
  public static let zeta = 1.1
  /// Temperature.
  public static let beta = 2.0 / 3

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + DeterministicMath.exp(-x)) }

  /// A gate drawn with a uniform number: the stretched variable, the gate, and its derivative by log alpha.
  public static func sample(logAlpha: Double, uniform u: Double) -> (stretched: Double, gate: Double, slope: Double) {
    let logit = DeterministicMath.log(u) - DeterministicMath.log(1 - u)
    let s = sigmoid((logit + logAlpha) / beta)
    let stretched = s * (zeta - gamma) + gamma
    let isInside = stretched > 0 && stretched < 1
    return (stretched, min(1, max(0, stretched)), isInside ? s * (1 - s) / beta * (zeta - gamma) : 0)
  }

  /// The probability that a gate is not zero.
  public static func probabilityOfNonzero(logAlpha: Double) -> Double {
    sigmoid(logAlpha - beta * DeterministicMath.log(-gamma / zeta))
  }

  /// The gate used when the network is not trained.
  public static func gate(logAlpha: Double) -> Double {
    min(1, max(0, sigmoid(logAlpha) * (zeta - gamma) + gamma))
  }
}

/// Training with a gate on every input of every dense layer and a price for each gate that is open.
public struct GateTraining: Sendable {
  /// What to train for.
  public struct Settings: Sendable {
    /// The price; the loss grows by lambda / rows * sum of P(gate != 0) * outputs of the layer.
    public var lambda = 0.1
    /// Passes over the rows.
    public var epochs = 60
    /// Rows of a step.
    public var batch = 32
    /// Rate of Adam for weights.
    public var rate: Float = 3e-3
    /// Rate of Adam for log alpha.
    public var gateRate: Float = 2e-2
    /// Where log alpha starts.
    public var logAlpha: Float = 2
    /// Decides order and gates.
    public var seed: UInt64 = 1

    /// The standard settings.
    public init() {}
  }

  /// The trained network, its gates multiplied into the weights.
  public let network: Network
  /// Open gates of each dense layer, in execution order.
  public let openGates: [Int]

  /// Trains.
  /// - Throws: `InputError` naming an operation that has no derivative here.
  public init(_ start: Network, rows: DataRows, settings: Settings) throws {
    try GradientTape.check(start)
    var network = start
    let layers = network.quantizableNodes.filter {
      if case .dense = start.nodes[$0].operation { return true }
      return false
    }
    var logAlphas: [Int: [Float]] = [:]
    for layer in layers {
      logAlphas[layer] = [Float](repeating: settings.logAlpha, count: network.weight(of: layer).shape[1])
    }
    var weightOptimizer = Optimizer(.adam(rate: settings.rate))
    var gateOptimizer = Optimizer(.adam(rate: settings.gateRate))
    var random = RandomStream(
      StreamKey(seed: settings.seed, replication: 0, entity: "gate training", purpose: "order and gates"))
    for _ in 0..<settings.epochs {
      var order = Array(0..<rows.count)
      random.shuffle(&order)
      for first in stride(from: 0, to: order.count, by: settings.batch) {
        let batch = rows.rows(Array(order[first..<min(order.count, first + settings.batch)]))
        var slopes: [Int: [Float]] = [:]
        let tape = GradientTape(network, batch.inputs) { index, _ in
          guard let alphas = logAlphas[index] else { return GradientTape.LayerChange() }
          let samples = alphas.map { HardConcrete.sample(logAlpha: Double($0), uniform: random.uniformOpen()) }
          slopes[index] = samples.map { Float($0.slope) }
          return GradientTape.LayerChange(gates: samples.map { Float($0.gate) })
        }
        let gradients = tape.gradients(of: Loss.crossEntropy(labels: batch.labels).value(tape.output).gradient)
        for name in network.parameters.names {
          guard let own = gradients.parameters[name], var tensor = network.parameters[name] else { continue }
          weightOptimizer.step(&tensor.values, own, name: name)
          network.parameters[name] = tensor
        }
        for layer in layers {
          guard var alphas = logAlphas[layer], let slopes = slopes[layer],
            let own = gradients.parameters["gates of \(layer)"]
          else { continue }
          let price = settings.lambda / Double(rows.count) * Double(network.weight(of: layer).shape[0])
          let gradient = alphas.indices.map { index in
            let open = HardConcrete.probabilityOfNonzero(logAlpha: Double(alphas[index]))
            return own[index] * slopes[index] + Float(price * open * (1 - open))
          }
          gateOptimizer.step(&alphas, gradient, name: "gates of \(layer)")
          logAlphas[layer] = alphas
        }
      }
    }
    var open: [Int] = []
    for layer in layers {
      guard let name = network.nodes[layer].weight, let alphas = logAlphas[layer] else { continue }
      let gates = alphas.map { Float(HardConcrete.gate(logAlpha: Double($0))) }
      var weight = network.weight(of: layer)
      for index in weight.values.indices { weight.values[index] *= gates[index % gates.count] }
      network.parameters[name] = weight
      open.append(gates.count { $0 > 0 })
    }
    self.network = network
    openGates = open
  }
}
