import SimEngine

/// Everything that the core counts, as running totals since the start of the run.
struct CoreCounters: Sendable {
  /// Segments whose last byte has left the origin.
  var sent: Int64 = 0
  /// Bytes of them.
  var sentBytes: Int64 = 0
  /// Questions whether a segment has changed.
  var confirmed: Int64 = 0
  /// Requests that failed.
  var failures: Int64 = 0
  /// Bytes that the egress link has carried.
  var carriedBytes: Int64 = 0

  /// What came between two moments.
  static func - (later: CoreCounters, earlier: CoreCounters) -> CoreCounters {
    CoreCounters(
      sent: later.sent - earlier.sent, sentBytes: later.sentBytes - earlier.sentBytes,
      confirmed: later.confirmed - earlier.confirmed,
      failures: later.failures - earlier.failures, carriedBytes: later.carriedBytes - earlier.carriedBytes)
  }
}

/// The core's totals at one moment.
struct CoreSnapshot: Sendable {
  /// The moment.
  var at: SimTime
  /// Totals since the start of the run.
  var totals: CoreCounters
}
