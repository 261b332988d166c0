// What cancelled events cost: the survivors must not pay for them.
import SimEngine

enum CancellationModel {
  enum Event: BitwiseCopyable {
    case timeout(session: UInt64)
    case tick(count: UInt32)
  }

  /// CPU nanoseconds for each survivor: to draw and schedule it and its share of the others, to cancel those, and to
  /// deliver it.
  struct Cost {
    var scheduling = 0.0
    var cancelling = 0.0
    var delivering = 0.0

    var total: Double { scheduling + cancelling + delivering }
  }

  /// The cost of a run with so many cancelled timers for each survivor, all due at random within a second.
  ///
  /// The survivors and the others are scheduled in turns, then the others are cancelled, then the survivors happen. What
  /// cancelled events cost can be read in two ways. What they leave behind: `delivering`, beside that of the same
  /// survivors alone. And what their own life costs: `total`, where each of the others is scheduled and cancelled as
  /// well, which no queue can do for a share of what one survivor costs.
  static func run(survivors: Int, cancelledPerSurvivor: Int) -> Cost {
    let repetitions = max(1, 200_000 / survivors)
    var cost = Cost()
    for repetition in 0..<repetitions {
      var stream = RandomStream(
        StreamKey(seed: UInt64(repetition), replication: 0, entity: "cancel", purpose: "delays"))
      var queue = EventQueue<Event>()
      var doomed: [EventHandle] = []
      let start = processCPUNanoseconds()
      for session in 0..<survivors {
        for _ in 0..<cancelledPerSurvivor {
          let delay = SimDuration.nanoseconds(Int64(stream.below(UInt64(1_000_000_000))))
          doomed.append(queue.scheduleCancellable(.timeout(session: UInt64(session)), after: delay))
        }
        let delay = SimDuration.nanoseconds(Int64(stream.below(UInt64(1_000_000_000))))
        _ = queue.scheduleCancellable(.timeout(session: UInt64(session)), after: delay)
      }
      let scheduled = processCPUNanoseconds()
      for handle in doomed { queue.cancel(handle) }
      let cancelled = processCPUNanoseconds()
      var delivered = 0
      while queue.popNext(before: .distantFuture) != nil { delivered += 1 }
      let end = processCPUNanoseconds()
      precondition(delivered == survivors, "a survivor was lost")
      cost.scheduling += (scheduled - start) / Double(repetitions * survivors)
      cost.cancelling += (cancelled - scheduled) / Double(repetitions * survivors)
      cost.delivering += (end - cancelled) / Double(repetitions * survivors)
    }
    return cost
  }

  /// CPU nanoseconds to schedule a timer and cancel it a thousand timers later, beside `pending` other events.
  static func scheduleAndCancel(pending: Int) -> Double {
    var stream = RandomStream(StreamKey(seed: 1, replication: 0, entity: "cancel", purpose: "pairs"))
    var queue = EventQueue<Event>()
    for session in 0..<pending {
      queue.schedule(
        .timeout(session: UInt64(session)), after: .nanoseconds(Int64(stream.below(UInt64(1_000_000_000)))))
    }
    let delays = (0..<4096).map { _ in SimDuration.nanoseconds(Int64(stream.below(UInt64(1_000_000_000)))) }
    var ring = [EventHandle](repeating: .none, count: 1024)
    let pairs = 1_000_000
    let start = processCPUNanoseconds()
    for index in 0..<pairs {
      queue.cancel(ring[index & 1023])
      ring[index & 1023] = queue.scheduleCancellable(.tick(count: UInt32(index)), after: delays[index & 4095])
    }
    let end = processCPUNanoseconds()
    precondition(queue.count == pending + 1024, "a timer was lost")
    return (end - start) / Double(pairs)
  }
}
