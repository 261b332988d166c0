// The files of `simrun network share` and `simrun network transfer`: links, and flows across them.

public import TextFormats

/// One named problem of sharing links.
public struct SharingProblem: Sendable {
  /// A one-way link.
  public struct Link: Hashable, Sendable {
    /// Name, unique in the problem.
    public var id: String
    /// Capacity in kbit/s, zero or more.
    public var capacityKbps: Double
  }

  /// A flow across some links.
  public struct Flow: Hashable, Sendable {
    /// Name, unique in the problem.
    public var id: String
    /// Indices into `links`; distinct, may be empty if there is a cap.
    public var path: [Int]
    /// Most that the flow may get, in kbit/s.
    public var capKbps: Double?
    /// Its share relative to others, above zero.
    public var weight: Double
    /// When it starts; given for `transfer` only.
    public var startSeconds: Double?
    /// Its size in kbit; given for `transfer` only.
    public var sizeKbit: Double?
  }

  /// Name, first column of the results.
  public var name: String
  /// Links by index.
  public var links: [Link]
  /// Flows in the order of the file, which is the order of the results.
  public var flows: [Flow]

  /// Largest capacity or cap that a file may give, in kbit/s; `completionsSeconds` takes 1e12 and more for the same.
  static let largestRate = 1e15
  /// Latest start that a file may give, in seconds (about 31 years).
  static let latestStart = 1e9
  /// Largest size that a file may give, in kbit (2^40 bytes).
  static let largestSize = Double(Quanta.largestFlow) / 125

  /// Reads a file that holds one problem or an array of problems.
  ///
  /// - Parameter timed: whether flows must have `start_s` and `size_kbit`.
  /// - Throws: `FileError`, or `InputError` with everything that is wrong and its place.
  public static func read(file path: String, timed: Bool) throws -> [SharingProblem] {
    try read(JSONText(readingFile: path), timed: timed)
  }

  /// Reads parsed JSON; keys that mean nothing here are ignored, so that files may carry expectations.
  public static func read(_ text: JSONText, timed: Bool) throws(InputError) -> [SharingProblem] {
    var reader = SharingReader(isTimed: timed)
    let problems: [SharingProblem]
    if case .array(let items) = text.root.content {
      problems = items.map { reader.problem($0) }
    } else {
      problems = [reader.problem(text.root)]
    }
    guard reader.findings.isEmpty else { throw InputError(reader.findings) }
    return problems
  }
}

/// Collects every finding while it reads.
private struct SharingReader {
  let isTimed: Bool
  var findings: [InputDiagnostic] = []

  mutating func problem(_ node: JSONNode) -> SharingProblem {
    guard case .object = node.content else {
      report(node, "a problem is an object with 'links' and 'flows', not \(node.kindPhrase)")
      return SharingProblem(name: "", links: [], flows: [])
    }
    let name = node["name"] == nil ? "" : text("name", of: node)
    var indices: [String: Int] = [:]
    var links: [SharingProblem.Link] = []
    for item in items("links", of: node) {
      let link = SharingProblem.Link(
        id: text("id", of: item),
        capacityKbps: number("capacity_kbps", of: item, in: 0...SharingProblem.largestRate))
      if indices.updateValue(links.count, forKey: link.id) != nil { report(item, "link '\(link.id)' is there twice") }
      links.append(link)
    }
    var names: Set<String> = []
    let flows = items("flows", of: node).map { item in
      // determinism: links is an array here.
      let flow = self.flow(item, links: indices, linkNames: links.map(\.id))
      if !names.insert(flow.id).inserted { report(item, "flow '\(flow.id)' is there twice") }
      return flow
    }
    return SharingProblem(name: name, links: links, flows: flows)
  }

  private mutating func flow(_ node: JSONNode, links: [String: Int], linkNames: [String]) -> SharingProblem.Flow {
    var path: [Int] = []
    var crossed: Set<Int> = []
    for item in items("path", of: node) {
      guard case .text(let id) = item.content else {
        report(item, "a path holds names of links, not \(item.kindPhrase)")
        continue
      }
      guard let link = links[id] else {
        report(item, "unknown link '\(id)'", NameSuggestion.phrase(for: id, in: linkNames))
        continue
      }
      if !crossed.insert(link).inserted { report(item, "the path crosses link '\(id)' twice") }
      path.append(link)
    }
    var cap: Double?
    if let node = node["cap_kbps"] {
      if case .null = node.content {} else { cap = number(node, "cap_kbps", in: 0...SharingProblem.largestRate) }
    }
    if path.isEmpty, cap == nil, node["path"] != nil {
      report(node, "a flow without links needs 'cap_kbps': nothing else bounds its rate")
    }
    let weight = node["weight"] == nil ? 1 : number("weight", of: node, in: 1e-9...1e9)
    return SharingProblem.Flow(
      id: text("id", of: node), path: path, capKbps: cap, weight: weight,
      startSeconds: isTimed ? number("start_s", of: node, in: 0...SharingProblem.latestStart) : nil,
      sizeKbit: isTimed ? number("size_kbit", of: node, in: 0...SharingProblem.largestSize) : nil)
  }

  // MARK: - Values

  private mutating func member(_ key: String, of node: JSONNode) -> JSONNode? {
    guard case .object(let members) = node.content else {
      report(node, "expected an object with '\(key)', found \(node.kindPhrase)")
      return nil
    }
    if let value = node[key] { return value }
    let written = members.map(\.key).first { NameSuggestion.closest(to: $0, in: [key]) != nil }
    report(node, "'\(key)' is missing", written.map { "is '\($0)' meant to be '\(key)'?" })
    return nil
  }

  private mutating func items(_ key: String, of node: JSONNode) -> [JSONNode] {
    guard let value = member(key, of: node) else { return [] }
    guard case .array(let items) = value.content else {
      report(value, "'\(key)' is an array, not \(value.kindPhrase)")
      return []
    }
    return items
  }

  private mutating func text(_ key: String, of node: JSONNode) -> String {
    guard let value = member(key, of: node) else { return "" }
    guard case .text(let text) = value.content else {
      report(value, "'\(key)' is a text, not \(value.kindPhrase)")
      return ""
    }
    return text
  }

  private mutating func number(_ key: String, of node: JSONNode, in range: ClosedRange<Double>) -> Double {
    guard let value = member(key, of: node) else { return range.lowerBound }
    return number(value, key, in: range)
  }

  private mutating func number(_ node: JSONNode, _ key: String, in range: ClosedRange<Double>) -> Double {
    guard case .number(let number) = node.content else {
      report(node, "'\(key)' is a number, not \(node.kindPhrase)")
      return range.lowerBound
    }
    guard range.contains(number.double) else {
      let bound = number.double < range.lowerBound ? "at least \(range.lowerBound)" : "at most \(range.upperBound)"
      report(node, "'\(key)' is \(bound), not \(number.text)")
      return range.lowerBound
    }
    return number.double
  }

  private mutating func report(_ node: JSONNode, _ message: String, _ suggestion: String? = nil) {
    findings.append(InputDiagnostic(place: node.place, message: message, suggestion: suggestion))
  }
}
