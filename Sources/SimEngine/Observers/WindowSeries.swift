/// Observations gathered in fixed windows of simulated time: bytes a minute, mean start-up delay a minute.
///
/// Window i covers [start + i width, start + (i + 1) width).
public struct WindowSeries: Hashable, Sendable {
  /// Where window 0 begins.
  public let start: SimTime
  /// The width of a window.
  public let width: SimDuration
  /// The sum of the observations of each window.
  public private(set) var sums: [Double] = []
  /// The number of observations of each window.
  public private(set) var counts: [UInt64] = []

  /// An empty series; the width must be positive.
  public init(width: SimDuration, start: SimTime = .zero) {
    precondition(width > .zero, "a window has a positive width")
    self.width = width
    self.start = start
  }

  /// Takes in an observation at `time`, not before the start; times need not be in order.
  ///
  /// O(1) amortised.
  public mutating func add(_ value: Double, at time: SimTime) {
    precondition(time >= start && !value.isNaN, "an observation is a number and not before the first window")
    let window = Int((time - start).nanoseconds / width.nanoseconds)
    extend(to: window + 1)
    sums[window] += value
    counts[window] += 1
  }

  /// Adds the windows of another series with the same start and width.
  public mutating func merge(_ other: WindowSeries) {
    precondition(start == other.start && width == other.width, "only series with the same windows can be merged")
    extend(to: other.sums.count)
    for window in other.sums.indices {
      sums[window] += other.sums[window]
      counts[window] += other.counts[window]
    }
  }

  /// The mean of the observations of a window, or `nil` if it has none.
  public func mean(_ window: Int) -> Double? {
    counts[window] > 0 ? sums[window] / Double(counts[window]) : nil
  }

  /// The sum of a window per second.
  public func rate(_ window: Int) -> Double { sums[window] / width.seconds }

  /// Makes windows up to `time` exist, so that quiet series are as long as busy ones.
  public mutating func extend(through time: SimTime) {
    guard time > start else { return }
    extend(to: Int(((time - start).nanoseconds - 1) / width.nanoseconds) + 1)
  }

  private mutating func extend(to windows: Int) {
    guard windows > sums.count else { return }
    sums.append(contentsOf: repeatElement(0, count: windows - sums.count))
    counts.append(contentsOf: repeatElement(0, count: windows - counts.count))
  }
}

/// A level (viewers online, bits a second in flight) averaged over fixed windows of simulated time.
public struct LevelSeries: Hashable, Sendable {
  /// Where window 0 begins.
  public let start: SimTime
  /// The width of a window.
  public let width: SimDuration
  /// The level now.
  public private(set) var level: Double
  /// The integral of the level over each window, in level x nanoseconds; the last window is filled up to `changed`.
  private var integrals: [Double] = []
  private var changed: SimTime

  /// A level observed from `start` on; the width must be positive.
  public init(width: SimDuration, start: SimTime = .zero, level: Double = 0) {
    precondition(width > .zero, "a window has a positive width")
    self.width = width
    self.start = start
    self.level = level
    changed = start
  }

  /// Changes the level to `level` at `time`, which must not go back.
  ///
  /// O(windows passed).
  public mutating func set(_ level: Double, at time: SimTime) {
    precondition(!level.isNaN, "a level is not a number")
    extend(through: time)
    self.level = level
  }

  /// Changes the level by `difference` at `time`, which must not go back.
  public mutating func add(_ difference: Double, at time: SimTime) { set(level + difference, at: time) }

  /// Carries the level on to `time`.
  public mutating func extend(through time: SimTime) {
    precondition(time >= changed, "the level at \(time) lies before its last change at \(changed)")
    while changed < time {
      let window = Int((changed - start).nanoseconds / width.nanoseconds)
      let end = Swift.min(time, start + width * Int64(window + 1))
      if window == integrals.count { integrals.append(0) }
      integrals[window] += level * Double((end - changed).nanoseconds)
      changed = end
    }
  }

  /// The average of each window; that of a last window that is only partly observed is over the observed part.
  public var means: [Double] {
    integrals.indices.map { window in
      let begin = start + width * Int64(window)
      let observed = Swift.min(width, changed - begin)
      return integrals[window] / Double(observed.nanoseconds)
    }
  }

  /// Adds the level of another part of the system with the same windows: levels and integrals add up.
  public mutating func merge(_ other: LevelSeries) {
    precondition(start == other.start && width == other.width, "only series with the same windows can be merged")
    var other = other
    let latest = Swift.max(changed, other.changed)
    extend(through: latest)
    other.extend(through: latest)
    level += other.level
    for window in integrals.indices { integrals[window] += other.integrals[window] }
  }
}
