/// Appends fields to a buffer.
struct FieldEncoder: FieldCoder {
  /// The file that `ByteField.mapped` values refer to.
  let source: MediaBytes?
  var output: [UInt8]

  init(source: MediaBytes? = nil, output: [UInt8] = []) {
    self.source = source
    self.output = output
  }

  var isDecoding: Bool { false }
  var remaining: Int { 0 }

  mutating func unsigned(_ name: StaticString, _ value: inout UInt64, width: Int) throws(MediaError) {
    guard width == 8 || value >> UInt64(width * 8) == 0 else {
      throw refuse(.overflow, "\(name) = \(value) does not fit \(width) bytes")
    }
    for index in stride(from: width - 1, through: 0, by: -1) {
      output.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8)))
    }
  }

  mutating func bytes(_ name: StaticString, _ value: inout ByteField, count: Int) throws(MediaError) {
    guard value.count == count else {
      throw refuse(.count, "\(name) holds \(value.count) bytes where its counts promise \(count)")
    }
    switch value {
    case .owned(let bytes): output += bytes
    case .mapped(let offset, let length):
      guard let source else { throw refuse(.missing, "\(name) refers to a file that is not given") }
      output += source.slice(offset..<offset + length)
    }
  }

  mutating func terminated(_ name: StaticString, _ value: inout ByteField) throws(MediaError) {
    try bytes(name, &value, count: value.count)
    output.append(0)
  }

  mutating func violation(_ message: @autoclosure () -> String) {}

  func refuse(_ fault: MediaError.Fault, _ message: String) -> MediaError {
    MediaError(fault, at: output.count, "cannot write: " + message)
  }
}

/// Measures fields without writing them.
struct FieldSizer: FieldCoder {
  private(set) var size = 0
  var isDecoding: Bool { false }
  var remaining: Int { 0 }

  mutating func unsigned(_ name: StaticString, _ value: inout UInt64, width: Int) { size += width }
  mutating func bytes(_ name: StaticString, _ value: inout ByteField, count: Int) { size += count }
  mutating func terminated(_ name: StaticString, _ value: inout ByteField) { size += value.count + 1 }
  mutating func violation(_ message: @autoclosure () -> String) {}
  func refuse(_ fault: MediaError.Fault, _ message: String) -> MediaError { MediaError(fault, at: size, message) }
}

/// Lists fields as name and text, in file order.
struct FieldPrinter: FieldCoder {
  /// Bytes of a field that are shown before it is cut.
  static let shownBytes = 32
  let source: MediaBytes?
  private(set) var fields: [(name: String, value: String)] = []
  var isDecoding: Bool { false }
  var remaining: Int { 0 }

  init(source: MediaBytes?) { self.source = source }

  mutating func unsigned(_ name: StaticString, _ value: inout UInt64, width: Int) {
    fields.append(("\(name)", "\(value)"))
  }

  mutating func bytes(_ name: StaticString, _ value: inout ByteField, count: Int) {
    var shown = value
    if case .mapped(let offset, let length) = value {
      shown = .mapped(offset: offset, count: min(length, Self.shownBytes))
    }
    let bytes = source.map { shown.copy(from: $0) } ?? []
    let hexadecimal = bytes.prefix(Self.shownBytes).map { hexadecimalText(of: $0) }.joined()
    fields.append(("\(name)", hexadecimal + (value.count > Self.shownBytes ? "... (\(value.count) bytes)" : "")))
  }

  mutating func terminated(_ name: StaticString, _ value: inout ByteField) {
    fields.append(("\(name)", source.map { value.text(from: $0) } ?? ""))
  }

  mutating func violation(_ message: @autoclosure () -> String) {}
  func refuse(_ fault: MediaError.Fault, _ message: String) -> MediaError { MediaError(fault, at: 0, message) }
}

/// Two lower-case hexadecimal digits.
func hexadecimalText(of byte: UInt8) -> String {
  let text = String(byte, radix: 16)
  return byte < 16 ? "0" + text : text
}

extension BoxFields {
  /// Size of the fields in bytes, without the box header.
  public var encodedSize: Int {
    var copy = self
    var sizer = FieldSizer()
    // A sizer refuses nothing.
    try? copy.visit(&sizer)
    return sizer.size
  }

  /// Field names and values in file order.
  public func printed(source: MediaBytes?) -> [(name: String, value: String)] {
    var copy = self
    var printer = FieldPrinter(source: source)
    try? copy.visit(&printer)
    return printer.fields
  }
}
