// Where the reference data lies, beside the repository.

import Foundation
import TextFormats

enum Reference {
  /// `../shared/reference/redis` as seen from the root of the repository.
  static let folder: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(4)
    return parts.joined(separator: "/") + "/shared/reference/redis"
  }()

  static let isPresent = FileManager.default.fileExists(atPath: folder + "/README.md")
  static let absence = "the reference data is not there"

  /// The rows of a CSV file with the columns named.
  static func rows(_ file: String, _ columns: [String]) throws -> [[String]] {
    var reader = try CSVReader(file: folder + "/" + file)
    let indices = try reader.header(columns)
    var rows: [[String]] = []
    while let row = try reader.next() { rows.append(indices.map { row[$0] }) }
    return rows
  }
}
