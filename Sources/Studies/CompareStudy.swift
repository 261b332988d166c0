import Platform
public import Reporting
import SimEngine

/// `simrun compare`: several configurations of one scenario over the same viewers.
///
/// Every replication uses the same random streams in every configuration (common random numbers), so differences are
/// taken replication by replication and most of the noise cancels.
public struct CompareStudy {
  /// A named configuration.
  public struct Configuration: Sendable {
    /// The varied values, for example `cdn.edge.policy=lru`.
    public var name: String
    /// The scenario with these values.
    public var file: ScenarioFile

    /// A configuration.
    public init(name: String, file: ScenarioFile) {
      self.name = name
      self.file = file
    }
  }

  /// The configurations, the baseline among them.
  public var configurations: [Configuration]
  /// Index of the baseline.
  public var baseline: Int
  /// Replications of each configuration.
  public var replications: Int
  /// Threads; never changes a result.
  public var jobs: Int

  /// A comparison.
  ///
  /// - Precondition: there are at least two configurations, and `baseline` is one of them.
  public init(configurations: [Configuration], baseline: Int = 0, replications: Int, jobs: Int) {
    precondition(configurations.count >= 2, "a comparison needs two configurations")
    precondition(configurations.indices.contains(baseline), "the baseline is one of the configurations")
    precondition(replications >= 1, "a comparison has at least one replication")
    self.configurations = configurations
    self.baseline = baseline
    self.replications = replications
    self.jobs = jobs
  }

  /// Every configuration with one value of each key, in the order in which a reader would count.
  ///
  /// - Parameter variations: for each key its values.
  public static func configurations(
    of file: ScenarioFile, varying variations: [(path: String, values: [String])]
  ) throws -> [Configuration] {
    var combinations: [[ScenarioOverride]] = [[]]
    for variation in variations {
      combinations = combinations.flatMap { combination in
        variation.values.map { value in
          combination + [
            ScenarioOverride(path: variation.path, value: value, origin: "--vary \(variation.path)=\(value)")
          ]
        }
      }
    }
    return try combinations.map { overrides in
      Configuration(
        name: overrides.map { "\($0.path)=\($0.value)" }.joined(separator: " "), file: try file.with(overrides))
    }
  }

  /// Values of a key as a list on the command line gives them; `name=value` after a comma is a further parameter of the
  /// value before it: `lru,s3fifo:small-ratio=0.1,ghost-ratio=0.9` are two.
  public static func values(_ list: String) -> [String] {
    var values: [String] = []
    for piece in list.split(separator: ",", omittingEmptySubsequences: false) {
      if let last = values.last, last.contains(":"), piece.prefix(while: { $0 != ":" }).contains("=") {
        values[values.count - 1] = last + "," + piece
      } else {
        values.append(String(piece))
      }
    }
    return values
  }

  /// Runs what is not finished yet, several runs at a time, each on one thread, and writes the tables of all.
  ///
  /// - Parameters:
  ///   - directory: where an earlier comparison may have left finished replications, and where the tables go.
  ///   - finished: told how many runs are done; may be called from several threads.
  /// - Throws: `Interrupted`, `BrokenInvariants`, `FileError`.
  public func run(
    in directory: OutputDirectory, arguments: [String], version: ToolVersion,
    finished: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> ComparisonResults {
    let start = ProcessMeasure.start()
    let scenario = configurations[baseline].file.scenario
    let inputs = configurations.map(\.file.inputSHA256)
    let earlier = FinishedReplications(
      in: directory, configurations: zip(configurations.map(\.name), inputs).map { ($0, $1) },
      seed: UInt64(scenario.seed))
    let results = try run(reusing: earlier, finished: finished)
    let files = ResultFiles(directory: directory, scenario: scenario, seed: UInt64(scenario.seed))
    let tables = try files.writeTables(results.configurations)
    try directory.write(results.table().csv, to: "compare.csv")
    try files.writeManifest(
      results.configurations, inputs: inputs, tables: tables, version: version, arguments: arguments,
      machine: ProcessMeasure(since: start))
    return results
  }

  /// Runs all replications of all configurations that are not finished yet.
  func run(
    reusing earlier: FinishedReplications = FinishedReplications(),
    finished: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> ComparisonResults {
    let total = configurations.count * replications
    let done = FinishedCounter()
    let configurations = self.configurations
    let replications = self.replications
    // Replication by replication, so that an early look at the progress says the same of every configuration.
    let outcomes = ReplicationPool.map(count: total, jobs: jobs) { index in
      Result {
        try Interruption.check()
        let configuration = configurations[index % configurations.count]
        let number = index / configurations.count
        defer { finished(done.increment()) }
        if let replication = earlier[configuration.name, number] { return replication }
        let file = configuration.file
        let identity = RunIdentity(seed: UInt64(file.scenario.seed), replication: UInt64(number))
        let results = try file.world(identity).run(jobs: 1) { _ in
          !Interruption.requested
        }
        try Interruption.check()
        return Replication(results)
      }
    }
    let runs = try outcomes.map { try $0.get() }
    return ComparisonResults(
      configurations: configurations.indices.map { index in
        ResultFiles.Configuration(
          name: configurations[index].name,
          replications: (0..<replications).map { runs[$0 * configurations.count + index] })
      }, baseline: baseline)
  }
}
