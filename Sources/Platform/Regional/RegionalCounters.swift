import CDNModel
import NetModel
import SimEngine

/// Everything that a regional cache counts, as running totals since the start of the run.
struct RegionalCounters: Sendable {
  /// Segments asked of the origin.
  var fetches: Int64 = 0
  /// Segments that arrived from the origin, and their bytes.
  var fetched: Int64 = 0
  var fetchedBytes: Int64 = 0
  /// Questions to the tier above whether a segment has changed, and the answers.
  var confirmations: Int64 = 0
  var confirmed: Int64 = 0
  /// Such questions from the tier below.
  var confirmationsAsked: Int64 = 0
  /// Requests that the tier above refused, and requests of the tier below that were refused here.
  var refused: Int64 = 0
  var refusals: Int64 = 0
  /// Requests that were served from memory, and their bytes.
  var memoryHits: Int64 = 0
  var memoryHitBytes: Int64 = 0
  /// Requests that joined a fetch in flight.
  var coalesced: Int64 = 0
  /// Segments that left for sites, and their bytes.
  var sent: Int64 = 0
  var sentBytes: Int64 = 0
  /// Bytes that the egress link has carried.
  var carriedBytes: Int64 = 0
  /// Bytes written to the disk.
  var writtenBytes: Int64 = 0
  /// Objects evicted.
  var evictions: Int64 = 0
  /// Requests and bytes by outcome, in the order of `EdgeOutcome.allCases`.
  var outcomeRequests = [Int64](repeating: 0, count: EdgeOutcome.allCases.count)
  var outcomeBytes = [Int64](repeating: 0, count: EdgeOutcome.allCases.count)

  /// Requests by outcome, only hits or all.
  func requests(hits: Bool) -> Int64 { Self.sum(outcomeRequests, hitsOnly: hits) }
  /// Bytes by outcome, only hits or all.
  func bytes(hits: Bool) -> Int64 { Self.sum(outcomeBytes, hitsOnly: hits) }

  private static func sum(_ counts: [Int64], hitsOnly: Bool) -> Int64 {
    var total: Int64 = 0
    for outcome in EdgeOutcome.allCases where outcome.isHit || !hitsOnly { total += counts[Int(outcome.rawValue)] }
    return total
  }

  private static let wholeNumbers: [any WritableKeyPath<RegionalCounters, Int64> & Sendable] = [
    \.fetches, \.fetched, \.fetchedBytes, \.coalesced, \.sent, \.sentBytes, \.carriedBytes,
    \.writtenBytes, \.evictions, \.refused, \.refusals, \.confirmations, \.confirmed, \.confirmationsAsked,
    \.memoryHits, \.memoryHitBytes,
  ]

  private func combined(with other: RegionalCounters, sign: Int64) -> RegionalCounters {
    var result = self
    for total in Self.wholeNumbers { result[keyPath: total] += sign * other[keyPath: total] }
    for index in outcomeRequests.indices {
      result.outcomeRequests[index] += sign * other.outcomeRequests[index]
      result.outcomeBytes[index] += sign * other.outcomeBytes[index]
    }
    return result
  }

  /// Totals of two caches together.
  static func + (left: RegionalCounters, right: RegionalCounters) -> RegionalCounters {
    left.combined(with: right, sign: 1)
  }
  /// What came between two moments of one cache.
  static func - (later: RegionalCounters, earlier: RegionalCounters) -> RegionalCounters {
    later.combined(with: earlier, sign: -1)
  }
}

/// The totals of a regional cache at one moment.
struct RegionalSnapshot: Sendable {
  var at: SimTime
  var totals: RegionalCounters
  var residentBytes: Int64
}

/// What a regional cache found.
struct RegionalResults: Sendable {
  /// `regional-3` or `shield`.
  let name: String
  let snapshots: [RegionalSnapshot]
  /// From the arrival of a request to the first byte of the answer since the warm-up, in seconds.
  let firstByteTimes: LogLinearHistogram
  let violations: [String]
  let egressCapacity: BitRate
}
