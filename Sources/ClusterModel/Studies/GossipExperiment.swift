// What an idle cluster says to itself, and what that costs.

public import SimEngine

/// Messages of one kind, per node and second.
public struct GossipRate: Sendable, Equatable {
  /// What they are for.
  public var kind: BusMessageKind
  /// Messages a node sends in a second, on average.
  public var sentPerSecond: Double
  /// Messages a node receives in a second, on average.
  public var receivedPerSecond: Double
  /// Mean size of those sent.
  public var meanBytes: Double
  /// Bytes a node sends in a second, on average.
  public var bytesPerSecond: Double
}

/// The bus traffic of an idle cluster.
public struct GossipExperiment: Sendable {
  /// The cluster.
  public var settings: ClusterSettings
  /// How long it is watched, after it has settled.
  public var duration = SimDuration.seconds(60)

  /// An idle cluster.
  public init(settings: ClusterSettings) { self.settings = settings }

  /// The rates of all kinds of messages.
  /// - Throws: `PlanRefusal` if the settings make no cluster.
  public func rates() throws(PlanRefusal) -> [GossipRate] {
    var cluster = try Cluster(settings)
    cluster.recordsEvents = false
    let start = SimTime.zero + .milliseconds(max(10_000, 4 * settings.nodeTimeoutMs))
    cluster.advance(through: start)
    let sent = cluster.sent
    let received = cluster.received
    cluster.advance(through: start + duration)
    let nodeSeconds = duration.seconds * Double(cluster.nodeCount)
    return BusMessageKind.allCases.map { kind in
      let count = Double(cluster.sent.messages(kind) - sent.messages(kind))
      let bytes = Double(cluster.sent.bytes(kind) - sent.bytes(kind))
      return GossipRate(
        kind: kind, sentPerSecond: count / nodeSeconds,
        receivedPerSecond: Double(cluster.received.messages(kind) - received.messages(kind)) / nodeSeconds,
        meanBytes: count > 0 ? bytes / count : 0, bytesPerSecond: bytes / nodeSeconds)
    }
  }
}
