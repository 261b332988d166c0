/// What is brought to a station: who it is, how much work it needs, and how urgent it is.
@frozen
public struct StationJob: BitwiseCopyable, Hashable, Sendable {
  /// The model's own number, handed back when the job leaves.
  public var tag: UInt64
  /// The time that one server needs for it.
  public var work: SimDuration
  /// Urgency: 0 is served first.
  public var priority: UInt8

  /// A job; its work must not be negative.
  @inlinable
  public init(tag: UInt64, work: SimDuration, priority: UInt8 = 0) {
    self.tag = tag
    self.work = work
    self.priority = priority
  }
}

/// A job that leaves a station, and how it fared.
@frozen
public struct StationDeparture: BitwiseCopyable, Hashable, Sendable {
  /// How a job left.
  public enum Outcome: UInt8, BitwiseCopyable, Sendable {
    /// It got all its work done.
    case served
    /// Its patience ran out first.
    case timedOut
    /// The station failed while it was inside.
    case interrupted
  }
  /// The job.
  public var job: StationJob
  /// How it left.
  public var outcome: Outcome
  /// When it came.
  public var arrived: SimTime
  /// The time that it spent waiting: before its service and, where it was preempted, in between.
  public var waited: SimDuration
  /// The time from coming to leaving.
  public var sojourn: SimDuration

  @inlinable
  init(job: StationJob, outcome: Outcome, arrived: SimTime, waited: SimDuration, sojourn: SimDuration) {
    self.job = job
    self.outcome = outcome
    self.arrived = arrived
    self.waited = waited
    self.sojourn = sojourn
  }
}

/// What a station asks to be told at a later time; wrap it in a case of the model's event enum.
public enum StationTimer: BitwiseCopyable, Hashable, Sendable {
  /// A server finishes its job.
  case completion(server: UInt32)
  /// The patience of a job ends.
  case timeout(place: UInt32)
}

/// What a station did with a job that came.
public enum StationAdmission: Hashable, Sendable {
  /// It is being served.
  case started
  /// It waits.
  case queued
  /// There was no place; the station knows nothing more of it.
  case rejected
}

/// What every station counts.
///
/// A reset at the end of the warm-up forgets the past and keeps the levels.
public struct StationObservers: BitwiseCopyable, Sendable {
  /// Jobs in the station.
  public internal(set) var inSystem: TimeWeighted
  /// Jobs that wait.
  public internal(set) var waiting: TimeWeighted
  /// Jobs that came, rejected ones included.
  public internal(set) var arrivals = Counter()
  /// Jobs that found no place.
  public internal(set) var rejections = Counter()
  /// Jobs that had to wait before their service.
  public internal(set) var delayed = Counter()
  /// Jobs whose patience ran out.
  public internal(set) var timeouts = Counter()
  /// Times that a job was pushed out of service by a more urgent one.
  public internal(set) var preemptions = Counter()
  /// Jobs that a failure of the station put out.
  public internal(set) var interruptions = Counter()
  /// Waiting times of served jobs [s].
  public internal(set) var waits = Tally()
  /// Times from coming to leaving of served jobs [s].
  public internal(set) var sojourns = Tally()
  /// Times from coming to leaving of all jobs that left, however they fared, summed [ns].
  var departedNs: Int64 = 0
  /// Times at which the jobs that are inside came, summed [ns]; wraps around, only differences are used.
  var insideSinceNs: Int64 = 0
  /// Start of the observation.
  var observedFrom: SimTime
  /// Jobs that were inside then.
  var insideAtStart: UInt64 = 0

  init(at time: SimTime) {
    observedFrom = time
    inSystem = TimeWeighted(at: time)
    waiting = TimeWeighted(at: time)
  }

  mutating func reset(at time: SimTime) {
    var fresh = StationObservers(at: time)
    fresh.inSystem = inSystem
    fresh.inSystem.reset(at: time)
    fresh.waiting = waiting
    fresh.waiting.reset(at: time)
    // Who is inside is seen from now on only.
    fresh.insideAtStart = UInt64(inSystem.level)
    fresh.insideSinceNs = time.nanoseconds &* Int64(inSystem.level)
    self = fresh
  }
}
