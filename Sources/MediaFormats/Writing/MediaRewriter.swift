/// Writes a file again from its decoded boxes.
///
/// Every described box goes through its fields: decoded, then encoded by the same description. Opaque boxes and
/// payload are copied. A valid file comes out byte for byte as it went in, which proves the descriptions.
public struct MediaRewriter: Sendable {
  private let source: MediaBytes
  private let tree: BoxTree

  /// Prepares to rewrite a file.
  public init(_ file: MediaFile) {
    source = file.bytes
    tree = file.tree
  }

  /// Sends the new file piece by piece to `sink`.
  ///
  /// - Throws: `MediaError` if a field cannot be encoded, or whatever the sink throws.
  public func write(to sink: (UnsafeRawBufferPointer) throws -> Void) throws {
    var position = 0
    for root in tree.roots {
      let record = tree.records[root]
      if isOpaque(root) {
        try sink(source.slice(record.range))
      } else {
        var encoder = FieldEncoder(source: source)
        try encode(root, &encoder)
        try encoder.output.withUnsafeBytes { try sink($0) }
      }
      position = record.range.upperBound
    }
    // Stray bytes after the last box belong to the file too.
    try sink(source.slice(position..<source.count))
  }

  /// The new file as bytes.
  ///
  /// - Throws: `MediaError` if a field cannot be encoded.
  public func bytes() throws -> [UInt8] {
    var output: [UInt8] = []
    try write { output += $0 }
    return output
  }

  private func isOpaque(_ index: Int) -> Bool {
    let record = tree.records[index]
    return Int(record.subtreeEnd) == index + 1 && tree.fieldType(of: index, in: source) == nil
  }

  private func encode(_ index: Int, _ encoder: inout FieldEncoder) throws(MediaError) {
    let record = tree.records[index]
    let start = encoder.output.count
    if isOpaque(index) {
      encoder.output += source.slice(record.range)
      return
    }
    // The size is filled in when the end is known.
    encoder.output += source.slice(record.offset..<record.payload.lowerBound)
    var position = record.payload.lowerBound
    let fields = tree.fieldRange(of: index)
    if let type = tree.fieldType(of: index, in: source) {
      position = try encodeFields(type, index, fields, &encoder)
    }
    encoder.output += source.slice(position..<fields.upperBound)
    position = fields.upperBound
    for child in tree.children(of: index) {
      try encode(child, &encoder)
      position = tree.records[child].range.upperBound
    }
    encoder.output += source.slice(position..<record.range.upperBound)
    patchSize(record, start, &encoder.output)
  }

  /// Decodes and encodes the fields; returns the position after them.
  private func encodeFields<B: BoxFields>(
    _ type: B.Type, _ index: Int, _ range: Range<Int>, _ encoder: inout FieldEncoder
  ) throws(MediaError) -> Int {
    var box = B()
    var decoder = FieldDecoder(source, range)
    // Boxes that lenient reading let pass although their fields cannot be read are copied as they are.
    do { try box.visit(&decoder) } catch { return range.lowerBound }
    do { try box.visit(&encoder) } catch { throw tree.located(error, at: index) }
    return decoder.position
  }

  private func patchSize(_ record: BoxRecord, _ start: Int, _ output: inout [UInt8]) {
    let size = UInt64(output.count - start)
    switch record.sizeForm {
    case .compact:
      for byte in 0..<4 { output[start + byte] = UInt8(truncatingIfNeeded: size >> UInt64(24 - byte * 8)) }
    case .large:
      for byte in 0..<8 { output[start + 8 + byte] = UInt8(truncatingIfNeeded: size >> UInt64(56 - byte * 8)) }
    case .toEnd: break
    }
  }
}
