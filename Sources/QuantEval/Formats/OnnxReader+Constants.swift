// What a model computes from constants and shapes alone is computed when it is read: exporters flatten with the shape
// of a tensor, and turn weights about.

internal import TextFormats

extension OnnxReader {
  /// Stands for the extent of a free batch among the whole numbers of a constant.
  private static let batchExtent = Int64.min

  /// Shape: the extents of a tensor, as a constant; a free batch stays a name for itself.
  mutating func lowerShape(_ node: OnnxNode) throws(InputError) {
    let input = resolved(node.inputs.first ?? "")
    var extents: [Int64]
    if let constant = constants[input] {
      extents = constant.shape.map { Int64($0) }
    } else {
      guard let shape = shapes[input] else { throw error(node, "the shape of its input is not known") }
      extents = shape.map { Int64($0) }
      if hasFreeBatch {
        guard extents.first == Int64(Self.freeBatch) else {
          throw error(node, "its input has no row for each row of the model's input")
        }
        extents[0] = Self.batchExtent
      }
    }
    // A part of the extents, since opset 15.
    func index(_ name: String, _ standard: Int) -> Int {
      let given = node.attribute(name)?.integer ?? Int64(standard)
      let counted = given < 0 ? given + Int64(extents.count) : given
      return Int(min(max(counted, 0), Int64(extents.count)))
    }
    let (start, end) = (index("start", 0), index("end", extents.count))
    extents = start < end ? Array(extents[start..<end]) : []
    try setConstant(node, OnnxTensor(integers: extents, shape: [extents.count]))
  }

  /// Gather from a list of constants.
  mutating func lowerGather(_ node: OnnxNode) throws(InputError) {
    let list = try list(node)
    let places = try required(node, input: 1, "indices")
    guard !places.type.isFloating, places.shape.count <= 1 else { throw error(node, "its indices are no list") }
    var picked: [Int] = []
    for place in places.integers {
      let index = place < 0 ? place + Int64(list.shape[0]) : place
      guard (0..<Int64(list.shape[0])).contains(index) else {
        throw error(node, "there is no element \(place) among \(list.shape[0])")
      }
      picked.append(Int(index))
    }
    try setConstant(node, list.elements(picked, shape: places.shape))
  }

  /// Slice of a list of constants.
  mutating func lowerSlice(_ node: OnnxNode) throws(InputError) {
    let list = try list(node)
    let count = Int64(list.shape[0])
    func bound(_ input: Int, _ what: String) throws(InputError) -> Int64? {
      guard let tensor = try constant(node, input: input, what) else { return nil }
      guard tensor.integers.count == 1 else { throw error(node, "its \(what) is no single number") }
      return tensor.integers[0]
    }
    guard let start = try bound(1, "start"), let end = try bound(2, "end"), try bound(3, "axis") ?? 0 <= 0,
      try bound(4, "step") ?? 1 == 1
    else { throw error(node, "only neighbouring elements of a list are supported") }
    func index(_ bound: Int64) -> Int { Int(min(max(bound < 0 ? bound + count : bound, 0), count)) }
    let (first, last) = (index(start), index(end))
    let picked = first < last ? Array(first..<last) : []
    try setConstant(node, list.elements(picked, shape: [picked.count]))
  }

  /// Cast of a constant; of a computed tensor only to what it is.
  mutating func lowerCast(_ node: OnnxNode) throws(InputError) {
    guard let code = node.attribute("to")?.integer, let type = OnnxTensor.ElementType(rawValue: code) else {
      throw error(node, "the element type to cast to is not supported")
    }
    guard let constant = constants[resolved(node.inputs.first ?? "")] else {
      guard type == .float else { throw error(node, "computed tensors are 32-bit floats") }
      return try alias(node)
    }
    var result = constant
    result.type = type
    if type.isFloating, !constant.type.isFloating {
      try refuseBatch(node, [constant])
      result.floats = constant.integers.map { Float($0) }
      result.integers = []
    } else if !type.isFloating, constant.type.isFloating {
      result.integers = []
      for value in constant.floats {
        guard let whole = Int64(exactly: value.rounded(.towardZero)) else {
          throw error(node, "\(value) is out of the range of whole numbers")
        }
        result.integers.append(whole)
      }
      result.floats = []
    }
    try setConstant(node, result)
  }

  /// The extents of a Reshape: the batch is copied, which is what 0 means there.
  func reshapeTarget(_ node: OnnxNode) throws(InputError) -> [Int] {
    let target = try required(node, input: 1, "shape")
    guard !target.type.isFloating else { throw error(node, "its shape are no whole numbers") }
    guard !target.integers.dropFirst().contains(Self.batchExtent) else {
      throw error(node, "the batch can only be the first extent")
    }
    return target.integers.map { $0 == Self.batchExtent ? 0 : Int(truncatingIfNeeded: $0) }
  }

  /// Computes an operation whose inputs are all constants; `false` if they are not, or their shapes do not fit.
  mutating func fold(_ node: OnnxNode, _ operation: Operation, _ inputs: [String]) throws(InputError) -> Bool {
    let known = inputs.compactMap { constants[$0] }
    guard known.count == inputs.count, let first = known.first,
      let shape = try? Shapes.output(of: operation, inputs: known.map(\.shape), parameters: [])
    else { return false }
    let areIntegers = known.allSatisfy { !$0.type.isFloating }
    switch operation {
    case .unsqueeze, .squeeze, .reshape, .flatten, .identity:
      var moved = first
      moved.shape = shape
      try setConstant(node, moved)
    case .concatenate where areIntegers && shape.count == 1:
      try setConstant(node, OnnxTensor(integers: known.flatMap(\.integers), shape: shape))
    case .add, .subtract, .multiply, .divide, .concatenate, .transpose:
      try refuseBatch(node, known)
      let result = Forward.compute(operation, known.map(\.tensor), [])
      guard areIntegers else {
        try setConstant(node, OnnxTensor(floats: result.values, shape: shape))
        return true
      }
      guard result.values.allSatisfy({ $0.magnitude < 0x1p24 }) else {
        throw error(node, "whole numbers from 2^24 on are not supported in arithmetic")
      }
      try setConstant(
        node, OnnxTensor(integers: result.values.map { Int64($0.rounded(.towardZero)) }, shape: shape))
    default: return false
    }
    return true
  }

  private func refuseBatch(_ node: OnnxNode, _ constants: [OnnxTensor]) throws(InputError) {
    guard !constants.contains(where: { $0.integers.contains(Self.batchExtent) }) else {
      throw error(node, "arithmetic with the size of the batch is not supported")
    }
  }

  private mutating func setConstant(_ node: OnnxNode, _ tensor: OnnxTensor) throws(InputError) {
    guard let output = node.outputs.first, !output.isEmpty else { throw error(node, "it has no output") }
    constants[output] = tensor
  }

  /// The constant list that a node picks from.
  private func list(_ node: OnnxNode) throws(InputError) -> OnnxTensor {
    guard let tensor = constants[resolved(node.inputs.first ?? "")], tensor.shape.count == 1,
      node.attribute("axis")?.integer ?? 0 <= 0
    else { throw error(node, "it is supported for lists of constants, such as the shape of a tensor") }
    return tensor
  }
}

extension OnnxTensor {
  /// Elements of a list in a new shape.
  fileprivate func elements(_ places: [Int], shape: [Int]) -> OnnxTensor {
    var result = self
    result.shape = shape
    result.floats = type.isFloating ? places.map { floats[$0] } : []
    result.integers = type.isFloating ? [] : places.map { integers[$0] }
    return result
  }
}
