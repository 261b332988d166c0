// Files that are there whole or not at all: written under a temporary name beside the place where they belong, then
// renamed. A reader, a crash or `kill -9` never sees half of one.

import Glibc
public import TextFormats

/// A file being written.
///
/// It appears under its name only with ``commit()``.
///
/// The bytes go to a hidden file `.NAME.PID.N.partial` in the same folder; a file that is neither committed nor
/// discarded is removed when the last reference to it goes. After `kill -9` the hidden file stays; ``OutputDirectory``
/// removes such leftovers.
public final class AtomicFile {
  /// The path under which the file will appear.
  public let path: String
  let temporaryPath: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 18
  static let temporarySuffix = ".partial"

  /// Opens the temporary file.
  /// - Throws: `FileError` when the folder does not exist or may not be written.
  public init(_ path: String) throws(FileError) {
    self.path = path
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { path[...$0] } ?? ""
    let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
    guard !name.isEmpty else { throw FileError(.write, path: path, reason: "the name of the file is empty") }
    var number = 0
    while true {
      let candidate = "\(folder).\(name).\(getpid()).\(number)\(Self.temporarySuffix)"
      let opened = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if opened >= 0 {
        descriptor = opened
        temporaryPath = candidate
        break
      }
      guard errno == EEXIST, number < 1000 else {
        throw FileError(.write, path: path, reason: String(cString: strerror(errno)))
      }
      number += 1
    }
    buffer.reserveCapacity(Self.bufferSize)
  }

  deinit { discard() }

  /// Appends bytes.
  /// - Throws: `FileError` when the disk is full or fails; the file is then discarded.
  public func write(_ bytes: [UInt8]) throws(FileError) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Appends text as UTF-8.
  public func write(_ text: String) throws(FileError) {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Puts the file under its name, replacing what was there, once its bytes are on the disk.
  /// - Throws: `FileError`; the file is then discarded and what was there stays.
  public func commit() throws(FileError) {
    precondition(descriptor >= 0, "the file was committed or discarded before")
    try flush()
    guard fsync(descriptor) == 0 else { throw failed() }
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0, rename(temporaryPath, path) == 0 else {
      let error = FileError(.write, path: path, reason: String(cString: strerror(errno)))
      unlink(temporaryPath)
      throw error
    }
    Self.synchronise(folderOf: path)
  }

  /// Removes the temporary file; what was under the name stays.
  public func discard() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    unlink(temporaryPath)
  }

  private func flush() throws(FileError) {
    precondition(descriptor >= 0, "the file was committed or discarded before")
    var written = 0
    while written < buffer.count {
      let count = buffer.withUnsafeBytes { bytes in
        Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw failed()
      }
      written += count
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private func failed() -> FileError {
    let error = FileError(.write, path: path, reason: String(cString: strerror(errno)))
    discard()
    return error
  }

  /// Makes a rename survive a power cut.
  ///
  /// A file system that cannot do this for folders is left alone.
  private static func synchronise(folderOf path: String) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  /// Writes a whole file.
  public static func write(_ text: String, to path: String) throws(FileError) {
    let file = try AtomicFile(path)
    try file.write(text)
    try file.commit()
  }
}
