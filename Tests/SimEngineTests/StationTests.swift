import SimEngine
import Testing

/// Runs jobs through a station and collects who leaves when.
private final class StationRun {
  enum Event: BitwiseCopyable {
    case submit(index: UInt32)
    case timer(StationTimer)
  }

  var left: [(tag: UInt64, at: Double, departure: StationDeparture)] = []
  var admissions: [StationAdmission] = []

  init(_ configuration: QueueingStation.Configuration, _ jobs: [(at: Double, work: Double, priority: UInt8)]) {
    var station = QueueingStation(configuration)
    var queue = EventQueue<Event>()
    for (index, job) in jobs.enumerated() { queue.schedule(.submit(index: UInt32(index)), at: .seconds(job.at)) }
    while let event = queue.popNext(before: .distantFuture) {
      switch event {
      case .submit(let index):
        let job = jobs[Int(index)]
        admissions.append(
          station.submit(StationJob(tag: UInt64(index), work: .seconds(job.work), priority: job.priority), &queue) {
            .timer($0)
          })
      case .timer(let timer):
        let departure = station.handle(timer, &queue) { .timer($0) }
        left.append((departure.job.tag, queue.now.seconds, departure))
      }
    }
    observers = station.observers
    #expect(station.waitingCount == 0 && station.servingCount == 0)
    #expect(observers.inSystem.level == 0 && observers.waiting.level == 0)
  }

  var observers: StationObservers
  var order: [UInt64] { left.map(\.tag) }
  var times: [Double] { left.map(\.at) }
}

@Suite struct StationTests {
  @Test("one server serves in order of arrival, and waiting is counted")
  func firstComeFirstServed() {
    let run = StationRun(.init(), [(0, 2, 0), (1, 2, 0), (1.5, 1, 0)])
    #expect(run.order == [0, 1, 2] && run.times == [2, 4, 5])
    #expect(run.left.map(\.departure.waited) == [.zero, .seconds(1), .seconds(2.5)])
    #expect(run.observers.delayed.count == 2 && (run.observers.waits.sum - 3.5).magnitude < 1e-12)
    #expect(run.observers.waiting.maximum == 2)
  }

  @Test("two servers work side by side")
  func twoServers() {
    let run = StationRun(.init(servers: 2), [(0, 5, 0), (0, 1, 0), (0, 1, 0), (0, 1, 0)])
    #expect(run.order == [1, 2, 3, 0] && run.times == [1, 2, 3, 5])
  }

  @Test("a full queue rejects, and knows nothing of the job afterwards")
  func queueLimit() {
    let run = StationRun(.init(queueLimit: 1), [(0, 2, 0), (0, 2, 0), (0, 2, 0), (3, 1, 0)])
    #expect(run.admissions == [.started, .queued, .rejected, .queued])
    #expect(run.order == [0, 1, 3] && run.times == [2, 4, 5])
    #expect(run.observers.rejections.count == 1 && run.observers.arrivals.count == 4)
    #expect(StationRun(.init(queueLimit: 0), [(0, 2, 0), (1, 2, 0)]).admissions == [.started, .rejected])
  }

  @Test("urgent jobs overtake waiting ones, but not the one in service")
  func priorities() {
    let run = StationRun(.init(priorities: 2), [(0, 2, 1), (0.5, 2, 1), (1, 2, 0)])
    #expect(run.order == [0, 2, 1] && run.times == [2, 4, 6])
  }

  @Test("an urgent job pushes out a less urgent one, which resumes where it was, ahead of its peers")
  func preemption() {
    let run = StationRun(.init(priorities: 2, isPreemptive: true), [(0, 4, 1), (0.5, 1, 1), (1, 2, 0), (1.5, 1, 0)])
    #expect(run.order == [2, 3, 0, 1] && run.times == [3, 4, 7, 8])
    #expect(run.observers.preemptions.count == 1)
    let resumed = run.left[2].departure
    #expect(resumed.waited == .seconds(3) && resumed.sojourn == .seconds(7))
  }

  @Test("of several less urgent jobs the least urgent and youngest service is pushed out")
  func preemptionVictim() {
    let run = StationRun(
      .init(servers: 3, priorities: 3, isPreemptive: true), [(0, 10, 2), (1, 10, 2), (2, 10, 1), (3, 1, 0)])
    // Job 1 gives way for one second.
    #expect(run.order == [3, 0, 2, 1] && run.times == [4, 10, 12, 12])
  }

