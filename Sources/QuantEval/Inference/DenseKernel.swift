// Dense layers as matrix products.

/// The arithmetic of dense layers.
enum DenseKernel {
  /// y = x W^T + b over the last axis, the bias added last.
  static func forward(_ x: Tensor, weight: Tensor, bias: [Float]?) -> Tensor {
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let rows = inputs == 0 ? 0 : x.count / inputs
    var y = Tensor(shape: x.shape.dropLast() + [outputs])
    x.values.withUnsafeBufferPointer { x in
      weight.values.withUnsafeBufferPointer { weight in
        y.values.withUnsafeMutableBufferPointer { y in
          guard let x = x.baseAddress, let weight = weight.baseAddress, let y = y.baseAddress else { return }
          if rows * outputs * inputs <= MatrixProduct.smallProduct {
            small(x, weight, rows: rows, outputs: outputs, inputs: inputs, into: y)
          } else {
            MatrixProduct.multiply(
              rows: rows, columns: outputs, depth: inputs, x, strideA: inputs, weight, strideB: inputs,
              transposeB: true, into: y, strideC: outputs)
          }
          guard let bias else { return }
          for row in 0..<rows {
            for output in 0..<outputs { y[row * outputs + output] += bias[output] }
          }
        }
      }
    }
    return y
  }

  /// y^T = W x^T, the layout in which the terms of a sum are added in order.
  private static func small(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, rows: Int, outputs: Int, inputs: Int,
    into y: UnsafeMutablePointer<Float>
  ) {
    let turned = UnsafeMutablePointer<Float>.allocate(capacity: max(1, rows * (inputs + outputs)))
    defer { turned.deallocate() }
    let products = turned + rows * inputs
    for row in 0..<rows {
      for input in 0..<inputs { turned[input * rows + row] = x[row * inputs + input] }
    }
    MatrixProduct.multiplyInOrder(
      rows: outputs, columns: rows, depth: inputs, weight, strideA: inputs, turned, strideB: rows, into: products,
      strideC: rows)
    for row in 0..<rows {
      for output in 0..<outputs { y[row * outputs + output] = products[output * rows + row] }
    }
  }
}
