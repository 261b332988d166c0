public import SimEngine

/// What makes one run of a scenario that run: the root of its random streams, and the queue that orders its events.
public struct RunIdentity: Sendable {
  /// Root of every random stream.
  public var seed: UInt64
  /// Number of the replication, from 0.
  public var replication: UInt64
  /// Backing of every event queue; it never changes a result.
  public var queue: QueueBacking
  /// Every partition keeps its digest after each 2^k events, so that two runs can be compared event by event.
  public var checkpointExponent: Int?
  /// Whether partitions count events and processor time by kind of event.
  public var profilesEvents = false
  /// Whether partitions check their invariants after events of every kind, not only when they are observed.
  public var checksEveryEventKind = false
  /// Events that one partition keeps in full.
  public var tracedEvents: TracedEvents?

  /// The identity of a run.
  public init(seed: UInt64, replication: UInt64 = 0, queue: QueueBacking = .radix) {
    self.seed = seed
    self.replication = replication
    self.queue = queue
  }

  /// Key of the stream that serves one purpose of one entity.
  func key(entity: String, purpose: String) -> StreamKey {
    StreamKey(seed: seed, replication: replication, entity: entity, purpose: purpose)
  }
}

/// The slice of the platform that is simulated: whole edge sites, shared links and servers in proportion, and shared
/// disks whole, because what a cache hits depends on its room for the titles and not on how often it is asked.
public struct PlatformScale: Sendable, Equatable {
  /// Edge sites that are simulated.
  public let keptSites: Int
  /// Edge sites of the whole platform.
  public let allSites: Int

  /// At least one site is kept.
  public init(scenario: Scenario) {
    allSites = scenario.cdn.edge.sites
    keptSites = max(1, min(allSites, Int((Double(allSites) * scenario.scale.fraction).rounded())))
  }

  /// Kept sites over all sites: the factor on the rates of every shared tier.
  public var keptShare: Double { Double(keptSites) / Double(allSites) }
}
