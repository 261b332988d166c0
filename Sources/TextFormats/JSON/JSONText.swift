// A JSON text that was read strictly (RFC 8259), and the overrides that a command line lays over it.

/// A parsed JSON text.
public struct JSONText: Sendable {
  /// Name of the input, as it appears in places.
  public let source: String
  /// The value that the text holds.
  public var root: JSONNode

  /// Deepest nesting of arrays and objects that is read.
  public static let depthLimit = 64

  /// Parses UTF-8 bytes.
  ///
  /// Strict: no comments, no trailing commas, no byte order mark, no duplicate keys, no lone surrogates, no numbers
  /// beyond the range of a double, nothing nested deeper than ``depthLimit``.
  /// - Parameters:
  ///   - bytes: The text.
  ///   - source: Name of the input in messages, usually the file name as the user gave it.
  /// - Throws: Every error found; the parser goes on after those that it can step over.
  /// - Complexity: O(bytes).
  public init(parsing bytes: [UInt8], source: String) throws(InputError) {
    var parser = JSONParser(bytes: bytes, source: source)
    root = try parser.parse()
    self.source = source
  }

  /// Parses a string; see ``init(parsing:source:)-([UInt8],_)``.
  public init(parsing text: String, source: String) throws(InputError) {
    try self.init(parsing: Array(text.utf8), source: source)
  }

  /// Reads and parses a file.
  /// - Throws: `FileError` when the file cannot be read, `InputError` when it cannot be used.
  public init(readingFile path: String) throws {
    try self.init(parsing: try InputFile.bytes(path), source: path)
  }

  /// A text around a value that is already there.
  public init(root: JSONNode, source: String) {
    self.root = root
    self.source = source
  }

  /// The value without white space and places: equal texts have equal canonical bytes.
  ///
  /// Members keep their order.
  public var canonicalText: String { root.value.text() }

  /// Lays one value over the text, as `--set cdn.edge.policy=lru` does.
  ///
  /// Objects on the way that the text leaves out are made. Whether the keys mean anything is for the settings table
  /// to say; its messages then carry `origin`.
  /// - Parameters:
  ///   - path: Keys separated by dots; items of arrays by `regions[2].share` or `regions.2.share`.
  ///   - text: The new value: JSON if it parses as JSON, else it is taken as a string.
  ///   - origin: What the user wrote, the source of the places of the new value.
  /// - Throws: A path that is malformed, leads through a value that has no members, or beyond the end of an array.
  public mutating func set(path: String, to text: String, origin: String) throws(InputError) {
    let place = InputPlace(source: origin, path: path)
    let steps = try Self.steps(of: path, place: place)
    let value: JSONNode
    if let parsed = try? JSONText(parsing: text, source: origin) {
      value = parsed.root.relocated(to: InputPlace(source: origin), under: path)
    } else {
      value = JSONNode(.text(text), at: place)
    }
    try Self.set(value, at: steps[...], in: &root, origin: origin)
  }

  private static func steps(of path: String, place: InputPlace) throws(InputError) -> [String] {
    var steps: [String] = []
    for part in path.split(separator: ".", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
      if let name = pieces.first, !name.isEmpty || pieces.count == 1 { steps.append(String(name)) }
      for piece in pieces.dropFirst() {
        guard piece.last == "]", piece.count > 1, piece.dropLast().utf8.allSatisfy(\.isDigit) else {
          throw InputError(
            place, "'\(path.shortened(to: 60))' is no path", suggestion: "items are named like regions[2].share")
        }
        steps.append(String(piece.dropLast()))
      }
    }
    guard !steps.isEmpty, !steps.contains("") else {
      throw InputError(
        place, "'\(path.shortened(to: 60))' is no path", suggestion: "keys joined by dots, like cdn.edge.policy")
    }
    guard steps.count < depthLimit else {
      throw InputError(place, "the path is nested deeper than \(depthLimit) levels")
    }
    return steps
  }

  private static func set(
    _ value: JSONNode, at steps: ArraySlice<String>, in node: inout JSONNode, origin: String
  ) throws(InputError) {
    guard let step = steps.first else {
      node = value
      return
    }
    let rest = steps.dropFirst()
    let here = node.place.path.flatMap { $0.isEmpty ? nil : $0 }
    let position = InputPlace(source: origin, path: joined(here, step))
    switch node.content {
    case .object(var members):
      let index: Int
      if let present = members.firstIndex(where: { $0.key == step }) {
        index = present
        members[index].keyPlace = rest.isEmpty ? position : members[index].keyPlace
      } else {
        members.append(JSONMember(key: step, keyPlace: position, value: JSONNode(.object([]), at: position)))
        index = members.count - 1
      }
      try set(value, at: rest, in: &members[index].value, origin: origin)
      node.content = .object(members)
    case .array(var items):
      guard let index = Int(step), items.indices.contains(index) else {
        let range = items.isEmpty ? "the array is empty" : "its items are 0 to \(items.count - 1)"
        throw InputError(position, "\(here ?? "the text") has no item '\(step.shortened(to: 40))': \(range)")
      }
      try set(value, at: rest, in: &items[index], origin: origin)
      node.content = .array(items)
    case .null, .flag, .number, .text:
      throw InputError(
        position,
        "'\(step.shortened(to: 40))' cannot be set: \(here ?? "the text") is \(node.kindPhrase), not an object")
    }
  }

  /// Path of a member or item below a path.
  static func joined(_ path: String?, _ step: String) -> String {
    guard let path, !path.isEmpty else { return step }
    return "\(path).\(step)"
  }
}

extension JSONNode {
  /// The same value as if it stood at a place of its own, paths beginning with `prefix`: for values that did not come
  /// from the file but from an option.
  func relocated(to place: InputPlace, under prefix: String) -> JSONNode {
    func move(_ old: InputPlace) -> InputPlace {
      let tail = old.path ?? ""
      let joint = tail.isEmpty || tail.hasPrefix("[") ? "" : "."
      return InputPlace(source: place.source, path: prefix + joint + tail)
    }
    var copy = self
    copy.place = move(self.place)
    switch content {
    case .array(let items): copy.content = .array(items.map { $0.relocated(to: place, under: prefix) })
    case .object(let members):
      copy.content = .object(
        members.map {
          JSONMember(
            key: $0.key, keyPlace: move($0.keyPlace), value: $0.value.relocated(to: place, under: prefix))
        })
    case .null, .flag, .number, .text: break
    }
    return copy
  }
}
