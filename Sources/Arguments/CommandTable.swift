// The table of a command line. Everything a user sees of the command line comes from it: parser, help, messages,
// completions for three shells, and the manual page.

/// What a command line tool understands.
public struct CommandTable: Sendable {
  /// Name of the tool as it is called.
  public var name: String
  /// What the tool is, one sentence.
  public var summary: String
  /// Version shown by `--version`.
  public var version: String
  /// The verbs, in the order in which help lists them.
  public var verbs: [Verb]
  /// Options that every verb takes.
  public var commonOptions: [Option]
  /// Name of the verb that is meant when the first argument names a file: `tool peak.json` is `tool run peak.json`.
  public var verbForFiles: String?
  /// Commands to try, shown when the tool is called without arguments.
  public var examples: [Example]

  /// A table.
  public init(
    name: String, summary: String, version: String, verbs: [Verb], commonOptions: [Option] = [],
    verbForFiles: String? = nil, examples: [Example] = []
  ) {
    self.name = name
    self.summary = summary
    self.version = version
    self.verbs = verbs
    self.commonOptions = commonOptions
    self.verbForFiles = verbForFiles
    self.examples = examples
  }

  /// Every verb that can be called, with its path (`["cluster", "plan", "create"]`), in the order of help.
  public var callableVerbs: [(path: [String], verb: Verb)] { verbs.flatMap { $0.callable(below: []) } }

  /// Every verb, groups of verbs included, outer ones first.
  var allVerbs: [(path: [String], verb: Verb)] { verbs.flatMap { $0.all(below: []) } }
}

/// One thing that the tool does, or a group of verbs below a common word.
public struct Verb: Sendable {
  /// The word.
  public var name: String
  /// What it does, one sentence.
  public var summary: String
  /// More about it, shown by its help; paragraphs are separated by empty lines.
  public var discussion: String
  /// What stands on the command line without an option name, in order.
  public var operands: [Operand]
  /// Options of this verb.
  public var options: [Option]
  /// Commands to copy.
  public var examples: [Example]
  /// Verbs below this word; a verb that has operands too takes any other word as its first operand.
  public var verbs: [Verb]

  /// A verb that can be called.
  public init(
    _ name: String, _ summary: String, discussion: String = "", operands: [Operand] = [], options: [Option] = [],
    examples: [Example] = [], verbs: [Verb] = []
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.operands = operands
    self.options = options
    self.examples = examples
    self.verbs = verbs
  }

  /// A group of verbs: `media inspect`, `media samples`.
  public init(_ name: String, _ summary: String, discussion: String = "", verbs: [Verb]) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    operands = []
    options = []
    examples = []
    self.verbs = verbs
  }

  /// Whether it can only be called with one of its verbs.
  var isGroup: Bool { !verbs.isEmpty && operands.isEmpty }

  func callable(below path: [String]) -> [(path: [String], verb: Verb)] {
    (isGroup ? [] : [(path + [name], self)]) + verbs.flatMap { $0.callable(below: path + [name]) }
  }

  func all(below path: [String]) -> [(path: [String], verb: Verb)] {
    [(path + [name], self)] + verbs.flatMap { $0.all(below: path + [name]) }
  }
}

/// What a shell offers for a value.
public enum ValueCompletion: Sendable {
  /// Nothing.
  case none
  /// Names of files.
  case file
  /// Names of folders.
  case folder
}

/// Something on the command line without an option name.
public struct Operand: Sendable {
  /// Its name in usage lines and messages, in capitals.
  public var name: String
  /// What it is.
  public var summary: String
  /// How many may be given; only the last operand of a verb may take several.
  public var count: ClosedRange<Int>
  /// What a shell offers for it.
  public var completion: ValueCompletion

  /// An operand; exactly one unless said otherwise.
  public init(
    _ name: String, _ summary: String, count: ClosedRange<Int> = 1...1, completion: ValueCompletion = .file
  ) {
    self.name = name
    self.summary = summary
    self.count = count
    self.completion = completion
  }

  /// `FILE`, `[FILE]`, `KEY...`, `[KEY...]`.
  var usage: String {
    let text = count.upperBound > 1 ? "\(name)..." : name
    return count.lowerBound == 0 ? "[\(text)]" : text
  }
}

/// An option: `--name`, `--name VALUE` or `--name=VALUE`, perhaps with a short form `-n`.
public struct Option: Sendable {
  /// What follows the name.
  public enum Kind: Sendable {
    /// Nothing.
    case flag
    /// A value; the name stands for it in help.
    case value(String)
    /// One of a set of names.
    case choice([String])
  }

  /// Name without the dashes.
  public var name: String
  /// Letter of the short form.
  public var short: Character?
  /// What follows.
  public var kind: Kind
  /// What it does.
  public var summary: String
  /// The value when it is not given, if there is one.
  public var standard: String?
  /// Whether it may be given several times.
  public var isRepeated: Bool
  /// Whether it must be given.
  public var isRequired = false
  /// What a shell offers for the value.
  public var completion: ValueCompletion

  /// An option that is there or not.
  public static func flag(_ name: String, short: Character? = nil, _ summary: String) -> Option {
    Option(
      name: name, short: short, kind: .flag, summary: summary, standard: nil, isRepeated: false, completion: .none)
  }

  /// An option with a value.
  /// - Parameters:
  ///   - placeholder: What stands for the value in help: `DIR`, `PATH=VALUE`.
  ///   - standard: The value when the option is not given.
  ///   - isRequired: Whether it must be given.
  public static func value(
    _ name: String, _ placeholder: String, short: Character? = nil, standard: String? = nil, isRequired: Bool = false,
    completion: ValueCompletion = .none, _ summary: String
  ) -> Option {
    Option(
      name: name, short: short, kind: .value(placeholder), summary: summary, standard: standard, isRepeated: false,
      isRequired: isRequired, completion: completion)
  }

  /// An option with a value that may be given several times.
  public static func repeated(
    _ name: String, _ placeholder: String, short: Character? = nil, isRequired: Bool = false, _ summary: String
  ) -> Option {
    Option(
      name: name, short: short, kind: .value(placeholder), summary: summary, standard: nil, isRepeated: true,
      isRequired: isRequired, completion: .none)
  }

  /// An option whose value is one of a set of names.
  public static func choice(
    _ name: String, _ choices: [String], short: Character? = nil, standard: String? = nil, isRequired: Bool = false,
    _ summary: String
  ) -> Option {
    Option(
      name: name, short: short, kind: .choice(choices), summary: summary, standard: standard, isRepeated: false,
      isRequired: isRequired, completion: .none)
  }

  /// Whether a value follows the name.
  var takesValue: Bool {
    if case .flag = kind { return false }
    return true
  }

  /// `--out DIR`, `--format csv|json|table`, `--quiet`.
  var usage: String {
    switch kind {
    case .flag: "--\(name)"
    case .value(let placeholder): "--\(name) \(placeholder)"
    case .choice(let choices): "--\(name) \(choices.joined(separator: "|"))"
    }
  }
}

/// A command to copy, and what it does.
public struct Example: Sendable {
  /// The whole command line.
  public var command: String
  /// What it does.
  public var summary: String

  /// An example.
  public init(_ command: String, _ summary: String) {
    self.command = command
    self.summary = summary
  }
}
