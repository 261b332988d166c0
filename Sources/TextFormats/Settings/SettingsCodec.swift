// How single values are read from a scenario and printed into it. Each codec knows its shape, which is what the JSON
// Schema and the documentation show.

/// Reads and prints the value of a setting.
public struct SettingsCodec<Value: Sendable>: Sendable {
  /// What the value looks like in JSON.
  var shape: SettingsShape
  /// Reads a value; the second argument is the default.
  ///
  /// `nil` after a finding was reported.
  var decode: @Sendable (JSONNode, Value, inout SettingsFindings) -> Value?
  var encode: @Sendable (Value) -> JSONValue

  /// The codec of another type that holds the same value, for example a duration type around nanoseconds.
  public func map<Other: Sendable>(
    _ make: @escaping @Sendable (Value) -> Other, _ take: @escaping @Sendable (Other) -> Value
  ) -> SettingsCodec<Other> {
    SettingsCodec<Other>(
      shape: shape,
      decode: { node, current, findings in decode(node, take(current), &findings).map(make) },
      encode: { encode(take($0)) })
  }

  /// A value that may be absent: `null`, or the key left out where the default is `nil`.
  /// - Parameters:
  ///   - codec: The codec of the value when it is given.
  ///   - initial: The default that a nested value starts from when none stands there yet.
  public static func optional<Inner: Sendable>(
    _ codec: SettingsCodec<Inner>, initial: Inner
  ) -> SettingsCodec where Value == Inner? {
    SettingsCodec(
      shape: .optional(codec.shape, whenGiven: codec.encode(initial)),
      decode: { node, current, findings in
        if case .null = node.content { return .some(nil) }
        return codec.decode(node, current ?? initial, &findings).map { .some($0) }
      },
      encode: { $0.map(codec.encode) ?? .null })
  }

  /// An array of values.
  /// - Parameters:
  ///   - codec: The codec of one item.
  ///   - count: How many items there may be.
  ///   - initial: The default that each item starts from.
  public static func list<Item: Sendable>(
    _ codec: SettingsCodec<Item>, _ count: ClosedRange<Int>, initial: Item
  ) -> SettingsCodec where Value == [Item] {
    let shape = SettingsShape.list(codec.shape, count, item: codec.encode(initial))
    return SettingsCodec(
      shape: shape,
      decode: { node, _, findings in
        guard case .array(let items) = node.content else { return mismatch(node, shape, &findings) }
        guard count.contains(items.count) else {
          findings.report(
            node.place, "\(node.kindPhrase) where there must be \(SettingsShape.countPhrase(count))")
          return nil
        }
        let values = items.compactMap { codec.decode($0, initial, &findings) }
        return values.count == items.count ? values : nil
      },
      encode: { .array($0.map(codec.encode)) })
  }

  /// Reports a value of the wrong kind.
  static func mismatch(_ node: JSONNode, _ shape: SettingsShape, _ findings: inout SettingsFindings) -> Value? {
    findings.report(
      node.place, "\(node.kindPhrase) stands where \(shape.phrase) should", suggestion: "for example \(shape.example)")
    return nil
  }
}

extension SettingsCodec where Value: FixedWidthInteger {
  /// A whole number without a unit.
  public static func integer(_ range: ClosedRange<Value>) -> SettingsCodec {
    let bounds = Int64(clamping: range.lowerBound)...Int64(clamping: range.upperBound)
    let shape = SettingsShape.integer(bounds)
    return SettingsCodec(
      shape: shape,
      decode: { node, _, findings in
        guard case .number(let number) = node.content else { return mismatch(node, shape, &findings) }
        guard let integer = number.integer else {
          findings.report(node.place, "\(node.kindPhrase) is no whole number", suggestion: shape.allowed)
          return nil
        }
        guard bounds.contains(integer), let value = Value(exactly: integer), range.contains(value) else {
          findings.report(node.place, "\(integer) is out of range", suggestion: shape.allowed)
          return nil
        }
        return value
      },
      encode: { .integer(Int64(clamping: $0)) })
  }
}

extension SettingsCodec<Double> {
  /// A number without a unit.
  public static func number(_ range: ClosedRange<Double>) -> SettingsCodec {
    let shape = SettingsShape.number(range)
    return SettingsCodec(
      shape: shape,
      decode: { node, _, findings in
        guard case .number(let number) = node.content else { return mismatch(node, shape, &findings) }
        guard range.contains(number.double) else {
          findings.report(node.place, "\(number.text.shortened(to: 40)) is out of range", suggestion: shape.allowed)
          return nil
        }
        return number.double
      },
      encode: { .number($0) })
  }

