import Platform
import Reporting
import SimEngine
import TextFormats

/// Writes what runs found: tidy CSV files and run.json, each whole or not at all.
///
/// run.json is written last and names every replication with its digest: as long as it is there, it describes the
/// tables beside it, and a later run may take finished replications over from them (`FinishedReplications`).
struct ResultFiles {
  static let manifestName = "run.json"
  /// Name of the configuration of a run that varies nothing.
  static let baseName = "base"

  let directory: OutputDirectory
  let scenario: Scenario
  let seed: UInt64

  /// A named way of running the scenario and its replications.
  struct Configuration: Sendable {
    /// `base`, or the varied values.
    var name: String
    var replications: [Replication]
  }

  /// The columns that say which run a row belongs to; every table begins with them.
  static let identityColumns = ["scenario", "configuration", "replication"]
  static let metricColumns = ["component", "entity", "metric", "unit", "value"]

  /// Writes summary.csv, timeseries.csv, cdn.csv, sessions.csv, and a table of its own for each component that has one.
  ///
  /// - Returns: the names of the files.
  @discardableResult
  func writeTables(_ configurations: [Configuration]) throws -> [String] {
    // From here on an older manifest would describe tables that are gone.
    try directory.remove(Self.manifestName)
    try write("summary.csv", ["seed"] + Self.metricColumns, configurations) { replication in
      rows(replication.summary, leading: ["seed"]) { csv, _ in csv.append(seed) }
    }
    try write("timeseries.csv", ["t_s"] + Self.metricColumns, configurations) { replication in
      rows(replication.timeseries, leading: ["t_s"]) { csv, row in csv.append(known: row.timeS) }
    }
    var names = ["summary.csv", "timeseries.csv"]
    for table in configurations.lazy.flatMap(\.replications).flatMap(\.tables) {
      let name = "\(table.name).csv"
      guard !names.contains(name) else { continue }
      names.append(name)
      try write(name, table.rows.columns, configurations) { replication in
        replication.tables.first { $0.name == table.name }?.rows ?? CSVRows(columns: table.rows.columns)
      }
    }
    return names
  }

  /// Writes run.json.
  ///
  /// - Parameter inputs: what each configuration was made from, as `ScenarioFile.inputSHA256` has it.
  /// - Returns: what it says.
  @discardableResult
  func writeManifest(
    _ configurations: [Configuration], inputs: [String], tables: [String], version: ToolVersion,
    arguments: [String], machine: ProcessMeasure
  ) throws -> RunManifest {
    let all = configurations.flatMap(\.replications)
    var digest = RunDigest()
    for replication in all { digest.merge(digestValue: replication.digest, events: replication.events) }
    var manifest = RunManifest(
      toolVersion: version.number, gitRevision: version.revision, arguments: arguments, scenarioName: scenario.name,
      scenario: Scenario.settings.resolved(scenario), seed: seed, seedScheme: StreamKey.scheme,
      replications: configurations.map(\.replications.count).max() ?? 0,
      digest: all.count == 1 ? all[0].digest : digest.value, eventCount: all.reduce(0) { $0 + $1.events },
      status: all.allSatisfy(\.isComplete) ? .complete : .incomplete, machine: machine)
    manifest.tables = tables
    manifest.runs = zip(configurations, inputs).flatMap { configuration, input in
      configuration.replications.map { replication in
        RunManifest.Run(
          configuration: configuration.name, inputSHA256: input, replication: replication.number,
          digest: replication.digest, events: replication.events, reachedNs: replication.reached.nanoseconds,
          isComplete: replication.isComplete)
      }
    }
    try directory.write(manifest.text, to: Self.manifestName)
    return manifest
  }

  private func write(
    _ name: String, _ columns: [String], _ configurations: [Configuration], rows: (Replication) -> CSVRows
  ) throws {
    let csv = try CSVWriter(file: try directory.file(name), columns: Self.identityColumns + columns)
    for configuration in configurations {
      for replication in configuration.replications {
        csv.append(scenario.name)
        csv.append(configuration.name)
        csv.append(replication.number)
        try csv.endRows(with: rows(replication))
      }
    }
    try csv.commit()
  }

  private func rows(
    _ metrics: [MetricRow], leading: [String], _ begin: (inout CSVRows, MetricRow) -> Void
  ) -> CSVRows {
    var csv = CSVRows(columns: leading + Self.metricColumns)
    for row in metrics {
      begin(&csv, row)
      csv.append(row.component)
      csv.append(row.entity)
      csv.append(row.metric)
      csv.append(row.unit)
      csv.append(known: row.value)
      csv.endRow()
    }
    return csv
  }
}

/// Version of the tool as run.json records it.
public struct ToolVersion: Sendable {
  /// For example `0.1.0`.
  public var number: String
  /// Revision of the source, or `unknown`.
  public var revision: String

  /// A version.
  public init(number: String, revision: String) {
    self.number = number
    self.revision = revision
  }
}
