// The shape that each operation gives for the shapes it takes, with every way in which they may not fit.

internal import TextFormats

/// What is wrong with the shapes at a node.
struct ShapeMismatch: Error {
  let message: String
  init(_ message: String) { self.message = message }
}

/// Shape rules of operations.
enum Shapes {
  /// More elements than any tensor here should have; hostile models stop at it.
  static let elementLimit = 1 << 31

  /// The shape of a node's output.
  /// - Parameters:
  ///   - inputs: Shapes of its inputs, the batch on axis 0.
  ///   - parameters: Shapes of its parameters.
  static func output(
    of operation: Operation, inputs: [[Int]], parameters: [[Int]]
  ) throws(ShapeMismatch) -> [Int] {
    guard let x = inputs.first else { throw ShapeMismatch("the node has no input") }
    switch operation {
    case .convolution(let window, let group): return try convolution(window, group, x, parameters)
    case .dense: return try dense(x, parameters)
    case .batchNormalization:
      guard x.count >= 2, parameters.count == 4, parameters.allSatisfy({ $0 == [x[1]] }) else {
        throw ShapeMismatch("statistics of shape \(parameters) do not fit an input of shape \(x)")
      }
      return x
    case .matrixProduct:
      guard inputs.count == 2 else { throw ShapeMismatch("two inputs are wanted, there are \(inputs.count)") }
      return try matrixProduct(x, inputs[1])
    case .add, .subtract, .multiply, .divide:
      guard inputs.count == 2 else { throw ShapeMismatch("two inputs are wanted, there are \(inputs.count)") }
      return try broadcast(x, inputs[1])
    case .relu, .leakyRelu, .clip, .sigmoid, .tanh, .identity: return x
    case .quantize(let stored), .dequantize(let stored):
      let extent = stored.scales.count == 1 ? 1 : try x[axis(stored.axis, of: x.count)]
      guard stored.scales.count == extent else {
        throw ShapeMismatch("\(stored.scales.count) scales for an axis of \(extent)")
      }
      return x
    case .softmax(let axis, _):
      _ = try Self.axis(axis, of: x.count)
      return x
    case .maxPool(let window, let ceil), .averagePool(let window, let ceil, _): return try pool(window, ceil, x)
    case .globalAveragePool:
      guard x.count >= 3 else { throw ShapeMismatch("an image is wanted, the input has the shape \(x)") }
      return Array(x.prefix(2)) + [Int](repeating: 1, count: x.count - 2)
    case .flatten(let axis):
      let split = axis == x.count ? axis : try Self.axis(axis, of: x.count)
      return [x.prefix(split).reduce(1, *), x.dropFirst(split).reduce(1, *)]
    case .reshape(let target, let allowsZero): return try reshape(x, target, allowsZero)
    case .concatenate(let axis): return try concatenate(inputs, axis)
    case .transpose(let order):
      let order = order.isEmpty ? Array(x.indices.reversed()) : order
      guard order.sorted() == Array(x.indices) else {
        throw ShapeMismatch("\(order) is no order of the axes of \(x)")
      }
      return order.map { x[$0] }
    case .pad(let amounts, let axes, _):
      let amounts = try border(amounts, axes, of: x)
      return try limited(x.indices.map { x[$0] + amounts[$0] + amounts[x.count + $0] })
    case .squeeze(let axes): return try squeeze(x, axes)
    case .unsqueeze(let axes): return try unsqueeze(x, axes)
    case .reduceMean(let axes, let keepsAxes): return try reduce(x, axes, keepsAxes)
    }
  }

