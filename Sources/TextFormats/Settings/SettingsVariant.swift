// Values that come in several forms, such as a distribution: an object with exactly one key, which names the form.

/// A value that comes in several forms.
///
/// ```swift
/// enum Distribution: SettingsVariant {
///   case exponential(Exponential)
///   case lognormal(Lognormal)
///   static let variants = SettingsVariants<Distribution>("A distribution of durations.")
///     .form("exponential", Distribution.exponential, { if case .exponential(let form) = $0 { form } else { nil } },
///       "Memoryless.")
///     .form("lognormal", Distribution.lognormal, { if case .lognormal(let form) = $0 { form } else { nil } },
///       "Skewed to the right.")
/// }
/// ```
public protocol SettingsVariant: Sendable {
  /// The forms.
  static var variants: SettingsVariants<Self> { get }
}

/// The forms of a variant value, in the order in which documentation lists them.
public struct SettingsVariants<Value: Sendable>: Sendable {
  /// What the value is, one sentence.
  public let summary: String
  var forms: [Form] = []

  /// One form: the key that names it, and its settings.
  struct Form: Sendable {
    var name: String
    var summary: String
    var shape: SettingsShape
    var decode: @Sendable (JSONNode, Value, inout SettingsFindings) -> Value?
    /// The settings of a value of this form; `nil` for a value of another form.
    var encode: @Sendable (Value) -> JSONValue?
  }

  /// No forms yet.
  /// - Parameter summary: What the value is, one sentence.
  public init(_ summary: String) { self.summary = summary }

  /// Adds a form whose settings are a group.
  /// - Parameters:
  ///   - name: The key that names the form.
  ///   - make: The value of this form, usually the enumeration case.
  ///   - take: The settings of a value of this form, `nil` for other forms.
  ///   - summary: What the form is.
  public func form<Group: SettingsGroup>(
    _ name: String, _ make: @escaping @Sendable (Group) -> Value, _ take: @escaping @Sendable (Value) -> Group?,
    _ summary: String
  ) -> SettingsVariants {
    form(name, .group, initial: Group(), make, take, summary)
  }

  /// Adds a form whose setting is a single value: `{"constant": "4s"}`.
  public func form<Inner: Sendable>(
    _ name: String, _ codec: SettingsCodec<Inner>, initial: Inner, _ make: @escaping @Sendable (Inner) -> Value,
    _ take: @escaping @Sendable (Value) -> Inner?, _ summary: String
  ) -> SettingsVariants {
    var variants = self
    variants.forms.append(
      Form(
        name: name, summary: summary, shape: codec.shape,
        decode: { node, current, findings in codec.decode(node, take(current) ?? initial, &findings).map(make) },
        encode: { take($0).map(codec.encode) }))
    return variants
  }
}

extension SettingsCodec where Value: SettingsVariant {
  /// An object with exactly one key, which names the form of the value.
  public static var variant: SettingsCodec {
    let shape = SettingsShape.variant(name: String(describing: Value.self)) {
      SettingsShape.Variants(
        summary: Value.variants.summary,
        forms: Value.variants.forms.map { .init(name: $0.name, summary: $0.summary, shape: $0.shape) })
    }
    return SettingsCodec(
      shape: shape,
      decode: { node, current, findings in
        let forms = Value.variants.forms
        let names = forms.map(\.name)
        guard case .object(let members) = node.content, members.count == 1, let member = members.first else {
          var message = "\(node.kindPhrase) stands where an object with one key should"
          if case .object(let members) = node.content { message = "\(members.count) keys where exactly one must stand" }
          findings.report(node.place, message, suggestion: "one of \(names.joined(separator: ", "))")
          return nil
        }
        guard let form = forms.first(where: { $0.name == member.key }) else {
          findings.report(
            member.keyPlace, "unknown form '\(member.key.shortened(to: 40))'",
            suggestion: NameSuggestion.phrase(for: member.key, in: names) ?? "one of \(names.joined(separator: ", "))")
          return nil
        }
        return form.decode(member.value, current, &findings)
      },
      encode: { value in
        for form in Value.variants.forms {
          if let settings = form.encode(value) { return .object([JSONValue.Member(form.name, settings)]) }
        }
        preconditionFailure("no form of \(Value.self) takes \(value)")
      })
  }
}
