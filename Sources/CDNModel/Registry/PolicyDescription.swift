/// A parameter of a policy or an admission rule.
public struct PolicyParameter: Sendable, Equatable {
  /// What values it takes.
  public enum Kind: Sendable, Equatable {
    /// A whole number in a range.
    case integer(ClosedRange<Int>)
    /// A number in a range.
    case number(ClosedRange<Double>)
    /// Shares like `1:4`, from the lowest part up; empty means not given.
    case ratio
    /// A size in bytes, with a unit if one is given.
    case bytes
  }

  /// Name on the command line and in scenarios.
  public let name: String
  /// What values it takes.
  public let kind: Kind
  /// The default, as text.
  public let defaultText: String
  /// What it does, in one line.
  public let summary: String

  /// A parameter.
  public init(_ name: String, _ kind: Kind, default defaultText: String, _ summary: String) {
    self.name = name
    self.kind = kind
    self.defaultText = defaultText
    self.summary = summary
  }

  /// The values it takes, in words.
  public var range: String {
    switch kind {
    case .integer(let range): "whole number from \(range.lowerBound) to \(range.upperBound)"
    case .number(let range): "number from \(range.lowerBound) to \(range.upperBound)"
    case .ratio: "shares separated by colons, such as 1:4"
    case .bytes: "size in bytes, such as 64KiB"
    }
  }
}

/// Name, parameters and origin of a policy or an admission rule.
public struct PolicyDescription: Sendable, Equatable {
  /// Name on the command line and in scenarios, lower case.
  public let name: String
  /// What it does, in one line.
  public let summary: String
  /// Where it comes from.
  public let source: String
  /// Its parameters, in the order in which they are written.
  public let parameters: [PolicyParameter]

  /// A description.
  public init(_ name: String, _ summary: String, source: String, parameters: [PolicyParameter] = []) {
    self.name = name
    self.summary = summary
    self.source = source
    self.parameters = parameters
  }
}

/// The values of a policy's parameters: what was given, else the defaults.
///
/// All values have been checked.
public struct PolicyArguments: Sendable, Equatable {
  private var values: [(name: String, text: String)]
  private var given: Set<String> = []

  /// The defaults of a description.
  public init(defaultsOf description: PolicyDescription) {
    values = description.parameters.map { ($0.name, $0.defaultText) }
  }

  /// The defaults of a description, changed by `name=value` pairs.
  ///
  /// - Throws: `PolicyFailure` that names an unknown parameter or a value out of range.
  public init(_ pairs: [(name: String, value: String)], for description: PolicyDescription) throws(PolicyFailure) {
    self.init(defaultsOf: description)
    for pair in pairs {
      guard let index = description.parameters.firstIndex(where: { $0.name == pair.name }) else {
        let known = description.parameters.map(\.name)
        let hint = known.isEmpty ? "it has no parameters" : "it has \(known.joined(separator: ", "))"
        throw PolicyFailure("\(description.name) has no parameter '\(pair.name)': \(hint)")
      }
      let parameter = description.parameters[index]
      if !PolicyArguments.accepts(parameter.kind, pair.value) {
        throw PolicyFailure("\(description.name): \(pair.name)='\(pair.value)' should be a \(parameter.range)")
      }
      values[index].text = pair.value
      given.insert(pair.name)
    }
  }

  private static func accepts(_ kind: PolicyParameter.Kind, _ text: String) -> Bool {
    switch kind {
    case .integer(let range): Int(text).map(range.contains) ?? false
    case .number(let range): Double(text).map { $0.isFinite && range.contains($0) } ?? false
    case .ratio: parts(text).map { !$0.isEmpty && $0.allSatisfy { $0 > 0 && $0.isFinite } } ?? false
    case .bytes: (try? CacheCapacity.bytes(text)) != nil
    }
  }

  private static func parts(_ text: String) -> [Double]? {
    var parts: [Double] = []
    for piece in text.split(separator: ":", omittingEmptySubsequences: false) {
      guard let part = Double(String(piece)) else { return nil }
      parts.append(part)
    }
    return parts
  }

  private func text(_ name: String) -> String {
    guard let value = values.first(where: { $0.name == name }) else {
      preconditionFailure("parameter '\(name)' is not described")
    }
    return value.text
  }

  /// Whether the parameter was given rather than left at its default.
  public func isGiven(_ name: String) -> Bool { given.contains(name) }

  /// A whole-number parameter.
  public func integer(_ name: String) -> Int { Int(text(name)) ?? 0 }

  /// A number parameter.
  public func number(_ name: String) -> Double { Double(text(name)) ?? 0 }

  /// A size parameter, in bytes.
  public func bytes(_ name: String) -> Int64 { (try? CacheCapacity.bytes(text(name))) ?? 0 }

  /// A ratio parameter as shares of one, or nil if it was not given.
  public func shares(_ name: String) -> [Double]? {
    guard let parts = PolicyArguments.parts(text(name)), !parts.isEmpty else { return nil }
    let sum = parts.reduce(0, +)
    return parts.map { $0 / sum }
  }

  /// `name=value` pairs separated by semicolons; parameters without a value are left out.
  public var label: String {
    values.filter { !$0.text.isEmpty }.map { "\($0.name)=\($0.text)" }.joined(separator: ";")
  }

  /// Whether both hold the same values.
  public static func == (left: PolicyArguments, right: PolicyArguments) -> Bool { left.label == right.label }
}
