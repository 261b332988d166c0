public import SimEngine

/// The record of what a partition did: the digest of every event, and on request some events in full.
///
/// Whole logs of long runs would not fit anywhere, so a comparison first finds where two digests part, then asks for
/// just those events.
struct EventLog {
  private(set) var digest: RunDigest
  private let traced: Range<UInt64>
  private(set) var trace: [TracedEvent] = []

  init(run: RunIdentity, partition: Int) {
    digest = RunDigest(checkpointExponent: run.checkpointExponent)
    traced = run.tracedEvents.flatMap { $0.partition == partition ? $0.events : nil } ?? 0..<0
  }

  @inline(__always)
  mutating func record(time: SimTime, target: UInt32, kind: UInt8, draws: UInt64) {
    if traced.contains(digest.eventCount) {
      trace.append(
        TracedEvent(number: digest.eventCount, time: time, target: target, kind: kind, draws: draws))
    }
    digest.record(time: time, target: target, kind: kind, draws: draws)
  }
}

/// Which events of a run are to be kept in full.
public struct TracedEvents: Sendable, Equatable {
  /// Number of the partition: sites in order, then the core.
  public var partition: Int
  /// Numbers of the events within the partition, from 0.
  public var events: Range<UInt64>

  /// A selection of events.
  public init(partition: Int, events: Range<UInt64>) {
    self.partition = partition
    self.events = events
  }
}

/// One event in full.
public struct TracedEvent: Sendable, Equatable, CustomStringConvertible {
  /// Number within its partition, from 0.
  public var number: UInt64
  /// Simulated time.
  public var time: SimTime
  /// Entity that it was for: a session's slot, a site, or part of a segment's key.
  public var target: UInt32
  /// Kind of event, as the partition numbers its kinds.
  public var kind: UInt8
  /// Random draws that the partition had made by then.
  public var draws: UInt64

  /// One line.
  public var description: String {
    "event \(number) at \(time.nanoseconds) ns, kind \(kind), target \(target), \(draws) draws"
  }
}
