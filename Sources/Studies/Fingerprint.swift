public import Platform
public import Reporting
public import SimEngine
public import TextFormats

/// What one way of running a scenario came to: digests of every partition with their checkpoints, and the tables.
public struct Fingerprint: Equatable, Sendable {
  /// Digest of the run.
  public var digest: String
  /// Partitions: sites in order, then the core.
  public var partitions: [Partition]
  /// Name and SHA-256 of each table.
  public var tables: [String]
  /// Events that were asked for in full, one line each.
  public var trace: [String]

  /// One partition.
  public struct Partition: Equatable, Sendable {
    /// Events of the partition.
    public var events: UInt64
    /// Its digest.
    public var digest: String
    /// Its digest after every 2^`checkpointExponent` events.
    public var checkpoints: [String]
  }

  /// The digest is kept after every 2^12 events.
  static let checkpointExponent = 12

  /// Runs a scenario in this process, leaves its tables in a folder, and takes the fingerprint.
  ///
  /// - Throws: `Interrupted`, `BrokenInvariants`, `FileError`.
  public init(
    running file: ScenarioFile, jobs: Int, queue: QueueBacking, tracing: TracedEvents?, tables: OutputDirectory
  ) throws {
    var identity = RunIdentity(seed: UInt64(file.scenario.seed), queue: queue)
    identity.checkpointExponent = Self.checkpointExponent
    identity.tracedEvents = tracing
    let results = try file.world(identity).run(jobs: jobs) { _ in
      !Interruption.requested
    }
    try Interruption.check()
    let names = try ResultFiles(directory: tables, scenario: file.scenario, seed: identity.seed).writeTables([
      ResultFiles.Configuration(name: ResultFiles.baseName, replications: [Replication(results)])
    ])
    digest = results.digest.hex
    partitions = results.partitionDigests.map { digest in
      Partition(
        events: digest.eventCount, digest: digest.hex, checkpoints: digest.checkpoints.map { String($0, radix: 16) })
    }
    self.tables = try names.map { name in
      var hash = SHA256()
      hash.update(try InputFile.bytes(tables.path(of: name)))
      return "\(name) \(hash.hexadecimal())"
    }
    trace = results.tracedEvents.map(\.description)
  }

  /// Where two fingerprints part first: a partition, and the events among which it happened; `nil` if all partitions
  /// agree.
  func firstDifference(from other: Fingerprint) -> TracedEvents? {
    let interval = UInt64(1) << UInt64(Self.checkpointExponent)
    var earliest: TracedEvents?
    for (index, pair) in zip(partitions, other.partitions).enumerated() where pair.0 != pair.1 {
      let agreeing = zip(pair.0.checkpoints, pair.1.checkpoints).prefix { $0 == $1 }.count
      let from = UInt64(agreeing) * interval
      let events = from..<max(from + 1, min(from + interval, max(pair.0.events, pair.1.events)))
      // Partitions run side by side: the one that parts after the fewest events is the likeliest origin.
      if earliest.map({ events.lowerBound < $0.events.lowerBound }) ?? true {
        earliest = TracedEvents(partition: index, events: events)
      }
    }
    return earliest
  }

  // MARK: - As text

  /// The fingerprint as JSON, for the process that compares.
  public var json: JSONValue {
    .object([
      .init("digest", .text(digest)),
      .init(
        "partitions",
        .array(
          partitions.map { partition in
            .object([
              .init("events", .text("\(partition.events)")), .init("digest", .text(partition.digest)),
              .init("checkpoints", .text(partition.checkpoints.joined(separator: " "))),
            ])
          })),
      .init("tables", .array(tables.map { .text($0) })), .init("trace", .array(trace.map { .text($0) })),
    ])
  }

  /// Reads what `json` wrote; `nil` if the text is something else.
  public init?(json text: String) {
    guard let value = try? JSONText(parsing: text, source: "fingerprint").root.value,
      case .text(let digest) = value["digest"], case .array(let partitions) = value["partitions"],
      case .array(let tables) = value["tables"], case .array(let trace) = value["trace"]
    else { return nil }
    func words(_ values: [JSONValue]) -> [String] {
      values.compactMap { if case .text(let word) = $0 { word } else { nil } }
    }
    self.digest = digest
    self.tables = words(tables)
    self.trace = words(trace)
    self.partitions = []
    for partition in partitions {
      guard case .text(let events) = partition["events"], let count = UInt64(events),
        case .text(let digest) = partition["digest"], case .text(let checkpoints) = partition["checkpoints"]
      else { return nil }
      self.partitions.append(
        Partition(
          events: count, digest: digest, checkpoints: checkpoints.split(separator: " ").map(String.init)))
    }
  }
}
