// What settings look like, without the Swift types behind them: the common source of messages, schema and
// documentation.

/// What the value of a setting looks like in JSON.
indirect enum SettingsShape: Sendable {
  case integer(ClosedRange<Int64>)
  case number(ClosedRange<Double>)
  case quantity(QuantityKind, ClosedRange<Int64>)
  case rate(ClosedRange<Double>)
  case fraction(ClosedRange<Double>)
  case flag
  case text
  case choice([String])
  case group(@Sendable () -> SettingsDescription)
  case optional(SettingsShape, whenGiven: JSONValue)
  case list(SettingsShape, ClosedRange<Int>, item: JSONValue)
  case variant(name: String, @Sendable () -> Variants)

  /// The forms of a variant value.
  struct Variants: Sendable {
    var summary: String
    var forms: [Form]

    struct Form: Sendable {
      var name: String
      var summary: String
      var shape: SettingsShape
    }
  }

  /// For messages: `a bit rate`.
  var phrase: String {
    switch self {
    case .integer: "a whole number"
    case .number: "a number"
    case .quantity(let kind, _): "\(kind.phrase) in quotes"
    case .rate: "a rate in quotes"
    case .fraction: "a fraction"
    case .flag: "true or false"
    case .text: "text in quotes"
    case .choice: "one of a set of names"
    case .group: "an object"
    case .optional(let shape, _): "\(shape.phrase) or null"
    case .list: "an array"
    case .variant: "an object with one key"
    }
  }

  /// A value that is right, as JSON.
  var example: String {
    switch self {
    case .integer(let range): "\(range.contains(1) ? 1 : range.lowerBound)"
    case .number(let range): NumberText.shortest(range.contains(1) ? 1 : range.lowerBound)
    case .quantity(let kind, _): "\"\(kind.examples.first ?? "")\""
    case .rate: "\"\(QuantityKind.rate.examples.first ?? "")\""
    case .fraction: "0.2 or \"20%\""
    case .flag: "true"
    case .text: "\"name\""
    case .choice(let names): "\"\(names.first ?? "")\""
    case .group: "{ ... }"
    case .optional(let shape, _): shape.example
    case .list(let shape, _, _): "[\(shape.example)]"
    case .variant(_, let variants): "{\"\(variants().forms.first?.name ?? "")\": ...}"
    }
  }

  /// What is allowed, for messages and documentation: `1 to 100`, `at least 1ns`, `one of lru, sieve`; empty where
  /// there is no bound.
  var allowed: String {
    switch self {
    case .integer(let range):
      Self.bounds(range, lowest: Int64.min, highest: Int64.max) { "\($0)" }
    case .number(let range):
      Self.bounds(range, lowest: -Double.greatestFiniteMagnitude, highest: .greatestFiniteMagnitude) {
        NumberText.shortest($0)
      }
    case .quantity(let kind, let range):
      Self.bounds(range, lowest: 0, highest: kind == .clockTime ? 86_399_999_999_999 : .max) {
        Quantity.text(baseUnits: $0, kind)
      }
    case .rate(let range):
      Self.bounds(range, lowest: 0, highest: .greatestFiniteMagnitude) { Quantity.text(number: $0, .rate) }
    case .fraction(let range):
      Self.bounds(range, lowest: 0, highest: .greatestFiniteMagnitude) { NumberText.shortest($0) }
    case .choice(let names): "one of \(names.joined(separator: ", "))"
    case .optional(let shape, _): shape.allowed
    case .list(let shape, let count, _):
      [Self.countPhrase(count), shape.allowed].filter { !$0.isEmpty }.joined(separator: ", each ")
    case .variant(_, let variants): "one of \(variants().forms.map(\.name).joined(separator: ", "))"
    case .flag, .text, .group: ""
    }
  }

  private static func bounds<Bound: Comparable>(
    _ range: ClosedRange<Bound>, lowest: Bound, highest: Bound, _ text: (Bound) -> String
  ) -> String {
    switch (range.lowerBound <= lowest, range.upperBound >= highest) {
    case (true, true): ""
    case (false, true): "at least \(text(range.lowerBound))"
    case (true, false): "at most \(text(range.upperBound))"
    case (false, false): "\(text(range.lowerBound)) to \(text(range.upperBound))"
    }
  }

  /// `24 items`, `1 to 8 items`, `at most 8 items`.
  static func countPhrase(_ count: ClosedRange<Int>) -> String {
    let bound =
      count.lowerBound == count.upperBound
      ? "\(count.lowerBound)" : bounds(count, lowest: 0, highest: .max) { "\($0)" }
    return bound.isEmpty ? "" : "\(bound) items"
  }

  /// The group inside an optional or a list; `nil` for plain values.
  var innerGroup: SettingsDescription? {
    switch self {
    case .group(let description): description()
    case .optional(let shape, _), .list(let shape, _, _): shape.innerGroup
    default: nil
    }
  }
}

/// The keys of a group without the Swift type behind them.
struct SettingsDescription: Sendable {
  var summary: String
  var keys: [Key]

  struct Key: Sendable {
    var name: String
    var summary: String
    var shape: SettingsShape
    var isRequired: Bool
  }

  /// Paths of all keys, outer ones first; keys of items of lists without an index.
  var paths: [String] {
    var paths = keys.map(\.name)
    for key in keys {
      guard let inner = key.shape.innerGroup else { continue }
      paths += inner.paths.map { "\(key.name).\($0)" }
    }
    return paths
  }
}
