import SimEngine
import Testing

/// A partition that does some work on a random schedule and sends random messages to the others.
private final class ToyPartition: Partition {
  struct Message {
    var at: SimTime
    var to: Int
    var payload: UInt32
  }

  private var queue = EventQueue<UInt32>()
  private var stream: RandomStream
  private let index: Int
  private let peers: Int
  private let latency: SimDuration
  var outbox: [Message] = []
  var digest = RunDigest()

  init(index: Int, peers: Int, latency: SimDuration, seed: UInt64) {
    self.index = index
    self.peers = peers
    self.latency = latency
    stream = RandomStream(StreamKey(seed: seed, replication: 0, entity: "toy-\(index)", purpose: "work"))
    for start in 0..<4 { queue.schedule(UInt32(start), at: SimTime(nanoseconds: Int64(stream.below(5_000)))) }
  }

  var nextEventTime: SimTime { queue.nextTime() ?? .distantFuture }

  func run(before limit: SimTime) {
    while let event = queue.popNext(before: limit) {
      digest.record(time: queue.now, target: UInt32(index), kind: UInt8(event & 7), draws: stream.draws)
      if stream.uniform() < 0.5 {
        queue.schedule(event &+ 1, after: SimDuration(nanoseconds: Int64(stream.below(3_000))))
      } else {
        let to = Int(stream.below(UInt64(peers)))
        let slack = SimDuration(nanoseconds: Int64(stream.below(2_000)))
        outbox.append(Message(at: queue.now + latency + slack, to: to, payload: event))
      }
    }
  }

  func receive(_ message: Message) { queue.schedule(message.payload, at: message.at) }
}

@Suite("Windows of conservative lookahead")
struct WindowedExecutionTests {
  private func run(jobs: Int, seed: UInt64, until end: SimTime) -> (digest: RunDigest, reached: SimTime) {
    let latency = SimDuration(nanoseconds: 1_000)
    let partitions = (0..<7).map { ToyPartition(index: $0, peers: 7, latency: latency, seed: seed) }
    let windows = WindowedExecution(partitions: partitions, lookahead: latency, jobs: jobs)
    let reached = windows.run(
      until: end,
      exchange: {
        for partition in partitions {
          for message in partition.outbox { partitions[message.to].receive(message) }
          partition.outbox = []
        }
      },
      keepsGoing: { _ in true })
    var digest = RunDigest()
    for partition in partitions { digest.merge(partition.digest) }
    return (digest, reached)
  }

  @Test("any number of threads handles the same events in the same order", arguments: [1, 2, 3] as [UInt64])
  func threadsLeaveNoTrace(seed: UInt64) {
    let end = SimTime(nanoseconds: 3_000_000)
    let alone = run(jobs: 1, seed: seed, until: end)
    #expect(alone.digest.eventCount > 10_000)
    for jobs in [2, 3, 7, 16] {
      let together = run(jobs: jobs, seed: seed, until: end)
      #expect(together.digest == alone.digest)
      #expect(together.reached == end)
    }
  }

  @Test("another seed gives another digest")
  func seedsDiffer() {
    let end = SimTime(nanoseconds: 300_000)
    #expect(run(jobs: 1, seed: 1, until: end).digest != run(jobs: 1, seed: 2, until: end).digest)
  }

  @Test("a run that is stopped reaches the border at which it was stopped, and no event after it is handled")
  func stopsAtABorder() {
    let latency = SimDuration(nanoseconds: 1_000)
    let partition = ToyPartition(index: 0, peers: 1, latency: latency, seed: 9)
    let windows = WindowedExecution(partitions: [partition], lookahead: latency, jobs: 1)
    var borders = 0
    let reached = windows.run(
      until: SimTime(nanoseconds: 1_000_000),
      exchange: {
        for message in partition.outbox { partition.receive(message) }
        partition.outbox = []
      },
      keepsGoing: { _ in
        borders += 1
        return borders < 5
      })
    #expect(borders == 5)
    #expect(reached < SimTime(nanoseconds: 1_000_000))
    #expect(partition.nextEventTime >= reached)
  }
}
