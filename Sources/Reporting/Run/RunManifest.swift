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
  /// Names of the tables beside run.json.
  public var tables: [String] = []
  /// Every replication of every configuration, in the order of the tables.
  public var runs: [Run] = []
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

  /// One replication of one configuration.
  public struct Run: Sendable, Equatable {
    /// `base`, or the varied values.
    public var configuration: String
    /// SHA-256 of all that it was made from: its resolved scenario and the sizes of its media.
    public var inputSHA256: String
    /// Number of the replication.
    public var replication: UInt64
    /// Its digest.
    public var digest: UInt64
    /// Its events.
    public var events: UInt64
    /// Simulated time that it reached, in nanoseconds.
    public var reachedNs: Int64
    /// Whether it reached the scenario's end.
    public var isComplete: Bool

    /// A replication.
    public init(
      configuration: String, inputSHA256: String, replication: UInt64, digest: UInt64, events: UInt64,
      reachedNs: Int64, isComplete: Bool
    ) {
      self.configuration = configuration
      self.inputSHA256 = inputSHA256
      self.replication = replication
      self.digest = digest
      self.events = events
      self.reachedNs = reachedNs
      self.isComplete = isComplete
    }

    var json: JSONValue {
      [
        "configuration": .text(configuration), "input_sha256": .text(inputSHA256),
        "replication": .integer(Int64(clamping: replication)), "digest": .text(RunManifest.text(digest: digest)),
        "event_count": .integer(Int64(clamping: events)), "reached_ns": .integer(reachedNs),
        "complete": .flag(isComplete),
      ]
    }

    /// Reads what `json` wrote; `nil` if the value is something else.
    public init?(_ value: JSONValue) {
      guard case .text(let configuration) = value["configuration"], case .text(let hash) = value["input_sha256"],
        case .integer(let replication) = value["replication"], case .text(let digest) = value["digest"],
        case .integer(let events) = value["event_count"], case .integer(let reached) = value["reached_ns"],
        case .flag(let isComplete) = value["complete"], let number = UInt64(exactly: replication),
        let digest = UInt64(digest, radix: 16), let events = UInt64(exactly: events)
      else { return nil }
      self.init(
        configuration: configuration, inputSHA256: hash, replication: number, digest: digest, events: events,
        reachedNs: reached, isComplete: isComplete)
    }
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
      "tables": .array(tables.map { .text($0) }), "runs": .array(runs.map(\.json)),
      "machine": [
        "started_at": .text(machine.startedAt), "wall_s": .number(machine.wallSeconds),
        "cpu_s": .number(machine.cpuSeconds), "peak_memory_bytes": .integer(machine.peakMemoryBytes),
        "host": .text(machine.host), "system": .text(machine.system), "program": .text(machine.program),
      ],
    ]
    return json.text(indented: true) + "\n"
  }
}
