// Operations that look at one element at a time, with broadcasting where there are two inputs.

internal import Glibc

/// Arithmetic element by element.
enum ElementwiseKernel {
  /// Applies a function to every element.
  @inline(__always)
  static func map(_ x: Tensor, _ body: (Float) -> Float) -> Tensor {
    let values = [Float](unsafeUninitializedCapacity: x.count) { buffer, count in
      x.values.withUnsafeBufferPointer { source in
        for index in 0..<source.count { buffer[index] = body(source[index]) }
      }
      count = x.count
    }
    return Tensor(shape: x.shape, values: values)
  }

  /// Applies a function to pairs of elements, trailing axes aligned and axes of extent 1 repeated.
  @inline(__always)
  static func combine(_ a: Tensor, _ b: Tensor, _ body: (Float, Float) -> Float) -> Tensor {
    if a.shape == b.shape {
      let values = [Float](unsafeUninitializedCapacity: a.count) { buffer, count in
        a.values.withUnsafeBufferPointer { a in
          b.values.withUnsafeBufferPointer { b in
            for index in 0..<a.count { buffer[index] = body(a[index], b[index]) }
          }
        }
        count = a.count
      }
      return Tensor(shape: a.shape, values: values)
    }
    let rank = max(a.shape.count, b.shape.count)
    let left = strides(a.shape, rank: rank)
    let right = strides(b.shape, rank: rank)
    let shape = (0..<rank).map { max(left.extents[$0], right.extents[$0]) }
    var result = Tensor(shape: shape)
    var position = [Int](repeating: 0, count: rank)
    var (i, j) = (0, 0)
    for index in 0..<result.count {
      result.values[index] = body(a.values[i], b.values[j])
      var axis = rank - 1
      while axis >= 0 {
        position[axis] += 1
        i += left.steps[axis]
        j += right.steps[axis]
        if position[axis] < shape[axis] { break }
        i -= left.steps[axis] * shape[axis]
        j -= right.steps[axis] * shape[axis]
        position[axis] = 0
        axis -= 1
      }
    }
    return result
  }

  /// Extents padded in front with ones, and distances between neighbours; 0 along repeated axes.
  static func strides(_ shape: [Int], rank: Int) -> (extents: [Int], steps: [Int]) {
    let extents = [Int](repeating: 1, count: rank - shape.count) + shape
    var steps = [Int](repeating: 0, count: rank)
    var step = 1
    for axis in (0..<rank).reversed() {
      steps[axis] = extents[axis] == 1 ? 0 : step
      step *= extents[axis]
    }
    return (extents, steps)
  }

  /// Scale and shift of each channel (axis 1).
  static func scaleChannels(_ x: Tensor, scale: [Float], shift: [Float]) -> Tensor {
    var result = x
    let plane = x.shape.dropFirst(2).reduce(1, *)
    for outer in 0..<(x.shape[0] * x.shape[1]) {
      let channel = outer % x.shape[1]
      for index in outer * plane..<(outer + 1) * plane {
        result.values[index] = x.values[index] * scale[channel] + shift[channel]
      }
    }
    return result
  }

  /// e^x over its sum, over blocks of `inner`-strided elements.
  static func softmax(_ x: Tensor, outer: Int, extent: Int, inner: Int) -> Tensor {
    var result = x
    for block in 0..<outer {
      for lane in 0..<inner {
        let start = block * extent * inner + lane
        var largest = -Float.infinity
        for index in 0..<extent { largest = max(largest, x.values[start + index * inner]) }
        var sum: Float = 0
        for index in 0..<extent {
          let power = expf(x.values[start + index * inner] - largest)
          result.values[start + index * inner] = power
          sum += power
        }
        for index in 0..<extent { result.values[start + index * inner] /= sum }
      }
    }
    return result
  }

  /// The logistic function.
  static func sigmoid(_ x: Float) -> Float { 1 / (1 + expf(-x)) }

  /// The hyperbolic tangent.
  static func tanh(_ x: Float) -> Float { Glibc.tanhf(x) }
}
