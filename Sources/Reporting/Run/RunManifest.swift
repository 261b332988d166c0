// run.json: what was run, so that any number can be traced to its scenario, seed and version.

public import TextFormats

/// What `run.json` says.
///
/// Everything but `machine` is the same for the same scenario, seed and arguments.
public struct RunManifest: Sendable {
  /// How a run ended.
  public enum Status: String, Sendable {
    /// All results are there.
    case complete
    /// Interrupted: results are partial.
    case incomplete
  }

  /// Version of the tool.
  public var toolVersion: String
  /// Revision of its source.
  public var gitRevision: String
  /// The arguments after the name of the tool.
  public var arguments: [String]
  /// Name of the scenario.
  public var scenarioName: String
  /// The scenario with all its defaults.
  public var scenario: JSONValue
  /// The seed.
  public var seed: UInt64
  /// How random streams follow from the seed, so that a change of it is visible.
  public var seedScheme: String
  /// Replications run.
  public var replications: Int
  /// Digest over all events.
  public var digest: UInt64
  /// Events processed.
  public var eventCount: UInt64
  /// How the run ended.
  public var status: Status
  /// Clock, processor time and memory; differs between runs.
  public var machine: ProcessMeasure

  /// A manifest.
  public init(
    toolVersion: String, gitRevision: String, arguments: [String], scenarioName: String, scenario: JSONValue,
    seed: UInt64, seedScheme: String, replications: Int, digest: UInt64, eventCount: UInt64, status: Status,
    machine: ProcessMeasure
  ) {
    self.toolVersion = toolVersion
    self.gitRevision = gitRevision
    self.arguments = arguments
    self.scenarioName = scenarioName
    self.scenario = scenario
    self.seed = seed
    self.seedScheme = seedScheme
    self.replications = replications
    self.digest = digest
    self.eventCount = eventCount
    self.status = status
    self.machine = machine
  }

  /// SHA-256 of the canonical text of the resolved scenario.
  public var scenarioSHA256: String { SHA256.hexadecimal(of: scenario.text()) }

  /// The digest as 16 hexadecimal digits.
  public static func text(digest: UInt64) -> String {
    let digits = String(digest, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The text of `run.json`.
  public var text: String {
    let json: JSONValue = [
      "tool_version": .text(toolVersion), "git_revision": .text(gitRevision),
      "argv": .array(arguments.map { .text($0) }), "scenario_name": .text(scenarioName),
      // Seeds and counts beyond 2^63 do not fit JSON's integers; text keeps them exact.
      "seed": Int64(exactly: seed).map { .integer($0) } ?? .text("\(seed)"), "seed_scheme": .text(seedScheme),
      "replications": .integer(Int64(replications)), "status": .text(status.rawValue),
      "digest": .text(Self.text(digest: digest)), "event_count": .integer(Int64(clamping: eventCount)),
      "scenario_sha256": .text(scenarioSHA256), "scenario": scenario,
      "machine": [
        "started_at": .text(machine.startedAt), "wall_s": .number(machine.wallSeconds),
        "cpu_s": .number(machine.cpuSeconds), "peak_memory_bytes": .integer(machine.peakMemoryBytes),
        "host": .text(machine.host), "system": .text(machine.system),
      ],
    ]
    return json.text(indented: true) + "\n"
  }
}
