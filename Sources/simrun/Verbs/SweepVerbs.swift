import Arguments
import Reporting
import Studies

/// `simrun sweep plan` and `simrun sweep collect`: runs for job arrays.
enum SweepVerbs {
  static let verb = Verb(
    "sweep", "Plan many runs for a job array, and collect their results.", verbs: [planVerb, collectVerb])

  private static let planVerb = Verb(
    "plan", "Write a design: one complete argument list a line.",
    discussion: """
      DIR/design.txt gets a line a configuration and replication. Run line K with 'simrun run --from DIR/design.txt \
      --line K', on any machine that sees the same folders, in any order, as often as you like: a line whose result \
      stands is left at once. scripts/slurm/sweep.sbatch is a Slurm job array; with GNU parallel: \
      seq "$(wc -l < DIR/design.txt)" | parallel simrun run --from DIR/design.txt --line {}
      """,
    operands: [Operand("SCENARIO", "A scenario file.", completion: .file)],
    options: [
      .repeated("vary", "PATH=V1,V2,...", isRequired: true, "A value to vary; several give every combination."),
      .value("replications", "N", standard: "10", "Replications of each configuration."),
      .value("out", "DIR", short: "o", isRequired: true, completion: .folder, "Folder of the sweep."),
      .value("seed", "N", "Root of all random streams, in place of the scenario's."),
      .repeated("set", "PATH=VALUE", "Replace one value of the scenario in every run."),
      .value("until", "DURATION", "Stop after so much simulated time."),
      .value("jobs", "N", short: "j", standard: "1", "Threads of each run; never changes a result."),
    ],
    examples: [
      Example(
        "simrun sweep plan scenarios/peak.json --vary cdn.edge.disk=4TB,8TB,16TB --replications 20 --out reports/disks",
        "Sixty runs.")
    ])

  private static let collectVerb = Verb(
    "collect", "Put the results of a sweep together.",
    discussion: """
      Writes summary.csv and the other tables of all finished lines, compare.csv and report.html into DIR, the same \
      bytes as 'simrun compare' would. Lines without a result are named, and the exit status is 1 as long as there are \
      any.
      """,
    operands: [Operand("DIR", "The folder of a sweep.", completion: .folder)],
    options: [
      .value(
        "baseline", "V", "The configuration that the others are compared with, by its value; the first by default."),
      .flag("no-html", "No report.html and no charts."),
      .flag("quiet", short: "q", "No verdict."),
    ],
    examples: [Example("simrun sweep collect reports/disks", "What the sixty runs say.")])

  @Sendable static func plan(_ invocation: Invocation) throws -> ExitStatus {
    let file = try ScenarioOptions.file(invocation)
    let variations = try CompareVerb.variations(invocation)
    // Every configuration is checked now: a job array is the wrong place to learn of a misspelt key.
    _ = try CompareStudy.configurations(of: file, varying: variations)
    let design = SweepDesign(
      folder: invocation.required(option: "out"), scenario: ScenarioOptions.arguments(invocation), varying: variations,
      replications: try ScenarioOptions.replications(invocation), jobs: try ScenarioOptions.jobs(invocation))
    try design.write()
    print("\(design.folder)/\(SweepDesign.fileName)")
    let word = design.lines.count == 1 ? "run" : "runs"
    Simrun.complain("\(design.lines.count) \(word); collect them with: simrun sweep collect \(design.folder)")
    return .success
  }

  @Sendable static func collect(_ invocation: Invocation) throws -> ExitStatus {
    let design = try SweepDesign(readingFile: "\(invocation.required("DIR"))/\(SweepDesign.fileName)")
    let outcome = try SweepCollection(design).collect(
      baseline: invocation.text("baseline"), metrics: CompareVerb.standardMetrics,
      writesPage: !invocation.flag("no-html"))
    if !invocation.flag("quiet") {
      if let results = outcome.results { print(results.verdict(metrics: known(results)), terminator: "") }
      print("results: \(design.folder), \(outcome.finished) of \(design.lines.count) runs")
    }
    if outcome.unpaired > 0 {
      Simrun.complain("simrun: compare.csv leaves out \(outcome.unpaired) runs that lack a counterpart")
    }
    guard !outcome.missing.isEmpty else { return .success }
    let list = ranges(outcome.missing)
    Simrun.complain("simrun: missing: line \(list) of \(design.lines.count) (for Slurm: --array=\(list))")
    return .failure
  }

  private static func known(_ results: ComparisonResults) -> [String] {
    let names = results.metricNames
    return CompareVerb.standardMetrics.filter { names.contains($0) }
  }

  /// Rising numbers as `2,5-7`.
  private static func ranges(_ numbers: [Int]) -> String {
    var parts: [String] = []
    var index = 0
    while index < numbers.count {
      var end = index
      while end + 1 < numbers.count, numbers[end + 1] == numbers[end] + 1 { end += 1 }
      parts.append(end == index ? "\(numbers[index])" : "\(numbers[index])-\(numbers[end])")
      index = end + 1
    }
    return parts.joined(separator: ",")
  }
}
