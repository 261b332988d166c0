/// One replication of a queueing study.
struct QueueingRun {
  /// What a replication measures, in the unit of the rates.
  struct Measures: Sendable {
    var inSystem: Double
    var waiting: Double
    var sojourn: Double
    var wait: Double
    var delayed: Double
    var lost: Double
  }

  private enum Event: BitwiseCopyable {
    case arrival
    case station(StationTimer)
  }

  private let study: QueueingStudy
  /// Seconds of simulated time for one unit of the study's time: the slower of the two rates becomes one a second, so
  /// that a nanosecond is always a tiny part of it.
  private let secondsPerUnit: Double
  private let service: ServiceDistribution
  private var arrivalStream: RandomStream
  private var serviceStream: RandomStream

  init(_ study: QueueingStudy, replication: Int) {
    self.study = study
    secondsPerUnit = min(study.arrivalRate, study.serviceRate)
    service = ServiceDistribution(mean: secondsPerUnit / study.serviceRate, scv: study.serviceSCV)
    func stream(_ purpose: String) -> RandomStream {
      RandomStream(
        StreamKey(seed: study.seed, replication: UInt64(replication), entity: "queueing", purpose: purpose))
    }
    arrivalStream = stream("arrivals")
    serviceStream = stream("service")
  }

  func measure() -> Measures {
    var run = self
    if study.model == .mg1ProcessorSharing {
      return run.simulate(ProcessorSharingStation())
    }
    let queueLimit = study.capacity.map { $0 - study.servers }
    return run.simulate(QueueingStation(.init(servers: study.servers, queueLimit: queueLimit)))
  }

  private mutating func simulate<Station: MeasuredStation>(_ empty: Station) -> Measures {
    var station = empty
    var queue = EventQueue<Event>(backing: study.backing)
    let warmUp = UInt64(study.customers / 10)
    let customers = UInt64(study.customers)
    let meanGap = secondsPerUnit / study.arrivalRate
    var arrived: UInt64 = 0
    var rejected: UInt64 = 0
    var unfinished: UInt64 = 0
    var sojourns = Tally()
    var waits = Tally()
    var delayed: UInt64 = 0
    var levels = (inSystem: 0.0, waiting: 0.0)
    queue.schedule(.arrival, after: .seconds(arrivalStream.exponential(mean: meanGap)))
    while arrived < customers || unfinished > 0 {
      guard let event = queue.popNext(before: .distantFuture) else { break }
      switch event {
      case .arrival:
        if arrived == warmUp { station.resetObservers(at: queue.now) }
        if arrived + 1 == customers { levels = station.levels(at: queue.now) }
        let isMeasured = arrived >= warmUp && arrived < customers
        let job = StationJob(tag: arrived, work: service.draw(&serviceStream))
        let admission = station.submit(job, &queue) { .station($0) }
        if isMeasured {
          if admission == .rejected { rejected += 1 } else { unfinished += 1 }
        }
        arrived += 1
        queue.schedule(.arrival, after: .seconds(arrivalStream.exponential(mean: meanGap)))
      case .station(let timer):
        let departure = station.handle(timer, &queue) { .station($0) }
        guard departure.job.tag >= warmUp && departure.job.tag < customers else { continue }
        unfinished -= 1
        sojourns.add(departure.sojourn.seconds)
        waits.add(departure.waited.seconds)
        if departure.waited > .zero { delayed += 1 }
      }
    }
    let measured = Double(customers - warmUp)
    return Measures(
      inSystem: levels.inSystem, waiting: levels.waiting, sojourn: sojourns.mean / secondsPerUnit,
      wait: waits.mean / secondsPerUnit, delayed: Double(delayed) / Double(sojourns.count),
      lost: Double(rejected) / measured)
  }
}

/// What a study asks of a station.
private protocol MeasuredStation {
  mutating func submit<Event: BitwiseCopyable>(
    _ job: StationJob, _ queue: inout EventQueue<Event>, _ event: (StationTimer) -> Event
  ) -> StationAdmission
  mutating func handle<Event: BitwiseCopyable>(
    _ timer: StationTimer, _ queue: inout EventQueue<Event>, _ event: (StationTimer) -> Event
  ) -> StationDeparture
  mutating func resetObservers(at time: SimTime)
  var observers: StationObservers { get }
}

extension MeasuredStation {
  /// Mean levels since the warm-up.
  func levels(at time: SimTime) -> (inSystem: Double, waiting: Double) {
    (observers.inSystem.mean(through: time), observers.waiting.mean(through: time))
  }
}

extension QueueingStation: MeasuredStation {}
extension ProcessorSharingStation: MeasuredStation {}
