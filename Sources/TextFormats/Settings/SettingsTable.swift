// Settings described once. A table lists the keys of a group of settings, and from it come the decoder with its
// messages, the JSON Schema, the resolved scenario, and the table in the documentation.

/// A group of settings: a type whose table says which keys an object in the scenario may have.
///
/// ```swift
/// extension EdgeSettings: SettingsGroup {
///   static let settings = SettingsTable<EdgeSettings>("Edge sites: caches next to the viewers.")
///     .integer("sites", \.siteCount, 1...100_000, "Number of edge sites.")
///     .bytes("disk", \.diskBytes, 1...Int64.max, "Cache of one site.")
///     .choice("policy", \.policy, "What is evicted when a cache is full.")
/// }
/// ```
///
/// Values of `init()` are the defaults. Groups nest, but not into themselves.
public protocol SettingsGroup: Sendable {
  /// The group with every setting at its default.
  init()
  /// The keys of the group.
  static var settings: SettingsTable<Self> { get }
}

/// Where a group holds the value of a setting: a key path literal such as `\.siteCount`.
public typealias SettingsPath<Group, Value> = any WritableKeyPath<Group, Value> & Sendable

/// The keys of a group of settings, in the order in which documentation lists them.
public struct SettingsTable<Group: Sendable>: Sendable {
  /// What the group is, one sentence.
  public let summary: String
  var entries: [Entry] = []
  var checks: [@Sendable (Group, SettingsPlaces) -> [InputDiagnostic]] = []

  /// One key: its description and how it is read into the group and printed from it.
  struct Entry: Sendable {
    var key: String
    var summary: String
    var shape: SettingsShape
    var isRequired = false
    var decode: @Sendable (JSONNode, inout Group, inout SettingsFindings) -> Void
    var encode: @Sendable (Group) -> JSONValue
  }

  /// An empty table.
  /// - Parameter summary: What the group is, one sentence.
  public init(_ summary: String) { self.summary = summary }

  /// Adds a key with a codec; the named methods (`integer`, `duration`, ...) are short forms of this.
  public func value<Value>(
    _ key: String, _ path: SettingsPath<Group, Value>, _ codec: SettingsCodec<Value>, _ summary: String
  ) -> SettingsTable {
    precondition(!entries.contains { $0.key == key }, "the key '\(key)' stands twice in a settings table")
    var table = self
    table.entries.append(
      Entry(
        key: key, summary: summary, shape: codec.shape,
        decode: { node, group, findings in
          if let value = codec.decode(node, group[keyPath: path], &findings) { group[keyPath: path] = value }
        },
        encode: { codec.encode($0[keyPath: path]) }))
    return table
  }

  /// Marks keys that a scenario must give; every other key has the default of `init()`.
  public func required(_ keys: String...) -> SettingsTable {
    var table = self
    for key in keys {
      guard let index = table.entries.firstIndex(where: { $0.key == key }) else {
        preconditionFailure("'\(key)' is marked as required before it is in the table")
      }
      table.entries[index].isRequired = true
    }
    return table
  }

  /// Adds a rule that concerns several keys.
  ///
  /// It runs once every key of the group has been read without a finding.
  public func check(
    _ rule: @escaping @Sendable (Group, SettingsPlaces) -> [InputDiagnostic]
  ) -> SettingsTable {
    var table = self
    table.checks.append(rule)
    return table
  }

  /// The keys without the Swift type behind them.
  var description: SettingsDescription {
    SettingsDescription(
      summary: summary,
      keys: entries.map {
        SettingsDescription.Key(name: $0.key, summary: $0.summary, shape: $0.shape, isRequired: $0.isRequired)
      })
  }

  /// All values of a group including defaults, with units.
  ///
  /// Decoding it gives the same group.
  public func resolved(_ group: Group) -> JSONValue {
    .object(entries.map { JSONValue.Member($0.key, $0.encode(group)) })
  }

