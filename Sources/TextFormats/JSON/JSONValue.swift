// JSON that simrun writes: a value to build, and one way to print it.

/// A JSON value without places, to build and to print.
///
/// ```swift
/// let row: JSONValue = ["seed": 7, "digest": "9f00c2", "mean_s": .number(0.25)]
/// print(row.text())
/// ```
public enum JSONValue: Sendable, Equatable {
  /// `null`; also what a number that is not finite prints as.
  case null
  /// `true` or `false`.
  case flag(Bool)
  /// A whole number.
  case integer(Int64)
  /// A number; printed as the shortest text that reads back as the same double.
  case number(Double)
  /// A string.
  case text(String)
  /// The items of an array.
  case array([JSONValue])
  /// The members of an object; they keep their order.
  case object([Member])

  /// One key of an object and its value.
  public struct Member: Sendable, Equatable {
    /// The key.
    public var key: String
    /// The value.
    public var value: JSONValue

    /// A member.
    public init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// The value of a member of an object; `nil` when there is none or this is no object.
  ///
  /// Setting replaces the member where it stands or appends it, setting `nil` removes it; a value that is no object
  /// becomes one.
  /// - Complexity: O(members).
  public subscript(key: String) -> JSONValue? {
    get {
      guard case .object(let members) = self else { return nil }
      return members.first { $0.key == key }?.value
    }
    set {
      var members: [Member] = []
      if case .object(let present) = self { members = present }
      let index = members.firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append(Member(key, value))
      case (nil, nil): break
      }
      self = .object(members)
    }
  }

  /// The value as JSON text.
  ///
  /// - Parameter indented: Whether members and items stand on lines of their own, two spaces a level; arrays of plain
  ///   values stay on one line either way. Without it the text has no white space at all: the canonical form, whose
  ///   bytes a checksum may be taken of.
  public func text(indented: Bool = false) -> String {
    var text = ""
    write(into: &text, indent: indented ? 0 : nil)
    return text
  }

  private func write(into text: inout String, indent: Int?) {
    switch self {
    case .null: text += "null"
    case .flag(let flag): text += flag ? "true" : "false"
    case .integer(let integer): text += String(integer)
    case .number(let number): text += number.isFinite ? NumberText.shortest(number) : "null"
    case .text(let string): Self.writeQuoted(string, into: &text)
    case .array(let items):
      let plain = items.allSatisfy(\.isPlain)
      let inner = plain ? nil : indent.map { $0 + 2 }
      text += "["
      for (index, item) in items.enumerated() {
        if index > 0 { text += indent != nil && plain ? ", " : "," }
        Self.startLine(into: &text, indent: inner)
        item.write(into: &text, indent: inner)
      }
      if !plain { Self.startLine(into: &text, indent: indent) }
      text += "]"
    case .object(let members):
      let inner = indent.map { $0 + 2 }
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += "," }
        Self.startLine(into: &text, indent: inner)
        Self.writeQuoted(member.key, into: &text)
        text += indent == nil ? ":" : ": "
        member.value.write(into: &text, indent: inner)
      }
      if !members.isEmpty { Self.startLine(into: &text, indent: indent) }
      text += "}"
    }
  }

  private var isPlain: Bool {
    switch self {
    case .array(let items): items.isEmpty
    case .object(let members): members.isEmpty
    default: true
    }
  }

  private static func startLine(into text: inout String, indent: Int?) {
    guard let indent else { return }
    text += "\n"
    text += String(repeating: " ", count: indent)
  }

  /// Appends a string in quotes with the escapes that RFC 8259 section 7 demands, and no others.
  static func writeQuoted(_ string: String, into text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..."\u{1F}":
        let hex = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .text(value) }
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// `true` or `false`.
  public init(booleanLiteral value: Bool) { self = .flag(value) }
  /// An array.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// An object with its members in the order written.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
}

/// How numbers are printed everywhere: CSV, JSON, messages.
public enum NumberText {
  /// The shortest text that reads back as the same double: `0.1`, `25`, `1e+20`; `inf`, `-inf` and `nan` for what is
  /// not finite.
  ///
  /// Never depends on the locale.
  public static func shortest(_ number: Double) -> String {
    let text = number.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
