internal import CZlib
internal import CZstd

/// How the bytes of a trace file are packed.
public enum TraceCompression: String, Sendable, CaseIterable {
  /// Not at all.
  case plain
  /// gzip.
  case gzip = "gz"
  /// Zstandard.
  case zstd = "zst"

  /// By the ending of a file name: `.gz`, `.zst`, else plain.
  public init(fileName: String) {
    self = fileName.hasSuffix(".gz") ? .gzip : fileName.hasSuffix(".zst") ? .zstd : .plain
  }
}

/// Packs the bytes of a trace file as they come; equal bytes always give equal files.
public final class TraceCompressor {
  private let compression: TraceCompression
  private var deflater = z_stream()
  private var packer: OpaquePointer?
  private var chunk = [UInt8](repeating: 0, count: 1 << 18)

  /// A compressor at its default level.
  ///
  /// - Throws: `PolicyFailure` if there is no memory for it.
  public init(_ compression: TraceCompression) throws(PolicyFailure) {
    self.compression = compression
    switch compression {
    case .plain: break
    case .gzip: if czlib_gzip_start(&deflater) != Z_OK { throw PolicyFailure("gzip compression cannot start") }
    case .zstd:
      packer = ZSTD_createCStream()
      if packer == nil { throw PolicyFailure("zstd compression cannot start") }
    }
  }

  deinit {
    if compression == .gzip { deflateEnd(&deflater) }
    if let packer { ZSTD_freeCStream(packer) }
  }

  /// Takes more bytes; returns what is ready for the file.
  public func add(_ bytes: [UInt8]) -> [UInt8] { pack(bytes, last: false) }

  /// Ends the data; returns the rest of the file.
  public func finish() -> [UInt8] { pack([], last: true) }

  private func pack(_ bytes: [UInt8], last: Bool) -> [UInt8] {
    switch compression {
    case .plain: bytes
    case .gzip: deflate(bytes, last ? Z_FINISH : Z_NO_FLUSH)
    case .zstd: compress(bytes, last ? ZSTD_e_end : ZSTD_e_continue)
    }
  }

  private func deflate(_ bytes: [UInt8], _ flush: Int32) -> [UInt8] {
    var packed: [UInt8] = []
    var input = bytes
    input.withUnsafeMutableBufferPointer { input in
      deflater.next_in = input.baseAddress
      deflater.avail_in = UInt32(input.count)
      var isFull = true
      while isFull {
        chunk.withUnsafeMutableBufferPointer { chunk in
          deflater.next_out = chunk.baseAddress
          deflater.avail_out = UInt32(chunk.count)
          _ = CZlib.deflate(&deflater, flush)
          isFull = deflater.avail_out == 0
          packed.append(contentsOf: chunk[..<(chunk.count - Int(deflater.avail_out))])
        }
      }
    }
    return packed
  }

  private func compress(_ bytes: [UInt8], _ mode: ZSTD_EndDirective) -> [UInt8] {
    var packed: [UInt8] = []
    bytes.withUnsafeBufferPointer { input in
      var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
      var isOpen = true
      while isOpen {
        chunk.withUnsafeMutableBufferPointer { chunk in
          var target = ZSTD_outBuffer(dst: chunk.baseAddress, size: chunk.count, pos: 0)
          let left = ZSTD_compressStream2(packer, &target, &source, mode)
          packed.append(contentsOf: chunk[..<target.pos])
          isOpen = mode == ZSTD_e_end ? left != 0 : source.pos < source.size
        }
      }
    }
    return packed
  }
}
