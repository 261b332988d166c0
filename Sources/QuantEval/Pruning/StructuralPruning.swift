// Filters really removed: the network becomes smaller, not only emptier.

/// A plan of structural pruning: what goes, told before it is done.
public struct PruningPlan: Sendable {
  /// What happens to one layer.
  public struct Row: Sendable {
    /// Name of the layer.
    public let layer: String
    /// Output channels before.
    public let channels: Int
    /// Output channels that stay.
    public let kept: Int
    /// Scalars of weight and bias before.
    public let parameters: Int
    /// Scalars that stay.
    public let keptParameters: Int
  }

  /// The layers in execution order.
  public let rows: [Row]
  /// The smaller network.
  public let network: Network

  /// Removes the share `rate` of the channels of every group of layers that must go together, those first whose filters
  /// have the smallest scores, each relative to the mean of its layer.
  ///
  /// At least one channel of a group stays. The input, the output, and channels that pass operations which mix them are
  /// left alone.
  public init(_ network: Network, _ criterion: FilterCriterion, rate: Double) throws {
    let groups = ChannelGroups(network)
    var scores: [Int: Double] = [:]
    var order: [Int] = []
    var sets: [Set<Int>] = []
    for index in network.quantizableNodes {
      guard case .convolution = network.nodes[index].operation else { continue }
      let roots = groups.roots(network.nodes[index].output)
      let own = FilterRanking.scores(network.weight(of: index), criterion)
      let mean = own.reduce(0, +) / Double(max(1, own.count))
      for (root, score) in zip(roots, own) where groups.isFree(root) {
        if scores[root] == nil { order.append(root) }
        scores[root, default: 0] += mean > 0 ? score / mean : 0
      }
      let members = Set(roots.filter { groups.isFree($0) })
      if let known = sets.firstIndex(where: { !$0.isDisjoint(with: members) }) {
        sets[known].formUnion(members)
      } else if !members.isEmpty {
        sets.append(members)
      }
    }
    var removed: Set<Int> = []
    for set in sets {
      let members = order.filter { set.contains($0) }
      // determinism: members is an array here.
      let ranking = FilterRanking.ascending(members.map { scores[$0] ?? 0 })
      let count = min(members.count - 1, Int(Double(members.count) * rate))
      for index in ranking.prefix(count) { removed.insert(members[index]) }
    }
    try self.init(network, groups, removed: removed)
  }

  private init(_ network: Network, _ groups: ChannelGroups, removed: Set<Int>) throws {
    var rows: [Row] = []
    var parameters = network.parameters
    for (index, node) in network.nodes.enumerated() {
      let kept = groups.roots(node.output).map { !removed.contains($0) }
      if case .batchNormalization = node.operation {
        for name in node.parameters {
          guard let tensor = parameters[name] else { continue }
          let values = zip(tensor.values, kept).compactMap { $1 ? $0 : nil }
          parameters[name] = Tensor(shape: [values.count], values: values)
        }
      }
      guard node.operation.isQuantizable, let weightName = node.weight else { continue }
      let weight = network.weight(of: index)
      let keptInputs = groups.roots(node.inputs[0]).map { !removed.contains($0) }
      let smaller = Self.cut(weight, kept, keptInputs, isDepthwise: Self.isDepthwise(network, index))
      parameters[weightName] = smaller
      var (before, after) = (weight.count, smaller.count)
      if let biasName = node.bias, let bias = parameters[biasName] {
        let values = zip(bias.values, kept).compactMap { $1 ? $0 : nil }
        parameters[biasName] = Tensor(shape: [values.count], values: values)
        before += bias.count
        after += values.count
      }
      rows.append(
        Row(
          layer: node.name, channels: weight.shape[0], kept: smaller.shape[0], parameters: before,
          keptParameters: after))
    }
    var nodes = network.nodes
    for index in nodes.indices where Self.isDepthwise(network, index) {
      guard case .convolution(let window, _) = nodes[index].operation, let name = nodes[index].weight else { continue }
      nodes[index].operation = .convolution(window, group: parameters[name]?.shape[0] ?? 1)
    }
    self.rows = rows
    self.network = try Network(
      name: network.name, inputName: network.inputName, inputShape: network.inputShape, fixedBatch: network.fixedBatch,
      outputName: network.outputName, nodes: nodes, parameters: parameters, source: network.name)
  }

  private static func isDepthwise(_ network: Network, _ index: Int) -> Bool {
    guard case .convolution(_, let group) = network.nodes[index].operation, group > 1 else { return false }
    let shape = network.weight(of: index).shape
    return shape[1] == 1 && shape[0] == group
  }

  /// A weight without the rows of removed outputs and the slices of removed inputs.
  private static func cut(_ weight: Tensor, _ outputs: [Bool], _ inputs: [Bool], isDepthwise: Bool) -> Tensor {
    let taps = weight.shape.dropFirst(2).reduce(1, *)
    var values: [Float] = []
    for output in 0..<weight.shape[0] where outputs[output] {
      for input in 0..<weight.shape[1] where isDepthwise || weight.shape[1] != inputs.count || inputs[input] {
        let start = (output * weight.shape[1] + input) * taps
        values += weight.values[start..<start + taps]
      }
    }
    let keptOutputs = outputs.count { $0 }
    let keptInputs = isDepthwise || weight.shape[1] != inputs.count ? weight.shape[1] : inputs.count { $0 }
    return Tensor(shape: [keptOutputs, keptInputs] + weight.shape.dropFirst(2), values: values)
  }
}
