// What is wrong with a command line, and the exit statuses of the tool.

import TextFormats

/// A command line that cannot be understood.
///
/// Ends the tool with exit status 2.
public struct UsageError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public var message: String
  /// What was probably meant.
  public var suggestion: String?
  /// The command whose help tells more, for example `simrun run --help`.
  public var help: String?

  /// A usage error.
  public init(_ message: String, suggestion: String? = nil, help: String? = nil) {
    self.message = message
    self.suggestion = suggestion
    self.help = help
  }

  /// The message with its suggestion, and on a second line where help is.
  public var description: String {
    let hint = suggestion.map { " (\($0))" } ?? ""
    return message + hint + (help.map { "\nsee '\($0)'" } ?? "")
  }
}

/// Exit statuses of the tool.
public enum ExitStatus: Int32, Sendable {
  /// Everything went well.
  case success = 0
  /// A run failed or an invariant broke.
  case failure = 1
  /// The command line is wrong.
  case usage = 2
  /// A threshold given on the command line was not met.
  case thresholdNotMet = 3
  /// Input data is wrong: scenario, trace, media, model.
  case badInput = 65
  /// An input file is missing.
  case missingFile = 66
  /// Reading or writing failed.
  case inputOutput = 74
  /// Interrupted by the user.
  case interrupted = 130

  /// The status that an error ends the tool with.
  public init(for error: any Error) {
    switch error {
    case is UsageError: self = .usage
    case is InputError: self = .badInput
    case let error as FileError: self = error.operation == .find ? .missingFile : .inputOutput
    case is Interrupted: self = .interrupted
    default: self = .failure
    }
  }
}
