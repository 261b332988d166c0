import Arguments
import Platform
import Reporting
import SimEngine
import Studies
import TextFormats

/// `simrun run SCENARIO`: simulate and leave results.
enum RunVerb {
  static let verb = Verb(
    "run", "Simulate a scenario and write its results.",
    discussion: """
      Writes summary.csv, timeseries.csv, cdn.csv, sessions.csv and run.json, each whole or not at all, and prints the \
      figures that one looks for first. The same scenario and seed give the same bytes on every machine.
      """,
    operands: [Operand("SCENARIO", "A scenario file.", completion: .file)],
    options: ScenarioOptions.options + [
      .value("out", "DIR", short: "o", completion: .folder, "Folder of the results; reports/NAME by default."),
      .value(
        "replications", "N",
        "Runs with the same platform and other viewers, side by side; 1 by default. Finished ones are taken over from "
          + "DIR."),
      .value(
        "precision", "G",
        "Stop once the 95 % intervals are within +- G of the means (0.05 is 5 %), after 10 to N replications (100 by "
          + "default)."),
      .repeated(
        "metric", "M",
        "A metric that must be precise; \(PrecisionTarget.standardMetrics.joined(separator: ", ")) by default."),
      .choice(
        "queue", QueueBacking.allCases.map(\.rawValue), standard: QueueBacking.radix.rawValue,
        "Backing of the event queues; never changes a result."),
      .flag("profile-events", "Print events and processor time by kind of event at the end."),
      .flag("dry-run", "Check the scenario, print it with all its defaults, and stop."),
      .flag("quiet", short: "q", "No progress and no summary."),
    ],
    examples: [
      Example("simrun run scenarios/peak.json --out /tmp/peak --seed 7", "Another seed, another folder."),
      Example(
        "simrun run scenarios/peak.json --set scale.fraction=0.04 --set player.abr=throughput", "Change the scenario."),
    ])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let file = try ScenarioOptions.file(invocation)
    if invocation.flag("dry-run") {
      print(file.resolvedText)
      return .success
    }
    let precision = try precision(invocation)
    var study = ReplicationStudy(
      file, replications: try precision?.rule.maximum ?? ScenarioOptions.replications(invocation),
      jobs: try ScenarioOptions.jobs(invocation))
    study.precision = precision
    study.queue = invocation.text("queue").flatMap(QueueBacking.init(rawValue:)) ?? .radix
    study.profilesEvents = invocation.flag("profile-events")
    let isQuiet = invocation.flag("quiet")
    let outcome: RunStudy.Outcome
    do {
      outcome = try RunStudy(
        study, directory: invocation.text("out") ?? "reports/\(file.scenario.name)",
        arguments: Array(CommandLine.arguments.dropFirst()), version: Simrun.version, isQuiet: isQuiet
      ).run()
    } catch let error as UnknownMetric {
      throw invocation.error("metric", "there is no metric '\(error.name)'", suggestion: error.suggestion)
    }
    if !isQuiet { print(outcome.summary.text, terminator: "") }
    if !outcome.eventProfile.isEmpty { showProfile(outcome.eventProfile) }
    guard outcome.isComplete else {
      Simrun.complain("simrun: interrupted; the results are partial and run.json says so")
      return .interrupted
    }
    return .success
  }

  private static func precision(_ invocation: Invocation) throws -> PrecisionTarget? {
    let metrics = invocation.texts("metric")
    guard let precision = try invocation.number("precision", in: 0.0001...1) else {
      if !metrics.isEmpty {
        throw invocation.error("metric", "it says what --precision is about", suggestion: "--precision 0.05")
      }
      return nil
    }
    let maximum = try invocation.integer("replications", in: 1...1_000_000).map(Int.init) ?? 100
    guard maximum >= 10 else {
      throw invocation.error(
        "replications", "a precision takes at least 10 replications to judge", suggestion: "--replications 50")
    }
    let rule = StoppingRule(precision: precision, minimum: 10, maximum: maximum)
    return metrics.isEmpty ? PrecisionTarget(rule: rule) : PrecisionTarget(rule: rule, metrics: metrics)
  }

  private static func showProfile(_ profile: [EventKindProfile]) {
    let total = profile.reduce(0) { $0 + $1.cpuSeconds }
    var table = Table(
      ["component", "kind", "events", "cpu_s", "cpu_share", "ns_per_event"], text: ["component", "kind"])
    for row in profile {
      table.append([
        .text(row.component), .text(row.kind), .integer(Int64(row.events)), .number(row.cpuSeconds),
        .number(total > 0 ? row.cpuSeconds / total : 0),
        row.events > 0 ? .number(row.cpuSeconds * 1e9 / Double(row.events)) : .empty,
      ])
    }
    print(table.text(.forStandardOutput), terminator: "")
  }
}
