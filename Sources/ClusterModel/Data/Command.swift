// Commands as a client writes them.

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
  case setMany([KeyValue])
  /// EXISTS key... or TOUCH key...
  case exists([String])
  /// DEL or UNLINK key...
  case delete([String])
  /// INCR, INCRBY, DECR, DECRBY key.
  case increment(String, by: Int)
  /// APPEND key value.
  case append(String, String)
  /// STRLEN key.
  case length(String)
  /// TYPE key.
  case type(String)
  /// EVAL or EVAL_RO script numkeys key... argument...
  case evaluate(KeyedScript)
  /// ASKING.
  case asking
  /// READONLY.
  case readOnly
  /// READWRITE.
  case readWrite
  /// MULTI.
  case multi
  /// EXEC.
  case execute
  /// DISCARD.
  case discard

  /// A key and its value.
  public struct KeyValue: Sendable, Equatable {
    /// The key.
    public var key: String
    /// Its value.
    public var value: String
  }

  /// Names of all commands, in capitals.
  static let names = [
    "PING", "GET", "SET", "MGET", "MSET", "EXISTS", "TOUCH", "DEL", "UNLINK", "INCR", "DECR", "INCRBY", "DECRBY",
    "APPEND", "STRLEN", "TYPE", "EVAL", "EVAL_RO", "ASKING", "READONLY", "READWRITE", "MULTI", "EXEC", "DISCARD",
  ]

  /// Reads a command; words are separated by spaces and may be quoted.
  /// - Throws: `CommandError` for an unknown word or a wrong number of arguments.
  public init(_ text: String) throws(CommandError) { try self.init(words: Self.words(of: text)) }

  /// Reads a command that is split into words.
  /// - Throws: `CommandError` for an unknown word or a wrong number of arguments.
  public init(words: [String]) throws(CommandError) {
    guard let name = words.first?.uppercased() else { throw CommandError("there is no command") }
    let arguments = Array(words.dropFirst())
    func require(_ isRight: Bool) throws(CommandError) {
      if !isRight { throw CommandError("wrong number of arguments for '\(name.lowercased())' command") }
    }
    func number(_ text: String) throws(CommandError) -> Int {
      guard let number = Int(text) else { throw CommandError("'\(text)' is not an integer or out of range") }
      return number
    }
    switch name {
    case "ASKING", "READONLY", "READWRITE", "MULTI", "EXEC", "DISCARD", "PING": try require(arguments.isEmpty)
    case "GET", "STRLEN", "TYPE", "INCR", "DECR": try require(arguments.count == 1)
    case "SET", "APPEND", "INCRBY", "DECRBY": try require(arguments.count == 2)
    case "MSET": try require(!arguments.isEmpty && arguments.count % 2 == 0)
    case "EVAL", "EVAL_RO": try require(arguments.count >= 2)
    default: if Self.names.contains(name) { try require(!arguments.isEmpty) }
    }
    switch name {
    case "PING": self = .ping
    case "ASKING": self = .asking
    case "READONLY": self = .readOnly
    case "READWRITE": self = .readWrite
    case "MULTI": self = .multi
    case "EXEC": self = .execute
    case "DISCARD": self = .discard
    case "GET": self = .get(arguments[0])
    case "SET": self = .set(arguments[0], arguments[1])
    case "MGET": self = .getMany(arguments)
    case "MSET":
      self = .setMany(
        stride(from: 0, to: arguments.count, by: 2).map { KeyValue(key: arguments[$0], value: arguments[$0 + 1]) })
    case "EXISTS", "TOUCH": self = .exists(arguments)
    case "DEL", "UNLINK": self = .delete(arguments)
    case "INCR": self = .increment(arguments[0], by: 1)
    case "DECR": self = .increment(arguments[0], by: -1)
    case "INCRBY": self = .increment(arguments[0], by: try number(arguments[1]))
    case "DECRBY": self = .increment(arguments[0], by: -(try number(arguments[1])))
    case "APPEND": self = .append(arguments[0], arguments[1])
    case "STRLEN": self = .length(arguments[0])
    case "TYPE": self = .type(arguments[0])
    case "EVAL", "EVAL_RO":
      let count = try number(arguments[1])
      guard count >= 0 else { throw CommandError("Number of keys can't be negative") }
      guard arguments.count >= 2 + count else {
        throw CommandError("Number of keys can't be greater than number of args")
      }
      self = .evaluate(
        try KeyedScript(
          arguments[0], keys: Array(arguments[2..<(2 + count)]), arguments: Array(arguments[(2 + count)...])))
    default: throw CommandError("unknown command '\(words[0])'")
    }
  }

  /// Splits a line at spaces; single and double quotes hold words together.
  static func words(of text: String) -> [String] {
    var words: [String] = []
    var word = ""
    var quote: Character?
    var isOpen = false
    for character in text {
      if let open = quote {
        if character == open { quote = nil } else { word.append(character) }
      } else if character == "\"" || character == "'" {
        quote = character
        isOpen = true
      } else if character == " " {
        if isOpen || !word.isEmpty { words.append(word) }
        word = ""
        isOpen = false
      } else {
        word.append(character)
      }
    }
    if isOpen || !word.isEmpty { words.append(word) }
    return words
  }

  /// The keys it names, in order.
  public var keys: [String] {
    switch self {
    case .ping, .asking, .readOnly, .readWrite, .multi, .execute, .discard: []
    case .get(let key), .set(let key, _), .increment(let key, _), .append(let key, _), .length(let key),
      .type(let key):
      [key]
    case .getMany(let keys), .exists(let keys), .delete(let keys): keys
    case .setMany(let pairs): pairs.map(\.key)
    case .evaluate(let script): script.keys
    }
  }

  /// Whether it is flagged as changing data: a script is not, whatever it does.
  public var isWrite: Bool {
    switch self {
    case .set, .setMany, .delete, .increment, .append: true
    case .ping, .get, .getMany, .exists, .length, .type, .evaluate, .asking, .readOnly, .readWrite, .multi, .execute,
      .discard:
      false
    }
  }
}

