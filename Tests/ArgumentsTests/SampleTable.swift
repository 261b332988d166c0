// A small command table of every kind, for the tests.

import Arguments

let sampleTable = CommandTable(
  name: "tool", summary: "Does things.", version: "1.2",
  verbs: [
    Verb(
      "run", "Run a scenario.", discussion: "Writes tables.\nTwice the same.",
      operands: [Operand("SCENARIO", "A scenario file.")],
      options: [
        .value("out", "DIR", short: "o", completion: .folder, "Folder of the results."),
        .repeated("set", "PATH=VALUE", "Replace one value of the scenario."),
        .value("seed", "N", standard: "1", "Seed."), .value("until", "DURATION", "Stop then."),
        .choice("format", ["csv", "json", "table"], short: "f", "How tables are printed."),
      ],
      examples: [Example("tool run peak.json --seed 2", "Another seed.")]),
    Verb("check", "Check scenarios.", operands: [Operand("FILE", "Files.", count: 0...100)]),
    Verb(
      "cluster", "Clusters.",
      verbs: [
        Verb("slot", "Slots of keys.", options: [.flag("hex", short: "x", "Keys are hexadecimal.")]),
        Verb(
          "plan", "Plans.",
          verbs: [Verb("create", "A new cluster.", options: [.value("masters", "N", isRequired: true, "How many.")])]),
      ]),
  ],
  commonOptions: [.flag("quiet", short: "q", "Print less.")], verbForFiles: "run",
  examples: [Example("tool peak.json", "A first run.")])

/// The invocation of a command line.
func invocation(_ words: String...) throws -> Invocation {
  switch try sampleTable.parse(words) {
  case .run(let invocation): return invocation
  case .show(let text): throw UsageError("shows \(text)")
  }
}

/// The message of the usage error of a command line; empty if there is none.
func failure(_ words: String..., reading: (Invocation) throws -> Void = { _ in }) -> String {
  do {
    if case .run(let invocation) = try sampleTable.parse(words) { try reading(invocation) }
    return ""
  } catch {
    return "\(error)"
  }
}
