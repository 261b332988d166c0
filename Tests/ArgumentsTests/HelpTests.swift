import Arguments
import Testing

@Suite("Help") struct HelpTests {
  private func shown(_ words: String...) throws -> String {
    guard case .show(let text) = try sampleTable.parse(words) else { return "" }
    return text
  }

  @Test("help of a verb shows its whole table")
  func verbHelp() throws {
    let expected = """
      Run a scenario.

      Usage: tool run SCENARIO [options]

      Writes tables.
      Twice the same.

      Arguments:
        SCENARIO  A scenario file.

      Options:
        -o, --out DIR                Folder of the results.
            --set PATH=VALUE         Replace one value of the scenario. May be given several times.
            --seed N                 Seed. [default: 1]
            --until DURATION         Stop then.
        -f, --format csv|json|table  How tables are printed.
        -q, --quiet                  Print less.
        -h, --help                   Show this help.

      Examples:
        tool run peak.json --seed 2
            Another seed.

      """
    let help = try shown("run", "--help")
    #expect(help == expected)
    #expect(try shown("help", "run") == help)
    #expect(try shown("run", "x", "--out", "a", "-h") == help)
  }

  @Test("the tool alone says what it is and what to try")
  func overview() throws {
    let expected = """
      tool 1.2
      Does things.

      Try:
        tool peak.json
            A first run.

      Verbs:
        run      Run a scenario.
        check    Check scenarios.
        cluster  Clusters.

      'tool VERB --help' tells more about a verb, with examples.

      """
    #expect(try shown() == expected)
    #expect(try shown("--help") == expected)
    #expect(try shown("--version") == "tool 1.2\n")
    #expect(try shown("cluster", "--help").contains("  plan  Plans.\n"))
  }

  @Test("completions of every shell know every verb and option", arguments: CompletionShell.allCases)
  func completions(shell: CompletionShell) {
    let script = sampleTable.completions(for: shell)
    for word in ["run", "check", "cluster", "create", "quiet", "masters", "csv"] { #expect(script.contains(word)) }
  }

  @Test("the manual page knows every verb and escapes its dashes")
  func manual() {
    let page = sampleTable.manual(date: "2026-01-31")
    for word in [".SS cluster plan create", "\\-\\-format csv|json|table", ".SH EXIT STATUS"] {
      #expect(page.contains(word))
    }
  }
}
