// Sliding windows over images: the geometry that convolutions and poolings share, and im2col.

/// A window of a convolution or pooling and how it moves.
public struct Window: Sendable, Hashable {
  /// Taps down.
  public var kernelHeight: Int
  /// Taps across.
  public var kernelWidth: Int
  /// Step down.
  public var strideDown: Int
  /// Step across.
  public var strideAcross: Int
  /// Rows of padding above and below.
  public var padTop: Int
  /// Rows of padding below.
  public var padBottom: Int
  /// Columns of padding on the left.
  public var padLeft: Int
  /// Columns of padding on the right.
  public var padRight: Int
  /// Distance of taps down.
  public var dilationDown: Int
  /// Distance of taps across.
  public var dilationAcross: Int

  /// A window that is the same in both directions.
  public init(kernel: Int, stride: Int = 1, pad: Int = 0, dilation: Int = 1) {
    kernelHeight = kernel
    kernelWidth = kernel
    strideDown = stride
    strideAcross = stride
    padTop = pad
    padBottom = pad
    padLeft = pad
    padRight = pad
    dilationDown = dilation
    dilationAcross = dilation
  }

  /// Whether it looks at one pixel and moves by one: a convolution with it is a plain matrix product.
  var isPointwise: Bool {
    kernelHeight == 1 && kernelWidth == 1 && strideDown == 1 && strideAcross == 1 && padTop == 0 && padBottom == 0
      && padLeft == 0 && padRight == 0
  }

  /// Extents of the output of an image; `nil` if the window does not fit or the numbers are out of range.
  ///
  /// With `ceil`, a last window that begins inside the image or its leading padding may hang over the end.
  func output(height: Int, width: Int, ceil: Bool = false) -> (height: Int, width: Int)? {
    guard
      let down = Self.positions(height, kernelHeight, strideDown, padTop, padBottom, dilationDown, ceil),
      let across = Self.positions(width, kernelWidth, strideAcross, padLeft, padRight, dilationAcross, ceil)
    else { return nil }
    return (down, across)
  }

  private static func positions(
    _ extent: Int, _ kernel: Int, _ stride: Int, _ before: Int, _ after: Int, _ dilation: Int, _ ceil: Bool
  ) -> Int? {
    let limit = 1 << 24
    guard
      (1...limit).contains(kernel), (1...limit).contains(stride), (1...limit).contains(dilation),
      (0...limit).contains(before), (0...limit).contains(after), (0...limit).contains(extent)
    else { return nil }
    let room = extent + before + after - dilation * (kernel - 1) - 1
    guard room >= 0 else { return nil }
    var count = (ceil ? room + stride - 1 : room) / stride + 1
    if ceil, (count - 1) * stride >= extent + before { count -= 1 }
    return count
  }

  /// Writes the patches of one image as a matrix of (channel, tap) x (output position), for output rows of a range.
  ///
  /// - Parameters:
  ///   - image: `channels` planes of `height` x `width`.
  ///   - columns: Room for channels * taps rows of `rows.count * outputWidth` floats.
  func unfold(
    _ image: UnsafePointer<Float>, channels: Int, height: Int, width: Int, outputWidth: Int, rows: Range<Int>,
    into columns: UnsafeMutablePointer<Float>
  ) {
    var target = columns
    for channel in 0..<channels {
      let plane = image + channel * height * width
      for tapRow in 0..<kernelHeight {
        for tapColumn in 0..<kernelWidth {
          let shift = tapColumn * dilationAcross - padLeft
          // Output columns whose tap lies inside the image.
          let first = min(outputWidth, shift >= 0 ? 0 : (-shift + strideAcross - 1) / strideAcross)
          let last = max(first, min(outputWidth, width > shift ? (width - shift - 1) / strideAcross + 1 : 0))
          for row in rows {
            let y = row * strideDown + tapRow * dilationDown - padTop
            if y < 0 || y >= height {
              target.update(repeating: 0, count: outputWidth)
            } else {
              let source = plane + y * width
              if first > 0 { target.update(repeating: 0, count: first) }
              if strideAcross == 1 {
                if last > first { (target + first).update(from: source + (first + shift), count: last - first) }
              } else {
                for column in first..<last { target[column] = source[column * strideAcross + shift] }
              }
              if last < outputWidth { (target + last).update(repeating: 0, count: outputWidth - last) }
            }
            target += outputWidth
          }
        }
      }
    }
  }

  /// Adds a matrix of patches back onto an image: the transpose of ``unfold(_:channels:height:width:outputWidth:rows:into:)``.
  func fold(
    _ columns: UnsafePointer<Float>, channels: Int, height: Int, width: Int, outputWidth: Int, rows: Range<Int>,
    onto image: UnsafeMutablePointer<Float>
  ) {
    var source = columns
    for channel in 0..<channels {
      let plane = image + channel * height * width
      for tapRow in 0..<kernelHeight {
        for tapColumn in 0..<kernelWidth {
          let shift = tapColumn * dilationAcross - padLeft
          for row in rows {
            let y = row * strideDown + tapRow * dilationDown - padTop
            if y >= 0 && y < height {
              for column in 0..<outputWidth {
                let x = column * strideAcross + shift
                if x >= 0 && x < width { plane[y * width + x] += source[column] }
              }
            }
            source += outputWidth
          }
        }
      }
    }
  }
}
