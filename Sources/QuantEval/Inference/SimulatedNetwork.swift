// Quantization simulated in float: weights and inputs of the chosen layers are rounded to what integers can say, all
// else is computed as before.

/// How one layer is quantized.
public struct LayerQuantization: Sendable {
  /// One quantizer of the weight, or one an output channel; `nil` leaves it in float.
  public var weight: [AffineQuantizer]?
  /// The quantizer of the input; `nil` leaves it in float.
  public var input: AffineQuantizer?

  /// A quantization of a layer.
  public init(weight: [AffineQuantizer]?, input: AffineQuantizer?) {
    self.weight = weight
    self.input = input
  }
}

/// Which layers of a network are quantized and how; the key is the index of the node.
public typealias QuantizationPlan = [Int: LayerQuantization]

/// A network with simulated quantization.
public struct SimulatedNetwork: Sendable {
  /// The network with quantized weights.
  public let network: Network
  /// The plan.
  public let plan: QuantizationPlan
  private let forward: Forward

  /// Quantizes the weights of a network.
  public init(_ network: Network, plan: QuantizationPlan) {
    var quantized = network
    for index in network.quantizableNodes {
      guard let quantizers = plan[index]?.weight, let name = network.nodes[index].weight else { continue }
      quantized.parameters[name] = QuantizedWeight(network.weight(of: index), quantizers: quantizers).tensor
    }
    self.network = quantized
    self.plan = plan
    forward = Forward(quantized)
  }

  /// What a layer computes from its input.
  func layer(_ index: Int, _ input: Tensor) -> Tensor {
    forward.compute(network.nodes[index], [plan[index]?.input?.quantized(input) ?? input])
  }

  /// The outputs of rows.
  public func outputs(_ rows: Tensor) -> Tensor { forward.outputs(rows, layer: layer) }

  /// Shows the output of every node for every batch.
  public func observe(_ rows: Tensor, _ body: (_ node: Int, _ output: Tensor) -> Void) {
    forward.forEachBatch(rows) { batch, count in
      _ = forward.run(batch, layer: layer, observe: { body($0, $1.shape[0] == count ? $1 : $1.rows(0..<count)) })
    }
  }
}

extension Forward {
  /// The output of one node for all rows; node -1 is the input itself.
  public func tensor(ofNode index: Int, _ rows: Tensor, layer: ((Int, Tensor) -> Tensor)? = nil) -> Tensor {
    var values: [Float] = []
    var shape = [0]
    forEachBatch(rows) { batch, count in
      _ = run(batch, layer: layer) { node, tensor in
        guard node == index else { return }
        shape = tensor.shape
        values.append(contentsOf: tensor.values.prefix(count * tensor.rowCount))
      }
    }
    shape[0] = rows.shape[0]
    return Tensor(shape: shape, values: values)
  }
}
