/// When a partition checks its invariants between observations.
///
/// That is after the 1st, 2nd, 4th, 8th and so on event of each kind, and then after every 1024th.
///
/// A check looks at every session, so that after each single event would be quadratic; this way the early events, when
/// everything happens for the first time, are covered closely and no kind is left out later.
struct InvariantSchedule {
  private let isActive: Bool
  private var counts = [UInt32](repeating: 0, count: EventLog.kindLimit)

  init(run: RunIdentity) { isActive = run.checksEveryEventKind }

  /// Counts an event; tells whether invariants are due after it.
  @inline(__always)
  mutating func isDue(after kind: UInt8) -> Bool {
    guard isActive else { return false }
    counts[Int(kind)] &+= 1
    let count = counts[Int(kind)]
    return count & (count - 1) == 0 || count & 1_023 == 0
  }
}