  @Test("preemption needs a strictly less urgent job")
  func noPreemptionAmongEquals() {
    let run = StationRun(.init(priorities: 2, isPreemptive: true), [(0, 2, 0), (1, 1, 0)])
    #expect(run.order == [0, 1] && run.observers.preemptions.count == 0)
  }

  @Test("patience ends waiting, from the middle of a line too")
  func patience() {
    let run = StationRun(.init(patience: .seconds(3)), [(0, 5, 0), (1, 1, 0), (3, 1, 0), (3.5, 1, 0)])
    #expect(run.order == [1, 0, 2, 3] && run.times == [4, 5, 6, 7])
    #expect(run.left[0].departure.outcome == .timedOut && run.left[0].departure.waited == .seconds(3))
    #expect(run.observers.timeouts.count == 1 && run.observers.sojourns.count == 3)
  }

  @Test("patience that covers the service aborts it and frees the server")
  func patienceCoversService() {
    let run = StationRun(.init(patience: .seconds(3), patienceCoversService: true), [(0, 5, 0), (1, 0.5, 0)])
    #expect(run.order == [0, 1] && run.times == [3, 3.5])
    #expect(run.left.map(\.departure.outcome) == [.timedOut, .served])
  }

  @Test("resetting observers keeps the jobs: levels never turn negative")
  func resetKeepsState() {
    var station = QueueingStation(.init())
    var queue = EventQueue<StationTimer>()
    for tag in 0..<5 as Range<UInt64> {
      station.submit(StationJob(tag: tag, work: .seconds(1)), &queue) { $0 }
    }
    station.resetObservers(at: queue.now)
    #expect(station.observers.inSystem.level == 5 && station.observers.arrivals.count == 0)
    while let timer = queue.popNext(before: .distantFuture) { _ = station.handle(timer, &queue) { $0 } }
    #expect(station.observers.inSystem.minimum == 0 && station.observers.inSystem.level == 0)
    #expect(station.observers.inSystem.integral(through: .seconds(5)) == 15)
  }

  @Test("processor sharing: each job slows the others, and all get their work")
  func processorSharing() {
    var station = ProcessorSharingStation()
    enum Event: BitwiseCopyable {
      case submit(tag: UInt64, seconds: Int32)
      case timer(StationTimer)
    }
    var queue = EventQueue<Event>()
    queue.schedule(.submit(tag: 0, seconds: 3), at: .zero)
    queue.schedule(.submit(tag: 1, seconds: 1), at: .seconds(1))
    queue.schedule(.submit(tag: 2, seconds: 1), at: .seconds(10))
    var left: [UInt64] = []
    var times: [Double] = []
    while let event = queue.popNext(before: .distantFuture) {
      switch event {
      case .submit(let tag, let seconds):
        station.submit(StationJob(tag: tag, work: .seconds(Double(seconds))), &queue) { .timer($0) }
      case .timer(let timer):
        left.append(station.handle(timer, &queue) { .timer($0) }.job.tag)
        times.append(queue.now.seconds)
      }
    }
    // Job 0 alone for 1 s, both at half rate for 2 s, then job 0 alone for its last second.
    #expect(left == [1, 0, 2] && times == [3, 4, 11])
    #expect(station.count == 0 && station.observers.inSystem.level == 0)
  }

  @Test("retries back off, stay below the longest delay, and end")
  func retries() {
    var stream = RandomStream(StreamKey(seed: 1, replication: 0, entity: "client", purpose: "retries"))
    let policy = RetryPolicy(retries: 4, firstDelay: .seconds(1), multiplier: 3, longestDelay: .seconds(10))
    let delays = (1...5).map { policy.delay(afterFailures: $0, &stream) }
    #expect(delays == [.seconds(1), .seconds(3), .seconds(9), .seconds(10), nil])
    #expect(stream.draws == 0)
    let jittered = RetryPolicy(retries: 1000, firstDelay: .seconds(2), multiplier: 1, jitter: 0.5)
    for attempt in 1...1000 {
      let delay = jittered.delay(afterFailures: attempt, &stream) ?? .zero
      #expect(delay > .seconds(1) && delay <= .seconds(2))
    }
  }
}
