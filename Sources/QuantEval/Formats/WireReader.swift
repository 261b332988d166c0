// The wire format of protocol buffers, as far as ONNX uses it: fields of a number and one of four wire types.
// Every length is checked against what is left before anything is read or allocated.

internal import TextFormats

/// One field of a message.
struct WireField {
  /// What was on the wire.
  enum Value {
    /// Wire type 0.
    case varint(UInt64)
    /// Wire type 1.
    case fixed64(UInt64)
    /// Wire type 2: a sub-message, text, bytes or packed numbers, as a range of the file.
    case bytes(Range<Int>)
    /// Wire type 5.
    case fixed32(UInt32)
  }

  /// Field number in the message.
  let number: Int
  /// What was on the wire.
  let value: Value
  /// Where the field starts in the file, in bytes.
  let offset: Int
}

/// Reads the fields of one message one after the other.
struct WireReader {
  private let file: [UInt8]
  private let source: String
  private var position: Int
  private let end: Int
  /// Name of the message in errors: `model/graph/node`.
  let path: String

  /// A reader of a whole file.
  init(_ file: [UInt8], source: String, path: String) {
    self.init(file, 0..<file.count, source: source, path: path)
  }

  private init(_ file: [UInt8], _ range: Range<Int>, source: String, path: String) {
    self.file = file
    self.source = source
    self.path = path
    position = range.lowerBound
    end = range.upperBound
  }

  /// A reader of a sub-message or of packed numbers.
  func message(_ field: WireField, _ name: String) throws(InputError) -> WireReader {
    guard case .bytes(let range) = field.value else { throw error("\(name) is no sub-message", at: field.offset) }
    return WireReader(file, range, source: source, path: "\(path)/\(name)")
  }

  /// The next field; `nil` at the end.
  /// - Throws: `InputError` with the byte offset for a truncated or malformed field.
  mutating func next() throws(InputError) -> WireField? {
    guard position < end else { return nil }
    let offset = position
    let key = try varint()
    let number = key >> 3
    guard number >= 1, number < 1 << 29 else { throw error("\(number) is no field number", at: offset) }
    let value: WireField.Value
    switch key & 7 {
    case 0: value = .varint(try varint())
    case 1: value = .fixed64(try fixed(8))
    case 2:
      let length = try varint()
      guard length <= UInt64(end - position) else {
        throw error("field \(number) has \(length) bytes, only \(end - position) are left", at: offset)
      }
      value = .bytes(position..<position + Int(length))
      position += Int(length)
    case 5: value = .fixed32(UInt32(truncatingIfNeeded: try fixed(4)))
    case let type: throw error("field \(number) has the unknown wire type \(type)", at: offset)
    }
    return WireField(number: Int(number), value: value, offset: offset)
  }

  private mutating func varint() throws(InputError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < end else { throw error("a number is cut off", at: position) }
      let byte = file[position]
      position += 1
      if shift == 63, byte > 1 { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw error("a number is longer than 64 bits", at: position)
  }

  private mutating func fixed(_ count: Int) throws(InputError) -> UInt64 {
    guard end - position >= count else { throw error("a number of \(count) bytes is cut off", at: position) }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(file[position + index]) << UInt64(8 * index) }
    position += count
    return value
  }

  /// The bytes of a length-delimited field.
  func bytes(_ field: WireField) throws(InputError) -> ArraySlice<UInt8> {
    guard case .bytes(let range) = field.value else { throw error("bytes are wanted here", at: field.offset) }
    return file[range]
  }

  /// The text of a length-delimited field; bytes that are not UTF-8 become U+FFFD.
  func text(_ field: WireField) throws(InputError) -> String { String(decoding: try bytes(field), as: UTF8.self) }

  /// A signed 64-bit number.
  func integer(_ field: WireField) throws(InputError) -> Int64 {
    guard case .varint(let bits) = field.value else { throw error("a whole number is wanted here", at: field.offset) }
    return Int64(bitPattern: bits)
  }

  /// A 32-bit float.
  func float(_ field: WireField) throws(InputError) -> Float {
    guard case .fixed32(let bits) = field.value else { throw error("a float is wanted here", at: field.offset) }
    return Float(bitPattern: bits)
  }

  /// Appends one number, or the numbers of a packed field: writers may use either form.
  func appendIntegers(_ field: WireField, to numbers: inout [Int64]) throws(InputError) {
    guard case .bytes(let range) = field.value else {
      numbers.append(try integer(field))
      return
    }
    var packed = WireReader(file, range, source: source, path: path)
    while packed.position < packed.end { numbers.append(Int64(bitPattern: try packed.varint())) }
  }

  /// Appends one float, or the floats of a packed field.
  func appendFloats(_ field: WireField, to numbers: inout [Float]) throws(InputError) {
    guard case .bytes(let range) = field.value else {
      numbers.append(try float(field))
      return
    }
    var packed = WireReader(file, range, source: source, path: path)
    while packed.position < packed.end {
      numbers.append(Float(bitPattern: UInt32(truncatingIfNeeded: try packed.fixed(4))))
    }
  }

  /// Appends one double, or the doubles of a packed field.
  func appendDoubles(_ field: WireField, to numbers: inout [Double]) throws(InputError) {
    switch field.value {
    case .fixed64(let bits): numbers.append(Double(bitPattern: bits))
    case .bytes(let range):
      var packed = WireReader(file, range, source: source, path: path)
      while packed.position < packed.end { numbers.append(Double(bitPattern: try packed.fixed(8))) }
    default: throw error("a double is wanted here", at: field.offset)
    }
  }

  /// A finding at a byte of the file.
  func error(_ message: String, at offset: Int) -> InputError {
    InputError(InputPlace(source: source, byteOffset: UInt64(offset), path: path), message)
  }
}
