/// Builds boxes from their descriptions: fields first, child boxes inside, the size filled in at the end.
public struct BoxBuilder: Sendable {
  private var encoder: FieldEncoder

  /// An empty buffer; `source` is the file that mapped fields refer to, if there are any.
  public init(source: MediaBytes? = nil) { encoder = FieldEncoder(source: source) }

  /// What was built so far.
  public var bytes: [UInt8] { encoder.output }

  /// Bytes built so far.
  var count: Int { encoder.output.count }

  /// Appends a box.
  ///
  /// - Throws: `MediaError` if a field does not fit its width or the box exceeds 4 GiB.
  public mutating func box(
    _ type: FourCC, _ fields: (any BoxFields)? = nil,
    _ children: (inout BoxBuilder) throws(MediaError) -> Void = { (_: inout BoxBuilder) in }
  ) throws(MediaError) {
    let start = count
    append32(0)
    append32(type.code)
    if let fields { try append(fields) }
    try children(&self)
    let size = count - start
    guard let size32 = UInt32(exactly: size) else {
      throw MediaError(.overflow, at: start, path: type.printable, "cannot write: the box exceeds 4 GiB")
    }
    for byte in 0..<4 { encoder.output[start + byte] = UInt8(truncatingIfNeeded: size32 >> UInt32(24 - byte * 8)) }
  }

  /// Appends bytes as they are, for example a box copied from another file.
  public mutating func raw(_ bytes: [UInt8]) { encoder.output += bytes }

  mutating func append32(_ value: UInt32) {
    for shift: UInt32 in [24, 16, 8, 0] { encoder.output.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  private mutating func append<B: BoxFields>(_ fields: B) throws(MediaError) {
    var copy = fields
    try copy.visit(&encoder)
  }
}

/// Table entries for boxes that are built.
struct PackedEntries {
  private(set) var bytes: [UInt8] = []

  mutating func append32(_ value: UInt32) {
    for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  var field: ByteField { .owned(bytes) }
}
