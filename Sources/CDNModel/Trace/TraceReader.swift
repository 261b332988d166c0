internal import TextFormats

/// Reads trace files, plain or compressed, into memory.
public struct TraceReader: Sendable {
  /// The format, `.auto` to find out.
  public var format = TraceFormat.auto
  /// Columns of text traces.
  public var columns = TraceColumns()
  /// Stop after this many requests.
  public var limit: Int?
  /// Told stored bytes read and stored bytes in all, about every megabyte.
  public var progress: (@Sendable (Int64, Int64) -> Void)?

  static let bufferBytes = 1 << 18

  /// A reader that finds out the format.
  public init() {}

  /// Reads a trace.
  ///
  /// - Throws: `FileError` if the file cannot be read; `InputError` with line or byte offset for truncated, damaged or
  ///   non-numeric data, decreasing times, negative sizes, numbers out of range, and for a trace without requests.
  public func read(path: String) throws -> RequestTrace {
    let stream = try ByteStream(path: path)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: TraceReader.bufferBytes, alignment: 16)
    defer { buffer.deallocate() }
    let first = try stream.read(into: buffer)
    let start = UnsafeRawBufferPointer(rebasing: buffer[..<first])
    let detected = format == .auto ? TraceFormat.sniffed(start) : format
    let name = TraceReader.name(of: path)
    // A binary record has 24 bytes; a line of text is seldom shorter.
    let expected = Int(stream.fileBytes / 24)
    var builder = TraceBuilder(name: name, limit: limit, expectedRequests: expected)
    if detected == .oracleGeneral {
      try readBinary(stream, buffer, first, &builder)
    } else {
      var parser = TextTraceParser(path: path, columns: columns, format: detected)
      try readText(stream, buffer, first, &parser, &builder)
    }
    let trace = builder.finish()
    if trace.count == 0 {
      let skipped = trace.skippedZeroSizes > 0 ? " but \(trace.skippedZeroSizes) of size zero" : ""
      throw InputError(InputPlace(source: path), "the trace has no requests\(skipped)")
    }
    return trace
  }

  /// The file's name without directories and known endings: `cloudphysics` of `a/cloudphysics.oracleGeneral.bin.zst`.
  static func name(of path: String) -> String {
    var name = path.split(separator: "/").last.map(String.init) ?? path
    let endings = [".gz", ".zst", ".csv", ".txt", ".bin", ".oracleGeneral", ".lrb", ".tr"]
    while let ending = endings.first(where: { name.hasSuffix($0) && name.utf8.count > $0.utf8.count }) {
      name.removeLast(ending.count)
    }
    return name
  }

  private func readBinary(
    _ stream: ByteStream, _ buffer: UnsafeMutableRawBufferPointer, _ first: Int, _ builder: inout TraceBuilder
  ) throws {
    var filled = first
    var offset: UInt64 = 0
    while filled > 0 && !builder.isFull {
      var position = 0
      while position + 24 <= filled && !builder.isFull {
        let time = UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: position, as: UInt32.self))
        let key = UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: position + 4, as: UInt64.self))
        let size = UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: position + 12, as: UInt32.self))
        if let problem = builder.append(time: Double(time), key: key, bytes: Int64(size)) {
          throw InputError(InputPlace(source: stream.path, byteOffset: offset + UInt64(position)), problem)
        }
        position += 24
      }
      offset += UInt64(position)
      progress?(stream.readBytes, stream.fileBytes)
      let rest = filled - position
      if builder.isFull { return }
      if rest > 0 { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[position..<filled])) }
      let more = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[rest...]))
      if more == 0 && rest > 0 {
        let place = InputPlace(source: stream.path, byteOffset: offset)
        throw InputError(place, "the last record has \(rest) of 24 bytes")
      }
      filled = rest + more
    }
  }

  private func readText(
    _ stream: ByteStream, _ buffer: UnsafeMutableRawBufferPointer, _ first: Int, _ parser: inout TextTraceParser,
    _ builder: inout TraceBuilder
  ) throws {
    var filled = first
    while filled > 0 && !builder.isFull {
      var position = try parser.takeLines(UnsafeRawBufferPointer(rebasing: buffer[..<filled]), into: &builder)
      progress?(stream.readBytes, stream.fileBytes)
      if builder.isFull { return }
      var rest = filled - position
      if rest == buffer.count { throw parser.error("the line is longer than \(buffer.count) bytes") }
      if rest > 0 { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[position..<filled])) }
      let more = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[rest...]))
      if more == 0 && rest > 0 {
        // The last line needs no line feed; there is room for one, since the buffer is not full.
        buffer[rest] = 0x0A
        position = try parser.takeLines(UnsafeRawBufferPointer(rebasing: buffer[...rest]), into: &builder)
        rest = 0
      }
      filled = rest + more
    }
  }
}
