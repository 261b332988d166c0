import Arguments

/// `simrun completions` and `simrun man`: what a package installs beside the executable, from the table of verbs.
enum ShellVerbs {
  static let completions = Verb(
    "completions", "Print completions for a shell.",
    operands: [
      Operand("SHELL", CompletionShell.allCases.map(\.rawValue).joined(separator: ", "), completion: .none)
    ],
    examples: [
      Example("source <(simrun completions bash)", "In ~/.bashrc."),
      Example("simrun completions fish > ~/.config/fish/completions/simrun.fish", "For fish."),
      Example("simrun completions zsh > ~/.zfunc/_simrun", "For zsh, with ~/.zfunc in fpath."),
    ])

  static let manual = Verb(
    "man", "Print the manual page, in troff.",
    examples: [Example("simrun man | man -l -", "Read it at once.")])

  @Sendable static func printCompletions(_ invocation: Invocation) throws -> ExitStatus {
    let name = invocation.required("SHELL")
    guard let shell = CompletionShell(rawValue: name) else {
      throw invocation.error(
        "'\(name)' is no shell that simrun knows",
        suggestion: "one of \(CompletionShell.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    print(Simrun.table.completions(for: shell), terminator: "")
    return .success
  }

  @Sendable static func printManual(_ invocation: Invocation) throws -> ExitStatus {
    // The page is part of a version, so it bears no date of its own.
    print(Simrun.table.manual(date: ""), terminator: "")
    return .success
  }
}
