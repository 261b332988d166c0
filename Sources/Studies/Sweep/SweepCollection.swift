// What the finished lines of a sweep came to, as the tables of one comparison.

import Glibc
import Platform
import Reporting
import SimEngine
import TextFormats

/// Collects the finished runs of a sweep.
public struct SweepCollection {
  /// Runs that do not belong together.
  public struct Mismatch: Error, CustomStringConvertible {
    /// What differs.
    public let description: String
  }

  /// What was collected.
  public struct Outcome: Sendable {
    /// Lines without a result, from 1.
    public let missing: [Int]
    /// Lines with one.
    public let finished: Int
    /// The comparison; `nil` for a sweep with one configuration, or before every configuration has a result.
    public let results: ComparisonResults?
    /// Replications that compare.csv leaves out because some configuration lacks them.
    public let unpaired: Int
  }

  private let design: SweepDesign

  /// A collection of a design's results.
  public init(_ design: SweepDesign) { self.design = design }

  /// Writes the tables of all finished lines and, for several configurations, compare.csv and report.html.
  ///
  /// - Parameters:
  ///   - baseline: the value or name of the configuration that the others are compared with; the first by default.
  ///   - metrics: the metrics that the page draws.
  /// - Throws: `Mismatch` for runs of different versions or an unknown baseline, `FileError`, `InputError`.
  public func collect(baseline: String?, metrics: [String], writesPage: Bool) throws -> Outcome {
    let directory = try OutputDirectory(design.folder)
    var finished: [(line: Int, folder: String, manifest: JSONValue)] = []
    var missing: [Int] = []
    for (index, line) in design.lines.enumerated() {
      if let folder = SweepDesign.value(of: "out", in: line), let manifest = SweepDesign.manifest(folder),
        SweepDesign.isResult(manifest, of: line)
      {
        finished.append((index + 1, folder, manifest))
      } else {
        missing.append(index + 1)
      }
    }
    guard let first = finished.first else {
      return Outcome(missing: missing, finished: 0, results: nil, unpaired: 0)
    }
    for key in ["tool_version", "git_revision", "seed_scheme", "seed"] {
      if let other = finished.first(where: { $0.manifest[key] != first.manifest[key] }) {
        throw Mismatch(
          description: "the runs do not belong together: \(key) is \(first.manifest[key]?.plainText ?? "?") in line "
            + "\(first.line) and \(other.manifest[key]?.plainText ?? "?") in line \(other.line)")
      }
    }
    for table in Self.tables(finished.map(\.manifest)) {
      try merge(table, finished.map(\.folder), into: directory)
    }
    let (results, unpaired) = try compare(directory, baseline: baseline)
    if let results {
      try directory.write(results.table().csv, to: "compare.csv")
      if writesPage {
        let known = results.metricNames
        try CompareReport(
          results, name: first.manifest["scenario_name"]?.plainText ?? "sweep", scenario: first.manifest["scenario"],
          folder: ResultFolder(directory.path), metrics: metrics.filter { known.contains($0) }
        ).write(to: directory)
      }
    }
    return Outcome(missing: missing, finished: finished.count, results: results, unpaired: unpaired)
  }

  /// Names of all tables, in the order in which they are first met.
  private static func tables(_ manifests: [JSONValue]) -> [String] {
    var names: [String] = []
    for manifest in manifests {
      guard case .array(let entries) = manifest["tables"] else { continue }
      for case .text(let name) in entries where !names.contains(name) { names.append(name) }
    }
    return names
  }

  /// The rows of a table of every run, one run after the other.
  private func merge(_ table: String, _ folders: [String], into directory: OutputDirectory) throws {
    let file = try directory.file(table)
    var header: ArraySlice<UInt8>?
    for folder in folders {
      let path = "\(folder)/\(table)"
      guard access(path, F_OK) == 0 else { continue }
      let bytes = try InputFile.bytes(path)
      let end = (bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count - 1) + 1
      if let header {
        guard bytes[..<end] == header else {
          throw InputError(InputPlace(source: path, line: 1), "its columns are not those of \(folders[0])/\(table)")
        }
      } else {
        header = bytes[..<end]
        try file.write(Array(bytes[..<end]))
      }
      try file.write(Array(bytes[end...]))
    }
    try file.commit()
  }

  /// Compares the configurations over the replications that all of them have.
  private func compare(_ directory: OutputDirectory, baseline: String?) throws -> (ComparisonResults?, unpaired: Int) {
    let folder = try ResultFolder(directory.path)
    var planned: [String] = []
    for line in design.lines {
      let name = SweepDesign.value(of: "configuration", in: line) ?? ResultFiles.baseName
      if !planned.contains(name) { planned.append(name) }
    }
    guard planned.count > 1, folder.configurations.count == planned.count else { return (nil, 0) }
    let common = folder.runs.map(\.replication).filter { number in
      planned.allSatisfy { name in folder.runs.contains { $0.configuration == name && $0.replication == number } }
    }
    var numbers: [String] = []
    for number in common where !numbers.contains(number) { numbers.append(number) }
    numbers.sort { (Int($0) ?? 0) < (Int($1) ?? 0) }
    guard !numbers.isEmpty else { return (nil, 0) }
    var place = 0
    if let baseline {
      guard
        let found = planned.firstIndex(where: { name in
          name == baseline || name.split(separator: " ").contains { $0.hasSuffix("=\(baseline)") }
        })
      else {
        throw Mismatch(
          description: "no configuration has the value '\(baseline)'; there are \(planned.joined(separator: ", "))")
      }
      place = found
    }
    let configurations = planned.map { name in
      ResultFiles.Configuration(
        name: name,
        replications: numbers.map { number in
          let run = folder.runs.firstIndex { $0.configuration == name && $0.replication == number }
          return Replication(
            number: UInt64(number) ?? 0, digest: 0, events: 0, isComplete: true, reached: .zero,
            summary: folder.summary.map { figure in
              MetricRow(
                component: figure.key.component, entity: figure.key.entity, metric: figure.key.metric,
                unit: figure.unit, value: run.map { figure.values[$0] } ?? .nan)
            }, timeseries: [], tables: [])
        })
    }
    let unpaired = folder.runs.count - planned.count * numbers.count
    return (ComparisonResults(configurations: configurations, baseline: place), unpaired)
  }
}
