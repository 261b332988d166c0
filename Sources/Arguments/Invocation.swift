// A command line that was understood: the verb, and its options and operands by name.

public import TextFormats

/// A verb with its options and operands.
///
/// Values are read when they are asked for; the errors name the option.
///
/// Asking for an option or operand that the table of the verb does not have is a mistake in the program and traps.
public struct Invocation: Sendable {
  /// Path of the verb: `["cluster", "plan", "create"]`.
  public let verb: [String]
  private let options: [Option]
  private let flags: Set<String>
  private let values: [String: [String]]
  private let operands: [String: [String]]
  private let help: String

  init(
    verb: [String], options: [Option], flags: Set<String>, values: [String: [String]], operands: [String: [String]],
    help: String
  ) {
    self.verb = verb
    self.options = options
    self.flags = flags
    self.values = values
    self.operands = operands
    self.help = help
  }

  // MARK: Presence and text

  /// Whether a flag is given.
  public func flag(_ name: String) -> Bool {
    _ = option(name)
    return flags.contains(name)
  }

  /// Whether an option with a value is given on the command line, its default aside.
  public func isGiven(_ name: String) -> Bool {
    _ = option(name)
    return values[name] != nil || flags.contains(name)
  }

  /// The value of an option, or its default; `nil` if it has neither.
  public func text(_ name: String) -> String? { values[option(name).name]?.first ?? option(name).standard }

  /// The value of an option that the table requires or gives a default.
  public func required(option name: String) -> String {
    guard let value = text(name) else { preconditionFailure("the option --\(name) may be left out") }
    return value
  }

  /// The usage error of an option that is needed here but may be left out elsewhere.
  public func missing(_ name: String) -> UsageError {
    error("'\(option(name).usage)' is missing", suggestion: option(name).summary)
  }

  /// Every value of a repeated option, in order.
  public func texts(_ name: String) -> [String] {
    values[option(name).name] ?? option(name).standard.map { [$0] } ?? []
  }

  /// The parts between the commas of a value, without spaces at their ends; empty if the option is not given.
  public func list(_ name: String) -> [String] {
    text(name)?.split(separator: ",").map { part in
      let start = part.drop { $0 == " " }
      return String(start.reversed().drop { $0 == " " }.reversed())
    } ?? []
  }

  /// The first value of an operand; `nil` if it may be left out and is.
  public func operand(_ name: String) -> String? { operands(name).first }

  /// The operand that the table requires.
  public func required(_ name: String) -> String {
    guard let value = operands(name).first else { preconditionFailure("the operand \(name) may be left out") }
    return value
  }

  /// Every value of an operand.
  public func operands(_ name: String) -> [String] {
    guard let values = operands[name] else { preconditionFailure("\(verb) has no operand \(name)") }
    return values
  }

  // MARK: Typed values

  /// A whole number.
  public func integer(
    _ name: String, in range: ClosedRange<Int64> = Int64.min...Int64.max
  ) throws(UsageError) -> Int64? {
    guard let text = text(name) else { return nil }
    guard let number = JSONNumber(text)?.integer else { throw error(name, "'\(text)' is no whole number") }
    guard range.contains(number) else { throw error(name, "\(number) is not in \(Self.phrase(range) { "\($0)" })") }
    return number
  }

  /// A finite number.
  public func number(
    _ name: String, in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
  ) throws(UsageError) -> Double? {
    guard let text = text(name) else { return nil }
    return try number(text, name, range)
  }

  /// Numbers between commas; empty if the option is not given.
  public func numbers(
    _ name: String, in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
  ) throws(UsageError) -> [Double] {
    var numbers: [Double] = []
    for text in list(name) { numbers.append(try number(text, name, range)) }
    return numbers
  }

  private func number(_ text: String, _ name: String, _ range: ClosedRange<Double>) throws(UsageError) -> Double {
    guard let number = Double(text), number.isFinite, !text.contains(where: { "xXpP".contains($0) }) else {
      throw error(name, "'\(text)' is no number")
    }
    guard range.contains(number) else {
      throw error(name, "\(text) is not in \(Self.phrase(range) { NumberText.shortest($0) })")
    }
    return number
  }

  /// A quantity with its unit in base units: nanoseconds, bits per second or bytes.
  /// - Precondition: `kind` is neither `rate` nor `fraction`.
  public func quantity(
    _ name: String, _ kind: QuantityKind, in range: ClosedRange<Int64> = 0...Int64.max
  ) throws(UsageError) -> Int64? {
    guard let text = text(name) else { return nil }
    let value: Int64
    do throws(QuantityError) {
      value = try Quantity.baseUnits(text, kind)
    } catch {
      throw self.error(name, error.message, suggestion: error.suggestion)
    }
    guard range.contains(value) else {
      throw error(name, "'\(text)' is not in \(Self.phrase(range) { Quantity.text(baseUnits: $0, kind) })")
    }
    return value
  }

  /// A rate per second or a fraction.
  /// - Precondition: `kind` is `rate` or `fraction`.
  public func measure(
    _ name: String, _ kind: QuantityKind, in range: ClosedRange<Double> = 0...Double.greatestFiniteMagnitude
  ) throws(UsageError) -> Double? {
    guard let text = text(name) else { return nil }
    let value: Double
    do throws(QuantityError) {
      value = try Quantity.number(text, kind)
    } catch {
      throw self.error(name, error.message, suggestion: error.suggestion)
    }
    guard range.contains(value) else {
      throw error(name, "'\(text)' is not in \(Self.phrase(range) { Quantity.text(number: $0, kind) })")
    }
    return value
  }

  /// Assignments `PATH=VALUE` of a repeated option, in order.
  public func assignments(_ name: String) throws(UsageError) -> [(path: String, value: String)] {
    var assignments: [(path: String, value: String)] = []
    for text in texts(name) {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw error(name, "'\(text)' is no assignment", suggestion: "write it like cdn.edge.policy=lru")
      }
      assignments.append((String(parts[0]), String(parts[1])))
    }
    return assignments
  }

  /// A usage error about an option.
  public func error(_ name: String, _ message: String, suggestion: String? = nil) -> UsageError {
    UsageError("--\(option(name).name): \(message)", suggestion: suggestion, help: help)
  }

  /// A usage error about the command line as a whole.
  public func error(_ message: String, suggestion: String? = nil) -> UsageError {
    UsageError(message, suggestion: suggestion, help: help)
  }

  private func option(_ name: String) -> Option {
    guard let option = options.first(where: { $0.name == name }) else {
      preconditionFailure("\(verb) has no option --\(name)")
    }
    return option
  }

  private static func phrase<Bound>(_ range: ClosedRange<Bound>, _ text: (Bound) -> String) -> String {
    "\(text(range.lowerBound)) to \(text(range.upperBound))"
  }
}
