import Platform
import Reporting
import SimEngine
import TextFormats

/// Writes what runs found: tidy CSV files and run.json, each whole or not at all.
struct ResultFiles {
  let directory: OutputDirectory
  let scenario: Scenario
  let seed: UInt64

  /// A named way of running the scenario and its replications.
  struct Configuration {
    /// `base`, or the varied values.
    var name: String
    var results: [PlatformResults]
  }

  /// Writes summary.csv, timeseries.csv, cdn.csv, sessions.csv, and a table of its own for each component that has one.
  ///
  /// - Returns: the names of the files.
  @discardableResult
  func writeTables(_ configurations: [Configuration]) throws -> [String] {
    try write("summary.csv", ["seed", "component", "entity", "metric", "unit", "value"], configurations) {
      csv, result, begin in
      for row in result.summary {
        begin()
        csv.append(seed)
        append(row, to: csv)
        try csv.endRow()
      }
    }
    try write("timeseries.csv", ["t_s", "component", "entity", "metric", "unit", "value"], configurations) {
      csv, result, begin in
      for row in result.timeseries {
        begin()
        csv.append(known: row.timeS)
        append(row, to: csv)
        try csv.endRow()
      }
    }
    let cdnColumns =
      ["tier", "entity", "requests", "requested_bytes", "hits", "hit_bytes", "hit_ratio", "byte_hit_ratio"]
      + ["coalesced", "fetches", "fetched_bytes", "evictions", "resident_bytes"]
      + CDNRow.missCauses.map { "miss_\($0)" }
    try write("cdn.csv", cdnColumns, configurations) { csv, result, begin in
      for row in result.cdn {
        begin()
        append(row, to: csv)
        try csv.endRow()
      }
    }
    try write("sessions.csv", Self.sessionColumns, configurations) { csv, result, begin in
      for session in result.sessions {
        begin()
        append(session, to: csv)
        try csv.endRow()
      }
    }
    return ["summary.csv", "timeseries.csv", "cdn.csv", "sessions.csv"] + (try writeComponentTables(configurations))
  }

  /// Writes the tables of single components: what every configuration has under one name goes into one file.
  private func writeComponentTables(_ configurations: [Configuration]) throws -> [String] {
    var written: [String] = []
    for table in configurations.lazy.flatMap(\.results).flatMap(\.componentTables) where !written.contains(table.name) {
      written.append(table.name)
      try write("\(table.name).csv", table.columns, configurations) { csv, result, begin in
        guard let rows = result.componentTables.first(where: { $0.name == table.name })?.rows else { return }
        for row in rows {
          begin()
          for field in row {
            switch field {
            case .text(let text): csv.append(text)
            case .integer(let number): csv.append(number)
            case .number(let number): csv.append(known: number)
            }
          }
          try csv.endRow()
        }
      }
    }
    return written.map { "\($0).csv" }
  }

  /// Writes run.json.
  func writeManifest(
    _ configurations: [Configuration], version: ToolVersion, arguments: [String], machine: ProcessMeasure
  ) throws {
    let results = configurations.flatMap(\.results)
    var digest = RunDigest()
    for result in results { digest.merge(result.digest) }
    let manifest = RunManifest(
      toolVersion: version.number, gitRevision: version.revision, arguments: arguments, scenarioName: scenario.name,
      scenario: Scenario.settings.resolved(scenario), seed: seed, seedScheme: StreamKey.scheme,
      replications: configurations.map(\.results.count).max() ?? 0,
      digest: results.count == 1 ? results[0].digest.value : digest.value,
      eventCount: results.reduce(0) { $0 + $1.events },
      status: results.allSatisfy(\.isComplete) ? .complete : .incomplete, machine: machine)
    try directory.write(manifest.text, to: "run.json")
  }

  /// Every file begins with the columns that say which run a row belongs to.
  private func write(
    _ name: String, _ columns: [String], _ configurations: [Configuration],
    rows: (CSVWriter, PlatformResults, _ begin: () -> Void) throws -> Void
  ) throws {
    let csv = try CSVWriter(
      file: try directory.file(name), columns: ["scenario", "configuration", "replication"] + columns)
    for configuration in configurations {
      for result in configuration.results {
        try rows(csv, result) {
          csv.append(scenario.name)
          csv.append(configuration.name)
          csv.append(result.identity.replication)
        }
      }
    }
    try csv.commit()
  }

  private func append(_ row: MetricRow, to csv: CSVWriter) {
    csv.append(row.component)
    csv.append(row.entity)
    csv.append(row.metric)
    csv.append(row.unit)
    csv.append(known: row.value)
  }

  private func append(_ row: CDNRow, to csv: CSVWriter) {
    csv.append(row.tier)
    csv.append(row.entity)
    csv.append(row.requests)
    csv.append(row.requestedBytes)
    csv.append(row.hits)
    csv.append(row.hitBytes)
    csv.append(known: Double(row.hits) / Double(row.requests))
    csv.append(known: Double(row.hitBytes) / Double(row.requestedBytes))
    csv.append(row.coalesced)
    csv.append(row.fetches)
    csv.append(row.fetchedBytes)
    csv.append(row.evictions)
    csv.append(row.residentBytes)
    for misses in row.missesByCause { csv.append(misses) }
  }

  private static let sessionColumns = [
    "site", "process", "session", "arrived_s", "title", "access_class", "rtt_ms", "offset_s", "startup_s", "played_s",
    "stalls", "stalled_s", "mean_bitrate_kbps", "switches", "received_bytes", "ending",
  ]

  private func append(_ session: SessionRecord, to csv: CSVWriter) {
    csv.append("edge-\(session.site)")
    csv.append(session.process)
    csv.append(session.number)
    csv.append(session.arrivedAt.seconds)
    csv.append(session.title)
    csv.append(session.accessClass)
    csv.append(session.roundTrip.milliseconds)
    csv.append(session.offset.seconds)
    csv.append(known: session.startupDelay?.seconds)
    csv.append(session.played.seconds)
    csv.append(session.stalls)
    csv.append(session.stalled.seconds)
    csv.append(known: session.meanBitrateKbps)
    csv.append(session.switches)
    csv.append(session.receivedBytes)
    csv.append(session.ending.rawValue)
  }
}

extension CSVWriter {
  /// A number, or an empty field where nothing is known.
  func append(known value: Double?) {
    if let value, value.isFinite { append(value) } else { appendEmpty() }
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
