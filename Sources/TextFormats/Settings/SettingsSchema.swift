// JSON Schema (draft 2020-12) of a settings table, so that editors complete and check scenarios.

extension SettingsTable where Group: SettingsGroup {
  /// The JSON Schema of the objects that this table decodes: descriptions, defaults, ranges, and patterns of units.
  /// - Parameters:
  ///   - title: Title of the schema.
  ///   - identifier: Its `$id`, a URI; left out when `nil`.
  public func schema(title: String, identifier: String? = nil) -> JSONValue {
    var definitions: [JSONValue.Member] = []
    var schema: JSONValue = ["$schema": "https://json-schema.org/draft/2020-12/schema"]
    if let identifier { schema["$id"] = .text(identifier) }
    schema["title"] = .text(title)
    var body = description.schema(defaults: resolved(Group()), definitions: &definitions)
    body["properties"]?["$schema"] = ["type": "string", "description": "The schema that editors check this file with."]
    if case .object(let members) = body {
      for member in members { schema[member.key] = member.value }
    }
    if !definitions.isEmpty { schema["$defs"] = .object(definitions) }
    return schema
  }
}

extension SettingsDescription {
  func schema(defaults: JSONValue, definitions: inout [JSONValue.Member]) -> JSONValue {
    var properties: [JSONValue.Member] = []
    for key in keys {
      let standard = key.isRequired ? nil : defaults[key.name]
      var property = key.shape.schema(defaults: defaults[key.name] ?? .null, definitions: &definitions)
      let allowed = key.shape.isTextWithBounds ? key.shape.allowed : ""
      property["description"] = .text(allowed.isEmpty ? key.summary : "\(key.summary) Allowed: \(allowed).")
      if key.shape.innerGroup == nil, let standard { property["default"] = standard }
      properties.append(JSONValue.Member(key.name, property))
    }
    let required = keys.filter(\.isRequired).map { JSONValue.text($0.name) }
    var schema: JSONValue = [
      "type": "object", "description": .text(summary), "properties": .object(properties),
      "additionalProperties": false,
    ]
    if !required.isEmpty { schema["required"] = .array(required) }
    return schema
  }
}

extension SettingsShape {
  /// Whether bounds can only be told in words, the value being text with a unit.
  fileprivate var isTextWithBounds: Bool {
    switch self {
    case .quantity, .rate: true
    case .optional(let shape, _), .list(let shape, _, _): shape.isTextWithBounds
    default: false
    }
  }

  fileprivate func schema(defaults: JSONValue, definitions: inout [JSONValue.Member]) -> JSONValue {
    switch self {
    case .integer(let range):
      return Self.bounded(
        ["type": "integer"], range.lowerBound == .min ? nil : .integer(range.lowerBound),
        range.upperBound == .max ? nil : .integer(range.upperBound))
    case .number(let range), .fraction(let range):
      let finite = Double.greatestFiniteMagnitude
      let number = Self.bounded(
        ["type": "number"], range.lowerBound <= -finite ? nil : .number(range.lowerBound),
        range.upperBound >= finite ? nil : .number(range.upperBound))
      guard case .fraction = self else { return number }
      return ["anyOf": [number, Self.pattern(.fraction)]]
    case .quantity(let kind, _): return Self.pattern(kind)
    case .rate: return Self.pattern(.rate)
    case .flag: return ["type": "boolean"]
    case .text: return ["type": "string", "maxLength": 1000]
    case .choice(let names): return ["enum": .array(names.map { .text($0) })]
    case .group(let description): return description().schema(defaults: defaults, definitions: &definitions)
    case .optional(let shape, let whenGiven):
      let inner = shape.schema(defaults: defaults == .null ? whenGiven : defaults, definitions: &definitions)
      return ["anyOf": [inner, ["type": "null"]]]
    case .list(let shape, let count, let item):
      var schema: JSONValue = ["type": "array", "items": shape.schema(defaults: item, definitions: &definitions)]
      if count.lowerBound > 0 { schema["minItems"] = .integer(Int64(count.lowerBound)) }
      if count.upperBound < .max { schema["maxItems"] = .integer(Int64(count.upperBound)) }
      return schema
    case .variant(let name, let variants):
      if !definitions.contains(where: { $0.key == name }) {
        // Entered before it is filled, so that a variant inside itself ends here.
        definitions.append(JSONValue.Member(name, .null))
        let schema = variants().schema(definitions: &definitions)
        if let index = definitions.firstIndex(where: { $0.key == name }) { definitions[index].value = schema }
      }
      return ["$ref": .text("#/$defs/\(name)")]
    }
  }

  private static func bounded(_ schema: JSONValue, _ lowest: JSONValue?, _ highest: JSONValue?) -> JSONValue {
    var schema = schema
    if let lowest { schema["minimum"] = lowest }
    if let highest { schema["maximum"] = highest }
    return schema
  }

  private static func pattern(_ kind: QuantityKind) -> JSONValue {
    [
      "type": "string", "pattern": .text(kind.pattern),
      "examples": .array(kind.examples.map { .text($0) }),
    ]
  }
}

extension SettingsShape.Variants {
  fileprivate func schema(definitions: inout [JSONValue.Member]) -> JSONValue {
    var alternatives: [JSONValue] = []
    for form in forms {
      var inner = form.shape.schema(defaults: .null, definitions: &definitions)
      inner["description"] = .text(form.summary)
      alternatives.append([
        "type": "object", "properties": .object([JSONValue.Member(form.name, inner)]),
        "required": [.text(form.name)], "additionalProperties": false,
      ])
    }
    return ["description": .text(summary), "oneOf": .array(alternatives)]
  }
}
