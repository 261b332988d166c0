// The weights of an integer layer in the order in which the kernels read them.

internal import CIntegerKernels

/// How weights [groups * outputs, channels, taps] are cut into panels.
///
/// A panel holds, for each group of four input channels and each tap, four weights of eight output channels side by
/// side; what is missing to four and eight is zero. Where filters see one channel only, a panel is one filter.
struct PanelOrder {
  /// Output channels of a panel.
  static let width = Int(INTEGER_PANEL_CHANNELS)

  /// Groups of the convolution.
  let groups: Int
  /// Output channels of a group.
  let outputs: Int
  /// Input channels of a group.
  let channels: Int
  /// Taps of a filter.
  let taps: Int
  /// Whether panels are single filters over one channel.
  let isDepthwise: Bool

  /// The order for a layer with weights of a shape.
  init(_ shape: [Int], groups: Int, isConvolution: Bool) {
    self.groups = groups
    outputs = shape[0] / groups
    channels = shape[1]
    taps = shape.dropFirst(2).reduce(1, *)
    isDepthwise = isConvolution && channels == 1 && outputs < 4
  }

  /// Groups of four input channels, times taps; the depth of a panel.
  var quads: Int { (channels + 3) / 4 * taps }
  /// Panels of a group.
  var panelsPerGroup: Int { isDepthwise ? outputs : (outputs + Self.width - 1) / Self.width }
  /// Weights of a panel.
  var length: Int { isDepthwise ? taps : quads * Self.width * 4 }

  /// The output channels of a panel, counted in its group.
  func channels(ofPanel panel: Int) -> Range<Int> {
    isDepthwise ? panel..<panel + 1 : panel * Self.width..<min(outputs, (panel + 1) * Self.width)
  }

  /// Calls `body` for every weight in its own order, with its place in the panels.
  func forEachPlace(_ body: (Int) -> Void) {
    for output in 0..<groups * outputs {
      let (group, own) = (output / outputs, output % outputs)
      let panel = (group * panelsPerGroup + own / Self.width) * length
      for channel in 0..<channels {
        for tap in 0..<taps {
          body(
            isDepthwise
              ? output * taps + tap
              : panel + ((channel / 4 * taps + tap) * Self.width + own % Self.width) * 4 + channel % 4)
        }
      }
    }
  }
}

/// Weights in panels; those of at most 4 bits stay two in a byte until their panel is used.
struct WeightPanels {
  /// The order.
  let order: PanelOrder
  /// Weights of at most 4 bits.
  let packed: PackedInt4?
  private let bytes: [Int8]

  /// Arranges weights.
  init(_ weights: [Int8], _ order: PanelOrder, isNarrow: Bool) {
    self.order = order
    var arranged = [Int8](repeating: 0, count: order.groups * order.panelsPerGroup * order.length)
    var index = 0
    arranged.withUnsafeMutableBufferPointer { arranged in
      order.forEachPlace { place in
        arranged[place] = weights[index]
        index += 1
      }
    }
    packed = isNarrow ? PackedInt4(arranged) : nil
    bytes = isNarrow ? [] : arranged
  }

  /// The weights in their own order [groups * outputs, channels, taps].
  var weights: [Int8] {
    var result: [Int8] = []
    order.forEachPlace { result.append(packed?[$0] ?? bytes[$0]) }
    return result
  }

  /// Shows a panel, unpacked into `room` where it has to be.
  func withPanel(
    _ index: Int, room: UnsafeMutableBufferPointer<Int8>, _ body: (UnsafePointer<Int8>) -> Void
  ) {
    let length = order.length
    if let packed {
      packed.unpack(index * length..<(index + 1) * length, into: room)
      if let start = room.baseAddress { body(UnsafePointer(start)) }
    } else {
      bytes.withUnsafeBufferPointer { if let start = $0.baseAddress { body(start + index * length) } }
    }
  }
}
