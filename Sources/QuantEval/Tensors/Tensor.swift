// Dense arrays of 32-bit floats: what flows along the edges of a network, and what its parameters are.

/// A dense array in row-major order (the last axis is contiguous).
///
/// Activations carry the batch on axis 0; images are [N, C, H, W].
public struct Tensor: Sendable, Equatable {
  /// Extent of each axis.
  public var shape: [Int]
  /// The elements; as many as the product of the shape.
  public var values: [Float]

  /// A tensor of given elements.
  /// - Precondition: There are as many as the shape says.
  public init(shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "\(values.count) values for the shape \(shape)")
    self.shape = shape
    self.values = values
  }

  /// A tensor of one repeated value.
  public init(shape: [Int], repeating value: Float = 0) {
    self.shape = shape
    values = [Float](repeating: value, count: shape.reduce(1, *))
  }

  /// Number of elements.
  public var count: Int { values.count }

  /// Number of elements below axis 0; 0 for an empty tensor.
  public var rowCount: Int { shape.isEmpty ? 1 : shape.dropFirst().reduce(1, *) }

  /// The rows (indices on axis 0) of a range.
  public func rows(_ range: Range<Int>) -> Tensor {
    let width = rowCount
    return Tensor(
      shape: [range.count] + shape.dropFirst(),
      values: Array(values[range.lowerBound * width..<range.upperBound * width]))
  }

  /// The rows at the given indices, in that order.
  public func rows(_ indices: [Int]) -> Tensor {
    let width = rowCount
    var picked: [Float] = []
    picked.reserveCapacity(indices.count * width)
    for index in indices { picked.append(contentsOf: values[index * width..<(index + 1) * width]) }
    return Tensor(shape: [indices.count] + shape.dropFirst(), values: picked)
  }

  /// The largest magnitude; 0 for an empty tensor.
  public var absoluteMaximum: Float {
    values.withUnsafeBufferPointer { buffer in
      var lanes = SIMD16<Float>(repeating: 0)
      var index = 0
      while index + 16 <= buffer.count {
        let raw = UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped + index)
        let chunk = raw.loadUnaligned(as: SIMD16<Float>.self)
        lanes.replace(with: chunk, where: chunk .> lanes)
        lanes.replace(with: -chunk, where: -chunk .> lanes)
        index += 16
      }
      var largest = lanes.max()
      while index < buffer.count {
        largest = max(largest, buffer[index].magnitude)
        index += 1
      }
      return largest
    }
  }

  /// Smallest and largest element; zeros for an empty tensor.
  public var extremes: (minimum: Float, maximum: Float) { Self.extremes(values, values.indices) }

  /// Smallest and largest of the values of a range; zeros for an empty one.
  static func extremes(_ values: [Float], _ range: Range<Int>) -> (minimum: Float, maximum: Float) {
    guard let first = values[range].first else { return (0, 0) }
    return values.withUnsafeBufferPointer { values in
      let buffer = UnsafeBufferPointer(rebasing: values[range])
      var low = SIMD16<Float>(repeating: first)
      var high = low
      var index = 0
      while index + 16 <= buffer.count {
        let raw = UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped + index)
        let chunk = raw.loadUnaligned(as: SIMD16<Float>.self)
        low.replace(with: chunk, where: chunk .< low)
        high.replace(with: chunk, where: chunk .> high)
        index += 16
      }
      var (minimum, maximum) = (low.min(), high.max())
      while index < buffer.count {
        minimum = min(minimum, buffer[index])
        maximum = max(maximum, buffer[index])
        index += 1
      }
      return (minimum, maximum)
    }
  }

  /// The index of the largest element of each row; the first of equals.
  public var rowMaxima: [Int] {
    let width = rowCount
    guard width > 0, let rows = shape.first else { return [] }
    return (0..<rows).map { row in
      var best = row * width
      for index in row * width..<(row + 1) * width where values[index] > values[best] { best = index }
      return best - row * width
    }
  }
}
