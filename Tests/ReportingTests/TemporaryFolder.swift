// A folder of a test's own, removed with it.

import Glibc
import TextFormats

final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/reporting-tests-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw FileError(.write, path: "/tmp", reason: "no temporary folder") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// Names of everything in the folder, sorted.
  var names: [String] {
    guard let listing = opendir(path) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  func text(_ name: String) throws -> String {
    String(decoding: try InputFile.bytes("\(path)/\(name)"), as: UTF8.self)
  }
}
