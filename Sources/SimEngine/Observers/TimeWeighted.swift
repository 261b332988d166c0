/// A level that changes at events (a queue length, viewers online) and its average over time.
@frozen
public struct TimeWeighted: BitwiseCopyable, Hashable, Sendable {
  /// The level now.
  public private(set) var level: Double
  /// The lowest level since the start or the last reset.
  public private(set) var minimum: Double
  /// The highest level since the start or the last reset.
  public private(set) var maximum: Double
  private var start: SimTime
  private var changed: SimTime
  /// The integral of the level up to `changed`, in level x nanoseconds.
  private var integral: Double

  /// A level observed from `time` on.
  public init(level: Double = 0, at time: SimTime = .zero) {
    self.level = level
    minimum = level
    maximum = level
    start = time
    changed = time
    integral = 0
  }

  /// Changes the level to `level` at `time`, which must not go back.
  public mutating func set(_ level: Double, at time: SimTime) {
    precondition(!level.isNaN, "a level is not a number")
    advance(to: time)
    self.level = level
    minimum = Swift.min(minimum, level)
    maximum = Swift.max(maximum, level)
  }

  /// Changes the level by `difference` at `time`, which must not go back.
  public mutating func add(_ difference: Double, at time: SimTime) { set(level + difference, at: time) }

  /// The average from the start (or the last reset) to `time`; the level itself where no time has passed.
  public func mean(through time: SimTime) -> Double {
    precondition(time >= changed, "a level cannot be averaged up to a time before its last change")
    guard time > start else { return level }
    return (integral + level * Double((time - changed).nanoseconds)) / Double((time - start).nanoseconds)
  }

  /// The integral over time from the start (or the last reset) to `time`, in level x seconds.
  public func integral(through time: SimTime) -> Double {
    precondition(time >= changed, "a level cannot be integrated up to a time before its last change")
    return (integral + level * Double((time - changed).nanoseconds)) / 1e9
  }

  /// Starts the average anew at `time`.
  ///
  /// The level stays: what is in the queue is still in the queue, and it cannot become negative when it leaves.
  public mutating func reset(at time: SimTime) {
    precondition(time >= changed, "a level cannot be reset before its last change")
    self = TimeWeighted(level: level, at: time)
  }

  /// Adds the level of another part of the system, observed from the same start: levels and integrals add up.
  ///
  /// The extremes become bounds, because the two need not occur at one time.
  public mutating func merge(_ other: TimeWeighted) {
    precondition(start == other.start, "only levels observed from the same time can be added up")
    var other = other
    let latest = Swift.max(changed, other.changed)
    advance(to: latest)
    other.advance(to: latest)
    level += other.level
    integral += other.integral
    minimum += other.minimum
    maximum += other.maximum
  }

  private mutating func advance(to time: SimTime) {
    precondition(time >= changed, "the level at \(time) lies before its last change at \(changed)")
    integral += level * Double((time - changed).nanoseconds)
    changed = time
  }
}
