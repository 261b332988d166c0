// Where the models, the digits and the expected results lie.

import TextFormats

@testable import QuantEval

/// Files of this repository and, where it is there, of the reference folder beside it.
enum ReferenceFiles {
  private static let repository: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()

  static let fixtures = repository + "/Tests/Fixtures/quant/"

  /// `../shared/reference/quant/` as seen from the repository.
  static let folder: String = {
    repository.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      + "/shared/reference/quant/"
  }()

  static let isPresent = (try? InputFile.bytes(folder + "README.md")) != nil

  static func model(_ name: String) throws -> Network { try OnnxReader.network(file: fixtures + name + ".onnx") }

  static func digits(_ split: String, for network: Network) throws -> DataRows {
    try DataRows(
      csv: fixtures + "digits.csv",
      DataRows.Columns(features: ("p0", "p63"), label: "label", scale: 1.0 / 16, split: split),
      rowShape: network.inputShape)
  }

  static func expected(_ name: String) throws -> JSONNode {
    try JSONText(readingFile: folder + "expected/" + name).root
  }

  static func array(_ name: String) throws -> NumpyArray { try NumpyArray.read(folder + "expected/" + name) }
}

extension JSONNode {
  /// The number that stands here.
  var double: Double? {
    if case .number(let number) = content { return number.double }
    return nil
  }

  var text: String? {
    if case .text(let text) = content { return text }
    return nil
  }

  var items: [JSONNode] {
    if case .array(let items) = content { return items }
    return []
  }

  var members: [JSONMember] {
    if case .object(let members) = content { return members }
    return []
  }

  /// A number below a key.
  func double(_ key: String) -> Double? { self[key]?.double }

  /// The numbers of an array below a key.
  func doubles(_ key: String) -> [Double] { self[key]?.items.compactMap(\.double) ?? [] }
}
