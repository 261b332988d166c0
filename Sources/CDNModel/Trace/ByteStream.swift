internal import CZlib
internal import CZstd
internal import Glibc
internal import TextFormats

/// The bytes of a file, decompressed if it starts like gzip or zstd, whatever it is called.
final class ByteStream {
  private enum Codec {
    case plain
    case gzip
    case zstd
  }

  private static let chunkBytes = 1 << 18

  let path: String
  /// Bytes of the file as stored, 0 if it is no regular file.
  let fileBytes: Int64
  /// Stored bytes read so far.
  private(set) var readBytes: Int64 = 0
  private let descriptor: Int32
  private var codec = Codec.plain
  private let input: UnsafeMutablePointer<UInt8>
  private var inputStart = 0
  private var inputEnd = 0
  private var atEnd = false
  /// Whether a compressed frame is open, so that the file must not end here.
  private var insideFrame = false
  private var inflater = z_stream()
  private var inflates = false
  private var unpacker: OpaquePointer?

  /// Opens a file and looks at its first bytes.
  ///
  /// - Throws: `FileError`, or `InputError` if decompression cannot start.
  init(path: String) throws {
    self.path = path
    input = .allocate(capacity: ByteStream.chunkBytes)
    descriptor = open(path, O_RDONLY)
    var status = stat()
    if descriptor < 0 || fstat(descriptor, &status) != 0 {
      let missing = errno == ENOENT
      throw FileError(missing ? .find : .read, path: path, reason: String(cString: strerror(errno)))
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      throw FileError(.read, path: path, reason: "it is a directory")
    }
    fileBytes = Int64(status.st_size)
    try fillInput()
    let start = UnsafeBufferPointer(start: input, count: inputEnd)
    if start.starts(with: [0x1F, 0x8B]) {
      codec = .gzip
      if czlib_gunzip_start(&inflater) != Z_OK { throw damaged("gzip decompression cannot start") }
      inflates = true
    } else if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
      codec = .zstd
      unpacker = ZSTD_createDStream()
      if unpacker == nil { throw damaged("zstd decompression cannot start") }
    }
  }

  deinit {
    if inflates { inflateEnd(&inflater) }
    if let unpacker { ZSTD_freeDStream(unpacker) }
    if descriptor >= 0 { close(descriptor) }
    input.deallocate()
  }

  private func damaged(_ message: String) -> InputError {
    let offset = UInt64(max(0, readBytes - Int64(inputEnd - inputStart)))
    return InputError(InputPlace(source: path, byteOffset: offset), message)
  }

  /// Refills the input once it is used up.
  private func fillInput() throws {
    if inputStart < inputEnd || atEnd { return }
    inputStart = 0
    inputEnd = try readFile(UnsafeMutableRawBufferPointer(start: input, count: ByteStream.chunkBytes))
  }

  /// One read from the file.
  private func readFile(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var count: Int
    repeat { count = Glibc.read(descriptor, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
    if count < 0 { throw FileError(.read, path: path, reason: String(cString: strerror(errno))) }
    readBytes += Int64(count)
    atEnd = count == 0
    return count
  }

  /// Fills a buffer as far as the data goes.
  ///
  /// - Returns: number of bytes, less than the buffer holds only at the end.
  /// - Throws: `FileError` for a failed read, `InputError` for damaged or truncated compression.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count {
      if codec == .plain && inputStart == inputEnd && !atEnd {
        let count = try readFile(UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
        filled += count
        if count == 0 { break }
        continue
      }
      try fillInput()
      if atEnd {
        if insideFrame { throw damaged("the compressed data ends in the middle") }
        break
      }
      let target = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      switch codec {
      case .plain: filled += copy(into: target)
      case .gzip: filled += try inflate(into: target)
      case .zstd: filled += try unpack(into: target)
      }
    }
    return filled
  }

  private func copy(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, inputEnd - inputStart)
    buffer.copyMemory(from: UnsafeRawBufferPointer(start: input + inputStart, count: count))
    inputStart += count
    return count
  }

  private func inflate(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    inflater.next_in = input + inputStart
    inflater.avail_in = UInt32(inputEnd - inputStart)
    inflater.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    let room = UInt32(truncatingIfNeeded: min(buffer.count, 1 << 30))
    inflater.avail_out = room
    insideFrame = true
    let status = CZlib.inflate(&inflater, Z_NO_FLUSH)
    inputStart = inputEnd - Int(inflater.avail_in)
    if status == Z_STREAM_END {
      // Gzip files may hold several members one after another.
      insideFrame = false
      inflateReset(&inflater)
    } else if status != Z_OK && status != Z_BUF_ERROR {
      throw damaged("damaged gzip data")
    }
    return Int(room - inflater.avail_out)
  }

  private func unpack(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var source = ZSTD_inBuffer(src: input + inputStart, size: inputEnd - inputStart, pos: 0)
    var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
    let status = ZSTD_decompressStream(unpacker, &target, &source)
    if ZSTD_isError(status) != 0 {
      throw damaged("damaged zstd data: \(String(cString: ZSTD_getErrorName(status)))")
    }
    inputStart += source.pos
    insideFrame = status != 0
    return target.pos
  }
}
