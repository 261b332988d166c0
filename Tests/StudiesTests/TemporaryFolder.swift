// A folder of a test's own, removed with it.

import Glibc
import TextFormats

final class TemporaryFolder {
  let path: String
  private var names: [String] = []

  init() throws {
    var template = Array("/tmp/studies-tests-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw FileError(.write, path: "/tmp", reason: "no temporary folder") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  func write(_ text: String, to name: String) throws {
    names.append(name)
    guard let file = fopen("\(path)/\(name)", "w") else {
      throw FileError(.write, path: name, reason: "it cannot be opened")
    }
    defer { fclose(file) }
    fputs(text, file)
  }
}
