// The folder that a run writes into: made when missing, and held by one run at a time.

import Glibc
public import TextFormats

/// A folder of results, locked while this object lives.
///
/// The lock is an advisory lock on `.lock` inside the folder, so it ends with the process, however that ends.
public final class OutputDirectory {
  /// The path of the folder as the user gave it, without a slash at its end.
  public let path: String
  private let descriptor: Int32
  static let lockName = ".lock"

  /// Makes the folder with its parents, locks it, and removes temporary files that a killed run left behind.
  /// - Throws: `FileError` when the folder cannot be made or written, or when another run holds it.
  public init(_ path: String) throws(FileError) {
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.last == "/" { trimmed = trimmed.dropLast() }
    let folder = String(trimmed)
    try Self.make(folder)
    descriptor = try Self.lock(folder)
    self.path = folder
    removeLeftovers()
  }

  deinit {
    unlink("\(path)/\(Self.lockName)")
    close(descriptor)
  }

  /// The path of a file in the folder.
  public func path(of name: String) -> String { "\(path)/\(name)" }

  /// Opens a file of the folder; it appears with its `commit()`.
  public func file(_ name: String) throws(FileError) -> AtomicFile { try AtomicFile(path(of: name)) }

  /// Writes a whole file of the folder.
  public func write(_ text: String, to name: String) throws(FileError) {
    try AtomicFile.write(text, to: path(of: name))
  }

  /// Removes a file of the folder, if it is there.
  public func remove(_ name: String) throws(FileError) {
    guard unlink(path(of: name)) != 0, errno != ENOENT else { return }
    throw FileError(.write, path: path(of: name), reason: String(cString: strerror(errno)))
  }

  /// Whether the folder holds a file of this name.
  public func contains(_ name: String) -> Bool { access(path(of: name), F_OK) == 0 }

  /// Makes a folder inside the folder, where it is missing.
  public func makeFolder(_ name: String) throws(FileError) { try Self.make(path(of: name)) }

  /// Names of the files in a folder inside the folder, in alphabetical order; hidden files are left out.
  public func files(in name: String) -> [String] {
    guard let listing = opendir(path(of: name)) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// Makes a folder and its parents.
  static func make(_ path: String) throws(FileError) {
    var prefix = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      prefix += prefix.isEmpty || prefix.hasSuffix("/") ? "\(part)" : "/\(part)"
      if mkdir(prefix, 0o777) == 0 { continue }
      let code = errno
      var status = stat()
      if stat(prefix, &status) == 0 {
        if status.st_mode & S_IFMT == S_IFDIR { continue }
        throw FileError(.write, path: prefix, reason: "it is a file where a folder is wanted")
      }
      throw FileError(.write, path: prefix, reason: String(cString: strerror(code)))
    }
  }

  /// Takes the lock.
  ///
  /// The holder removes the file before it lets go, so after locking it must still be the one that the name leads to.
  private static func lock(_ folder: String) throws(FileError) -> Int32 {
    let path = "\(folder)/\(lockName)"
    for _ in 0..<100 {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw FileError(.write, path: folder, reason: String(cString: strerror(errno))) }
      if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
        let holder = holder(descriptor)
        close(descriptor)
        throw FileError(
          .write, path: folder,
          reason: "another run\(holder) writes into this folder; wait for it or give another --out")
      }
      var held = stat()
      var named = stat()
      if fstat(descriptor, &held) == 0, stat(path, &named) == 0, held.st_ino == named.st_ino {
        ftruncate(descriptor, 0)
        let text = Array("\(getpid())\n".utf8)
        _ = Glibc.write(descriptor, text, text.count)
        return descriptor
      }
      close(descriptor)
    }
    throw FileError(.write, path: folder, reason: "its lock changes hands too often")
  }

  private static func holder(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 20)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let digits = String(decoding: bytes.prefix(max(0, count)).prefix { $0 >= 0x30 && $0 <= 0x39 }, as: UTF8.self)
    return digits.isEmpty ? "" : " (process \(digits))"
  }

  private func removeLeftovers() {
    guard let listing = opendir(path) else { return }
    defer { closedir(listing) }
    while let entry = readdir(listing) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix("."), name.hasSuffix(AtomicFile.temporarySuffix) { unlink(self.path(of: name)) }
    }
  }
}
