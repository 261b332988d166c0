// TensorProto: constants of a model in any of the ways in which ONNX stores them.

internal import TextFormats

/// A constant of a model; either floats or integers.
struct OnnxTensor {
  /// Element types of onnx.proto that can be read.
  enum ElementType: Int64 {
    case float = 1
    case uint8 = 2
    case int8 = 3
    case uint16 = 4
    case int16 = 5
    case int32 = 6
    case int64 = 7
    case boolean = 9
    case float16 = 10
    case double = 11
    case bfloat16 = 16
    case uint4 = 21
    case int4 = 22

    /// Bits of an element in `raw_data`.
    var bits: Int {
      switch self {
      case .uint4, .int4: 4
      case .uint8, .int8, .boolean: 8
      case .uint16, .int16, .float16, .bfloat16: 16
      case .float, .int32: 32
      case .double, .int64: 64
      }
    }

    var isFloating: Bool { [.float, .double, .float16, .bfloat16].contains(self) }

    /// The range of an integer type that quantization uses.
    var range: (Int32, Int32)? {
      switch self {
      case .uint8: (0, 255)
      case .int8: (-128, 127)
      case .uint16: (0, 65_535)
      case .int16: (-32_768, 32_767)
      case .uint4: (0, 15)
      case .int4: (-8, 7)
      default: nil
      }
    }
  }

  var name = ""
  var shape: [Int] = []
  var type = ElementType.float
  /// Elements of a floating type.
  var floats: [Float] = []
  /// Elements of an integer type.
  var integers: [Int64] = []

  /// Decodes a tensor and checks that it has as many elements as its shape says.
  init(_ message: WireReader) throws(InputError) {
    var reader = message
    var extents: [Int64] = []
    var code: Int64 = 0
    var raw: ArraySlice<UInt8>?
    var stored: (floats: [Float], doubles: [Double], small: [Int64], large: [Int64]) = ([], [], [], [])
    var offset = 0
    while let field = try reader.next() {
      switch field.number {
      case 1: try reader.appendIntegers(field, to: &extents)
      case 2:
        code = try reader.integer(field)
        offset = field.offset
      case 4: try reader.appendFloats(field, to: &stored.floats)
      case 5: try reader.appendIntegers(field, to: &stored.small)
      case 7: try reader.appendIntegers(field, to: &stored.large)
      case 8: name = try reader.text(field)
      case 9: raw = try reader.bytes(field)
      case 10: try reader.appendDoubles(field, to: &stored.doubles)
      case 13: throw reader.error("data outside the file are not supported", at: field.offset)
      default: break
      }
    }
    guard let type = ElementType(rawValue: code) else {
      throw reader.error("the element type \(code) of the tensor '\(name)' is not supported", at: offset)
    }
    self.type = type
    var count = 1
    for extent in extents {
      let (product, overflows) = count.multipliedReportingOverflow(by: Int(extent))
      guard extent >= 0, !overflows, product <= Shapes.elementLimit else {
        throw reader.error("the tensor '\(name)' has the impossible shape \(extents)", at: offset)
      }
      count = product
    }
    shape = extents.map { Int($0) }
    if let raw {
      guard raw.count == (count * type.bits + 7) / 8 else {
        throw reader.error(
          "the tensor '\(name)' of shape \(shape) has \(raw.count) bytes, \((count * type.bits + 7) / 8) are wanted",
          at: raw.startIndex)
      }
      decode(raw, count)
    } else {
      decode(stored, count)
    }
    guard (type.isFloating ? floats.count : integers.count) == count else {
      throw reader.error(
        "the tensor '\(name)' of shape \(shape) has \(type.isFloating ? floats.count : integers.count) elements",
        at: offset)
    }
  }

  /// Little-endian elements; four-bit ones lie two in a byte, the low half first.
  private mutating func decode(_ raw: ArraySlice<UInt8>, _ count: Int) {
    func word(_ index: Int) -> UInt64 {
      let bytes = type.bits / 8
      var value: UInt64 = 0
      for part in 0..<bytes { value |= UInt64(raw[raw.startIndex + index * bytes + part]) << UInt64(8 * part) }
      return value
    }
    func half(_ index: Int) -> UInt8 { raw[raw.startIndex + index / 2] >> (index.isMultiple(of: 2) ? 0 : 4) & 15 }
    switch type {
    case .float: floats = (0..<count).map { Float(bitPattern: UInt32(truncatingIfNeeded: word($0))) }
    case .double: floats = (0..<count).map { Float(Double(bitPattern: word($0))) }
    case .float16: floats = (0..<count).map { Self.half(UInt16(truncatingIfNeeded: word($0))) }
    case .bfloat16: floats = (0..<count).map { Float(bitPattern: UInt32(truncatingIfNeeded: word($0)) << 16) }
    case .uint8, .boolean, .uint16: integers = (0..<count).map { Int64(word($0)) }
    case .int8: integers = (0..<count).map { Int64(Int8(truncatingIfNeeded: word($0))) }
    case .int16: integers = (0..<count).map { Int64(Int16(truncatingIfNeeded: word($0))) }
    case .int32: integers = (0..<count).map { Int64(Int32(truncatingIfNeeded: word($0))) }
    case .int64: integers = (0..<count).map { Int64(bitPattern: word($0)) }
    case .uint4: integers = (0..<count).map { Int64(half($0)) }
    case .int4: integers = (0..<count).map { Int64(half($0)) - (half($0) > 7 ? 16 : 0) }
    }
  }

  /// Elements stored as numbers of the message instead of raw bytes.
  private mutating func decode(
    _ stored: (floats: [Float], doubles: [Double], small: [Int64], large: [Int64]), _ count: Int
  ) {
    switch type {
    case .float: floats = stored.floats
    case .double: floats = stored.doubles.map { Float($0) }
    case .float16: floats = stored.small.map { Self.half(UInt16(truncatingIfNeeded: $0)) }
    case .bfloat16: floats = stored.small.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) }
    case .int64: integers = stored.large
    case .uint4, .int4:
      let pairs = stored.small.flatMap { [$0 & 15, $0 >> 4 & 15] }
      integers = pairs.prefix(count).map { type == .int4 && $0 > 7 ? $0 - 16 : $0 }
    default: integers = stored.small
    }
  }

  /// IEEE 754 binary16.
  static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Float(bits & 1023)
    if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
    if exponent == 0 { return sign * fraction * 0x1p-24 }
    return sign * (1024 + fraction) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
  }

  /// The elements as floats, whatever they are stored as.
  var tensor: Tensor {
    Tensor(shape: shape, values: type.isFloating ? floats : integers.map { Float($0) })
  }
}