  private static func convolution(
    _ window: Window, _ group: Int, _ x: [Int], _ parameters: [[Int]]
  ) throws(ShapeMismatch) -> [Int] {
    guard let weight = parameters.first, x.count == weight.count, x.count == 3 || x.count == 4 else {
      throw ShapeMismatch("a weight of shape \(parameters.first ?? []) does not fit an input of shape \(x)")
    }
    let taps = x.count == 4 ? [window.kernelHeight, window.kernelWidth] : [window.kernelWidth]
    guard
      group >= 1, weight[1] >= 1, weight[0] >= 1, x[1].isMultiple(of: group), x[1] / group == weight[1],
      weight[0].isMultiple(of: group), Array(weight.dropFirst(2)) == taps
    else {
      throw ShapeMismatch("a weight of shape \(weight) in \(group) groups does not fit an input of shape \(x)")
    }
    try checkBias(parameters, outputs: weight[0])
    guard let extent = window.output(height: x.count == 4 ? x[2] : 1, width: x[x.count - 1]) else {
      throw ShapeMismatch("the window does not fit an input of shape \(x)")
    }
    return try limited([x[0], weight[0]] + (x.count == 4 ? [extent.height, extent.width] : [extent.width]))
  }

  private static func dense(_ x: [Int], _ parameters: [[Int]]) throws(ShapeMismatch) -> [Int] {
    guard let weight = parameters.first, weight.count == 2, let last = x.last, x.count >= 2, last == weight[1] else {
      throw ShapeMismatch("a weight of shape \(parameters.first ?? []) does not fit an input of shape \(x)")
    }
    try checkBias(parameters, outputs: weight[0])
    return try limited(x.dropLast() + [weight[0]])
  }

  private static func checkBias(_ parameters: [[Int]], outputs: Int) throws(ShapeMismatch) {
    guard parameters.count > 1, parameters[1] != [outputs] else { return }
    throw ShapeMismatch("a bias of shape \(parameters[1]) does not fit \(outputs) outputs")
  }

  private static func pool(_ window: Window, _ ceil: Bool, _ x: [Int]) throws(ShapeMismatch) -> [Int] {
    guard x.count == 4 || x.count == 3 else {
      throw ShapeMismatch("an image is wanted, the input has the shape \(x)")
    }
    guard let extent = window.output(height: x.count == 4 ? x[2] : 1, width: x[x.count - 1], ceil: ceil),
      window.padTop < window.kernelHeight, window.padBottom < window.kernelHeight,
      window.padLeft < window.kernelWidth, window.padRight < window.kernelWidth
    else { throw ShapeMismatch("the window does not fit an input of shape \(x)") }
    return [x[0], x[1]] + (x.count == 4 ? [extent.height, extent.width] : [extent.width])
  }

  private static func reshape(_ x: [Int], _ target: [Int], _ allowsZero: Bool) throws(ShapeMismatch) -> [Int] {
    var shape = target
    for (axis, extent) in target.enumerated() where extent == 0 && !allowsZero {
      guard axis < x.count else { throw ShapeMismatch("the new shape \(target) copies axis \(axis) of \(x)") }
      shape[axis] = x[axis]
    }
    let count = x.reduce(1, *)
    let known = try limited(shape.filter { $0 != -1 }).reduce(1, *)
    let open = shape.indices.filter { shape[$0] == -1 }
    if open.count == 1, known > 0, count.isMultiple(of: known) { shape[open[0]] = count / known }
    guard open.count <= 1, try limited(shape).reduce(1, *) == count else {
      throw ShapeMismatch("\(count) elements of the shape \(x) do not fit the new shape \(target)")
    }
    return shape
  }

  private static func concatenate(_ inputs: [[Int]], _ axis: Int) throws(ShapeMismatch) -> [Int] {
    var shape = inputs[0]
    let axis = try Self.axis(axis, of: shape.count)
    for other in inputs.dropFirst() {
      var same = other
      guard other.count == shape.count else { throw ShapeMismatch("the shapes \(inputs) cannot be joined") }
      same[axis] = shape[axis]
      guard same == shape else { throw ShapeMismatch("the shapes \(inputs) cannot be joined along axis \(axis)") }
      shape[axis] += other[axis]
    }
    return try limited(shape)
  }

  private static func squeeze(_ x: [Int], _ axes: [Int]) throws(ShapeMismatch) -> [Int] {
    var removed: [Int] = []
    for axis in axes { removed.append(try Self.axis(axis, of: x.count)) }
    if axes.isEmpty { removed = x.indices.dropFirst().filter { x[$0] == 1 } }
    guard removed.allSatisfy({ x[$0] == 1 }) else {
      throw ShapeMismatch("axes \(axes) of the shape \(x) are not all of extent 1")
    }
    return x.indices.filter { !removed.contains($0) }.map { x[$0] }
  }

