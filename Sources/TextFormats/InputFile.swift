// Reading whole input files.

import Glibc

/// Input files, read whole.
public enum InputFile {
  /// The bytes of a file; `-` stands for the standard input.
  /// - Throws: `FileError` with `find` for a missing file (exit status 66), `read` for all else (74).
  public static func bytes(_ path: String) throws(FileError) -> [UInt8] {
    let standardInput = path == "-"
    let descriptor = standardInput ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    defer { if !standardInput { close(descriptor) } }
    var status = stat()
    var bytes: [UInt8] = []
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
      bytes.reserveCapacity(Int(status.st_size))
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw failure(path)
      }
      if count == 0 { return bytes }
      bytes.append(contentsOf: buffer[..<count])
    }
  }

  /// What `errno` says about a file that was opened or read.
  static func failure(_ path: String) -> FileError {
    let code = errno
    let operation: FileError.Operation = code == ENOENT || code == ENOTDIR ? .find : .read
    return FileError(operation, path: path, reason: String(cString: strerror(code)))
  }
}
