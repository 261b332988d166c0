// Convolutions and dense layers in bytes: panels of weights times images of bytes, 32-bit sums.
//
// Bytes are counted from the lowest level of the input's type, which makes them unsigned as the processor's
// instructions want them: sum (q - z) w = sum (q - lowest) w - (z - lowest) sum w. Sums wrap, so what a detour through a
// larger number would overflow comes back.

internal import CIntegerKernels

/// Products of quantized inputs with panels of weights.
struct IntegerProduct {
  let panels: WeightPanels
  let input: AffineQuantizer
  /// What is added to the sum of each output channel: its bias, and what the unsigned bytes are too large by.
  let addends: [Int32]
  /// Instructions to use.
  var path = IntegerPath.best

  init(_ weights: [Int8], panels: WeightPanels, bias: [Int32], input: AffineQuantizer) {
    self.panels = panels
    self.input = input
    let depth = panels.order.channels * panels.order.taps
    let zero = Int32(input.zeroByte)
    addends = bias.indices.map { output in
      var sum: Int32 = 0
      for index in output * depth..<(output + 1) * depth { sum &+= Int32(weights[index]) }
      return bias[output] &- zero &* sum
    }
  }

  /// Sums of neighbouring lines of one output channel, the addend not yet in them.
  struct Block {
    /// The output channel.
    let channel: Int
    /// The element of the output that the first sum belongs to; of a dense layer the row.
    let first: Int
    /// Lines, which lie side by side in the output.
    let lines: Int
    /// Sums of a line.
    let width: Int
    /// Distance of the lines' sums.
    let distance: Int
    /// The first sum.
    let sums: UnsafePointer<Int32>
  }

  /// Positions whose sums are held at a time.
  private static let blockPositions = 1536

  /// Computes a convolution and shows its sums block by block, every element once.
  func convolve(_ x: UnsafePointer<Float>, _ kernel: ConvolutionKernel, _ receive: (Block) -> Void) {
    guard kernel.input.batch > 0, kernel.positions > 0 else { return }
    let order = panels.order
    let image = ByteImage(kernel, isDepthwise: panels.order.isDepthwise)
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: image.byteCount)
    let row = UnsafeMutableRawPointer.allocate(byteCount: 4 * kernel.input.width, alignment: 16)
    let room = UnsafeMutableBufferPointer<Int8>.allocate(capacity: panels.packed == nil ? 0 : panels.order.length)
    let columns = image.plane.columns
    let (height, width) = (kernel.output.height, kernel.output.width)
    // Sums of several images together, or of as many lines of one as are worth holding.
    let lines = image.batch > 1 ? height : max(1, min(height, Self.blockPositions / columns))
    let capacity = (max(image.batch * image.plane.rows, lines) * columns + 31) / 16 * 16
    let sums = UnsafeMutablePointer<Int32>.allocate(capacity: capacity * PanelOrder.width)
    defer {
      bytes.deallocate()
      row.deallocate()
      room.deallocate()
      sums.deallocate()
    }
    bytes.initialize(repeating: input.zeroByte, count: image.byteCount)
    let rowBytes = row.bindMemory(to: UInt8.self, capacity: 4 * kernel.input.width)
    for start in stride(from: 0, to: kernel.input.batch, by: image.batch) {
      let images = start..<min(kernel.input.batch, start + image.batch)
      image.fill(x, images: images, input, path: path, row: rowBytes, into: bytes)
      for panel in 0..<order.groups * order.panelsPerGroup {
        let group = panel / order.panelsPerGroup
        let channels = order.channels(ofPanel: panel % order.panelsPerGroup)
        panels.withPanel(panel, room: room) { weights in
          for top in stride(from: 0, to: height, by: lines) {
            let rows = top..<min(height, top + lines)
            let positions =
              (images.count - 1) * image.plane.rows * columns + (rows.count - 1) * columns + width
            let source = bytes + group * image.groupBytes + top * columns * image.bytesPerPosition
            multiply(source, image.offsets, weights, positions, sums, stride: capacity)
            for channel in channels {
              let own = sums + (channel - channels.lowerBound) * capacity
              for photo in images {
                let plane = own + (photo - images.lowerBound) * image.plane.rows * columns
                let output = group * order.outputs + channel
                let target = (photo * kernel.output.channels + output) * kernel.positions
                receive(
                  Block(
                    channel: output, first: target + top * width, lines: rows.count, width: width, distance: columns,
                    sums: plane))
              }
            }
          }
        }
      }
    }
  }

  private func multiply(
    _ source: UnsafePointer<UInt8>, _ offsets: [Int], _ weights: UnsafePointer<Int8>, _ positions: Int,
    _ sums: UnsafeMutablePointer<Int32>, stride: Int
  ) {
    if panels.order.isDepthwise {
      integer_depthwise_line(path.code, source, offsets, offsets.count, weights, positions, sums)
    } else {
      integer_panel_product(path.code, source, offsets, offsets.count, weights, positions, sums, stride)
    }
  }

  /// Computes a dense layer over `rows` rows; a line of sums is that of neighbouring rows.
  func dense(_ x: UnsafePointer<Float>, rows: Int, _ receive: (Block) -> Void) {
    guard rows > 0 else { return }
    let order = panels.order
    let (inputs, quads) = (order.channels, order.quads)
    let capacity = (min(rows, Self.blockPositions) + 15) / 16 * 16
    let line = UnsafeMutableRawPointer.allocate(byteCount: 4 * quads, alignment: 16)
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: 4 * quads * capacity, alignment: 64)
    let room = UnsafeMutableBufferPointer<Int8>.allocate(capacity: panels.packed == nil ? 0 : panels.order.length)
    let sums = UnsafeMutablePointer<Int32>.allocate(capacity: capacity * PanelOrder.width)
    defer {
      line.deallocate()
      bytes.deallocate()
      room.deallocate()
      sums.deallocate()
    }
    let offsets = (0..<quads).map { $0 * capacity * 4 }
    var rounding = input.rounding
    let lineBytes = line.bindMemory(to: UInt8.self, capacity: 4 * quads)
    let source = bytes.bindMemory(to: UInt8.self, capacity: 4 * quads * capacity)
    lineBytes.initialize(repeating: 0, count: 4 * quads)
    source.initialize(repeating: 0, count: 4 * quads * capacity)
    for start in stride(from: 0, to: rows, by: capacity) {
      let count = min(capacity, rows - start)
      // Inputs four by four: the layout of a convolution whose pixels are the rows.
      for row in 0..<count {
        integer_round_line(path.code, &rounding, x + (start + row) * inputs, inputs, lineBytes)
        for quad in 0..<quads {
          bytes.storeBytes(
            of: line.load(fromByteOffset: 4 * quad, as: UInt32.self), toByteOffset: 4 * (quad * capacity + row),
            as: UInt32.self)
        }
      }
      for panel in 0..<order.panelsPerGroup {
        let channels = order.channels(ofPanel: panel)
        panels.withPanel(panel, room: room) { weights in
          integer_panel_product(path.code, source, offsets, quads, weights, count, sums, capacity)
          for channel in channels {
            receive(
              Block(
                channel: channel, first: start, lines: 1, width: count, distance: capacity,
                sums: sums + (channel - channels.lowerBound) * capacity))
          }
        }
      }
    }
  }
}
