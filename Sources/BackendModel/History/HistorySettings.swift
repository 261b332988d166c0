public import SimEngine
public import TextFormats

/// How many replicas must answer.
public enum Consistency: String, CaseIterable, Sendable {
  /// One.
  case one
  /// More than half.
  case quorum
  /// All.
  case all

  /// The number of replicas out of so many.
  public func replicas(of replication: Int) -> Int {
    switch self {
    case .one: 1
    case .quorum: replication / 2 + 1
    case .all: replication
    }
  }
}

/// The wide-column store of what was watched.
public struct HistorySettings: SettingsGroup, Hashable {
  /// Which replicas a read asks.
  public enum ReadFanOut: String, CaseIterable, Sendable {
    /// As many as must answer.
    case needed
    /// All of them; the first answers count.
    case all
  }
  /// When a read asks one replica more.
  public enum Speculation: String, CaseIterable, Sendable {
    /// Never.
    case none
    /// When it takes longer than a share of the recent reads.
    case percentile
    /// After a fixed delay.
    case fixed
  }

  /// Nodes of the ring.
  public var nodes = 12
  /// Requests that a node works on at once.
  public var threads = 8
  /// Requests that may wait at a node.
  public var queueLimit = 2_000
  /// Copies of each row.
  public var replication = 3
  /// Replicas that must answer a read.
  public var readConsistency = Consistency.one
  /// Replicas that must answer a write.
  public var writeConsistency = Consistency.one
  /// Which replicas a read asks.
  public var readFanOut = ReadFanOut.needed
  /// Work of one replica for a read without rows.
  public var read = ServiceTime(mean: .milliseconds(2), cv: 1)
  /// Work of one replica for a write.
  public var write = ServiceTime(mean: .milliseconds(1), cv: 1)
  /// Round trip between gateway and replicas.
  public var roundTrip = SimDuration.milliseconds(1)
  /// How long the coordinator waits for replicas.
  public var timeout = SimDuration.milliseconds(2_000)
  /// Until the others know that a node is down.
  public var detection = SimDuration.milliseconds(18_000)
  /// How long hints are kept for a node that is down.
  public var hintWindow = SimDuration.seconds(10_800)
  /// Hints a second that are replayed to a node that is back.
  public var hintReplayPerSecond = 2_000.0
  /// When a read asks one replica more.
  public var speculation = Speculation.percentile
  /// Share of the recent reads that were faster than the delay, for `percentile`.
  public var speculationPercentile = 0.99
  /// The delay, for `fixed`.
  public var speculationDelay = SimDuration.milliseconds(30)
  /// How rows pile up and are rolled up.
  public var growth = HistoryGrowthSettings()

  /// Twelve nodes, three copies.
  public init() {}

  /// The table of `services.history`.
  public static var settings: SettingsTable<HistorySettings> {
    SettingsTable<HistorySettings>("The wide-column store of what was watched.")
      .integer("nodes", \.nodes, 1...10_000, "Nodes of the ring.")
      .integer("threads", \.threads, 1...100_000, "Requests that a node works on at once.")
      .integer("queue_limit", \.queueLimit, 0...10_000_000, "Requests that may wait at a node.")
      .integer("replication", \.replication, 1...32, "Copies of each row.")
      .choice("read_consistency", \.readConsistency, "Replicas that must answer a read.")
      .choice("write_consistency", \.writeConsistency, "Replicas that must answer a write.")
      .choice("read_fan_out", \.readFanOut, "Which replicas a read asks.")
      .group("read", \.read, "Work of one replica for a read, rows aside.")
      .group("write", \.write, "Work of one replica for a write.")
      .duration("round_trip", \.roundTrip.nanoseconds, 0...10_000_000_000, "Round trip between gateway and replicas.")
      .duration(
        "timeout", \.timeout.nanoseconds, 1_000_000...600_000_000_000, "How long the coordinator waits for replicas."
      )
      .duration(
        "detection", \.detection.nanoseconds, 0...3_600_000_000_000, "Until the others know that a node is down."
      )
      .duration(
        "hint_window", \.hintWindow.nanoseconds, 0...2_592_000_000_000_000,
        "How long hints are kept for a node that is down."
      )
      .rate("hint_replay", \.hintReplayPerSecond, 0.001...1e9, "Hints replayed to a node that is back.")
      .choice("speculation", \.speculation, "When a read asks one replica more.")
      .fraction(
        "speculation_percentile", \.speculationPercentile, 0.5...0.9999, "Share of reads that never need it."
      )
      .duration(
        "speculation_delay", \.speculationDelay.nanoseconds, 0...600_000_000_000, "The delay of 'fixed'."
      )
      .group("growth", \.growth, "How rows pile up and are rolled up.")
      .check { history, places in
        history.replication <= history.nodes
          ? []
          : [places.finding("replication", "more copies than the \(history.nodes) 'nodes' can hold")]
      }
  }

