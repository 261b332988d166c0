// Convolutions and dense layers as matrix products; depthwise convolutions directly.

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

  /// y = weight * x + bias.
  func forward(_ x: Tensor, weight: [Float], bias: [Float]?) -> Tensor {
    var y = Tensor(shape: outputShape(rank: x.shape.count))
    x.values.withUnsafeBufferPointer { x in
      weight.withUnsafeBufferPointer { weight in
        y.values.withUnsafeMutableBufferPointer { y in
          guard let x = x.baseAddress, let weight = weight.baseAddress, let y = y.baseAddress else { return }
          fill(y, with: bias)
          if channelsPerGroup == 1 && outputsPerGroup == 1 {
            depthwise(x, weight, onto: y)
            return
          }
          forEachPatchMatrix(x) { image, group, rows, matrix, stride in
            let first = (image * output.channels + group * outputsPerGroup) * positions
            MatrixProduct.multiply(
              rows: outputsPerGroup, columns: rows.count * output.width, depth: depth,
              weight + group * outputsPerGroup * depth, strideA: depth, matrix, strideB: stride, beta: 1,
              into: y + first + rows.lowerBound * output.width, strideC: positions)
          }
        }
      }
    }
    return y
  }

  /// The bias of each channel at every position, or zeros.
  private func fill(_ y: UnsafeMutablePointer<Float>, with bias: [Float]?) {
    guard let bias else { return }
    for image in 0..<input.batch {
      for channel in 0..<output.channels {
        (y + (image * output.channels + channel) * positions).update(repeating: bias[channel], count: positions)
      }
    }
  }

  /// One filter a channel: a matrix product of depth 9 would spend its time on unfolding.
  func depthwise(_ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, onto y: UnsafeMutablePointer<Float>) {
    let taps = window.kernelHeight * window.kernelWidth
    for image in 0..<input.batch {
      for channel in 0..<input.channels {
        let plane = image * input.channels + channel
        let source = x + plane * input.height * input.width
        let target = y + plane * positions
        for tap in 0..<taps {
          let factor = weight[channel * taps + tap]
          let down = (tap / window.kernelWidth) * window.dilationDown - window.padTop
          let shift = (tap % window.kernelWidth) * window.dilationAcross - window.padLeft
          let step = window.strideAcross
          let first = shift >= 0 ? 0 : (-shift + step - 1) / step
          let last = min(output.width, input.width > shift ? (input.width - shift - 1) / step + 1 : 0)
          guard first < last else { continue }
          for row in 0..<output.height {
            let y = row * window.strideDown + down
            guard y >= 0 && y < input.height else { continue }
            let line = source + y * input.width
            let out = target + row * output.width
            for column in first..<last { out[column] += factor * line[column * step + shift] }
          }
        }
      }
    }
  }
}

/// The arithmetic of dense layers.
enum DenseKernel {
  /// y = x W^T + b over the last axis.
  static func forward(_ x: Tensor, weight: Tensor, bias: [Float]?) -> Tensor {
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let rows = inputs == 0 ? 0 : x.count / inputs
    var y = Tensor(shape: x.shape.dropLast() + [outputs])
    if let bias {
      for row in 0..<rows {
        for output in 0..<outputs { y.values[row * outputs + output] = bias[output] }
      }
    }
    x.values.withUnsafeBufferPointer { x in
      weight.values.withUnsafeBufferPointer { weight in
        y.values.withUnsafeMutableBufferPointer { y in
          guard let x = x.baseAddress, let weight = weight.baseAddress, let y = y.baseAddress else { return }
          MatrixProduct.multiply(
            rows: rows, columns: outputs, depth: inputs, x, strideA: inputs, weight, strideB: inputs,
            transposeB: true, beta: 1, into: y, strideC: outputs)
        }
      }
    }
    return y
  }
}
