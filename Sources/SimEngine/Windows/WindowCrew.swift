import Glibc
import Synchronization

/// Threads that share the partitions of each window and meet at its border.
///
/// A window lasts tens of microseconds, so the threads meet by watching an atomic word: first without leaving the
/// processor, then by yielding it, so that a busy machine loses little.
final class WindowCrew: @unchecked Sendable {
  private let partitions: [any Partition]
  private let helpers: Int
  private var threads: [pthread_t] = []
  /// Written by the caller before `window` is advanced, read by the helpers after they saw it advance.
  private var limit = SimTime.zero
  private let window = Atomic<Int>(0)
  private let nextPartition = Atomic<Int>(0)
  private let finishedHelpers = Atomic<Int>(0)
  private let isDismissed = Atomic<Bool>(false)

  init(partitions: [any Partition], helpers: Int) {
    self.partitions = partitions
    self.helpers = helpers
    for _ in 0..<helpers {
      var thread = pthread_t()
      let crew = Unmanaged.passRetained(self)
      let status = pthread_create(
        &thread, nil,
        { context in
          if let context { Unmanaged<WindowCrew>.fromOpaque(context).takeRetainedValue().help() }
          return nil
        }, crew.toOpaque())
      precondition(status == 0, "the system gave no thread for the window crew")
      threads.append(thread)
    }
  }

  /// Runs one window on all threads and returns when every partition has reached `limit`.
  func run(before limit: SimTime) {
    var active = 0
    for partition in partitions where partition.nextEventTime < limit { active += 1 }
    if active < 2 {
      for partition in partitions where partition.nextEventTime < limit { partition.run(before: limit) }
      return
    }
    self.limit = limit
    nextPartition.store(0, ordering: .relaxed)
    finishedHelpers.store(0, ordering: .relaxed)
    window.wrappingAdd(1, ordering: .releasing)
    claimPartitions()
    var patience = Patience()
    while finishedHelpers.load(ordering: .acquiring) < helpers { patience.wait() }
  }

  /// Ends the helper threads; the crew runs no window after this.
  func dismiss() {
    isDismissed.store(true, ordering: .relaxed)
    window.wrappingAdd(1, ordering: .releasing)
    for thread in threads { pthread_join(thread, nil) }
    threads = []
  }

  private func help() {
    var seen = 0
    while true {
      var patience = Patience()
      while window.load(ordering: .acquiring) == seen { patience.wait() }
      seen += 1
      if isDismissed.load(ordering: .relaxed) { return }
      claimPartitions()
      finishedHelpers.wrappingAdd(1, ordering: .releasing)
    }
  }

  private func claimPartitions() {
    while true {
      let claimed = nextPartition.wrappingAdd(1, ordering: .relaxed).oldValue
      if claimed >= partitions.count { return }
      partitions[claimed].run(before: limit)
    }
  }
}

/// How long a thread watches before it lets others have the processor.
private struct Patience {
  private var looks = 0

  mutating func wait() {
    looks += 1
    if looks > 2_000 { sched_yield() }
  }
}