  /// The part of the store that serves `share` of the platform.
  ///
  /// Nodes go down to the number of copies at least; what is left of the reduction is taken from their threads.
  public func scaled(by share: Double) -> HistorySettings {
    var scaled = self
    scaled.nodes = min(nodes, ScaledCount.of(nodes, share: share, minimum: replication))
    let kept = Double(nodes) * share / Double(scaled.nodes)
    scaled.threads = ScaledCount.of(threads, share: kept)
    scaled.queueLimit = queueLimit == 0 ? 0 : ScaledCount.of(queueLimit, share: kept)
    scaled.hintReplayPerSecond = hintReplayPerSecond * kept
    return scaled
  }
}

/// How the history of a member grows: new rows are live; when there are too many, they are rolled up into a compressed
/// chunk.
public struct HistoryGrowthSettings: SettingsGroup, Hashable {
  /// Whether rows are rolled up at all.
  public var rollsUp = true
  /// Live rows of a member at which they are rolled up.
  public var liveRows = 100
  /// Rows that a member has at the start of the run, on average (geometric).
  public var rowsPerMember = 500.0
  /// Size of a live row.
  public var rowBytes: Int64 = 200
  /// How much smaller rows are in a chunk.
  public var compression = 6.0
  /// Size of an empty chunk.
  public var chunkBytes: Int64 = 512
  /// Further time of a read for each live row.
  public var rowRead = SimDuration.microseconds(5)
  /// Further time of a read for each chunk.
  public var chunkRead = SimDuration.microseconds(20)
  /// Work of a replica to compress and write a chunk.
  public var chunkWrite = SimDuration.milliseconds(5)

  /// A hundred live rows.
  public init() {}

  /// The table of `services.history.growth`.
  public static var settings: SettingsTable<HistoryGrowthSettings> {
    SettingsTable<HistoryGrowthSettings>("How rows pile up and are rolled up.")
      .flag("roll_up", \.rollsUp, "Whether live rows are rolled up into compressed chunks.")
      .integer("live_rows", \.liveRows, 1...60_000, "Live rows of a member at which they are rolled up.")
      .number("rows_per_member", \.rowsPerMember, 0...1e6, "Rows that a member has at the start, on average.")
      .bytes("row", \.rowBytes, 1...1_000_000_000, "Size of a live row.")
      .number("compression", \.compression, 1...1_000, "How much smaller rows are in a chunk.")
      .bytes("chunk", \.chunkBytes, 0...1_000_000_000, "Size of an empty chunk.")
      .duration("row_read", \.rowRead.nanoseconds, 0...1_000_000_000, "Further time of a read for each live row.")
      .duration("chunk_read", \.chunkRead.nanoseconds, 0...1_000_000_000, "Further time of a read for each chunk.")
      .duration(
        "chunk_write", \.chunkWrite.nanoseconds, 0...60_000_000_000, "Work of a replica to write a chunk.")
  }
}
