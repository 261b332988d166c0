// The parser: arguments against the table.

import TextFormats

/// What a command line asks for.
public enum ParsedCommand: Sendable {
  /// To run a verb.
  case run(Invocation)
  /// To print a text (help, version) and be done.
  case show(String)
}

extension CommandTable {
  /// Reads the arguments after the name of the tool.
  ///
  /// Options may stand before, between and after operands; `--` ends them. `-ab` is `-a -b` for flags, `-oX` is `-o X`.
  /// `--help` (`-h`) anywhere before `--` asks for help on the verbs read so far, `help VERB...` does the same.
  /// - Throws: ``UsageError`` for whatever the table does not know, with the nearest thing that it does know.
  public func parse(_ arguments: [String]) throws(UsageError) -> ParsedCommand {
    guard let first = arguments.first else { return .show(overview) }
    if first == "--version" { return .show("\(name) \(version)\n") }
    var words = arguments[...]
    if first == "help" {
      words = words.dropFirst()
      return .show(try help(onWords: Array(words)))
    }
    var path: [String] = []
    var level = verbs
    var takesOperands = false
    while let word = words.first, !level.isEmpty {
      if word == "--help" || word == "-h" { return .show(try help(onWords: path)) }
      if let verb = level.first(where: { $0.name == word }) {
        path.append(word)
        takesOperands = !verb.isGroup
        level = verb.verbs
        words = words.dropFirst()
      } else if path.isEmpty, let fallback = verbForFiles,
        word.hasPrefix("-") || word.contains(where: { "./".contains($0) })
      {
        path = [fallback]
        level = []
      } else if takesOperands {
        break
      } else {
        throw unknownVerb(word, after: path, among: level)
      }
    }
    guard let verb = callableVerbs.first(where: { $0.path == path })?.verb else {
      throw UsageError(
        "'\(([name] + path).joined(separator: " "))' needs one of: \(level.map(\.name).joined(separator: ", "))",
        help: helpCommand(path))
    }
    var parser = VerbParser(table: self, verb: verb, path: path)
    if try parser.read(Array(words)) { return .show(help(on: verb, path: path)) }
    return .run(try parser.invocation())
  }

  /// `simrun run --help`.
  func helpCommand(_ path: [String]) -> String { ([name] + path + ["--help"]).joined(separator: " ") }

  private func help(onWords words: [String]) throws(UsageError) -> String {
    guard !words.isEmpty else { return overview }
    guard let found = allVerbs.first(where: { $0.path == words }) else {
      let names = verbs.map(\.name)
      throw UsageError(
        "no verb '\(words.joined(separator: " "))'", suggestion: NameSuggestion.phrase(for: words[0], in: names),
        help: helpCommand([]))
    }
    return help(on: found.verb, path: found.path)
  }

  private func unknownVerb(_ word: String, after path: [String], among level: [Verb]) -> UsageError {
    let names = level.map(\.name)
    let suggestion = NameSuggestion.phrase(for: word, in: names) ?? "verbs: \(names.joined(separator: ", "))"
    let what = path.isEmpty ? "unknown verb '\(word)'" : "'\(path.joined(separator: " "))' has no verb '\(word)'"
    return UsageError(what, suggestion: suggestion, help: helpCommand(path))
  }
}

/// Reads the arguments of one verb.
private struct VerbParser {
  let table: CommandTable
  let verb: Verb
  let path: [String]
  let options: [Option]
  var flags: Set<String> = []
  var values: [String: [String]] = [:]
  var operands: [String] = []

  init(table: CommandTable, verb: Verb, path: [String]) {
    self.table = table
    self.verb = verb
    self.path = path
    options = verb.options + table.commonOptions
  }

  /// Reads all arguments; true if they ask for help.
  mutating func read(_ arguments: [String]) throws(UsageError) -> Bool {
    var index = 0
    while index < arguments.count {
      let argument = arguments[index]
      index += 1
      if argument == "--" {
        operands += arguments[index...]
        return false
      }
      if argument == "--help" || argument == "-h" { return true }
      if argument.hasPrefix("--") {
        try readLong(argument, arguments, &index)
      } else if argument.hasPrefix("-"), argument.count > 1, Double(argument) == nil {
        try readShort(argument, arguments, &index)
      } else {
        operands.append(argument)
      }
    }
    return false
  }

  private mutating func readLong(_ argument: String, _ arguments: [String], _ index: inout Int) throws(UsageError) {
    let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts.first ?? "")
    guard let option = options.first(where: { $0.name == name }) else {
      let known = options.map(\.name) + ["help"]
      throw error(
        "unknown option '--\(name)'",
        suggestion: NameSuggestion.closest(to: name, in: known).map { "did you mean '--\($0)'?" })
    }
    if option.takesValue {
      try add(parts.count == 2 ? String(parts[1]) : try next(option, arguments, &index), to: option)
    } else {
      guard parts.count == 1 else { throw error("'--\(name)' takes no value") }
      flags.insert(name)
    }
  }

  private mutating func readShort(_ argument: String, _ arguments: [String], _ index: inout Int) throws(UsageError) {
    var letters = argument.dropFirst()
    while let letter = letters.popFirst() {
      guard let option = options.first(where: { $0.short == letter }) else {
        throw error("unknown option '-\(letter)'")
      }
      guard option.takesValue else {
        flags.insert(option.name)
        continue
      }
      if letters.first == "=" { letters.removeFirst() }
      try add(letters.isEmpty ? try next(option, arguments, &index) : String(letters), to: option)
      return
    }
  }

  private func next(_ option: Option, _ arguments: [String], _ index: inout Int) throws(UsageError) -> String {
    guard index < arguments.count else { throw error("'\(option.usage)' lacks its value") }
    let value = arguments[index]
    let isOption = value.hasPrefix("--") && options.contains { "--\($0.name)" == value.prefix { $0 != "=" } }
    guard !isOption else {
      throw error("'\(option.usage)' lacks its value: '\(value)' is an option")
    }
    index += 1
    return value
  }

  private mutating func add(_ value: String, to option: Option) throws(UsageError) {
    if case .choice(let choices) = option.kind, !choices.contains(value) {
      throw error(
        "'\(value)' is no value of --\(option.name)",
        suggestion: NameSuggestion.phrase(for: value, in: choices) ?? "one of \(choices.joined(separator: ", "))")
    }
    if !option.isRepeated, values[option.name] != nil { throw error("'--\(option.name)' is given twice") }
    values[option.name, default: []].append(value)
  }

  /// The invocation, once the number of operands is right.
  func invocation() throws(UsageError) -> Invocation {
    for option in options where option.isRequired && values[option.name] == nil {
      throw error("'\(option.usage)' is missing", suggestion: option.summary)
    }
    var named: [String: [String]] = [:]
    var rest = operands[...]
    for operand in verb.operands {
      let taken = rest.prefix(operand.count.upperBound)
      guard taken.count >= operand.count.lowerBound else {
        throw error("\(operand.name) is missing", suggestion: operand.summary)
      }
      named[operand.name] = Array(taken)
      rest = rest.dropFirst(taken.count)
    }
    if let extra = rest.first {
      throw error("unexpected argument '\(extra)'", suggestion: "usage: \(table.usage(of: verb, path: path))")
    }
    return Invocation(
      verb: path, options: options, flags: flags, values: values, operands: named, help: table.helpCommand(path))
  }

  private func error(_ message: String, suggestion: String? = nil) -> UsageError {
    UsageError(message, suggestion: suggestion, help: table.helpCommand(path))
  }
}
