import Arguments
import Platform
import Reporting
import Studies
import TextFormats

/// `simrun compare SCENARIO --vary ...`: configurations over the same viewers.
enum CompareVerb {
  static let verb = Verb(
    "compare", "Compare configurations of a scenario over the same viewers.",
    discussion: """
      Every configuration meets the same viewers (common random numbers). Differences from the baseline are paired \
      replication by replication; intervals are 95 % Student intervals, p-values are Holm-corrected over the \
      configurations. Writes compare.csv, the tables of all runs, run.json and report.html; replications that the same build has \
      already left in the folder are taken over.
      """,
    operands: [Operand("SCENARIO", "A scenario file.", completion: .file)],
    options: ScenarioOptions.options + [
      .repeated("vary", "PATH=V1,V2,...", "A value to vary; several give every combination."),
      .value("replications", "N", standard: "10", "Replications of each configuration."),
      .value(
        "baseline", "V", "The configuration that the others are compared with, by its value; the first by default."),
      .repeated("metric", "M", "Show only this metric; a few that matter most by default."),
      .repeated("fail-if", "EXPR", "Exit with status 3 if a configuration meets METRIC.FIELD < > <= >= NUMBER."),
      .value("out", "DIR", short: "o", completion: .folder, "Folder of the results; reports/NAME-compare by default."),
      .choice("format", TableFormat.allCases.map(\.rawValue), short: "f", "Print the whole table in this format."),
      .flag("no-html", "No report.html and no charts."),
      .flag("quiet", short: "q", "No progress and no verdict."),
    ],
    examples: [
      Example(
        "simrun compare scenarios/peak.json --vary cdn.edge.policy=lru,hot-title-placement --replications 5",
        "What placement saves."),
      Example(
        "simrun compare scenarios/smoke.json --vary player.abr=bola,throughput --fail-if 'rebuffer_ratio.mean > 0.01'",
        "A check for continuous integration."),
    ])

  /// What a reader looks at first.
  static let standardMetrics = [
    "startup_p50_s", "startup_p95_s", "rebuffer_ratio", "mean_bitrate_kbps", "switches_per_hour", "left_at_startup",
    "left_in_stall", "hit_ratio", "byte_hit_ratio", "origin_bytes", "origin_peak_gbps", "cost_total",
    "cost_per_viewer_hour", "titles_published", "titles_failed", "uploads_turned_away", "deadlines_missed",
    "time_to_publish_p95_s", "time_to_highlight_p95_s",
    "premiere_late_s", "core_hours_wasted", "cluster_unavailable_s", "cluster_failed_commands", "cluster_lost_writes",
    "cluster_moved_per_s", "cluster_gossip_bytes_per_s_per_node",
  ]

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let file = try ScenarioOptions.file(invocation)
    let study = try study(of: file, invocation)
    let thresholds = try RunVerb.thresholds(invocation)
    let directory = invocation.text("out") ?? "reports/\(file.scenario.name)-compare"
    let format = invocation.text("format").flatMap(TableFormat.init(rawValue:))
    guard let results = try compare(study, of: file, into: directory, format: format, invocation) else {
      return .interrupted
    }
    return try judge(thresholds, results, invocation)
  }

  /// Runs a comparison, leaves its tables in a folder and prints a verdict; `nil` if it was interrupted.
  static func compare(
    _ study: CompareStudy, of file: ScenarioFile, into directory: String, format: TableFormat? = nil,
    _ invocation: Invocation
  ) throws -> ComparisonResults? {
    let output = try OutputDirectory(directory)
    let isQuiet = invocation.flag("quiet")
    let total = study.configurations.count * study.replications
    let progress = SharedProgress(title: "\(file.scenario.name), \(total) runs", total: total, isQuiet: isQuiet)
    let results: ComparisonResults
    do {
      results = try study.run(
        in: output, arguments: Array(CommandLine.arguments.dropFirst()), version: Simrun.version
      ) { progress.finished(Double($0)) }
    } catch is Interrupted {
      progress.end()
      Simrun.complain("simrun: interrupted; nothing was written")
      return nil
    }
    progress.end()

    let metrics = try metrics(invocation, results)
    if !invocation.flag("no-html") {
      try CompareReport(results, file: file, folder: ResultFolder(output.path), metrics: metrics).write(to: output)
    }
    if let format {
      print(results.table(metrics: metrics).text(format), terminator: "")
    } else if !isQuiet {
      print(results.verdict(metrics: metrics), terminator: "")
      print("results: \(output.path)")
    }
    return results
  }

  /// The values to vary: for each key at least one, for some key several.
  static func variations(_ invocation: Invocation) throws -> [(path: String, values: [String])] {
    let variations = try invocation.assignments("vary").map { (path: $0.path, values: CompareStudy.values($0.value)) }
    guard variations.contains(where: { $0.values.count > 1 }) else {
      throw invocation.error(
        "vary", "there is nothing to compare", suggestion: "--vary cdn.edge.policy=lru,hot-title-placement")
    }
    return variations
  }

  private static func study(of file: ScenarioFile, _ invocation: Invocation) throws -> CompareStudy {
    let variations = try variations(invocation)
    let configurations = try CompareStudy.configurations(of: file, varying: variations)
    var baseline = 0
    if let name = invocation.text("baseline") {
      let matches = configurations.indices.filter { index in
        let configuration = configurations[index].name
        return configuration == name || configuration.split(separator: " ").contains { $0.hasSuffix("=\(name)") }
      }
      guard let match = matches.first else {
        throw invocation.error(
          "baseline", "no configuration has the value '\(name)'",
          suggestion: configurations.map(\.name).joined(separator: ", "))
      }
      baseline = match
    }
    return CompareStudy(
      configurations: configurations, baseline: baseline, replications: try ScenarioOptions.replications(invocation),
      jobs: try ScenarioOptions.jobs(invocation))
  }

  private static func metrics(_ invocation: Invocation, _ results: ComparisonResults) throws -> [String] {
    let asked = invocation.texts("metric")
    let known = results.metricNames
    for name in asked where !known.contains(name) {
      throw invocation.error(
        "metric", "there is no metric '\(name)'", suggestion: NameSuggestion.phrase(for: name, in: known))
    }
    return asked.isEmpty ? standardMetrics.filter { known.contains($0) } : asked
  }

  private static func judge(
    _ thresholds: [Threshold], _ results: ComparisonResults, _ invocation: Invocation
  ) throws -> ExitStatus {
    var status = ExitStatus.success
    for threshold in thresholds {
      let rows: [ComparisonResults.Row]
      do throws(Threshold.Malformed) { rows = try threshold.rows(of: results) } catch {
        throw invocation.error("fail-if", error.description)
      }
      for row in rows {
        Simrun.complain("simrun: threshold met: \(threshold.text) by \(row.configuration)")
        status = .thresholdNotMet
      }
    }
    return status
  }
}
