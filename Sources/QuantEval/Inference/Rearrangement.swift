/// Operations that move elements about, and means over axes.
enum Rearrangement {
  /// Joined along an axis.
  static func concatenate(_ inputs: [Tensor], axis: Int) -> Tensor {
    let first = inputs[0].shape
    let axis = axis < 0 ? axis + first.count : axis
    let outer = first.prefix(axis).reduce(1, *)
    let inner = first.dropFirst(axis + 1).reduce(1, *)
    var shape = first
    shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
    var values: [Float] = []
    values.reserveCapacity(shape.reduce(1, *))
    for block in 0..<outer {
      for input in inputs {
        let width = input.shape[axis] * inner
        values.append(contentsOf: input.values[block * width..<(block + 1) * width])
      }
    }
    return Tensor(shape: shape, values: values)
  }

  /// Axes in another order.
  static func transpose(_ x: Tensor, _ order: [Int]) -> Tensor {
    let steps = ElementwiseKernel.strides(x.shape, rank: x.shape.count).steps
    let shape = order.map { x.shape[$0] }
    let moves = order.map { steps[$0] }
    var result = Tensor(shape: shape)
    walk(shape, moves) { index, source in result.values[index] = x.values[source] }
    return result
  }

  /// A border of a constant: begins of all axes, then ends.
  static func pad(_ x: Tensor, _ amounts: [Int], value: Float) -> Tensor {
    let rank = x.shape.count
    var result = Tensor(
      shape: x.shape.indices.map { x.shape[$0] + amounts[$0] + amounts[rank + $0] }, repeating: value)
    var moves = [Int](repeating: 1, count: rank)
    for axis in (0..<rank).dropLast().reversed() { moves[axis] = moves[axis + 1] * result.shape[axis + 1] }
    let start = x.shape.indices.reduce(0) { $0 + amounts[$1] * moves[$1] }
    walk(x.shape, moves) { index, target in result.values[start + target] = x.values[index] }
    return result
  }

  /// The mean over axes.
  static func mean(_ x: Tensor, axes: [Int], keepsAxes: Bool) -> Tensor {
    let rank = x.shape.count
    let axes = axes.map { $0 < 0 ? $0 + rank : $0 }
    let kept = (0..<rank).map { axes.contains($0) ? 1 : x.shape[$0] }
    let count = kept.reduce(1, *)
    let moves = ElementwiseKernel.strides(kept, rank: rank).steps
    // Sums in double: a mean over a large plane would otherwise depend on the order of its terms.
    var sums = [Double](repeating: 0, count: count)
    walk(x.shape, moves) { index, target in sums[target] += Double(x.values[index]) }
    let terms = Double(max(1, x.count / max(1, count)))
    let shape = keepsAxes ? kept : (0..<rank).filter { !axes.contains($0) }.map { x.shape[$0] }
    return Tensor(shape: shape, values: sums.map { Float($0 / terms) })
  }

  /// Visits a shape in row-major order, with the position in a second array that has `moves` as distances.
  @inline(__always)
  static func walk(_ shape: [Int], _ moves: [Int], _ body: (_ index: Int, _ other: Int) -> Void) {
    let rank = shape.count
    var position = [Int](repeating: 0, count: rank)
    var other = 0
    for index in 0..<shape.reduce(1, *) {
      body(index, other)
      var axis = rank - 1
      while axis >= 0 {
        position[axis] += 1
        other += moves[axis]
        if position[axis] < shape[axis] { break }
        other -= moves[axis] * shape[axis]
        position[axis] = 0
        axis -= 1
      }
    }
  }
}
