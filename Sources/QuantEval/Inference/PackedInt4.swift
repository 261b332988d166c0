/// Integers from -8 to 7, two in a byte, the low half first: how ONNX stores its type int4 (opset 21).
public struct PackedInt4: Sendable, Equatable {
  /// The bytes; of an odd count the last high half is zero.
  public let bytes: [UInt8]
  /// Number of integers.
  public let count: Int

  /// Packs integers.
  /// - Precondition: All lie between -8 and 7.
  public init(_ values: [Int8]) {
    precondition(values.allSatisfy { (-8...7).contains($0) }, "four bits hold -8 to 7")
    count = values.count
    var bytes = [UInt8](repeating: 0, count: (values.count + 1) / 2)
    for (index, value) in values.enumerated() {
      bytes[index / 2] |= (UInt8(bitPattern: value) & 15) << UInt8(4 * (index % 2))
    }
    self.bytes = bytes
  }

  /// The integer at an index.
  @inline(__always)
  public subscript(index: Int) -> Int8 {
    // Shifted to the top and back again, the sign follows.
    Int8(bitPattern: index.isMultiple(of: 2) ? bytes[index / 2] << 4 : bytes[index / 2] & 0xF0) >> 4
  }

  /// All integers.
  public var values: [Int8] { (0..<count).map { self[$0] } }

  /// Writes a range of the integers out as bytes.
  func unpack(_ range: Range<Int>, into target: UnsafeMutableBufferPointer<Int8>) {
    bytes.withUnsafeBufferPointer { bytes in
      guard range.lowerBound.isMultiple(of: 2), range.count.isMultiple(of: 2) else {
        for index in range { target[index - range.lowerBound] = self[index] }
        return
      }
      let first = range.lowerBound / 2
      for index in 0..<range.count / 2 {
        let byte = bytes[first + index]
        target[2 * index] = Int8(bitPattern: byte << 4) >> 4
        target[2 * index + 1] = Int8(bitPattern: byte) >> 4
      }
    }
  }
}
