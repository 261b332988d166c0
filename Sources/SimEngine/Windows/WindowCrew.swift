import Glibc
import Synchronization

/// Threads that share the partitions of each window and meet at its border.
///
/// A window lasts tens of microseconds, so nothing here blocks: partitions are claimed from one atomic word, and the
/// border is reached when every partition is done, whoever did it. A helper that the system does not run just now is
/// not waited for; on a busy machine the calling thread does the work alone instead of standing at the border.
final class WindowCrew: @unchecked Sendable {
  private let partitions: [any Partition]
  private var threads: [pthread_t] = []
  /// Written before a window is opened, and not again before each of its partitions is done.
  private var limit = SimTime.zero
  /// Number of the window in the high bits, the next partition to claim in the low ones: a claim made late, for a
  /// window that is over, cannot take a partition of the next.
  private let claims: Atomic<UInt64>
  private let done = Atomic<Int>(0)
  private let isDismissed = Atomic<Bool>(false)

  private static let partitionBits: UInt64 = 24

  init(partitions: [any Partition], helpers: Int) {
    precondition(partitions.count < 1 << Int(Self.partitionBits), "a crew shares at most 2^24 partitions")
    self.partitions = partitions
    // Nothing can be claimed before the first window.
    claims = Atomic<UInt64>(UInt64(partitions.count))
    for _ in 0..<helpers {
      var thread = pthread_t()
      let crew = Unmanaged.passRetained(self)
      let status = pthread_create(
        &thread, nil,
        { context in
          if let context { Unmanaged<WindowCrew>.fromOpaque(context).takeRetainedValue().help() }
          return nil
        }, crew.toOpaque())
      guard status == 0 else {
        // Without another thread the calling one does the work.
        crew.release()
        break
      }
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
    done.store(0, ordering: .relaxed)
    let window = (claims.load(ordering: .relaxed) >> Self.partitionBits) + 1
    claims.store(window << Self.partitionBits, ordering: .releasing)
    while claimPartition() {}
    var patience = Patience()
    while done.load(ordering: .acquiring) < partitions.count { patience.wait() }
  }

  /// Ends the helper threads; the crew runs no window after this.
  func dismiss() {
    isDismissed.store(true, ordering: .relaxed)
    for thread in threads { pthread_join(thread, nil) }
    threads = []
  }

  private func help() {
    var patience = Patience()
    while !isDismissed.load(ordering: .relaxed) {
      if claimPartition() { patience = Patience() } else { patience.wait() }
    }
  }

  /// Takes one partition of the open window and runs it; answers whether there was one.
  private func claimPartition() -> Bool {
    let claim = claims.load(ordering: .acquiring)
    let next = Int(claim & (1 << Self.partitionBits - 1))
    guard next < partitions.count else { return false }
    guard claims.compareExchange(expected: claim, desired: claim + 1, ordering: .acquiringAndReleasing).exchanged
    else { return true }
    partitions[next].run(before: limit)
    done.wrappingAdd(1, ordering: .releasing)
    return true
  }
}

/// How long a thread watches before it lets others have the processor.
private struct Patience {
  private var looks = 0

  /// Watches closely at first, then between others' turns, and after a long while only now and then.
  mutating func wait() {
    looks += 1
    if looks > 4_000 {
      usleep(100)
    } else if looks > 1_000 {
      sched_yield()
    }
  }
}
