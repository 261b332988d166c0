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
      Writes summary.csv, timeseries.csv, cdn.csv, sessions.csv, run.json, report.html and its charts, each whole or \
      not at all, and prints the figures that one looks for first. The same scenario and seed give the same bytes on every machine.
      """,
    operands: [
      Operand("SCENARIO", "A scenario file; with --from it stands in the design.", count: 0...1, completion: .file)
    ],
    options: ScenarioOptions.options + [
      .value("out", "DIR", short: "o", completion: .folder, "Folder of the results; reports/NAME by default."),
      .value(
        "replications", "N",
        "Runs with the same platform and other viewers, side by side; as many as the scenario says by default. Finished "
          + "ones are taken over from DIR."),
      .value(
        "precision", "G",
        "Stop once the 95 % intervals are within +- G of the means (0.05 is 5 %), after 10 to N replications (100 by "
          + "default)."),
      .repeated(
        "metric", "M",
        "A metric that must be precise; \(PrecisionTarget.standardMetrics.joined(separator: ", ")) by default."),
      .value("replication", "K", "Only replication K, counted from 0, as a sweep runs it."),
      .value("configuration", "NAME", "Name of the configuration in the tables; base by default."),
      .value("from", "DIR/design.txt", completion: .file, "Run a line of a sweep's design (see sweep plan)."),
      .value("line", "K", "Which line of the design, counted from 1; nothing is done where its result stands."),
      .value(
        "baseline-dir", "DIR", completion: .folder,
        "Compare with an earlier run's folder; writes baseline.csv and tells what changed."),
      .repeated(
        "fail-if", "EXPR",
        "Exit with status 3 if METRIC.FIELD < > <= >= NUMBER holds, such as rebuffer_ratio.mean > 0.01."
      ),
      .choice(
        "queue", QueueBacking.allCases.map(\.rawValue), standard: QueueBacking.radix.rawValue,
        "Backing of the event queues; never changes a result."),
      .flag("profile-events", "Print events and processor time by kind of event at the end."),
      .flag("sqlite", "Append the run to results.sqlite in the folder as well; earlier runs stay."),
      .flag("no-html", "No report.html and no charts."),
      .flag("dry-run", "Check the scenario, print it with all its defaults, and stop."),
      .flag("quiet", short: "q", "No progress and no summary."),
    ],
    examples: [
      Example("simrun run scenarios/peak.json --out /tmp/peak --seed 7", "Another seed, another folder."),
      Example(
        "simrun run scenarios/peak.json --replications 5 --baseline-dir reports/peak --out reports/new "
          + "--fail-if 'rebuffer_ratio.relative_difference > 0.1'",
        "A check for continuous integration: has anything become worse?"),
      Example(
        "simrun run scenarios/peak.json --set scale.fraction=0.04 --set player.abr=throughput", "Change the scenario."),
    ])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    if let design = invocation.text("from") { return try runLine(of: design, invocation) }
    guard invocation.operand("SCENARIO") != nil else {
      throw invocation.error("SCENARIO is missing", suggestion: "simrun run scenarios/peak.json")
    }
    return try run(invocation, arguments: Array(CommandLine.arguments.dropFirst()))
  }

  /// Runs one line of a sweep's design, unless its result stands already.
  private static func runLine(of path: String, _ invocation: Invocation) throws -> ExitStatus {
    let design = try SweepDesign(readingFile: path)
    guard let number = try invocation.integer("line", in: 1...Int64(design.lines.count)) else {
      throw invocation.missing("line")
    }
    let line = design.lines[Int(number) - 1]
    if SweepDesign.stands(line) { return .success }
    guard case .run(let inner) = try Simrun.table.parse(["run"] + line), inner.verb == ["run"],
      inner.text("from") == nil, inner.operand("SCENARIO") != nil
    else {
      throw InputError(InputPlace(source: path, line: Int(number)), "these are no arguments of 'simrun run'")
    }
    return try run(inner, arguments: ["run"] + line)
  }

  private static func run(_ invocation: Invocation, arguments: [String]) throws -> ExitStatus {
    let file = try ScenarioOptions.file(invocation)
    if invocation.flag("dry-run") {
      print(file.resolvedText)
      return .success
    }
    if !file.scenario.vary.isEmpty, !invocation.isGiven("configuration"), !invocation.isGiven("replication") {
      let study = CompareStudy(
        configurations: try CompareStudy.configurations(
          of: file, varying: file.scenario.vary.map { (path: $0.path, values: $0.values) }),
        replications: try ScenarioOptions.replications(invocation, file), jobs: try ScenarioOptions.jobs(invocation))
      let results = try CompareVerb.compare(
        study, of: file, into: invocation.text("out") ?? "reports/\(file.scenario.name)", invocation)
      return results == nil ? .interrupted : .success
    }
    let precision = try precision(invocation)
    let thresholds = try thresholds(invocation)
    // Read before the run, which may write into the same folder.
    let baseline = try invocation.text("baseline-dir").map { try ResultFolder($0) }
    var study = ReplicationStudy(
      file, replications: try precision?.rule.maximum ?? ScenarioOptions.replications(invocation, file),
      jobs: try ScenarioOptions.jobs(invocation))
    study.precision = precision
    if let number = try invocation.integer("replication", in: 0...999_999) {
      guard precision == nil, !invocation.isGiven("replications") else {
        throw invocation.error("replication", "it is one of --replications; give one of the two")
      }
      study.first = Int(number)
    }
    study.configuration = invocation.text("configuration") ?? study.configuration
    study.queue = invocation.text("queue").flatMap(QueueBacking.init(rawValue:)) ?? .radix
    study.profilesEvents = invocation.flag("profile-events")
    let isQuiet = invocation.flag("quiet")
    var run = RunStudy(
      study, directory: invocation.text("out") ?? "reports/\(file.scenario.name)",
      arguments: arguments, version: Simrun.version, isQuiet: isQuiet)
    run.appendsToDatabase = invocation.flag("sqlite")
    run.writesPage = !invocation.flag("no-html")
    let outcome: RunStudy.Outcome
    do {
      outcome = try run.run()
    } catch let error as UnknownMetric {
      throw invocation.error("metric", "there is no metric '\(error.name)'", suggestion: error.suggestion)
    }
    if !isQuiet { print(outcome.summary.text, terminator: "") }
    if !outcome.eventProfile.isEmpty { showProfile(outcome.eventProfile) }
    guard outcome.isComplete else {
      Simrun.complain("simrun: interrupted; the results are partial and run.json says so")
      return .interrupted
    }
    return try judge(thresholds, baseline: baseline, directory: run.directory, isQuiet: isQuiet, invocation)
  }

  /// The conditions of `--fail-if`.
  static func thresholds(_ invocation: Invocation) throws -> [Threshold] {
    try invocation.texts("fail-if").map { text throws(UsageError) in
      do throws(Threshold.Malformed) { return try Threshold(text) } catch {
        throw invocation.error("fail-if", error.description)
      }
    }
  }

  /// Compares with the baseline, and answers with status 3 if a condition is met.
  private static func judge(
    _ thresholds: [Threshold], baseline: ResultFolder?, directory: String, isQuiet: Bool, _ invocation: Invocation
  ) throws -> ExitStatus {
    guard baseline != nil || !thresholds.isEmpty else { return .success }
    let comparison = BaselineComparison(try ResultFolder(directory), baseline: baseline)
    if let baseline {
      try OutputDirectory(directory).write(comparison.table(configuration: "run").csv, to: "baseline.csv")
      if !isQuiet { print(comparison.verdict(against: baseline.path), terminator: "") }
    }
    let met: [Threshold]
    do throws(Threshold.Malformed) { met = try comparison.met(thresholds) } catch {
      throw invocation.error("fail-if", error.description)
    }
    for threshold in met { Simrun.complain("simrun: threshold met: \(threshold.text)") }
    return met.isEmpty ? .success : .thresholdNotMet
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
