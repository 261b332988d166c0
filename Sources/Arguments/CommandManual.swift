// The manual page from the table, in the man macros of troff (man-pages(7)).

extension CommandTable {
  /// The manual page, section 1.
  /// - Parameter date: Date of the page as it is printed in its footer, for example `2026-01-31`.
  public func manual(date: String) -> String {
    var page = ".TH \(name.uppercased()) 1 \"\(date)\" \"\(name) \(version)\" \"User Commands\"\n"
    page += ".SH NAME\n\(name) \\- \(Self.troff(summary))\n"
    page += ".SH SYNOPSIS\n"
    for (path, verb) in callableVerbs { page += ".B \(Self.troff(usage(of: verb, path: path)))\n.br\n" }
    page += ".SH VERBS\n"
    for (path, verb) in callableVerbs {
      page += ".SS \(Self.troff(path.joined(separator: " ")))\n\(Self.troff(verb.summary))\n"
      for paragraph in verb.discussion.split(separator: "\n") { page += ".PP\n\(Self.troff(String(paragraph)))\n" }
      for operand in verb.operands { page += Self.item(operand.usage, operand.summary) }
      for option in verb.options { page += Self.item(option) }
      for example in verb.examples {
        page += ".PP\n\(Self.troff(example.summary))\n.PP\n.EX\n\(Self.troff(example.command))\n.EE\n"
      }
    }
    page += ".SH COMMON OPTIONS\n"
    for option in commonOptions + [.flag("help", short: "h", "Show help on a verb.")] { page += Self.item(option) }
    page += ".SH EXIT STATUS\n"
    for (status, meaning) in Self.exitStatuses { page += Self.item("\(status.rawValue)", meaning) }
    return page
  }

  private static let exitStatuses: [(ExitStatus, String)] = [
    (.success, "Everything went well."), (.failure, "A run failed or an invariant broke."),
    (.usage, "The command line is wrong."), (.thresholdNotMet, "A --fail-if threshold was not met."),
    (.badInput, "Input data is wrong."), (.missingFile, "An input file is missing."),
    (.inputOutput, "Reading or writing failed."), (.interrupted, "Interrupted."),
  ]

  private static func item(_ option: Option) -> String {
    item((option.short.map { "-\($0), " } ?? "") + option.usage, optionSummary(option))
  }

  private static func item(_ title: String, _ text: String) -> String {
    ".TP\n.B \(troff(title))\n\(troff(text))\n"
  }

  /// Text with the characters escaped that troff reads as its own.
  private static func troff(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "\\": escaped += "\\e"
      case "-": escaped += "\\-"
      default: escaped.append(character)
      }
    }
    // A dot or an apostrophe at the start of a line would be a request.
    return escaped.first == "." || escaped.first == "'" ? "\\&" + escaped : escaped
  }
}
