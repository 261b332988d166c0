import SimEngine

/// A part of the platform that runs its windows alone and is reached by messages.
protocol PlatformPartition: Partition {
  /// The record of every event so far.
  var log: EventLog { get }
  /// Names of the kinds of events, by their number in the digest, under the name of the component.
  static var eventKinds: (component: String, names: [(UInt8, String)]) { get }
  /// Takes a message; called at a window's border, never sooner than the message was sent.
  func receive(_ message: PlatformMessage)
  /// Hands over the messages that were sent in the window, in the order in which they were sent.
  func takeOutbox(_ body: (PlatformMessage) -> Void)
}

/// The moments at which a partition looks at its totals: the end of each interval, and the end of the warm-up.
struct ObservationSchedule: Sendable {
  let interval: SimDuration
  let warmup: SimDuration

  init(scenario: Scenario) {
    interval = scenario.output.interval
    warmup = scenario.warmup
  }

  /// The first moment after `time`.
  func next(after time: SimTime) -> SimTime {
    let intervals = time.nanoseconds / interval.nanoseconds + 1
    let regular = SimTime.zero + SimDuration(nanoseconds: intervals * interval.nanoseconds)
    let cut = SimTime.zero + warmup
    return cut > time ? min(regular, cut) : regular
  }

  /// Whether the observers start anew at this moment.
  func endsWarmup(_ time: SimTime) -> Bool { warmup > .zero && time == .zero + warmup }
}
