/// What an edge site answered to a request, and why if it had to fetch.
@frozen
public enum EdgeOutcome: UInt8, Sendable, BitwiseCopyable, CaseIterable {
  /// Served from the placed (pinned) share.
  case pinnedHit
  /// Served from the reactive share.
  case reactiveHit
  /// The site was never asked for the object before.
  case compulsoryMiss
  /// The object was stored once and evicted since.
  case capacityMiss
  /// The site stores only placed titles, and this one is not among them.
  case notPlacedMiss
  /// The object is larger than the share that could hold it.
  case oversizeMiss
  /// Admission refused the object when it was last offered.
  case refusedMiss
  /// The server that holds the object is down or overloaded.
  case healthMiss

  /// Whether the site could serve the request itself.
  @inlinable
  public var isHit: Bool { rawValue <= EdgeOutcome.reactiveHit.rawValue }

  /// The name in tables.
  public var name: String {
    switch self {
    case .pinnedHit: "pinned_hit"
    case .reactiveHit: "reactive_hit"
    case .compulsoryMiss: "compulsory"
    case .capacityMiss: "capacity"
    case .notPlacedMiss: "not_placed"
    case .oversizeMiss: "oversize"
    case .refusedMiss: "admission"
    case .healthMiss: "health"
    }
  }
}

/// Requests and bytes of a site by outcome.
@frozen
public struct EdgeCounters: Sendable, Equatable {
  /// One outcome's share.
  @frozen
  public struct Tally: Sendable, Equatable, BitwiseCopyable {
    /// Requests.
    public var requests: UInt64 = 0
    /// Bytes asked for.
    public var bytes: Int64 = 0

    @inlinable
    init() {}
  }

  @usableFromInline var tallies: [Tally]

  /// Nothing counted.
  public init() { tallies = Array(repeating: Tally(), count: EdgeOutcome.allCases.count) }

  /// Requests and bytes of one outcome.
  @inlinable
  public subscript(outcome: EdgeOutcome) -> Tally { tallies[Int(outcome.rawValue)] }

  /// Adds one request.
  @inlinable
  public mutating func count(_ outcome: EdgeOutcome, bytes: Int64) {
    tallies[Int(outcome.rawValue)].requests += 1
    tallies[Int(outcome.rawValue)].bytes += bytes
  }

  /// Adds the counts of another site.
  public mutating func add(_ other: EdgeCounters) {
    for index in tallies.indices {
      tallies[index].requests += other.tallies[index].requests
      tallies[index].bytes += other.tallies[index].bytes
    }
  }

  /// Requests served by the site itself.
  public var hits: UInt64 { sum(hits: true).requests }
  /// Bytes served by the site itself.
  public var hitBytes: Int64 { sum(hits: true).bytes }
  /// Requests that had to be fetched.
  public var misses: UInt64 { sum(hits: false).requests }
  /// Bytes of the requests that had to be fetched.
  public var missBytes: Int64 { sum(hits: false).bytes }
  /// All requests.
  public var requests: UInt64 { hits + misses }

  private func sum(hits: Bool) -> Tally {
    var total = Tally()
    for outcome in EdgeOutcome.allCases where outcome.isHit == hits {
      total.requests += self[outcome].requests
      total.bytes += self[outcome].bytes
    }
    return total
  }
}
