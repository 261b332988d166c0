import Arguments
import Reporting
import Studies
import TextFormats

/// `simrun explain SCENARIO`: the back of the envelope.
enum ExplainVerb {
  static let verb = Verb(
    "explain", "Work out by hand what a scenario should lead to, and compare with a run.",
    discussion: """
      Prints concurrency, request rates, egress, storage and the load of the services, each with its formula, for the \
      whole platform and without failures. With --against it adds what a run found, and the ratio of the two.
      """,
    operands: [Operand("SCENARIO", "A scenario file.", completion: .file)],
    options: ScenarioOptions.options + [
      .value("against", "DIR", completion: .folder, "Results of a run of this scenario, to compare with."),
      .choice("print", TableFormat.allCases.map(\.rawValue), "How to print; a table on a terminal, CSV in a pipe."),
    ],
    examples: [
      Example("simrun explain scenarios/peak.json", "What an evening should need."),
      Example("simrun explain scenarios/peak.json --against reports/peak", "And what it took."),
    ])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let folder = invocation.text("against")
    let study = try ExplainStudy(try ScenarioOptions.file(invocation), against: folder)
    let format = invocation.text("print").flatMap(TableFormat.init(rawValue:)) ?? .forStandardOutput
    print(study.table(withRun: folder != nil).text(format), terminator: "")
    return .success
  }
}
