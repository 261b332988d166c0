// Where the reference data lies, beside the repository.

import Foundation
import TextFormats

enum Reference {
  /// `../shared/reference` as seen from the root of the repository.
  static let folder: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(4)
    return parts.joined(separator: "/") + "/shared/reference"
  }()

  static let isPresent = FileManager.default.fileExists(atPath: folder + "/net/README.md")
  static let absence = "the reference data is not there"
}
