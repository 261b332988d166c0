public import Platform
import Reporting
import SimEngine

/// `simrun run`: simulates a scenario and leaves its results in a folder.
public struct RunStudy {
  /// What to simulate.
  public var replications: ReplicationStudy
  /// Folder of the results.
  public var directory: String
  /// Arguments of the command line, for run.json.
  public var arguments: [String]
  /// Version of the tool, for run.json.
  public var version: ToolVersion
  /// Whether progress is kept off the terminal.
  public var isQuiet: Bool
  /// Whether the results are also appended to results.sqlite.
  public var appendsToDatabase = false
  /// Whether report.html and its charts are written.
  public var writesPage = true

  /// A run of a study into a folder.
  public init(
    _ replications: ReplicationStudy, directory: String, arguments: [String], version: ToolVersion, isQuiet: Bool
  ) {
    self.replications = replications
    self.directory = directory
    self.arguments = arguments
    self.version = version
    self.isQuiet = isQuiet
  }

  /// How a run ended.
  public struct Outcome: Sendable {
    /// What to tell the user.
    public let summary: EndSummary
    /// Events and processor time by kind of event in the first replication, if that was asked for.
    public let eventProfile: [EventKindProfile]
    /// Whether the run reached its end; an interrupted one leaves marked, partial results.
    public let isComplete: Bool
  }

  /// Runs, writes every file, and sums up.
  ///
  /// - Throws: `FileError` if the folder cannot be written; `BrokenInvariants`.
  public func run() throws -> Outcome {
    let start = ProcessMeasure.start()
    let scenario = replications.file.scenario
    let output = try OutputDirectory(directory)
    var progressLine = ProgressLine(title: scenario.name, isQuiet: isQuiet)
    let results = try replications.run { share, events in progressLine.update(fraction: share, events: events) }
    progressLine.finish()
    let files = ResultFiles(directory: output, scenario: scenario, seed: replications.seed)
    let configurations = [ResultFiles.Configuration(name: "base", results: results)]
    try files.writeTables(configurations)
    let machine = ProcessMeasure(since: start)
    let manifest = try files.writeManifest(configurations, version: version, arguments: arguments, machine: machine)
    if appendsToDatabase {
      try ResultsExport(folder: output, manifest: manifest).append(toDatabase: output.path(of: ResultsExport.fileName))
    }
    if writesPage { try RunReport(ResultFolder(output.path)).write(to: output) }
    return Outcome(
      summary: EndSummary(results: results, machine: machine, directory: output.path),
      eventProfile: results.first?.eventProfile ?? [],
      isComplete: results.count == replications.replications && results.allSatisfy(\.isComplete))
  }
}
