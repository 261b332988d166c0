// Which channels of a network must go together: a residual addition ties the channels of both its inputs, a depthwise
// convolution passes them on, concatenation puts them side by side, flattening spreads each over several features.

/// Channels of all tensors, tied into classes that can only be removed together.
///
/// The dependency groups of Fang et al., "DepGraph: Towards any structural pruning", CVPR 2023, by union-find over single
/// channels.
struct ChannelGroups {
  /// For every tensor the class of each of its channels (axis 1).
  private(set) var channels: [String: [Int]] = [:]
  private var parents: [Int] = []
  private var protectedClasses: Set<Int> = []

  init(_ network: Network) {
    let shapes = (try? NetworkCheck.shapes(of: network, batch: network.fixedBatch ?? 1, source: "")) ?? [:]
    func extent(_ tensor: String) -> Int {
      guard let shape = shapes[tensor], shape.count > 1 else { return 0 }
      return shape[1]
    }
    channels[network.inputName] = fresh(extent(network.inputName))
    protect(network.inputName)
    for (index, node) in network.nodes.enumerated() {
      let inputs = node.inputs.map { channels[$0] ?? [] }
      let count = extent(node.output)
      switch node.operation {
      case .convolution(_, let group):
        let weight = network.weight(of: index).shape
        if group == 1 {
          channels[node.output] = fresh(count)
        } else if weight[1] == 1, weight[0] == group {
          channels[node.output] = inputs[0]
        } else {
          channels[node.output] = fresh(count)
          protect(node.inputs[0])
          protect(node.output)
        }
      case .dense:
        channels[node.output] = fresh(count)
        if shapes[node.output]?.count != 2 {
          protect(node.inputs[0])
          protect(node.output)
        }
      case .add, .subtract, .multiply, .divide:
        channels[node.output] = inputs[0].count == count ? inputs[0] : inputs.last ?? []
        if inputs.count == 2, inputs[0].count == inputs[1].count {
          for (a, b) in zip(inputs[0], inputs[1]) { join(a, b) }
        } else {
          node.inputs.forEach { protect($0) }
        }
      case .concatenate(let axis) where axis == 1: channels[node.output] = inputs.flatMap { $0 }
      case .flatten(1):
        let inner = inputs[0].isEmpty ? 1 : count / inputs[0].count
        channels[node.output] = inputs[0].flatMap { [Int](repeating: $0, count: inner) }
      case .batchNormalization, .relu, .leakyRelu, .clip, .sigmoid, .tanh, .maxPool, .averagePool, .globalAveragePool,
        .identity:
        channels[node.output] = inputs[0]
      default:
        channels[node.output] = fresh(count)
        node.inputs.forEach { protect($0) }
        protect(node.output)
      }
    }
    protect(network.outputName)
  }

  private mutating func fresh(_ count: Int) -> [Int] {
    let first = parents.count
    parents += first..<first + count
    return Array(first..<first + count)
  }

  /// The class of a channel.
  func root(_ channel: Int) -> Int {
    var channel = channel
    while parents[channel] != channel { channel = parents[channel] }
    return channel
  }

  private mutating func join(_ a: Int, _ b: Int) {
    let (first, second) = (root(a), root(b))
    guard first != second else { return }
    let (low, high) = (min(first, second), max(first, second))
    parents[high] = low
    if protectedClasses.contains(high) { protectedClasses.insert(low) }
  }

  private mutating func protect(_ tensor: String) {
    for channel in channels[tensor] ?? [] { protectedClasses.insert(root(channel)) }
  }

  /// Whether a class may be removed.
  func isFree(_ root: Int) -> Bool { !protectedClasses.contains(root) }

  /// Classes of a tensor's channels.
  func roots(_ tensor: String) -> [Int] { (channels[tensor] ?? []).map(root) }
}
