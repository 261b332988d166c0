// Convolutions and dense layers as matrix products.

/// A convolution's arithmetic, shared by float inference, integer inference and training.
struct ConvolutionKernel {
  let window: Window
  let group: Int
  /// Shape of the input [N, C, H, W]; one-dimensional signals have H = 1.
  let input: (batch: Int, channels: Int, height: Int, width: Int)
  let output: (channels: Int, height: Int, width: Int)

  /// - Precondition: The shapes were checked.
  init(window: Window, group: Int, input: [Int], outputChannels: Int) {
    let height = input.count == 4 ? input[2] : 1
    guard let extent = window.output(height: height, width: input[input.count - 1]) else {
      preconditionFailure("the window does not fit the shape \(input)")
    }
    self.window = window
    self.group = group
    self.input = (input[0], input[1], height, input[input.count - 1])
    output = (outputChannels, extent.height, extent.width)
  }

  /// Shape of the result for an input of rank 3 or 4.
  func outputShape(rank: Int) -> [Int] {
    [input.batch, output.channels] + (rank == 4 ? [output.height, output.width] : [output.width])
  }

  /// Columns of one patch matrix held at a time: the matrix stays inside the second-level cache.
  private static let columnFloats = 1 << 17

  var channelsPerGroup: Int { input.channels / group }
  var outputsPerGroup: Int { output.channels / group }
  /// Taps times channels of one group: the depth of the matrix product.
  var depth: Int { channelsPerGroup * window.kernelHeight * window.kernelWidth }
  var positions: Int { output.height * output.width }

  /// Calls `body` for every image, group and block of output rows with the matrix of patches.
  ///
  /// The matrix is depth x `columns`, its columns are the output positions from `first` on, its rows `stride` apart.
  func forEachPatchMatrix(
    _ x: UnsafePointer<Float>,
    _ body: (
      _ image: Int, _ group: Int, _ rows: Range<Int>, _ matrix: UnsafePointer<Float>, _ stride: Int
    ) -> Void
  ) {
    let plane = input.height * input.width
    if window.isPointwise {
      for image in 0..<input.batch {
        for group in 0..<group {
          let offset = (image * input.channels + group * channelsPerGroup) * plane
          body(image, group, 0..<output.height, x + offset, plane)
        }
      }
      return
    }
    let rowFloats = max(1, depth * output.width)
    let blockRows = max(1, min(output.height, Self.columnFloats / rowFloats))
    let matrix = UnsafeMutablePointer<Float>.allocate(capacity: rowFloats * blockRows)
    defer { matrix.deallocate() }
    for image in 0..<input.batch {
      for group in 0..<group {
        let source = x + (image * input.channels + group * channelsPerGroup) * plane
        for start in stride(from: 0, to: output.height, by: blockRows) {
          let rows = start..<min(output.height, start + blockRows)
          window.unfold(
            source, channels: channelsPerGroup, height: input.height, width: input.width, outputWidth: output.width,
            rows: rows, into: matrix)
          body(image, group, rows, matrix, rows.count * output.width)
        }
      }
    }
  }

  /// y = weight * x + bias, the bias added last.
  func forward(_ x: Tensor, weight: [Float], bias: [Float]?) -> Tensor {
    var y = Tensor(shape: outputShape(rank: x.shape.count))
    x.values.withUnsafeBufferPointer { x in
      weight.withUnsafeBufferPointer { weight in
        y.values.withUnsafeMutableBufferPointer { y in
          guard let x = x.baseAddress, let weight = weight.baseAddress, let y = y.baseAddress else { return }
          if channelsPerGroup == 1 && outputsPerGroup == 1 {
            DepthwiseKernel(self).forward(x, weight, onto: y)
          } else {
            forEachPatchMatrix(x) { image, group, rows, matrix, stride in
              let first = (image * output.channels + group * outputsPerGroup) * positions
              MatrixProduct.multiplyInOrder(
                rows: outputsPerGroup, columns: rows.count * output.width, depth: depth,
                weight + group * outputsPerGroup * depth, strideA: depth, matrix, strideB: stride,
                into: y + first + rows.lowerBound * output.width, strideC: positions)
            }
          }
          if let bias { add(bias, to: y) }
        }
      }
    }
    return y
  }

  /// Adds the bias of each channel at every position.
  private func add(_ bias: [Float], to y: UnsafeMutablePointer<Float>) {
    for image in 0..<input.batch {
      for channel in 0..<output.channels {
        let plane = y + (image * output.channels + channel) * positions
        let bias = bias[channel]
        for position in 0..<positions { plane[position] += bias }
      }
    }
  }
}
