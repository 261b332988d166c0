// Shell completions from the table.

/// A shell that completions can be made for.
public enum CompletionShell: String, CaseIterable, Sendable {
  /// GNU bash; source the text or put it into bash-completion's folder.
  case bash
  /// zsh; a file `_NAME` on `fpath`.
  case zsh
  /// fish; a file in its `completions` folder.
  case fish
}

extension CommandTable {
  /// The completion script for a shell.
  public func completions(for shell: CompletionShell) -> String {
    switch shell {
    case .bash: bashCompletions
    case .zsh: zshCompletions
    case .fish: fishCompletions
    }
  }

  private func options(of verb: Verb) -> [Option] {
    verb.options + commonOptions + [.flag("help", short: "h", "Show this help.")]
  }

  // MARK: bash

  /// One function: it finds the verb among the words before the cursor, then offers what the table has for it.
  private var bashCompletions: String {
    var cases = ""
    for (path, verb) in allVerbs where !verb.isGroup {
      let words = options(of: verb).map { "--\($0.name)" }.joined(separator: " ")
      var values = ""
      for option in options(of: verb) where option.takesValue {
        values += "        --\(option.name)) \(Self.bashReply(option)); return ;;\n"
      }
      cases += "    \"\(path.joined(separator: " "))\")\n"
      if !values.isEmpty { cases += "      case \"$before\" in\n\(values)      esac\n" }
      cases += "      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"\(words)\" -- \"$word\"))\n"
      cases += "      else COMPREPLY=($(compgen -f -- \"$word\")); fi ;;\n"
    }
    var groups =
      "    \"\") COMPREPLY=($(compgen -W \"\(verbs.map(\.name).joined(separator: " "))\" -f -- \"$word\")) ;;\n"
    for (path, verb) in allVerbs where verb.isGroup {
      let words = verb.verbs.map(\.name).joined(separator: " ")
      groups += "    \"\(path.joined(separator: " "))\") COMPREPLY=($(compgen -W \"\(words)\" -- \"$word\")) ;;\n"
    }
    let known = allVerbs.map { "\"\($0.path.joined(separator: " "))\"" }.joined(separator: "|")
    return """
      # bash completion for \(name)
      _\(name)() {
        local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" path="" index
        for ((index = 1; index < COMP_CWORD; index++)); do
          case "${path:+$path }${COMP_WORDS[index]}" in
            \(known)) path="${path:+$path }${COMP_WORDS[index]}" ;;
            *) break ;;
          esac
        done
        case "$path" in
      \(groups)\(cases)  esac
      }
      complete -o filenames -F _\(name) \(name)

      """
  }

  private static func bashReply(_ option: Option) -> String {
    switch (option.kind, option.completion) {
    case (.choice(let choices), _): "COMPREPLY=($(compgen -W \"\(choices.joined(separator: " "))\" -- \"$word\"))"
    case (_, .file): "COMPREPLY=($(compgen -f -- \"$word\"))"
    case (_, .folder): "COMPREPLY=($(compgen -d -- \"$word\"))"
    default: "COMPREPLY=()"
    }
  }

  // MARK: zsh

  private var zshCompletions: String {
    var cases = ""
    for (path, verb) in allVerbs {
      cases += "    \"\(path.joined(separator: " "))\")\n"
      if verb.isGroup {
        cases += "      _values verb \(verb.verbs.map(Self.zshPair).joined(separator: " ")) ;;\n"
        continue
      }
      var specs: [String] = []
      for option in options(of: verb) {
        let star = option.isRepeated ? "*" : ""
        specs.append(Self.quoted("\(star)--\(option.name)[\(Self.zshPlain(option.summary))]\(Self.zshAction(option))"))
      }
      for operand in verb.operands {
        let star = operand.count.upperBound > 1 ? "*" : ""
        let action = operand.completion == .none ? "" : operand.completion == .folder ? "_files -/" : "_files"
        specs.append(Self.quoted("\(star):\(Self.zshPlain(operand.name)):\(action)"))
      }
      cases += "      _arguments \(specs.joined(separator: " \\\n        ")) ;;\n"
    }
    let known = allVerbs.map { "\"\($0.path.joined(separator: " "))\"" }.joined(separator: "|")
    return """
      #compdef \(name)
      # zsh completion for \(name)
      _\(name)() {
        local path_words="" index=2
        while ((index < CURRENT)); do
          case "${path_words:+$path_words }${words[index]}" in
            \(known)) path_words="${path_words:+$path_words }${words[index]}" ;;
            *) break ;;
          esac
          ((index++))
        done
        words=("$words[1]" "${(@)words[index,-1]}")
        ((CURRENT -= index - 2))
        case "$path_words" in
          "") if ((CURRENT == 2)); then
              _values verb \(verbs.map(Self.zshPair).joined(separator: " "))
              _files
            fi ;;
      \(cases)  esac
      }
      _\(name) "$@"

      """
  }

  private static func zshPair(_ verb: Verb) -> String { quoted("\(verb.name)[\(zshPlain(verb.summary))]") }

  private static func zshAction(_ option: Option) -> String {
    switch (option.kind, option.completion) {
    case (.flag, _): ""
    case (.choice(let choices), _): ":value:(\(choices.joined(separator: " ")))"
    case (.value(let placeholder), .file): ":\(zshPlain(placeholder)):_files"
    case (.value(let placeholder), .folder): ":\(zshPlain(placeholder)):_files -/"
    case (.value(let placeholder), .none): ":\(zshPlain(placeholder)):"
    }
  }

  /// Text without the characters that structure a zsh specification.
  private static func zshPlain(_ text: String) -> String {
    var plain = ""
    for character in text {
      switch character {
      case "[": plain += "("
      case "]": plain += ")"
      case ":": plain += "\\:"
      default: plain.append(character)
      }
    }
    return plain
  }

  // MARK: fish

  private var fishCompletions: String {
    var text = """
      # fish completion for \(name)
      function __\(name)_at
        set -l words (commandline -opc)
        set -e words[1]
        test (count $words) -ge (count $argv); or return 1
        for index in (seq (count $argv))
          test "$words[$index]" = "$argv[$index]"; or return 1
        end
      end
      function __\(name)_after
        __\(name)_at $argv; and test (count (commandline -opc)) -eq (math (count $argv) + 1)
      end

      """
    for verb in verbs {
      text += "complete -c \(name) -n __fish_use_subcommand -a \(verb.name) -d \(Self.quoted(verb.summary))\n"
    }
    for (path, verb) in allVerbs {
      let words = path.joined(separator: " ")
      for inner in verb.verbs {
        text +=
          "complete -c \(name) -f -n \"__\(name)_after \(words)\" -a \(inner.name) -d \(Self.quoted(inner.summary))\n"
      }
      guard !verb.isGroup else { continue }
      for option in options(of: verb) {
        var line = "complete -c \(name) -n \"__\(name)_at \(words)\" -l \(option.name)"
        if let short = option.short { line += " -s \(short)" }
        switch (option.kind, option.completion) {
        case (.flag, _): break
        case (.choice(let choices), _): line += " -x -a \(Self.quoted(choices.joined(separator: " ")))"
        case (.value, .none): line += " -x"
        case (.value, .file): line += " -r -F"
        case (.value, .folder): line += " -x -a \"(__fish_complete_directories)\""
        }
        text += line + " -d \(Self.quoted(option.summary))\n"
      }
    }
    return text
  }

  /// A word in single quotes, which all three shells read alike.
  private static func quoted(_ text: String) -> String {
    "'" + text.map { $0 == "'" ? "'\\''" : String($0) }.joined() + "'"
  }
}
