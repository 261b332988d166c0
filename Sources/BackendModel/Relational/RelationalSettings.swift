public import SimEngine
public import TextFormats

/// The relational store of accounts and billing.
public struct RelationalSettings: SettingsGroup, Hashable {
  /// When a commit is acknowledged.
  public enum Replication: String, CaseIterable, Sendable {
    /// When the primary and the standby have it on disk: nothing acknowledged is ever lost.
    case synchronous
    /// When the primary has it on disk; the standby follows.
    case asynchronous
  }

  /// Connections that the primary, and each read replica, executes at once.
  public var connections = 16
  /// Transactions that may wait for a connection.
  public var queueLimit = 1_000
  /// Read replicas; without any the primary answers reads.
  public var readReplicas = 2
  /// Whether there is a standby that can take over.
  public var hasStandby = true
  /// Share of the reads that a cache answers.
  public var cacheHitShare = 0.95
  /// Time of a read that the cache answers.
  public var cachedRead = ServiceTime(mean: .microseconds(500), cv: 0.5)
  /// Time on a connection for a read.
  public var read = ServiceTime(mean: .milliseconds(2), cv: 1.5)
  /// Time on a connection for a transaction, before its commit.
  public var write = ServiceTime(mean: .milliseconds(3), cv: 1.0)
  /// Time to flush the log of the primary.
  public var flush = ServiceTime(mean: .milliseconds(2), cv: 0.5)
  /// Time to flush the log of the standby.
  public var remoteFlush = ServiceTime(mean: .milliseconds(2), cv: 0.5)
  /// Round trip between primary and standby.
  public var standbyRoundTrip = SimDuration.milliseconds(2)
  /// When a commit is acknowledged.
  public var replication = Replication.synchronous
  /// How long a flush waits for more commits to share it.
  public var commitDelay = SimDuration.zero
  /// Commits that share one flush, at most.
  public var groupSize = 1_000
  /// Round trip between gateway and store.
  public var roundTrip = SimDuration.microseconds(500)
  /// Until a dead primary is noticed.
  public var detection = SimDuration.milliseconds(10_000)
  /// Until the standby has become the primary, from then on.
  public var promotion = SimDuration.milliseconds(20_000)

  /// A primary, a synchronous standby and two read replicas.
  public init() {}

  /// The table of `services.relational`.
  public static var settings: SettingsTable<RelationalSettings> {
    SettingsTable<RelationalSettings>("The relational store of accounts and billing.")
      .integer(
        "connections", \.connections, 1...1_000_000, "Connections that the primary, and each replica, executes at once."
      )
      .integer("queue_limit", \.queueLimit, 0...10_000_000, "Transactions that may wait for a connection.")
      .integer("read_replicas", \.readReplicas, 0...255, "Read replicas; without any the primary answers reads.")
      .flag("standby", \.hasStandby, "Whether there is a standby that can take over.")
      .fraction("cache_hit", \.cacheHitShare, "Share of the reads that a cache answers.")
      .group("cached_read", \.cachedRead, "Time of a read that the cache answers.")
      .group("read", \.read, "Time on a connection for a read.")
      .group("write", \.write, "Time on a connection for a transaction, before its commit.")
      .group("flush", \.flush, "Time to flush the log of the primary.")
      .group("remote_flush", \.remoteFlush, "Time to flush the log of the standby.")
      .duration(
        "standby_round_trip", \.standbyRoundTrip.nanoseconds, 0...10_000_000_000,
        "Round trip between primary and standby."
      )
      .choice("replication", \.replication, "Whether a commit waits for the standby.")
      .duration(
        "commit_delay", \.commitDelay.nanoseconds, 0...10_000_000_000, "How long a flush waits for more commits."
      )
      .integer("group_size", \.groupSize, 1...1_000_000, "Commits that share one flush, at most.")
      .duration("round_trip", \.roundTrip.nanoseconds, 0...10_000_000_000, "Round trip between gateway and store.")
      .duration("detection", \.detection.nanoseconds, 0...3_600_000_000_000, "Until a dead primary is noticed.")
      .duration(
        "promotion", \.promotion.nanoseconds, 0...3_600_000_000_000, "From then until the standby is the primary.")
  }

  /// The part of the store that serves `share` of the platform.
  ///
  /// Replicas go down to one at least, then connections.
  public func scaled(by share: Double) -> RelationalSettings {
    var scaled = self
    scaled.connections = ScaledCount.of(connections, share: share)
    if readReplicas > 0 {
      scaled.readReplicas = ScaledCount.of(readReplicas, share: min(1, share * Double(connections)))
    }
    scaled.queueLimit = queueLimit == 0 ? 0 : ScaledCount.of(queueLimit, share: share)
    return scaled
  }
}
