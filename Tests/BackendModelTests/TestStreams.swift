import BackendModel
import SimEngine

/// Streams of a test, named by purpose.
func streams(seed: UInt64 = 1, replication: UInt64 = 0) -> (String) -> RandomStream {
  { purpose in
    RandomStream(StreamKey(seed: seed, replication: replication, entity: "backend test", purpose: purpose))
  }
}

/// A constant time.
func constant(_ milliseconds: Int64) -> ServiceTime {
  ServiceTime(mean: .milliseconds(milliseconds), shape: .constant)
}

/// An exponential time with a mean in milliseconds.
func exponential(_ milliseconds: Int64) -> ServiceTime {
  ServiceTime(mean: .milliseconds(milliseconds), shape: .exponential)
}

extension SimTime {
  static func ms(_ count: Int64) -> SimTime { .zero + .milliseconds(count) }
}

/// Poisson arrivals brought to a part of the back end, and what was answered.
struct PoissonRun {
  var latencies = Tally()
  var outcomes = [CallOutcome: Int]()
  var last = SimTime.zero

  /// Brings `calls` calls at `perSecond`, lets the part work until nothing is pending, and collects the answers.
  ///
  /// - Parameters:
  ///   - submit: brings a call at the queue's time.
  ///   - handle: handles a timer.
  mutating func run(
    calls: Int, perSecond: Double, seed: UInt64 = 1, queue: inout BackendQueue,
    submit: (UInt64, inout BackendQueue, inout [BackendReply]) -> Void,
    handle: (BackendEvent, inout BackendQueue, inout [BackendReply]) -> Void
  ) {
    var arrivals = streams(seed: seed)("test arrivals")
    var arrivedAt: [SimTime] = []
    var next = queue.now + .seconds(arrivals.exponential(mean: 1 / perSecond))
    var replies: [BackendReply] = []
    while arrivedAt.count < calls || !queue.isEmpty {
      let pending = queue.nextTime() ?? .distantFuture
      if arrivedAt.count < calls, next <= pending {
        queue.advance(to: next)
        arrivedAt.append(next)
        submit(UInt64(arrivedAt.count - 1), &queue, &replies)
        next = next + .seconds(arrivals.exponential(mean: 1 / perSecond))
      } else if let event = queue.popNext(before: .distantFuture) {
        handle(event, &queue, &replies)
      }
      for reply in replies {
        outcomes[reply.outcome, default: 0] += 1
        if reply.outcome == .served {
          latencies.add((reply.at - arrivedAt[Int(reply.ticket)]).seconds)
          last = max(last, reply.at)
        }
      }
      replies.removeAll(keepingCapacity: true)
    }
  }
}
