import Foundation
import Testing

/// Scenario files spoilt in every place and in many ways: each is refused with its place, and nothing ever crashes.
@Suite("Hostile scenario files")
struct HostileScenarioTests {
  /// Values that are wrong wherever they stand.
  private static let wrongValues = [
    "{\"x\": 1}", "[[]]", "true", String(repeating: "[", count: 200) + String(repeating: "]", count: 200), "1e999",
    "-1",
    "\"\\u0000\"", "1" + String(repeating: "0", count: 400),
  ]

  /// Members of an object in order: the good scenario as a tree that keeps its order.
  private indirect enum Tree {
    case object([(key: String, value: Tree)])
    case array([Tree])
    case raw(String)

    init(_ json: Any) {
      switch json {
      case let object as [String: Any]:
        self = .object(object.keys.sorted().map { ($0, Tree(object[$0] ?? "")) })
      case let array as [Any]: self = .array(array.map { Tree($0) })
      case let text as String: self = .raw("\"\(text)\"")
      default: self = .raw("\(json)")
      }
    }

    var text: String {
      switch self {
      case .object(let members):
        "{\n" + members.map { "\"\($0.key)\": \($0.value.text)" }.joined(separator: ",\n") + "\n}"
      case .array(let items): "[" + items.map(\.text).joined(separator: ", ") + "]"
      case .raw(let text): text
      }
    }

    /// The tree with the value at a path replaced or added, and what stands around it added where it is not there.
    func setting(_ path: ArraySlice<String>, to value: Tree) -> Tree {
      guard let key = path.first else { return value }
      if key == "[]" {
        if case .array(let items) = self, let first = items.first {
          return .array([first.setting(path.dropFirst(), to: value)] + items.dropFirst())
        }
        return .array([Tree.object([]).setting(path.dropFirst(), to: value)])
      }
      guard case .object(var members) = self else { return Tree.object([]).setting(path, to: value) }
      if let index = members.firstIndex(where: { $0.key == key }) {
        members[index].value = members[index].value.setting(path.dropFirst(), to: value)
      } else {
        members.append((key, Tree.object([]).setting(path.dropFirst(), to: value)))
      }
      return .object(members)
    }

    /// The tree with one value below the root replaced, for each of them; `change` sees the old one.
    func variants(_ change: (Tree) -> Tree?, isRoot: Bool = true) -> [Tree] {
      var trees: [Tree] = []
      if !isRoot, let changed = change(self) { trees.append(changed) }
      switch self {
      case .object(let members):
        for index in members.indices {
          for value in members[index].value.variants(change, isRoot: false) {
            var copy = members
            copy[index].value = value
            trees.append(.object(copy))
          }
        }
      case .array(let items):
        for index in items.indices {
          for value in items[index].variants(change, isRoot: false) {
            var copy = items
            copy[index] = value
            trees.append(.array(copy))
          }
        }
      case .raw: break
      }
      return trees
    }
  }

  private let scratch: Scratch
  private let good: Tree

  init() throws {
    scratch = try Scratch()
    try FileManager.default.copyItem(atPath: Tool.path("scenarios/media"), toPath: "\(scratch.path)/media")
    let text = try Data(contentsOf: URL(fileURLWithPath: Tool.path("scenarios/smoke.json")))
    good = Tree(try JSONSerialization.jsonObject(with: text))
  }

  private func expectRefused(_ bytes: Data, _ number: Int) throws {
    let file = "\(scratch.path)/hostile-\(number).json"
    try bytes.write(to: URL(fileURLWithPath: file))
    let result = try Tool.call("validate", file)
    let shown = String(decoding: bytes.prefix(2_000), as: UTF8.self)
    #expect(result.status == 65, "\(result.status) \(result.errors)\n\(shown)")
    #expect(result.errors.firstMatch(of: #/hostile-\d+\.json:\d+/#) != nil, "\(result.errors)")
  }

  private func expectRefused(_ trees: [Tree], atLeast count: Int) throws {
    #expect(trees.count >= count)
    for (number, tree) in trees.enumerated() { try expectRefused(Data(tree.text.utf8), number) }
  }

  @Test("the scenario that is spoilt below is good itself")
  func control() throws {
    let file = try scratch.write(good.text, to: "good.json")
    #expect(try Tool.call("validate", file).status == 0)
    let windows = try scratch.write(good.text.replacingOccurrences(of: "\n", with: "\r\n"), to: "windows.json")
    #expect(try Tool.call("validate", windows).status == 0)
  }

  @Test("a value of the wrong type or size is refused in every place", arguments: wrongValues)
  func wrongValue(value: String) throws {
    try expectRefused(good.variants { _ in .raw(value) }, atLeast: 45)
  }

  /// Every key that the schema knows, as the path to it; `[]` stands for the items of an array.
  private static func paths(_ schema: [String: Any], below path: [String] = []) -> [[String]] {
    var found: [[String]] = []
    for (key, value) in (schema["properties"] as? [String: Any] ?? [:]).sorted(by: { $0.key < $1.key }) {
      found.append(path + [key])
      if let value = value as? [String: Any] { found += paths(value, below: path + [key]) }
    }
    if let items = schema["items"] as? [String: Any] { found += paths(items, below: path + ["[]"]) }
    for form in schema["anyOf"] as? [[String: Any]] ?? [] { found += paths(form, below: path) }
    return found
  }

  @Test("every key that the schema knows refuses what is wrong everywhere, wherever it stands")
  func everyKey() throws {
    let schema = try #require(
      try JSONSerialization.jsonObject(with: Data(try Tool.call("schema").output.utf8)) as? [String: Any])
    // What an editor reads there is nothing to simrun.
    let paths = Self.paths(schema).filter { $0 != ["$schema"] }
    #expect(paths.count >= 380)
    let wrong = Self.wrongValues.filter { !["true", "-1"].contains($0) }
    for (number, path) in paths.enumerated() {
      try expectRefused(Data(good.setting(path[...], to: .raw(wrong[number % wrong.count])).text.utf8), number)
    }
  }

  @Test("unknown keys and keys given twice are refused in every object")
  func keys() throws {
    func added(_ tree: Tree, _ member: (key: String, value: Tree)) -> Tree? {
      if case .object(let members) = tree { .object(members + [member]) } else { nil }
    }
    try expectRefused(good.variants { added($0, ("surprise", .raw("1"))) }, atLeast: 10)
    let twice = good.variants { tree in
      if case .object(let members) = tree, let first = members.first { .object(members + [first]) } else { nil }
    }
    try expectRefused(twice, atLeast: 10)
  }

  @Test("files that are cut off, or are no plain UTF-8, are refused")
  func bytes() throws {
    let text = Data(good.text.utf8)
    var files = stride(from: 0, to: text.count - 2, by: 60).map { text.prefix($0) }
    files.append(Data([0xEF, 0xBB, 0xBF]) + text)
    for place in stride(from: 5, to: text.count, by: 211) {
      var spoilt = text
      spoilt[place] = 0
      files.append(spoilt)
      spoilt[place] = 0xFF
      files.append(spoilt)
    }
    files.append(Data(String(repeating: "[", count: 100_000).utf8))
    files.append(Data("{\"a\":".utf8) + Data(String(repeating: "{\"a\":", count: 100_000).utf8))
    files.append(text + text)
    files.append(Data([0xFF, 0xFE]) + text)
    for (number, file) in files.enumerated() { try expectRefused(file, number) }
  }
}