  /// Reads an object into a group; keys that it leaves out keep the values that the group has.
  func decode(_ node: JSONNode, into group: inout Group, _ findings: inout SettingsFindings, isRoot: Bool = false) {
    guard case .object(let members) = node.content else {
      findings.report(node.place, "\(node.kindPhrase) stands where an object should", suggestion: "{ ... }: \(summary)")
      return
    }
    let before = findings.diagnostics.count
    for member in members {
      if let entry = entries.first(where: { $0.key == member.key }) {
        entry.decode(member.value, &group, &findings)
      } else if !(isRoot && member.key == "$schema") {
        findings.reportUnknown(member, among: entries.map(\.key))
      }
    }
    for entry in entries where entry.isRequired && !members.contains(where: { $0.key == entry.key }) {
      findings.report(node.place, "the key '\(entry.key)' is missing", suggestion: entry.summary)
    }
    guard findings.diagnostics.count == before else { return }
    let places = SettingsPlaces(node: node)
    for check in checks { findings.diagnostics += check(group, places) }
  }
}

/// Where the keys of a group were written, for rules that concern several of them.
public struct SettingsPlaces: Sendable {
  let node: JSONNode

  /// Where the value of a key stands: `cdn.edge.disk`, or `failures[0].at` for an item of a list, counted from 0.
  ///
  /// A key that was left out is placed at the object that could hold it.
  public subscript(key: String) -> InputPlace {
    var here = node
    var path = node.place.path
    for step in key.split(separator: ".") {
      let parts = step.split(separator: "[")
      path = JSONText.joined(path, String(step))
      var next = here[String(parts[0])]
      for part in parts.dropFirst() { next = next?.item(at: Int(part.dropLast()) ?? -1) }
      guard let next else {
        var place = here.place
        place.path = path
        return place
      }
      here = next
    }
    return here.place
  }

  /// A finding about the value of a key.
  public func finding(_ key: String, _ message: String, suggestion: String? = nil) -> InputDiagnostic {
    InputDiagnostic(place: self[key], message: message, suggestion: suggestion)
  }
}

/// What decoding has found wrong so far.
public struct SettingsFindings: Sendable {
  /// Every finding so far.
  public var diagnostics: [InputDiagnostic] = []
  /// Paths of all keys of the whole table (`cdn.edge.policy`), for suggestions.
  var allPaths: [String] = []

  /// Adds a finding.
  public mutating func report(_ place: InputPlace, _ message: String, suggestion: String? = nil) {
    diagnostics.append(InputDiagnostic(place: place, message: message, suggestion: suggestion))
  }

  /// An unknown key: near misses among its siblings first, then the same name anywhere in the table.
  mutating func reportUnknown(_ member: JSONMember, among siblings: [String]) {
    var suggestion = NameSuggestion.phrase(for: member.key, in: siblings)
    if suggestion == nil {
      let leaves = allPaths.map { String($0.split(separator: ".").last ?? "") }
      if let leaf = NameSuggestion.closest(to: member.key, in: leaves), let index = leaves.firstIndex(of: leaf) {
        suggestion = "did you mean '\(allPaths[index])'?"
      }
    }
    if suggestion == nil {
      let shown = siblings.prefix(12).joined(separator: ", ")
      suggestion = siblings.isEmpty ? nil : "known here: \(shown)\(siblings.count > 12 ? ", ..." : "")"
    }
    report(member.keyPlace, "unknown key '\(member.key.shortened(to: 40))'", suggestion: suggestion)
  }
}

/// Decodes scenarios.
public enum SettingsDecoder {
  /// The group that a JSON text describes.
  /// - Throws: Every finding, in the order of the input.
  public static func decode<Group: SettingsGroup>(
    _: Group.Type, from text: JSONText
  ) throws(InputError) -> Group {
    let table = Group.settings
    var findings = SettingsFindings()
    findings.allPaths = table.description.paths
    var group = Group()
    table.decode(text.root, into: &group, &findings, isRoot: true)
    guard findings.diagnostics.isEmpty else { throw InputError(inOrder(findings.diagnostics)) }
    return group
  }

  /// By line and column; findings without a line (from options) last, else in the order found.
  private static func inOrder(_ diagnostics: [InputDiagnostic]) -> [InputDiagnostic] {
    let keyed = diagnostics.enumerated().map { (index, diagnostic) in
      (diagnostic.place.line ?? .max, diagnostic.place.column ?? 0, index, diagnostic)
    }
    return keyed.sorted { ($0.0, $0.1, $0.2) < ($1.0, $1.1, $1.2) }.map(\.3)
  }
}
