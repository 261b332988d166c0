// A network as a list of nodes in execution order, and a table of parameters.

/// One step of a network.
public struct Node: Sendable {
  /// The name in reports; unique in its network.
  public var name: String
  /// What it computes.
  public var operation: Operation
  /// Names of the tensors it reads, computed ones or parameters.
  public var inputs: [String]
  /// Name of the tensor it computes.
  public var output: String
  /// Names of its parameters, in the order weight, bias; of batch normalisation scale, shift, mean, variance.
  public var parameters: [String]

  /// A node.
  public init(name: String, operation: Operation, inputs: [String], output: String, parameters: [String] = []) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.output = output
    self.parameters = parameters
  }

  /// Name of the weight of a convolution or dense layer.
  public var weight: String? { operation.isQuantizable ? parameters.first : nil }

  /// Name of the bias of a convolution or dense layer, if it has one.
  public var bias: String? { operation.isQuantizable && parameters.count > 1 ? parameters[1] : nil }
}

/// Parameters by name, in the order in which they were added.
public struct ParameterTable: Sendable {
  /// The names in order.
  public private(set) var names: [String] = []
  private var tensors: [String: Tensor] = [:]

  /// An empty table.
  public init() {}

  /// The parameter of a name; setting `nil` removes it.
  public subscript(name: String) -> Tensor? {
    get { tensors[name] }
    set {
      if newValue == nil {
        names.removeAll { $0 == name }
      } else if tensors[name] == nil {
        names.append(name)
      }
      tensors[name] = newValue
    }
  }

  /// Number of scalars in all parameters.
  public var scalarCount: Int { names.reduce(0) { $0 + (tensors[$1]?.count ?? 0) } }
}

/// A feed-forward network with one input and one output.
///
/// Nodes stand in execution order, every tensor that a node reads is the input, a parameter, or the output of an earlier
/// node, and the shapes fit: ``init(name:inputName:inputShape:fixedBatch:outputName:nodes:parameters:source:)`` checks it.
public struct Network: Sendable {
  /// The name of the model.
  public var name: String
  /// Name of the input tensor.
  public var inputName: String
  /// Shape of one input row, the batch aside.
  public var inputShape: [Int]
  /// The batch that the model insists on, if it does.
  public var fixedBatch: Int?
  /// Name of the output tensor.
  public var outputName: String
  /// The steps in execution order.
  public var nodes: [Node]
  /// The parameters.
  public var parameters: ParameterTable
  /// Texts that the model carries beside its graph.
  public var metadata: [String: String] = [:]

  /// A network, checked.
  /// - Parameter source: Where it came from, for messages.
  /// - Throws: `InputError` naming the node whose inputs or shapes do not fit, or the parameter that is not finite.
  public init(
    name: String, inputName: String, inputShape: [Int], fixedBatch: Int? = nil, outputName: String, nodes: [Node],
    parameters: ParameterTable, source: String
  ) throws {
    self.name = name
    self.inputName = inputName
    self.inputShape = inputShape
    self.fixedBatch = fixedBatch
    self.outputName = outputName
    self.nodes = nodes
    self.parameters = parameters
    try NetworkCheck(source: source).check(self)
  }

  /// Indices of the nodes whose weight and input are quantized: convolutions and dense layers, in execution order.
  public var quantizableNodes: [Int] { nodes.indices.filter { nodes[$0].operation.isQuantizable } }

  /// The index of the node that computes a tensor.
  public func producer(of tensor: String) -> Int? { nodes.firstIndex { $0.output == tensor } }

  /// Indices of the nodes that read a tensor.
  public func consumers(of tensor: String) -> [Int] {
    nodes.indices.filter { nodes[$0].inputs.contains(tensor) }
  }

  /// The weight of a quantizable node.
  /// - Precondition: The node is one.
  public func weight(of index: Int) -> Tensor {
    guard let name = nodes[index].weight, let tensor = parameters[name] else {
      preconditionFailure("\(nodes[index].name) has no weight")
    }
    return tensor
  }

  /// The bias of a quantizable node, zeros where it has none.
  public func bias(of index: Int) -> [Float] {
    if let name = nodes[index].bias, let tensor = parameters[name] { return tensor.values }
    return [Float](repeating: 0, count: weight(of: index).shape[0])
  }

  /// Sets the bias of a quantizable node, giving it one if it had none.
  public mutating func setBias(_ values: [Float], of index: Int) {
    let tensor = Tensor(shape: [values.count], values: values)
    if let name = nodes[index].bias {
      parameters[name] = tensor
    } else {
      let name = "\(nodes[index].name).bias"
      nodes[index].parameters.append(name)
      parameters[name] = tensor
    }
  }
}
