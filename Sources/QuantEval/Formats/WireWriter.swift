/// Writes messages in the wire format of protocol buffers.
struct WireWriter {
  /// What was written.
  private(set) var bytes: [UInt8] = []

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func key(_ number: Int, _ type: UInt64) { varint(UInt64(number) << 3 | type) }

  /// A whole number; negative ones take ten bytes.
  mutating func integer(_ number: Int, _ value: Int64) {
    key(number, 0)
    varint(UInt64(bitPattern: value))
  }

  /// A 32-bit float.
  mutating func float(_ number: Int, _ value: Float) {
    key(number, 5)
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
    }
  }

  /// Text or bytes.
  mutating func data(_ number: Int, _ value: some Collection<UInt8>) {
    key(number, 2)
    varint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  /// Text.
  mutating func text(_ number: Int, _ value: String) { data(number, value.utf8) }

  /// A sub-message.
  mutating func message(_ number: Int, _ body: (inout WireWriter) -> Void) {
    var inner = WireWriter()
    body(&inner)
    data(number, inner.bytes)
  }
}
