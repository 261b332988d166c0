// Help texts from the table.

extension CommandTable {
  static let lineWidth = 100

  /// What the tool is, its verbs, and commands to try.
  public var overview: String {
    var text = "\(name) \(version)\n\(summary)\n"
    if !examples.isEmpty { text += "\nTry:\n" + Self.list(examples) }
    text += "\nVerbs:\n"
    text += Self.columns(
      allVerbs.filter { $0.path.count == 1 }.map { ($0.path.joined(separator: " "), $0.verb.summary) })
    text += "\n'\(name) VERB --help' tells more about a verb, with examples.\n"
    return text
  }

  /// `simrun run SCENARIO [options]`.
  func usage(of verb: Verb, path: [String]) -> String {
    var parts = [name] + path + (verb.isGroup ? ["VERB"] : verb.operands.map(\.usage))
    parts += verb.options.filter(\.isRequired).map(\.usage)
    if !verb.isGroup { parts.append("[options]") }
    return parts.joined(separator: " ")
  }

  /// Help on one verb.
  public func help(on verb: Verb, path: [String]) -> String {
    var text = "\(verb.summary)\n\nUsage: \(usage(of: verb, path: path))\n"
    if !verb.discussion.isEmpty { text += "\n" + Self.wrapped(verb.discussion, indent: 0) }
    if !verb.verbs.isEmpty {
      text += "\nVerbs:\n" + Self.columns(verb.verbs.map { ($0.name, $0.summary) })
      if verb.isGroup { return text }
    }
    if !verb.operands.isEmpty {
      text += "\nArguments:\n" + Self.columns(verb.operands.map { ($0.usage, $0.summary) })
    }
    let options = verb.options + commonOptions + [.flag("help", short: "h", "Show this help.")]
    text += "\nOptions:\n" + Self.columns(options.map { (Self.optionTitle($0), Self.optionSummary($0)) })
    if !verb.examples.isEmpty { text += "\nExamples:\n" + Self.list(verb.examples) }
    return text
  }

  private static func optionTitle(_ option: Option) -> String {
    (option.short.map { "-\($0), " } ?? "    ") + option.usage
  }

  static func optionSummary(_ option: Option) -> String {
    var text = option.summary
    if option.isRepeated { text += " May be given several times." }
    if let standard = option.standard { text += " [default: \(standard)]" }
    return text
  }

  private static func list(_ examples: [Example]) -> String {
    examples.map { "  \($0.command)\n" + wrapped($0.summary, indent: 6) }.joined()
  }

  /// Two columns; what is too wide for the first stands on a line of its own.
  static func columns(_ rows: [(title: String, summary: String)]) -> String {
    let widest = rows.map(\.title.count).filter { $0 <= 30 }.max() ?? 0
    var text = ""
    for row in rows {
      let summary = wrapped(row.summary, indent: widest + 4)
      if row.title.count > widest {
        text += "  \(row.title)\n\(summary)"
      } else {
        let padding = String(repeating: " ", count: widest - row.title.count + 2)
        text += "  \(row.title)\(padding)\(summary.drop { $0 == " " })"
      }
    }
    return text
  }

  /// Paragraphs broken into lines, each with an indent.
  static func wrapped(_ text: String, indent: Int) -> String {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var line = ""
      for word in paragraph.split(separator: " ") {
        if !line.isEmpty, indent + line.count + 1 + word.count > lineWidth {
          lines.append(margin + line)
          line = ""
        }
        line += (line.isEmpty ? "" : " ") + word
      }
      lines.append(line.isEmpty ? "" : margin + line)
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
