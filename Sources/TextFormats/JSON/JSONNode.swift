// The tree that the strict JSON parser builds: every value and every key knows where it stands in the input, so that
// whatever is found wrong with it later can still be shown to the person who wrote it.

/// A JSON value with the place where it was written.
public struct JSONNode: Sendable {
  /// What was written.
  public var content: Content
  /// Where the value starts: line, column, and the path from the root (`cdn.edge[2].policy`).
  public var place: InputPlace

  /// The six kinds of JSON value.
  public enum Content: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case flag(Bool)
    /// A number, with its exact text.
    case number(JSONNumber)
    /// A string without its quotes and escapes.
    case text(String)
    /// The items of an array.
    case array([JSONNode])
    /// The members of an object in the order of the input; keys are distinct.
    case object([JSONMember])
  }

  /// A value at a place.
  public init(_ content: Content, at place: InputPlace) {
    self.content = content
    self.place = place
  }

  /// What stands here, for messages: `the number 12`, `an object`, `the text 'lru'`.
  public var kindPhrase: String {
    switch content {
    case .null: "null"
    case .flag(let flag): "\(flag)"
    case .number(let number): "the number \(number.text.shortened(to: 40))"
    case .text(let text): "the text '\(text.shortened(to: 40))'"
    case .array(let items): items.isEmpty ? "an empty array" : "an array of \(items.count)"
    case .object: "an object"
    }
  }

  /// The member of an object with this key; `nil` when there is none or this is no object.
  /// - Complexity: O(members).
  public subscript(key: String) -> JSONNode? {
    guard case .object(let members) = content else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// An item of an array, counted from 0; `nil` where there is none.
  func item(at index: Int) -> JSONNode? {
    guard case .array(let items) = content, items.indices.contains(index) else { return nil }
    return items[index]
  }

  /// The same value without places.
  public var value: JSONValue {
    switch content {
    case .null: .null
    case .flag(let flag): .flag(flag)
    case .number(let number): number.integer.map { .integer($0) } ?? .number(number.double)
    case .text(let text): .text(text)
    case .array(let items): .array(items.map(\.value))
    case .object(let members): .object(members.map { JSONValue.Member($0.key, $0.value.value) })
    }
  }
}

/// One key of an object and its value.
public struct JSONMember: Sendable {
  /// The key without quotes and escapes.
  public var key: String
  /// Where the key starts.
  public var keyPlace: InputPlace
  /// The value after the colon.
  public var value: JSONNode

  /// A member.
  public init(key: String, keyPlace: InputPlace, value: JSONNode) {
    self.key = key
    self.keyPlace = keyPlace
    self.value = value
  }
}

/// A JSON number: the text as written, and what it means.
public struct JSONNumber: Sendable, Equatable {
  /// The number exactly as written, for example `2.50e3`.
  public let text: String
  /// The nearest double; always finite.
  public let double: Double
  /// The value as an integer if it is exactly one and fits (`2.50e3` is 2500).
  public let integer: Int64?

  /// The number that a text means; `nil` for a text that is no JSON number or beyond the range of a double.
  public init?(_ text: String) {
    guard Self.isNumber(text.utf8), let double = Double(text), double.isFinite else { return nil }
    self.text = text
    self.double = double
    integer = ExactDecimal(text.utf8)?.exactInteger
  }

  /// Whether bytes follow the number grammar of RFC 8259 section 6.
  static func isNumber(_ bytes: some Collection<UInt8>) -> Bool {
    var rest = bytes[...]
    if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
    let whole = rest.prefix(while: \.isDigit)
    guard !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else { return false }
    rest = rest[whole.endIndex...]
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      let fraction = rest.prefix(while: \.isDigit)
      guard !fraction.isEmpty else { return false }
      rest = rest[fraction.endIndex...]
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
      guard !rest.isEmpty, rest.allSatisfy(\.isDigit) else { return false }
      return true
    }
    return rest.isEmpty
  }
}

extension UInt8 {
  /// Whether this is an ASCII digit.
  var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

  /// Whether this is an ASCII letter.
  var isLetter: Bool {
    let lower = self | 0x20
    return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
  }
}

extension String {
  /// The text itself, or its first `limit` characters and an ellipsis, with control characters made visible: messages
  /// stay one line however hostile the input.
  func shortened(to limit: Int) -> String {
    var text = ""
    var count = 0
    for scalar in unicodeScalars {
      if count == limit { return text + "..." }
      if scalar.value < 0x20 || scalar.value == 0x7F {
        text += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        text.unicodeScalars.append(scalar)
      }
      count += 1
    }
    return text
  }
}