  private static func unsqueeze(_ x: [Int], _ axes: [Int]) throws(ShapeMismatch) -> [Int] {
    var places: [Int] = []
    for axis in axes { places.append(try Self.axis(axis, of: x.count + axes.count)) }
    var shape = x
    for place in places.sorted() {
      guard place <= shape.count else { throw ShapeMismatch("axes \(axes) cannot be put into the shape \(x)") }
      shape.insert(1, at: place)
    }
    guard shape.count == x.count + axes.count else { throw ShapeMismatch("axes \(axes) are not distinct") }
    return shape
  }

  /// Begins and then ends of all axes, from those of some.
  static func border(_ amounts: [Int], _ axes: [Int], of x: [Int]) throws(ShapeMismatch) -> [Int] {
    let count = axes.isEmpty ? x.count : axes.count
    guard amounts.count == 2 * count, amounts.allSatisfy({ (0...(1 << 24)).contains($0) }) else {
      throw ShapeMismatch("the padding \(amounts) does not fit the shape \(x)")
    }
    var border = [Int](repeating: 0, count: 2 * x.count)
    for place in 0..<count {
      let axis = axes.isEmpty ? place : try Self.axis(axes[place], of: x.count)
      border[axis] = amounts[place]
      border[x.count + axis] = amounts[count + place]
    }
    return border
  }

  private static func matrixProduct(_ a: [Int], _ b: [Int]) throws(ShapeMismatch) -> [Int] {
    guard a.count >= 2, b.count >= 2, a[a.count - 1] == b[b.count - 2] else {
      throw ShapeMismatch("matrices of the shapes \(a) and \(b) cannot be multiplied")
    }
    return try limited(broadcast(a.dropLast(2), b.dropLast(2)) + [a[a.count - 2], b[b.count - 1]])
  }

  private static func reduce(_ x: [Int], _ axes: [Int], _ keepsAxes: Bool) throws(ShapeMismatch) -> [Int] {
    var reduced: [Int] = []
    for axis in axes { reduced.append(try Self.axis(axis, of: x.count)) }
    if axes.isEmpty { reduced = Array(x.indices) }
    guard !reduced.contains(0) || x.first == 1 else {
      throw ShapeMismatch("a mean over the batch is no property of one row")
    }
    return x.indices.compactMap { reduced.contains($0) ? (keepsAxes ? 1 : nil) : x[$0] }
  }

  /// The shape that two shapes broadcast to, trailing axes aligned.
  static func broadcast(_ a: [Int], _ b: [Int]) throws(ShapeMismatch) -> [Int] {
    let rank = max(a.count, b.count)
    var shape: [Int] = []
    for axis in 0..<rank {
      let left = axis < rank - a.count ? 1 : a[axis - (rank - a.count)]
      let right = axis < rank - b.count ? 1 : b[axis - (rank - b.count)]
      guard left == right || left == 1 || right == 1 else {
        throw ShapeMismatch("the shapes \(a) and \(b) do not broadcast")
      }
      shape.append(left == 1 ? right : left)
    }
    return try limited(shape)
  }

  /// An axis counted from the front, given one that may be counted from the end.
  static func axis(_ axis: Int, of rank: Int) throws(ShapeMismatch) -> Int {
    let index = axis < 0 ? axis + rank : axis
    guard (0..<rank).contains(index) else { throw ShapeMismatch("there is no axis \(axis) among \(rank)") }
    return index
  }

  /// The shape itself if it is sane and not too large.
  static func limited(_ shape: [Int]) throws(ShapeMismatch) -> [Int] {
    var count = 1
    for extent in shape {
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflows, product <= elementLimit else {
        throw ShapeMismatch("a tensor of shape \(shape) is too large or makes no sense")
      }
      count = product
    }
    return shape
  }
}
