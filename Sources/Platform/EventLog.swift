import Glibc
public import SimEngine

/// The record of what a partition did: the digest of every event, and on request some events in full.
///
/// Whole logs of long runs would not fit anywhere, so a comparison first finds where two digests part, then asks for
/// just those events.
struct EventLog {
  /// Numbers of kinds of events are below this one, in every partition.
  static let kindLimit = 64

  private(set) var digest: RunDigest
  private let traced: Range<UInt64>
  private(set) var trace: [TracedEvent] = []
  private(set) var profile: EventProfile?

  init(run: RunIdentity, partition: Int) {
    profile = run.profilesEvents ? EventProfile() : nil
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
    profile?.count(kind)
  }

  /// Starts the clock of the profile: what passed since the last event was not the partition's doing.
  mutating func windowBegins() { profile?.restart() }
}

/// Events and processor time of a partition by kind of event.
///
/// The time from one event's end to the next one's is counted to the latter: finding it in the queue, and handling it.
struct EventProfile: Sendable {
  private(set) var events = [UInt64](repeating: 0, count: EventLog.kindLimit)
  private(set) var nanoseconds = [UInt64](repeating: 0, count: EventLog.kindLimit)
  private var last: UInt64 = 0

  mutating func restart() { last = Self.processorTime() }

  mutating func count(_ kind: UInt8) {
    let now = Self.processorTime()
    events[Int(kind)] += 1
    nanoseconds[Int(kind)] += now - last
    last = now
  }

  private static func processorTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// One kind of event over a whole run.
public struct EventKindProfile: Sendable, Equatable {
  /// `edge` or `origin`.
  public var component: String
  /// Name of the kind.
  public var kind: String
  /// Events.
  public var events: UInt64
  /// Processor time, measurement included, in seconds.
  public var cpuSeconds: Double
}

/// Which events of a run are to be kept in full.
public struct TracedEvents: Sendable, Equatable {
  /// Number of the partition: sites in order, then what they share.
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
