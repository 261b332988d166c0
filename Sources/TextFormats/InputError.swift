/// Where in an input something was found: `peak.json:12:7`, `trace.bin byte 24`, `--set viewers.rate`.
///
/// Text inputs carry line and column (1-based, columns in Unicode scalars), binary inputs a byte offset, structured
/// inputs also the path of the value (`cdn.edge.policy`, `moov/trak/mdia`).
public struct InputPlace: Hashable, Sendable, CustomStringConvertible {
  /// File name as the user gave it, or the option that carried the text.
  public var source: String
  /// 1-based line.
  public var line: Int?
  /// 1-based column in Unicode scalars.
  public var column: Int?
  /// Offset from the start of a binary input, in bytes.
  public var byteOffset: UInt64?
  /// Path of the value inside a structured input.
  public var path: String?

  /// A place; parts that the input does not have stay `nil`.
  public init(source: String, line: Int? = nil, column: Int? = nil, byteOffset: UInt64? = nil, path: String? = nil) {
    self.source = source
    self.line = line
    self.column = column
    self.byteOffset = byteOffset
    self.path = path
  }

  /// `source[:line[:column]][ byte N][ (path)]`.
  public var description: String {
    var text = source
    if let line { text += ":\(line)" }
    if line != nil, let column { text += ":\(column)" }
    if let byteOffset { text += " byte \(byteOffset)" }
    if let path, !path.isEmpty { text += " (\(path))" }
    return text
  }
}

/// One finding about an input: where, what is wrong, and what was probably meant.
public struct InputDiagnostic: Hashable, Sendable, CustomStringConvertible {
  /// Where it was found.
  public var place: InputPlace
  /// What is wrong, as a phrase without a final full stop.
  public var message: String
  /// What was probably meant, for example `did you mean 'policy'?`.
  public var suggestion: String?

  /// A finding.
  public init(place: InputPlace, message: String, suggestion: String? = nil) {
    self.place = place
    self.message = message
    self.suggestion = suggestion
  }

  /// `place: message (suggestion)`.
  public var description: String {
    let hint = suggestion.map { " (\($0))" } ?? ""
    return "\(place): \(message)\(hint)"
  }
}

/// An input that cannot be used; it lists everything that is wrong with it.
///
/// Ends the tool with exit status 65.
public struct InputError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Every finding, in the order of the input.
  public var diagnostics: [InputDiagnostic]

  /// An error with all findings.
  public init(_ diagnostics: [InputDiagnostic]) { self.diagnostics = diagnostics }

  /// An error with one finding.
  public init(_ place: InputPlace, _ message: String, suggestion: String? = nil) {
    diagnostics = [InputDiagnostic(place: place, message: message, suggestion: suggestion)]
  }

  /// One line a finding.
  public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

/// A file that cannot be read or written.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was tried; it decides the exit status.
  public enum Operation: Sendable {
    /// The file does not exist: exit status 66.
    case find
    /// Reading failed: exit status 74.
    case read
    /// Writing failed: exit status 74.
    case write
  }
  /// What was tried.
  public var operation: Operation
  /// The path as the user gave it.
  public var path: String
  /// The system's reason, for example `Permission denied`.
  public var reason: String

  /// A failed file operation.
  public init(_ operation: Operation, path: String, reason: String) {
    self.operation = operation
    self.path = path
    self.reason = reason
  }

  /// `cannot write out/summary.csv: Permission denied`.
  public var description: String { "cannot \(operation) \(path): \(reason)" }
}
