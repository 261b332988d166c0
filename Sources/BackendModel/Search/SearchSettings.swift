public import SimEngine
public import TextFormats

/// The search cluster: every query asks all shards of the index.
public struct SearchSettings: SettingsGroup, Hashable {
  /// Parts of the index.
  public var shards = 5
  /// Copies of each part.
  public var replicas = 2
  /// Queries that a replica works on at once.
  public var threads = 8
  /// Queries that may wait at a replica.
  public var queueLimit = 1_000
  /// Work of one shard for one query.
  public var service = ServiceTime(mean: .milliseconds(12), cv: 1)
  /// Time to merge the shards' answers.
  public var merge = ServiceTime(mean: .milliseconds(2), cv: 0.5)
  /// Round trip between gateway and shards.
  public var roundTrip = SimDuration.milliseconds(1)
  /// After how long an unanswered shard is asked once more at another replica; 0 for never.
  public var hedgeAfter = SimDuration.zero
  /// Whether an answer without a shard that is down counts.
  public var allowsPartial = true
  /// How often new titles become visible.
  public var refreshInterval = SimDuration.milliseconds(30_000)
  /// Time from publication until a title is in the next refresh.
  public var indexing = SimDuration.milliseconds(10_000)

  /// Five shards, two copies.
  public init() {}

  /// The table of `services.search`.
  public static var settings: SettingsTable<SearchSettings> {
    SettingsTable<SearchSettings>("The search cluster: every query asks all shards of the index.")
      .integer("shards", \.shards, 1...64, "Parts of the index.")
      .integer("replicas", \.replicas, 1...255, "Copies of each part.")
      .integer("threads", \.threads, 1...100_000, "Queries that a replica works on at once.")
      .integer("queue_limit", \.queueLimit, 0...10_000_000, "Queries that may wait at a replica.")
      .group("service", \.service, "Work of one shard for one query.")
      .group("merge", \.merge, "Time to merge the shards' answers.")
      .duration("round_trip", \.roundTrip.nanoseconds, 0...10_000_000_000, "Round trip between gateway and shards.")
      .duration(
        "hedge_after", \.hedgeAfter.nanoseconds, 0...60_000_000_000,
        "After how long an unanswered shard is asked again at another replica; 0s for never."
      )
      .flag("allow_partial", \.allowsPartial, "Whether an answer without a shard that is down counts.")
      .duration(
        "refresh", \.refreshInterval.nanoseconds, 1_000_000...86_400_000_000_000, "How often new titles become visible."
      )
      .duration(
        "indexing", \.indexing.nanoseconds, 0...86_400_000_000_000,
        "From publication until a title is in the next refresh."
      )
      .check { search, places in
        search.hedgeAfter > .zero && search.replicas < 2
          ? [places.finding("hedge_after", "there is no other replica to ask: 'replicas' is 1")] : []
      }
  }

  /// The part of the cluster that serves `share` of the platform.
  ///
  /// Shards stay, because the fan-out decides the tail; replicas go down to two at least, then threads.
  public func scaled(by share: Double) -> SearchSettings {
    var scaled = self
    scaled.replicas = min(replicas, ScaledCount.of(replicas, share: share, minimum: 2))
    let kept = Double(replicas) * share / Double(scaled.replicas)
    scaled.threads = ScaledCount.of(threads, share: kept)
    scaled.queueLimit = queueLimit == 0 ? 0 : ScaledCount.of(queueLimit, share: kept)
    return scaled
  }
}
