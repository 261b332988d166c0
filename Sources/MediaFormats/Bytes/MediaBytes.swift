import Glibc
public import TextFormats

/// The bytes of one media file: a read-only memory map, or a copy of bytes in memory.
///
/// Opening costs the same for any size; pages are read when touched, so payload that nobody asks for is never read.
/// Every access is checked against the length.
public final class MediaBytes: @unchecked Sendable {
  /// Length in bytes.
  public let count: Int
  /// First byte; undefined memory is never reachable through the checked accessors.
  let base: UnsafeRawPointer
  private let isMapped: Bool

  /// Maps a file.
  ///
  /// - Throws: `FileError` if the file does not exist or cannot be read.
  public init(path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(.read, path: path, reason: "not a regular file")
    }
    count = Int(status.st_size)
    guard count > 0 else {
      base = UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
      isMapped = false
      return
    }
    guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw Self.failure(path)
    }
    base = UnsafeRawPointer(address)
    isMapped = true
  }

  /// Copies bytes.
  public init(_ bytes: [UInt8]) {
    count = bytes.count
    let copy = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 16)
    bytes.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(copy), byteCount: $0.count) }
    base = UnsafeRawPointer(copy)
    isMapped = false
  }

  deinit {
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: base), count)
    } else {
      base.deallocate()
    }
  }

  private static func failure(_ path: String) -> FileError {
    let code = errno
    let missing = code == ENOENT || code == ENOTDIR
    return FileError(missing ? .find : .read, path: path, reason: String(cString: strerror(code)))
  }

  /// A big-endian integer; the caller has checked that it lies inside.
  @inline(__always)
  func load<T: FixedWidthInteger>(_ offset: Int, as type: T.Type) -> T {
    assert(offset >= 0 && offset + MemoryLayout<T>.size <= count)
    return T(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// A copy of part of the bytes; parts outside are left out.
  public func copy(_ range: Range<Int>) -> [UInt8] {
    let inside = range.clamped(to: 0..<count)
    return [UInt8](UnsafeRawBufferPointer(start: base + inside.lowerBound, count: inside.count))
  }

  /// The bytes of a range that the caller has checked.
  @inline(__always)
  func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }
}
