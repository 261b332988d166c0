import Arguments
import Platform
import Studies
import TextFormats

/// `simrun swarm`: random valid scenarios with invariants checked.
enum SwarmVerb {
  static let verb = Verb(
    "swarm", "Run random valid scenarios and check invariants every simulated second.",
    discussion: """
      Each seed draws a scenario around the given one and runs it on both event queues. A failure prints the one \
      command that shows it again; the exit status is then 1.
      """,
    operands: [Operand("SCENARIO", "The scenario to vary.", count: 0...1, completion: .file)],
    options: [
      .value("seeds", "N", standard: "50", "How many scenarios to draw."),
      .choice("kind", ["platform", "cluster"], "What to draw: whole platforms, or clusters alone; both by default."),
      .value("jobs", "N", short: "j", "Threads; all processors by default. Never changes a finding."),
      .flag("quiet", short: "q", "Only failures."),
    ],
    examples: [
      Example("simrun swarm --seeds 50", "Around scenarios/smoke.json."),
      Example("simrun swarm --seeds 200 --kind cluster", "Clusters alone: faults, partitions, reshards, restarts."),
    ])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let file = try ScenarioFile(path: invocation.operand("SCENARIO") ?? "scenarios/smoke.json")
    var swarm = SwarmStudy(
      around: file, seeds: Int(try invocation.integer("seeds", in: 1...1_000_000) ?? 50),
      jobs: try ScenarioOptions.jobs(invocation))
    swarm.kind = invocation.text("kind").flatMap { Scenario.Kind(rawValue: $0) }
    let findings = try swarm.run()
    for finding in findings {
      if let failure = finding.failure {
        print("seed \(finding.seed): FAILED: \(failure)\n  \(finding.command)")
      } else if !invocation.flag("quiet") {
        print("seed \(finding.seed): ok, \(finding.events) events, digest \(finding.digest)")
      }
    }
    let failures = findings.filter { $0.failure != nil }.count
    print("\(findings.count) scenarios, \(failures) failed")
    return failures == 0 ? .success : .failure
  }
}
