// Plain training of a float network on rows, for classes or for values.

internal import SimEngine
public import TextFormats

/// Training with Adam, in epochs over shuffled rows.
public struct NetworkTraining: Sendable {
  /// What the outputs should be.
  public enum Targets: Sendable {
    /// The class of each row; the loss is softmax cross-entropy.
    case classes([Int])
    /// One number a row and output; the loss is the mean squared error.
    case values(Tensor)
  }

  /// Passes over the rows.
  public var epochs = 20
  /// Rows of a step.
  public var batch = 64
  /// The rate of Adam.
  public var rate: Float = 1e-3
  /// Decides the order of the rows.
  public var seed: UInt64 = 1
  /// Whether weights that are zero at the start stay zero: fine-tuning after pruning.
  public var keepsZeros = false

  /// The standard settings.
  public init() {}

  /// The trained network, and the mean loss of each epoch.
  /// - Throws: `InputError` for an operation without derivative, or targets that do not fit the rows.
  public func trained(
    _ start: Network, inputs: Tensor, targets: Targets, progress: (_ epoch: Int, _ loss: Double) -> Void = { _, _ in }
  ) throws(InputError) -> (network: Network, losses: [Double]) {
    try GradientTape.check(start)
    let count = inputs.shape.first ?? 0
    let place = InputPlace(source: "training rows")
    switch targets {
    case .classes(let labels):
      guard labels.count == count, count > 0 else {
        throw InputError(place, "\(labels.count) classes for \(count) rows")
      }
      let classes = Forward(start).outputs(inputs.rows(0..<1)).rowCount
      try DataRows(inputs: inputs, labels: labels).checkLabels(classes: classes, source: "training rows")
    case .values(let values):
      guard values.shape.first == count, count > 0 else {
        throw InputError(place, "targets of shape \(values.shape) for \(count) rows")
      }
    }
    var network = start
    var optimizer = Optimizer(.adam(rate: rate))
    var zeros: [String: [Int]] = [:]
    for index in keepsZeros ? start.quantizableNodes : [] {
      guard let name = start.nodes[index].weight, let weight = start.parameters[name] else { continue }
      zeros[name] = weight.values.indices.filter { weight.values[$0] == 0 }
    }
    var losses: [Double] = []
    for epoch in 0..<epochs {
      var random = RandomStream(
        StreamKey(seed: seed, replication: UInt64(epoch), entity: "training", purpose: "order of rows"))
      var order = Array(0..<count)
      random.shuffle(&order)
      var sum = 0.0
      for first in stride(from: 0, to: count, by: max(1, batch)) {
        let rows = Array(order[first..<min(count, first + max(1, batch))])
        let tape = GradientTape(network, inputs.rows(rows))
        let loss: Loss
        switch targets {
        case .classes(let labels): loss = .crossEntropy(labels: rows.map { labels[$0] })
        case .values(let values): loss = .squaredError(targets: values.rows(rows))
        }
        let (value, gradient) = loss.value(tape.output)
        sum += value * Double(rows.count)
        let gradients = tape.gradients(of: gradient)
        for name in network.parameters.names {
          guard let own = gradients.parameters[name], var tensor = network.parameters[name] else { continue }
          optimizer.step(&tensor.values, own, name: name)
          for index in zeros[name] ?? [] { tensor.values[index] = 0 }
          network.parameters[name] = tensor
        }
      }
      losses.append(sum / Double(count))
      progress(epoch + 1, sum / Double(count))
    }
    return (network, losses)
  }
}

extension Network {
  /// A chain of dense layers with rectifiers between them, its weights drawn for rectifiers.
  ///
  /// He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015: standard deviation sqrt(2 / inputs).
  /// - Parameter widths: Length of the input row, of each hidden row and of the output row; at least two.
  public static func multilayer(_ name: String, widths: [Int], seed: UInt64) throws -> Network {
    precondition(widths.count >= 2 && widths.allSatisfy { $0 > 0 }, "a network has an input and an output")
    var random = RandomStream(StreamKey(seed: seed, replication: 0, entity: name, purpose: "initial weights"))
    var nodes: [Node] = []
    var parameters = ParameterTable()
    var tensor = "input"
    for layer in 1..<widths.count {
      let (inputs, outputs) = (widths[layer - 1], widths[layer])
      let spread = (2 / Double(inputs)).squareRoot()
      let own = "fc\(layer)"
      parameters["\(own).weight"] = Tensor(
        shape: [outputs, inputs], values: (0..<inputs * outputs).map { _ in Float(random.normal() * spread) })
      parameters["\(own).bias"] = Tensor(shape: [outputs])
      nodes.append(
        Node(
          name: own, operation: .dense(isGemm: true), inputs: [tensor], output: own,
          parameters: ["\(own).weight", "\(own).bias"]))
      tensor = own
      guard layer < widths.count - 1 else { break }
      nodes.append(Node(name: "relu\(layer)", operation: .relu, inputs: [tensor], output: "relu\(layer)"))
      tensor = "relu\(layer)"
    }
    return try Network(
      name: name, inputName: "input", inputShape: [widths[0]], outputName: tensor, nodes: nodes, parameters: parameters,
      source: name)
  }
}
