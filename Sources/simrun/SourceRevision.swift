import Glibc
import TextFormats

/// The revision of the checkout that this executable was built in, as far as it can be told.
enum SourceRevision {
  /// The commit at the head of the checkout around the executable, or `unknown` for an installed one.
  static func ofThisExecutable() -> String {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let length = readlink("/proc/self/exe", &buffer, buffer.count)
    guard length > 0 else { return "unknown" }
    var folder = String(decoding: buffer[..<length], as: UTF8.self)
    while let slash = folder.lastIndex(of: "/") {
      folder = String(folder[..<slash])
      if let head = firstLine(of: "\(folder)/.git/HEAD") { return commit(head, git: "\(folder)/.git") }
    }
    return "unknown"
  }

  /// HEAD holds a commit, or `ref: refs/heads/main`, which a file or the packed references resolve.
  private static func commit(_ head: String, git: String) -> String {
    guard head.hasPrefix("ref: ") else { return head }
    let name = String(head.dropFirst(5))
    if let commit = firstLine(of: "\(git)/\(name)") { return commit }
    for line in lines(of: "\(git)/packed-refs") where line.hasSuffix(" \(name)") {
      return String(line.prefix { $0 != " " })
    }
    return "unknown"
  }

  private static func firstLine(of path: String) -> String? { lines(of: path).first }

  private static func lines(of path: String) -> [String] {
    guard let bytes = try? InputFile.bytes(path) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