/// A Lua script of one `return`: a number, or one `redis.call` on its keys and arguments.
public struct KeyedScript: Sendable, Equatable {
  /// The keys that it was given.
  public var keys: [String]
  /// The command that it calls, in words; empty if it returns `number`.
  var call: [String] = []
  var number = 0

  /// Reads a script.
  /// - Throws: `CommandError` for what the model does not run.
  init(_ text: String, keys: [String], arguments: [String]) throws(CommandError) {
    self.keys = keys
    let refusal = CommandError("the script '\(text)' is beyond this model: one 'return' of a number or a redis.call")
    let words = text.split(whereSeparator: { " ;".contains($0) }).map(String.init)
    guard words.first == "return", words.count > 1 else { throw refusal }
    let value = text
    if words.count == 2, let number = Int(words[1]) {
      self.number = number
      return
    }
    guard let open = value.firstIndex(of: "("), let close = value.lastIndex(of: ")"),
      value[..<open].hasSuffix("redis.call") || value[..<open].hasSuffix("redis.pcall")
    else { throw refusal }
    for part in value[value.index(after: open)..<close].split(separator: ",") {
      let word = part.filter { $0 != " " }
      if word.hasPrefix("KEYS["), let index = Int(word.dropFirst(5).dropLast()), (1...max(1, keys.count)) ~= index,
        index <= keys.count
      {
        call.append(keys[index - 1])
      } else if word.hasPrefix("ARGV["), let index = Int(word.dropFirst(5).dropLast()), index >= 1,
        index <= arguments.count
      {
        call.append(arguments[index - 1])
      } else if let first = word.first, first == "'" || first == "\"", word.last == first, word.count >= 2 {
        call.append(String(word.dropFirst().dropLast()))
      } else {
        throw refusal
      }
    }
  }
}
