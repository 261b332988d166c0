/// Products of two computed matrices.
enum MatrixKernel {
  /// Calls `body` with the positions of each pair of matrices and of their product, leading axes broadcast.
  static func forEachPair(_ a: [Int], _ b: [Int], _ body: (_ a: Int, _ b: Int, _ product: Int) -> Void) {
    let rank = max(a.count, b.count) - 2
    let (left, right) = (
      ElementwiseKernel.strides(Array(a.dropLast(2)), rank: rank),
      ElementwiseKernel.strides(Array(b.dropLast(2)), rank: rank)
    )
    let shape = (0..<rank).map { max(left.extents[$0], right.extents[$0]) }
    var others: [Int] = []
    Rearrangement.walk(shape, right.steps) { _, other in others.append(other) }
    Rearrangement.walk(shape, left.steps) { index, own in body(own, others[index], index) }
  }

  /// a b for the last two axes of both.
  /// - Precondition: The shapes were checked.
  static func product(_ a: Tensor, _ b: Tensor) -> Tensor {
    let (rows, depth, columns) = (a.shape[a.shape.count - 2], b.shape[b.shape.count - 2], b.shape[b.shape.count - 1])
    guard let shape = try? Shapes.output(of: .matrixProduct, inputs: [a.shape, b.shape], parameters: []) else {
      preconditionFailure("the network was checked")
    }
    var result = Tensor(shape: shape)
    a.values.withUnsafeBufferPointer { first in
      b.values.withUnsafeBufferPointer { second in
        result.values.withUnsafeMutableBufferPointer { target in
          guard let first = first.baseAddress, let second = second.baseAddress, let target = target.baseAddress else {
            return
          }
          forEachPair(a.shape, b.shape) { one, other, product in
            MatrixProduct.multiplyInOrder(
              rows: rows, columns: columns, depth: depth, first + one * rows * depth, strideA: depth,
              second + other * depth * columns, strideB: columns, into: target + product * rows * columns,
              strideC: columns)
          }
        }
      }
    }
    return result
  }
}
