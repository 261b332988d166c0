/// Maxima and means over windows of images.
struct PoolingKernel {
  let window: Window
  let input: (planes: Int, height: Int, width: Int)
  let output: (height: Int, width: Int)

  /// - Precondition: The shapes were checked.
  init(window: Window, ceil: Bool, input: [Int]) {
    let height = input.count == 4 ? input[2] : 1
    guard let extent = window.output(height: height, width: input[input.count - 1], ceil: ceil) else {
      preconditionFailure("the window does not fit the shape \(input)")
    }
    self.window = window
    self.input = (input[0] * input[1], height, input[input.count - 1])
    output = extent
  }

  /// Shape of the result for an input of a shape.
  func outputShape(_ input: [Int]) -> [Int] {
    Array(input.prefix(2)) + (input.count == 4 ? [output.height, output.width] : [output.width])
  }

  /// Rows of the image that the taps of an output row meet, as (tap row, image row).
  private func span(_ position: Int, _ extent: Int, _ kernel: Int, _ stride: Int, _ pad: Int, _ dilation: Int)
    -> (first: Int, last: Int, start: Int)
  {
    let start = position * stride - pad
    let first = start >= 0 ? 0 : (-start + dilation - 1) / dilation
    let last = extent > start ? min(kernel, (extent - start - 1) / dilation + 1) : 0
    return (first, max(first, last), start)
  }

  /// Calls `body` with every output index and the input indices of its window, plane by plane.
  @inline(__always)
  private func forEachWindow(
    _ body: (_ output: Int, _ base: Int, _ rows: (Int, Int, Int), _ columns: (Int, Int, Int)) -> Void
  ) {
    for plane in 0..<input.planes {
      let base = plane * input.height * input.width
      for row in 0..<output.height {
        let rows = span(
          row, input.height, window.kernelHeight, window.strideDown, window.padTop, window.dilationDown)
        for column in 0..<output.width {
          let columns = span(
            column, input.width, window.kernelWidth, window.strideAcross, window.padLeft, window.dilationAcross)
          body((plane * output.height + row) * output.width + column, base, rows, columns)
        }
      }
    }
  }

  /// The largest value of each window.
  ///
  /// Down first and then across: a line of column maxima serves all windows of an output row, and both steps run on many
  /// lanes. A maximum does not depend on the order.
  func largest(_ x: [Float]) -> [Float] {
    [Float](unsafeUninitializedCapacity: input.planes * output.height * output.width) { values, count in
      count = input.planes * output.height * output.width
      withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, input.width)) { line in
        x.withUnsafeBufferPointer { x in
          for plane in 0..<input.planes {
            for row in 0..<output.height {
              let rows = span(
                row, input.height, window.kernelHeight, window.strideDown, window.padTop, window.dilationDown)
              line.update(repeating: -.infinity)
              for tap in rows.first..<rows.last {
                let source = (plane * input.height + rows.start + tap * window.dilationDown) * input.width
                for column in 0..<input.width {
                  let value = x[source + column]
                  line[column] = value > line[column] ? value : line[column]
                }
              }
              across(line, into: values, from: (plane * output.height + row) * output.width)
            }
          }
        }
      }
    }
  }

  /// The largest value of each window of a line.
  @inline(__always)
  private func across(
    _ line: UnsafeMutableBufferPointer<Float>, into values: UnsafeMutableBufferPointer<Float>, from place: Int
  ) {
    values[place..<place + output.width].update(repeating: -.infinity)
    let step = window.strideAcross
    for tap in 0..<window.kernelWidth {
      let shift = tap * window.dilationAcross - window.padLeft
      let first = shift >= 0 ? 0 : (-shift + step - 1) / step
      let last = min(output.width, input.width > shift ? (input.width - shift - 1) / step + 1 : 0)
      guard first < last else { continue }
      for column in first..<last {
        let value = line[column * step + shift]
        values[place + column] = value > values[place + column] ? value : values[place + column]
      }
    }
  }

  /// The largest value of each window, and where it was found (the first of equals).
  func maxima(_ x: [Float]) -> (values: [Float], sources: [Int32]) {
    let count = input.planes * output.height * output.width
    var values = [Float](repeating: 0, count: count)
    var sources = [Int32](repeating: 0, count: count)
    x.withUnsafeBufferPointer { x in
      values.withUnsafeMutableBufferPointer { values in
        sources.withUnsafeMutableBufferPointer { sources in
          forEachWindow { index, base, rows, columns in
            var best = -Float.infinity
            var place = base
            for tapRow in rows.0..<rows.1 {
              let line = base + (rows.2 + tapRow * window.dilationDown) * input.width + columns.2
              for tap in columns.0..<columns.1 {
                let at = line + tap * window.dilationAcross
                if x[at] > best {
                  best = x[at]
                  place = at
                }
              }
            }
            values[index] = best
            sources[index] = Int32(truncatingIfNeeded: place)
          }
        }
      }
    }
    return (values, sources)
  }

  /// The mean of each window, its lines added first and then their sums; with `countsPadding` padded pixels count as
  /// zeros.
  func means(_ x: [Float], countsPadding: Bool) -> [Float] {
    var values = [Float](repeating: 0, count: input.planes * output.height * output.width)
    x.withUnsafeBufferPointer { x in
      values.withUnsafeMutableBufferPointer { values in
        forEachWindow { index, base, rows, columns in
          var sum: Float = 0
          for tapRow in rows.0..<rows.1 {
            let line = base + (rows.2 + tapRow * window.dilationDown) * input.width + columns.2
            var lineSum: Float = 0
            for tap in columns.0..<columns.1 { lineSum += x[line + tap * window.dilationAcross] }
            sum += lineSum
          }
          values[index] = sum / Float(divisor(rows, columns, countsPadding))
        }
      }
    }
    return values
  }

  /// Spreads the gradient of each mean evenly over its window.
  func spread(_ gradient: [Float], countsPadding: Bool) -> [Float] {
    var result = [Float](repeating: 0, count: input.planes * input.height * input.width)
    forEachWindow { index, base, rows, columns in
      let share = gradient[index] / Float(divisor(rows, columns, countsPadding))
      for tapRow in rows.0..<rows.1 {
        let line = base + (rows.2 + tapRow * window.dilationDown) * input.width + columns.2
        for tap in columns.0..<columns.1 { result[line + tap * window.dilationAcross] += share }
      }
    }
    return result
  }

  /// How many pixels a mean is over.
  ///
  /// Where a window hangs over the padded image (`ceil`), what lies beyond the padding never counts.
  private func divisor(_ rows: (Int, Int, Int), _ columns: (Int, Int, Int), _ countsPadding: Bool) -> Int {
    guard countsPadding else { return max(1, (rows.1 - rows.0) * (columns.1 - columns.0)) }
    func counted(_ start: Int, _ kernel: Int, _ dilation: Int, _ end: Int) -> Int {
      min(kernel, (end - start - 1) / dilation + 1)
    }
    return counted(rows.2, window.kernelHeight, window.dilationDown, input.height + window.padBottom)
      * counted(columns.2, window.kernelWidth, window.dilationAcross, input.width + window.padRight)
  }
}
