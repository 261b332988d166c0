// Commands as a client writes them, and replies as a script shows them.

/// A command that the model understands.
public enum Command: Sendable, Equatable {
  /// PING.
  case ping
  /// GET key.
  case get(String)
  /// SET key value.
  case set(String, String)
  /// MGET key...
  case getMany([String])
  /// MSET key value...
  case setMany([(key: String, value: String)])
  /// EXISTS key...
  case exists([String])
  /// DEL or UNLINK key...
  case delete([String])
  /// ASKING.
  case asking
  /// READONLY.
  case readOnly
  /// READWRITE.
  case readWrite

  /// Reads a command; words are separated by spaces.
  /// - Throws: `CommandError` for an unknown word or a wrong number of arguments.
  public init(_ text: String) throws(CommandError) {
    let words = text.split(separator: " ").map(String.init)
    guard let name = words.first else { throw CommandError("there is no command") }
    let arguments = Array(words.dropFirst())
    func require(_ isRight: Bool) throws(CommandError) {
      if !isRight { throw CommandError("wrong number of arguments for '\(name.lowercased())' command") }
    }
    switch name.uppercased() {
    case "PING": self = .ping
    case "ASKING": self = .asking
    case "READONLY": self = .readOnly
    case "READWRITE": self = .readWrite
    case "GET":
      try require(arguments.count == 1)
      self = .get(arguments[0])
    case "SET":
      try require(arguments.count == 2)
      self = .set(arguments[0], arguments[1])
    case "MGET":
      try require(!arguments.isEmpty)
      self = .getMany(arguments)
    case "MSET":
      try require(!arguments.isEmpty && arguments.count % 2 == 0)
      self = .setMany(
        stride(from: 0, to: arguments.count, by: 2).map { (key: arguments[$0], value: arguments[$0 + 1]) })
    case "EXISTS":
      try require(!arguments.isEmpty)
      self = .exists(arguments)
    case "DEL", "UNLINK":
      try require(!arguments.isEmpty)
      self = .delete(arguments)
    default: throw CommandError("unknown command '\(name)'")
    }
  }

  /// The keys it names, in order.
  public var keys: [String] {
    switch self {
    case .ping, .asking, .readOnly, .readWrite: []
    case .get(let key), .set(let key, _): [key]
    case .getMany(let keys), .exists(let keys), .delete(let keys): keys
    case .setMany(let pairs): pairs.map(\.key)
    }
  }

  /// Whether it changes data.
  public var isWrite: Bool {
    switch self {
    case .set, .setMany, .delete: true
    case .ping, .get, .getMany, .exists, .asking, .readOnly, .readWrite: false
    }
  }

  /// Whether two commands are the same.
  public static func == (left: Command, right: Command) -> Bool { "\(left)" == "\(right)" }
}

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
    case .values(let values):
      "[" + values.map { $0.map { "\"\($0)\"" } ?? "null" }.joined(separator: ", ") + "]"
    case .error(let text): "-\(text)"
    case .silence: "(no answer)"
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
  /// ASKING holds for the next command.
  public var isAsking = false

  /// A fresh connection.
  public init() {}
}
