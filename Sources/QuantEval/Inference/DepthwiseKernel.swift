// One filter a channel: a matrix product of depth 9 would spend its time on unfolding, so the taps are walked directly.

/// The arithmetic of depthwise convolutions.
///
/// The order of addition is fixed, because thresholds and grids of scales can hang on the last bits of an activation: it
/// is that of a dot product on eight lanes with fused additions, which is what libraries of linear algebra do for such a
/// filter, so that activations agree with theirs to the bit. Tap k of the leading multiple of four goes to lane
/// k mod 8 (a first odd group of four to lanes 0 to 3), lanes are added as ((0+4) + (1+5)) + ((2+6) + (3+7)), the taps
/// that are left follow one by one.
struct DepthwiseKernel {
  private let shape: ConvolutionKernel
  private let taps: Int
  /// Taps that are added on lanes; the others follow.
  private let laneTaps: Int

  init(_ shape: ConvolutionKernel) {
    self.shape = shape
    taps = shape.window.kernelHeight * shape.window.kernelWidth
    laneTaps = taps / 4 * 4
  }

  /// The lane of a tap.
  private func lane(_ tap: Int) -> Int { laneTaps % 8 == 0 ? tap % 8 : tap < 4 ? tap : (tap - 4) % 8 }

  /// a b + c, rounded once but for one case in 2^29: exact in double, then to float.
  @inline(__always)
  private static func fused(_ a: Float, _ b: Float, _ c: Float) -> Float {
    Float(Double(a) * Double(b) + Double(c))
  }

  /// Writes every output position.
  func forward(_ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, onto y: UnsafeMutablePointer<Float>) {
    let width = shape.output.width
    let lanes = UnsafeMutablePointer<Float>.allocate(capacity: 8 * max(1, width))
    defer { lanes.deallocate() }
    for plane in 0..<shape.input.batch * shape.input.channels {
      let source = x + plane * shape.input.height * shape.input.width
      let filter = weight + plane % shape.input.channels * taps
      for row in 0..<shape.output.height {
        line(row, source, filter, lanes, into: y + plane * shape.positions + row * width)
      }
    }
  }

  /// One line of the output.
  private func line(
    _ row: Int, _ source: UnsafePointer<Float>, _ filter: UnsafePointer<Float>, _ lanes: UnsafeMutablePointer<Float>,
    into target: UnsafeMutablePointer<Float>
  ) {
    let width = shape.output.width
    lanes.update(repeating: 0, count: 8 * width)
    for tap in 0..<laneTaps {
      guard let (columns, values) = reach(tap, row, source) else { continue }
      let lane = lanes + lane(tap) * width
      let step = shape.window.strideAcross
      let factor = filter[tap]
      if tap < 8 && laneTaps % 8 == 0 || tap < 4 {
        for column in columns { lane[column] = factor * values[column * step] }
      } else {
        for column in columns { lane[column] = Self.fused(factor, values[column * step], lane[column]) }
      }
    }
    let (far, near) = (lanes + 4 * width, lanes)
    for column in 0..<width {
      let first = (near[column] + far[column]) + (near[width + column] + far[width + column])
      let second =
        (near[2 * width + column] + far[2 * width + column]) + (near[3 * width + column] + far[3 * width + column])
      target[column] = first + second
    }
    for tap in laneTaps..<taps {
      guard let (columns, values) = reach(tap, row, source) else { continue }
      let step = shape.window.strideAcross
      let factor = filter[tap]
      for column in columns { target[column] = Self.fused(factor, values[column * step], target[column]) }
    }
  }

  /// The output columns whose tap lies inside the image, and where the tap of column 0 would read; `nil` for none.
  @inline(__always)
  private func reach(
    _ tap: Int, _ row: Int, _ source: UnsafePointer<Float>
  ) -> (columns: Range<Int>, values: UnsafePointer<Float>)? {
    let window = shape.window
    let y = row * window.strideDown + tap / window.kernelWidth * window.dilationDown - window.padTop
    guard y >= 0 && y < shape.input.height else { return nil }
    let shift = tap % window.kernelWidth * window.dilationAcross - window.padLeft
    let step = window.strideAcross
    let first = shift >= 0 ? 0 : (-shift + step - 1) / step
    let last = min(shape.output.width, shape.input.width > shift ? (shape.input.width - shift - 1) / step + 1 : 0)
    guard first < last else { return nil }
    return (first..<last, source + y * shape.input.width + shift)
  }
}
