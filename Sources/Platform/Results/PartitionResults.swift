import NetModel
import SimEngine

/// What one edge site found.
struct SiteResults: Sendable {
  let index: Int
  let snapshots: [SiteSnapshot]
  /// Start-up delays since the warm-up, in seconds.
  let startupDelays: LogLinearHistogram
  /// Times from request to last byte since the warm-up, in seconds.
  let downloadTimes: LogLinearHistogram
  /// Times from request to first byte at the player since the warm-up, in seconds.
  let firstByteTimes: LogLinearHistogram
  let records: [SessionRecord]
  /// Sessions that were played again frame by frame.
  let replays: FrameReplays
  /// Requests of the sessions that cmcd.csv lists, in the order in which they came.
  let requests: [RequestRecord]
  /// Invariants that broke, in order.
  let violations: [String]
  let edgeCapacity: BitRate
  /// Fetches that the site still waits for.
  let fetchesInFlight: Int
}

/// What the core found.
struct CoreResults: Sendable {
  let snapshots: [CoreSnapshot]
  /// Invariants that broke, in order.
  let violations: [String]
  /// From the arrival of a fetch to its first byte since the warm-up, in seconds.
  let firstByteTimes: LogLinearHistogram
  /// Rows of summary.csv about the object store, where there is one.
  let objectStore: [MetricRow]
  let egressCapacity: BitRate
  /// Fetches that the core works on.
  let fetchesInCore: Int
}
