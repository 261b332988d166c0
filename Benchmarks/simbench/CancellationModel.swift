// What cancelled events cost: the survivors must not pay for them.
import SimEngine

enum CancellationModel {
  enum Event: BitwiseCopyable {
    case timeout(session: UInt64)
    case tick(count: UInt32)
  }

  /// CPU nanoseconds to deliver one survivor, cancelling the others included, with so many cancelled timers for each.
  ///
  /// Scheduling is left out: it costs the same for every event, cancelled or not.
  static func drain(survivors: Int, cancelledPerSurvivor: Int) -> Double {
    let repetitions = max(1, 200_000 / survivors)
    var total = 0.0
    for repetition in 0..<repetitions {
      var stream = RandomStream(
        StreamKey(seed: UInt64(repetition), replication: 0, entity: "cancel", purpose: "delays"))
      var queue = EventQueue<Event>()
      var doomed: [EventHandle] = []
      for session in 0..<survivors {
        for _ in 0..<cancelledPerSurvivor {
          let delay = SimDuration.nanoseconds(Int64(stream.below(UInt64(1_000_000_000))))
          doomed.append(queue.scheduleCancellable(.timeout(session: UInt64(session)), after: delay))
        }
        let delay = SimDuration.nanoseconds(Int64(stream.below(UInt64(1_000_000_000))))
        _ = queue.scheduleCancellable(.timeout(session: UInt64(session)), after: delay)
      }
      for handle in doomed { queue.cancel(handle) }
      let start = processCPUNanoseconds()
      var delivered = 0
      while queue.popNext(before: .distantFuture) != nil { delivered += 1 }
      total += processCPUNanoseconds() - start
      precondition(delivered == survivors, "a survivor was lost")
    }
    return total / Double(repetitions * survivors)
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
