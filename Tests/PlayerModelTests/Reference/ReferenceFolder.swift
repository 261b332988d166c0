// The folder of reference data beside the repository, if there is one.

import TextFormats

/// Reference data for players; tests that need it are skipped where it is absent.
enum ReferenceFolder {
  /// `<repository>/../shared/reference/`.
  static let root: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    // Tests/PlayerModelTests/Reference/ReferenceFolder.swift, and the repository itself.
    parts.removeLast(5)
    return parts.joined(separator: "/") + "/shared/reference/"
  }()

  /// Whether the data is there.
  static let isPresent = (try? InputFile.bytes(root + "abr/sabre/expected/sessions.csv")) != nil

  static func bytes(_ path: String) throws -> [UInt8] { try InputFile.bytes(root + path) }

  /// A CSV file as one dictionary a row.
  static func rows(_ path: String) throws -> [[String: String]] {
    var reader = CSVReader(bytes: try bytes(path), source: path)
    guard let header = try reader.next()?.texts else { return [] }
    var rows: [[String: String]] = []
    while let row = try reader.next() {
      rows.append(Dictionary(uniqueKeysWithValues: zip(header, row.texts)))
    }
    return rows
  }
}
