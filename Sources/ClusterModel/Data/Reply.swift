// Replies as a script shows them, and what a connection remembers from command to command.

/// A reply.
public enum Reply: Sendable, Equatable, CustomStringConvertible {
  /// A status, for example OK.
  case status(String)
  /// A value, or nothing.
  case value(String?)
  /// A whole number.
  case integer(Int)
  /// Values of several keys.
  case values([String?])
  /// Replies to the commands of a transaction.
  case several([Reply])
  /// An error.
  case error(String)
  /// The node does not answer.
  case silence

  /// As scripts show it: a value as it is, several as a JSON array, an error after a minus sign.
  public var description: String {
    switch self {
    case .status(let text): text
    case .value(let value): value ?? "null"
    case .integer(let number): "\(number)"
    case .values(let values): "[" + values.map { $0.map { "\"\($0)\"" } ?? "null" }.joined(separator: ", ") + "]"
    case .several(let replies): "[" + replies.map(\.quoted).joined(separator: ", ") + "]"
    case .error(let text): "-\(text)"
    case .silence: "(no answer)"
    }
  }

  /// As an element of a JSON array.
  private var quoted: String {
    switch self {
    case .status, .error, .value(.some): "\"\(description)\""
    default: description
    }
  }

  /// The error that a redirection is told by; nodes appear as HOST and their number.
  public init?(_ redirection: Redirection) {
    switch redirection {
    case .serve: return nil
    case .moved(let slot, let node): self = .error("MOVED \(slot) HOST\(node)")
    case .ask(let slot, let node): self = .error("ASK \(slot) HOST\(node)")
    case .tryAgain: self = .error("TRYAGAIN Multiple keys request during rehashing of slot")
    case .crossSlot: self = .error("CROSSSLOT Keys in request don't hash to the same slot")
    case .clusterDown: self = .error("CLUSTERDOWN The cluster is down")
    case .readsOnly: self = .error("CLUSTERDOWN The cluster is down and only accepts read commands")
    case .slotNotServed: self = .error("CLUSTERDOWN Hash slot not served")
    }
  }
}

/// What a node answers to a command that it refuses.
public struct CommandError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The reason.
  public let description: String

  /// A refusal.
  public init(_ reason: String) { description = reason }
}

/// One client's connection to a node: what lasts from command to command.
public struct ClientConnection: Sendable {
  /// READONLY is in force.
  public var isReadOnly = false
  /// ASKING holds for the next command, or to the end of the transaction.
  public var isAsking = false
  /// The commands since MULTI; `nil` outside a transaction.
  public internal(set) var queued: [Command]?
  /// A command of the transaction was refused: it will not run.
  var isTransactionRefused = false

  /// A fresh connection.
  public init() {}
}
