// Images as bytes, laid out so that a tap of a filter is nothing but an offset: no patches are copied.
//
// Four channels of a pixel lie side by side, planes carry their padding, and where a window moves by more than one
// pixel the image is split by the remainder of row and column, so that the pixels which one tap meets are neighbours.

internal import CIntegerKernels

/// The arrangement of quantized images for a convolution.
struct ByteImage {
  private let kernel: ConvolutionKernel
  /// Bytes of a position: four channels, or one where filters see one channel only.
  let bytesPerPosition: Int
  /// Images laid side by side; their positions are computed as one line.
  let batch: Int
  /// Rows and columns of a plane.
  let plane: (rows: Int, columns: Int)
  /// The remainders of row and column that taps meet.
  private let phases: [(down: Int, across: Int)]
  /// Groups of channels of one group of the convolution.
  private let layers: Int
  /// For each layer and tap, in the order of ``WeightPanels``, the distance of its first pixel from the group's start.
  let offsets: [Int]

  /// Positions of single images that are worth computing together.
  private static let positionsTogether = 1536

  init(_ kernel: ConvolutionKernel, isDepthwise: Bool) {
    self.kernel = kernel
    let window = kernel.window
    bytesPerPosition = isDepthwise ? 1 : 4
    layers = isDepthwise ? 1 : (kernel.channelsPerGroup + 3) / 4
    let rows = kernel.output.height + (window.kernelHeight - 1) * window.dilationDown / window.strideDown
    let columns = kernel.output.width + (window.kernelWidth - 1) * window.dilationAcross / window.strideAcross
    plane = (rows, columns)
    let single = (kernel.output.height - 1) * columns + kernel.output.width
    let isBetterTogether = rows * columns < (single + 15) / 16 * 16
    batch =
      isBetterTogether ? max(1, min(kernel.input.batch, Self.positionsTogether / max(1, rows * columns))) : 1
    var phases: [(down: Int, across: Int)] = []
    var taps: [(phase: Int, shift: Int)] = []
    for row in 0..<window.kernelHeight {
      for column in 0..<window.kernelWidth {
        let (down, across) = (row * window.dilationDown, column * window.dilationAcross)
        let phase = (down: down % window.strideDown, across: across % window.strideAcross)
        if !phases.contains(where: { $0 == phase }) { phases.append(phase) }
        taps.append(
          (
            phases.firstIndex { $0 == phase } ?? 0,
            down / window.strideDown * columns + across / window.strideAcross
          ))
      }
    }
    self.phases = phases
    let planeBytes = batch * rows * columns * bytesPerPosition
    var offsets: [Int] = []
    for layer in 0..<layers {
      for tap in taps {
        offsets.append((layer * phases.count + tap.phase) * planeBytes + tap.shift * bytesPerPosition)
      }
    }
    self.offsets = offsets
  }

  private var planeBytes: Int { batch * plane.rows * plane.columns * bytesPerPosition }
  /// Bytes of a group of channels.
  var groupBytes: Int { layers * phases.count * planeBytes }
  /// Bytes of all, and what kernels may read beyond the last position.
  var byteCount: Int { kernel.group * groupBytes + 64 }

  /// Rounds images into an arrangement whose padding is already filled in.
  /// - Parameters:
  ///   - x: All images [N, C, H, W].
  ///   - images: Which of them; at most ``batch``.
  ///   - row: Room for four bytes for every column of the image.
  func fill(
    _ x: UnsafePointer<Float>, images: Range<Int>, _ input: AffineQuantizer, path: IntegerPath,
    row: UnsafeMutablePointer<UInt8>, into target: UnsafeMutablePointer<UInt8>
  ) {
    let channels = bytesPerPosition == 1 ? 1 : 4
    let area = kernel.input.height * kernel.input.width
    for image in images {
      for group in 0..<kernel.group {
        for layer in 0..<layers {
          let first = layer * channels
          let count = min(channels, kernel.channelsPerGroup - first)
          let source = x + (image * kernel.input.channels + group * kernel.channelsPerGroup + first) * area
          let place =
            target + group * groupBytes + layer * phases.count * planeBytes
            + (image - images.lowerBound) * plane.rows * plane.columns * bytesPerPosition
          fill(source, count, area, input, path, row, place)
        }
      }
    }
  }

  /// Rounds up to four planes of an image.
  private func fill(
    _ source: UnsafePointer<Float>, _ channels: Int, _ area: Int, _ input: AffineQuantizer, _ path: IntegerPath,
    _ row: UnsafeMutablePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>
  ) {
    let window = kernel.window
    let (height, width) = (kernel.input.height, kernel.input.width)
    var rounding = input.rounding
    func round(_ line: UnsafePointer<Float>, _ count: Int, _ bytes: UnsafeMutablePointer<UInt8>) {
      if bytesPerPosition == 1 {
        integer_round_line(path.code, &rounding, line, count, bytes)
      } else {
        integer_round_quads(path.code, &rounding, line, area, channels, count, bytes)
      }
    }
    if window.isPointwise { return round(source, area, target) }
    for y in 0..<height {
      let (down, planeRow) = ((y + window.padTop) % window.strideDown, (y + window.padTop) / window.strideDown)
      guard planeRow < plane.rows, phases.contains(where: { $0.down == down }) else { continue }
      let line = target + planeRow * plane.columns * bytesPerPosition
      if window.strideAcross == 1 {
        guard let phase = phases.firstIndex(where: { $0.down == down }), window.padLeft < plane.columns else {
          continue
        }
        let count = min(width, plane.columns - window.padLeft)
        round(source + y * width, count, line + phase * planeBytes + window.padLeft * bytesPerPosition)
        continue
      }
      round(source + y * width, width, row)
      for (index, phase) in phases.enumerated() where phase.down == down {
        spread(row, phase.across, onto: line + index * planeBytes)
      }
    }
  }

  /// Picks the columns of one remainder from a line of bytes.
  private func spread(
    _ row: UnsafeMutablePointer<UInt8>, _ across: Int, onto line: UnsafeMutablePointer<UInt8>
  ) {
    let step = kernel.window.strideAcross
    // Column i of the phase is column i step + across - padLeft of the image.
    let shift = across - kernel.window.padLeft
    let first = shift >= 0 ? 0 : (-shift + step - 1) / step
    let last = min(plane.columns, kernel.input.width > shift ? (kernel.input.width - shift - 1) / step + 1 : 0)
    guard first < last else { return }
    if bytesPerPosition == 1 {
      for column in first..<last { line[column] = row[column * step + shift] }
    } else {
      let (source, target) = (UnsafeRawPointer(row), UnsafeMutableRawPointer(line))
      for column in first..<last {
        let pixel = source.load(fromByteOffset: 4 * (column * step + shift), as: UInt32.self)
        target.storeBytes(of: pixel, toByteOffset: 4 * column, as: UInt32.self)
      }
    }
  }
}
