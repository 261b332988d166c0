import SimEngine

/// How much of a component is left over the course of one failure.
///
///     1 ---.                         .---
///           \                       /
///            '----- remaining -----'
///        |ramp |                 |ramp |
///      start                    end
///
/// Ramps go in ten steps, so that a link changes its capacity a few times instead of all the time.
struct FaultCourse: Sendable {
  let start: SimTime
  let end: SimTime
  private let ramp: SimDuration
  private let remaining: Double
  private static let steps: Int64 = 10

  init(_ failure: FailureSettings, start: SimTime) {
    self.start = start
    end = start + failure.duration
    ramp = failure.ramp
    remaining = failure.remaining
  }

  /// Share of the capacity that is left at a time: 1 when nothing is wrong.
  func factor(at time: SimTime) -> Double {
    guard time >= start, time < end + ramp else { return 1 }
    let stepNs = max(1, ramp.nanoseconds / Self.steps)
    let since = time < end ? (time - start).nanoseconds : (time - end).nanoseconds
    let done = ramp > .zero ? min(1, Double(since / stepNs + 1) / Double(Self.steps)) : 1
    return time < end ? 1 - (1 - remaining) * done : remaining + (1 - remaining) * done
  }

  /// The next moment after `time` at which the factor changes; `nil` if there is none.
  func nextChange(after time: SimTime) -> SimTime? {
    if time < start { return start }
    if time >= end + ramp { return nil }
    guard ramp > .zero else { return time < end ? end : nil }
    let stepNs = max(1, ramp.nanoseconds / Self.steps)
    let base = time < end ? start : end
    let step = (time - base).nanoseconds / stepNs + 1
    if step < Self.steps {
      return min(base + SimDuration(nanoseconds: step * stepNs), base == start ? end : end + ramp)
    }
    return base == start ? end : (step == Self.steps && time < end + ramp ? end + ramp : nil)
  }
}
