import Foundation
import MediaFormats

/// The reference media beside the repository, where they exist, and the small copies inside it.
enum ReferenceFiles {
  /// Folder of the repository, with a trailing slash.
  static let repository =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/") + "/"
  /// Folder of the reference media.
  static let folder = repository + "../shared/reference/media/"
  static let isPresent = FileManager.default.fileExists(atPath: folder + "golden")

  /// Media files that have an expected sample table or box tree, as paths relative to `folder`.
  static var goldenMedia: [String] {
    guard isPresent, let walker = FileManager.default.enumerator(atPath: folder + "golden") else { return [] }
    return walker.compactMap { $0 as? String }.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
  }

  static func json(_ path: String) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  static func object(_ path: String) throws -> [String: Any] { try json(path) as? [String: Any] ?? [:] }

  /// Path of the initialisation segment that a golden file names, next to the media file.
  static func initialization(of media: String, _ golden: [String: Any]) -> String? {
    guard let name = golden["init"] as? String else { return nil }
    return folder + (media as NSString).deletingLastPathComponent + "/" + name
  }

  static func lines(_ path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline).map(String.init)
  }
}

/// Path of a file of this repository.
func repositoryFile(_ path: String) -> String { ReferenceFiles.repository + path }

/// Compares parsed JSON; `expected` decides which keys count.
///
/// Returns the first difference as `path: a != b`.
func difference(_ expected: Any, _ actual: Any, at path: String = "") -> String? {
  switch (expected, actual) {
  case (let left as [String: Any], let right as [String: Any]):
    for key in left.keys.sorted() {
      guard let value = right[key] else { return "\(path).\(key): absent" }
      if let found = difference(left[key] ?? NSNull(), value, at: "\(path).\(key)") { return found }
    }
    return nil
  case (let left as [Any], let right as [Any]):
    guard left.count == right.count else { return "\(path): \(left.count) entries expected, \(right.count) found" }
    for (index, pair) in zip(left, right).enumerated() {
      if let found = difference(pair.0, pair.1, at: "\(path)[\(index)]") { return found }
    }
    return nil
  case (let left as NSNumber, let right as NSNumber):
    let (a, b) = (left.doubleValue, right.doubleValue)
    return a == b || abs(a - b) <= 1e-9 * max(abs(a), abs(b)) ? nil : "\(path): \(a) expected, \(b) found"
  case (let left as String, let right as String):
    return left.lowercased() == right.lowercased() ? nil : "\(path): \(left) expected, \(right) found"
  case (is NSNull, is NSNull): return nil
  default: return "\(path): \(expected) expected, \(actual) found"
  }
}
