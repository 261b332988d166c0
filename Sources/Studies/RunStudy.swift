public import Platform
import Reporting
import SimEngine
import Synchronization

/// `simrun run`: simulates a scenario and leaves its results in a folder.
public struct RunStudy {
  /// What to simulate.
  public var study: ReplicationStudy
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
    _ study: ReplicationStudy, directory: String, arguments: [String], version: ToolVersion, isQuiet: Bool
  ) {
    self.study = study
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

  /// Runs what is not finished yet, writes every file, and sums up.
  ///
  /// - Throws: `FileError` if the folder cannot be written; `BrokenInvariants`.
  public func run() throws -> Outcome {
    let start = ProcessMeasure.start()
    let scenario = study.file.scenario
    let output = try OutputDirectory(directory)
    let input = study.file.inputSHA256
    let finished = FinishedReplications(
      in: output, configurations: [(study.configuration, input)], seed: study.seed)
    let progressLine = SharedProgressLine(title: scenario.name, isQuiet: isQuiet)
    let outcome = try study.run(reusing: finished) { progressLine.update(fraction: $0, events: $1) }
    progressLine.finish()
    let replications = outcome.replications
    let files = ResultFiles(directory: output, scenario: scenario, seed: study.seed)
    let configurations = [ResultFiles.Configuration(name: study.configuration, replications: replications)]
    let tables = try files.writeTables(configurations)
    let machine = ProcessMeasure(since: start)
    let manifest = try files.writeManifest(
      configurations, inputs: [input], tables: tables, version: version, arguments: arguments, machine: machine)
    if appendsToDatabase {
      try ResultsExport(folder: output, manifest: manifest).append(toDatabase: output.path(of: ResultsExport.fileName))
    }
    if writesPage { try RunReport(ResultFolder(output.path)).write(to: output) }
    let isComplete =
      replications.allSatisfy(\.isComplete)
      && (replications.count == study.replications || outcome.precision != nil)
    return Outcome(
      summary: EndSummary(
        scenario: scenario, outcome: outcome, isComplete: isComplete, machine: machine, directory: output.path),
      eventProfile: outcome.eventProfile, isComplete: isComplete)
  }
}

/// A progress line that several threads may tell.
final class SharedProgressLine: Sendable {
  private let line: Mutex<ProgressLine>

  init(title: String, isQuiet: Bool) { line = Mutex(ProgressLine(title: title, isQuiet: isQuiet)) }

  func update(fraction: Double, events: UInt64) { line.withLock { $0.update(fraction: fraction, events: events) } }
  func finish() { line.withLock { $0.finish() } }
}