  /// A rate per second, written with its unit: `"40/h"`.
  public static func rate(_ range: ClosedRange<Double>) -> SettingsCodec { measured(.rate, range) }

  /// A share: `0.2` or `"20%"`.
  public static func fraction(_ range: ClosedRange<Double>) -> SettingsCodec { measured(.fraction, range) }

  private static func measured(_ kind: QuantityKind, _ range: ClosedRange<Double>) -> SettingsCodec {
    let shape = kind == .rate ? SettingsShape.rate(range) : SettingsShape.fraction(range)
    return SettingsCodec(
      shape: shape,
      decode: { node, _, findings in
        let value: Double
        switch node.content {
        case .text(let text):
          do throws(QuantityError) {
            value = try Quantity.number(text, kind)
          } catch {
            findings.diagnostics.append(error.diagnostic(at: node.place))
            return nil
          }
        case .number(let number) where kind == .fraction: value = number.double
        case .number(let number):
          findings.report(
            node.place, "the number \(number.text.shortened(to: 40)) has no unit", suggestion: kind.advice)
          return nil
        default: return mismatch(node, shape, &findings)
        }
        guard range.contains(value) else {
          findings.report(node.place, "\(node.kindPhrase) is out of range", suggestion: shape.allowed)
          return nil
        }
        return value
      },
      encode: { kind == .fraction ? .number($0) : .text(Quantity.text(number: $0, kind)) })
  }
}

extension SettingsCodec<Int64> {
  /// A quantity with its unit, held in base units: nanoseconds, bits per second, bytes.
  /// - Precondition: `kind` is neither `rate` nor `fraction`; the range has no negative values.
  public static func quantity(_ kind: QuantityKind, _ range: ClosedRange<Int64>) -> SettingsCodec {
    precondition(range.lowerBound >= 0, "quantities are not negative")
    let shape = SettingsShape.quantity(kind, range)
    return SettingsCodec(
      shape: shape,
      decode: { node, _, findings in
        switch node.content {
        case .text(let text):
          do throws(QuantityError) {
            let value = try Quantity.baseUnits(text, kind)
            if range.contains(value) { return value }
            findings.report(node.place, "'\(text.shortened(to: 40))' is out of range", suggestion: shape.allowed)
          } catch {
            findings.diagnostics.append(error.diagnostic(at: node.place))
          }
          return nil
        case .number(let number):
          findings.report(
            node.place, "the number \(number.text.shortened(to: 40)) has no unit", suggestion: kind.advice)
          return nil
        default: return mismatch(node, shape, &findings)
        }
      },
      encode: { .text(Quantity.text(baseUnits: max(0, $0), kind)) })
  }
}

extension SettingsCodec<Bool> {
  /// `true` or `false`.
  public static var flag: SettingsCodec {
    SettingsCodec(
      shape: .flag,
      decode: { node, _, findings in
        if case .flag(let flag) = node.content { return flag }
        return mismatch(node, .flag, &findings)
      },
      encode: { .flag($0) })
  }
}

extension SettingsCodec<String> {
  /// Text without control characters, at most 1000 scalars.
  public static var text: SettingsCodec {
    SettingsCodec(
      shape: .text,
      decode: { node, _, findings in
        guard case .text(let text) = node.content else { return mismatch(node, .text, &findings) }
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
          findings.report(node.place, "\(node.kindPhrase) holds a control character")
          return nil
        }
        if text.unicodeScalars.count > 1000 {
          findings.report(node.place, "\(node.kindPhrase) is longer than 1000 characters")
          return nil
        }
        return text
      },
      encode: { .text($0) })
  }
}

extension SettingsCodec where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of a fixed set of names.
  public static var choice: SettingsCodec {
    let names = Value.allCases.map(\.rawValue)
    let shape = SettingsShape.choice(names)
    return SettingsCodec(
      shape: shape,
      decode: { node, _, findings in
        guard case .text(let text) = node.content else { return mismatch(node, shape, &findings) }
        if let value = Value(rawValue: text) { return value }
        findings.report(
          node.place, "unknown choice '\(text.shortened(to: 40))'",
          suggestion: NameSuggestion.phrase(for: text, in: names) ?? shape.allowed)
        return nil
      },
      encode: { .text($0.rawValue) })
  }
}

extension SettingsCodec where Value: SettingsGroup {
  /// A nested group; keys that are left out keep the values that the outer default gives them.
  public static var group: SettingsCodec {
    SettingsCodec(
      shape: .group { Value.settings.description },
      decode: { node, current, findings in
        var value = current
        let before = findings.diagnostics.count
        Value.settings.decode(node, into: &value, &findings)
        return findings.diagnostics.count == before ? value : nil
      },
      encode: { Value.settings.resolved($0) })
  }
}
