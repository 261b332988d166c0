// Capacity that was measured: a list of periods, played again and again.

public import SimEngine

/// A recorded capacity over time.
///
/// Borders are kept as offsets from the start of the trace, each converted once from the recorded time, so that
/// rounding does not add up.
public struct CapacityTrace: Hashable, Sendable {
  /// A time in which the capacity is constant.
  public struct Period: Hashable, Sendable {
    /// Where the period ends, from the start of the trace.
    public var end: SimDuration
    /// The capacity in it.
    public var capacity: BitRate
    /// The latency in it, for traces that record one.
    public var latency: SimDuration?

    /// A period.
    public init(end: SimDuration, capacity: BitRate, latency: SimDuration? = nil) {
      self.end = end
      self.capacity = capacity
      self.latency = latency
    }
  }

  /// The periods, ends ascending; at least one.
  public let periods: [Period]

  /// A trace of periods in ascending order; those that take no time are dropped.
  ///
  /// `nil` if none is left or one goes back.
  public init?(periods: [Period]) {
    var end = SimDuration.zero
    var kept: [Period] = []
    for period in periods {
      guard period.end >= end else { return nil }
      if period.end > end { kept.append(period) }
      end = period.end
    }
    guard !kept.isEmpty else { return nil }
    self.periods = kept
  }

  /// How long one round of the trace takes.
  public var length: SimDuration { periods[periods.count - 1].end }

  /// Capacity averaged over one round.
  public var meanCapacity: BitRate {
    var bits = 0.0
    var start = SimDuration.zero
    for period in periods {
      bits += period.capacity.bitsPerSecond * (period.end - start).seconds
      start = period.end
    }
    return BitRate(bitsPerSecond: bits / length.seconds)
  }

  /// The trace multiplied by a factor, zero or more.
  public func scaled(by factor: Double) -> CapacityTrace {
    var copy = periods
    for index in copy.indices {
      copy[index].capacity = BitRate(bitsPerSecond: copy[index].capacity.bitsPerSecond * factor)
    }
    return CapacityTrace(periods: copy) ?? self
  }
}

/// A position in a trace that is played again and again.
///
///     queue.schedule(.traceStep, at: player.nextChange)
///     ...
///     case .traceStep:
///       player.step()
///       link.setCapacity(player.capacity, at: now)
///       queue.schedule(.traceStep, at: player.nextChange)
public struct TracePlayer: Hashable, Sendable {
  /// What is played.
  public let trace: CapacityTrace
  private var index = 0
  private var roundStart: SimTime

  /// Plays a trace from its beginning at `start`.
  public init(_ trace: CapacityTrace, from start: SimTime = .zero) {
    self.trace = trace
    roundStart = start
  }

  /// Plays a trace so that at `start` it is `offset` into the first round (modulo its length); gives the viewers of
  /// one trace different phases.
  public init(_ trace: CapacityTrace, from start: SimTime = .zero, offset: SimDuration) {
    self.init(trace, from: start)
    let into = SimDuration(nanoseconds: offset.nanoseconds % trace.length.nanoseconds)
    roundStart = start - into
    while nextChange <= start { step() }
  }

  /// The present capacity.
  public var capacity: BitRate { trace.periods[index].capacity }

  /// The present latency, for traces that record one.
  public var latency: SimDuration? { trace.periods[index].latency }

  /// When the present period ends.
  public var nextChange: SimTime { roundStart + trace.periods[index].end }

  /// Enters the next period.
  public mutating func step() {
    index += 1
    guard index == trace.periods.count else { return }
    index = 0
    roundStart += trace.length
  }
}
