/// A waiting room and servers: first come first served, or by priority, with or without preemption.
///
///     submit --> [ queue, at most `queueLimit`; one line a priority ] --> servers --> StationDeparture
///       |                    |                         ^        |
///       rejected             timed out                 +--------+ preempted: to the head of its line
///
/// A station is a value that any model can hold. It keeps its own timers in the model's event queue, wrapped by a
/// closure into a case of the model's event:
///
///     enum Event { case gateway(StationTimer), ... }
///     gateway.submit(job, &queue) { .gateway($0) }
///     case .gateway(let timer): let departure = gateway.handle(timer, &queue) { .gateway($0) }
///
/// - Complexity: O(1) for each job, O(priorities) to find the next one, O(servers) to find whom to preempt.
public struct QueueingStation: Sendable {
  /// How a station works.
  public struct Configuration: Hashable, Sendable {
    /// Servers, each serving one job at a time.
    public var servers: Int
    /// Places in the queue, or `nil` for no limit.
    ///
    /// Preempted jobs keep their right to a place.
    public var queueLimit: Int?
    /// Number of priorities; job priorities from 0 (served first) up to one less.
    public var priorities: Int
    /// Whether a more urgent job pushes out a less urgent one; the latter later goes on where it was (resume).
    public var isPreemptive: Bool
    /// How long a job waits for its service to begin, or `nil` for ever.
    public var patience: SimDuration?
    /// Whether patience also ends a service that has begun, as a client's timeout does.
    public var patienceCoversService: Bool
    /// Whether the station may fail and put out all jobs at once; see ``QueueingStation/interruptAll(_:)``.
    public var isInterruptible: Bool

    /// A configuration; at least one server and one priority.
    public init(
      servers: Int = 1, queueLimit: Int? = nil, priorities: Int = 1, isPreemptive: Bool = false,
      patience: SimDuration? = nil, patienceCoversService: Bool = false, isInterruptible: Bool = false
    ) {
      precondition(servers > 0 && servers <= Int(Int32.max), "a station has at least one server")
      precondition(priorities > 0 && priorities <= 256, "a station has 1 to 256 priorities")
      precondition((queueLimit ?? 0) >= 0, "a queue limit is not negative")
      self.servers = servers
      self.queueLimit = queueLimit
      self.priorities = priorities
      self.isPreemptive = isPreemptive
      self.patience = patience
      self.patienceCoversService = patienceCoversService
      self.isInterruptible = isInterruptible
    }

    /// Whether a service that has begun may be taken back.
    @usableFromInline
    var cancelsServices: Bool { isPreemptive || isInterruptible || patience != nil && patienceCoversService }
  }

  /// A job inside the station; places are reused.
  @usableFromInline
  struct Place: BitwiseCopyable, Sendable {
    @usableFromInline var job: StationJob
    @usableFromInline var arrived: SimTime
    /// Work that is still to be done.
    @usableFromInline var remaining: SimDuration
    /// Since when it waits or is served.
    @usableFromInline var since: SimTime
    @usableFromInline var waited: SimDuration
    /// The server that serves it, or -1 while it waits.
    @usableFromInline var server: Int32
    @usableFromInline var previous: Int32
    @usableFromInline var next: Int32
    @usableFromInline var timeout: EventHandle
    /// The end of its service, where that may be cancelled.
    @usableFromInline var completion: EventHandle
  }

  /// The configuration.
  public let configuration: Configuration
  /// What the station counted.
  public internal(set) var observers: StationObservers

  @usableFromInline var places: [Place] = []
  @usableFromInline var freePlaces: [Int32] = []
  /// First and last waiting place of each priority, or -1.
  @usableFromInline var lines: [(first: Int32, last: Int32)]
  @usableFromInline var queueLength = 0
  /// The place that each server serves, or -1.
  @usableFromInline var serving: [Int32]
  @usableFromInline var idleServers: [Int32]

  /// An empty station at `time`.
  public init(_ configuration: Configuration, at time: SimTime = .zero) {
    self.configuration = configuration
    observers = StationObservers(at: time)
    lines = Array(repeating: (-1, -1), count: configuration.priorities)
    serving = Array(repeating: -1, count: configuration.servers)
    // The server with the smallest number is taken first.
    idleServers = (0..<configuration.servers).reversed().map(Int32.init)
  }

  /// Jobs that wait.
  public var waitingCount: Int { queueLength }

  /// Jobs that are being served.
  public var servingCount: Int { configuration.servers - idleServers.count }

  /// Forgets what was counted, at the end of the warm-up.
  ///
  /// Jobs stay where they are, and levels start from them.
  public mutating func resetObservers(at time: SimTime) { observers.reset(at: time) }

  /// Brings a job at the queue's present time.
  @inlinable
  @discardableResult
  public mutating func submit<Event: BitwiseCopyable>(
    _ job: StationJob, _ queue: inout EventQueue<Event>, _ event: (StationTimer) -> Event
  ) -> StationAdmission {
    let now = queue.now
    noteArrival()
    if let server = idleServers.popLast() {
      let place = enter(job, at: now)
      startPatience(place, &queue, event)
      begin(place, on: server, &queue, event)
      noteEntry(at: now, waits: false)
      return .started
    }
    if configuration.isPreemptive, let victim = preemptible(by: job.priority) {
      let place = enter(job, at: now)
      let server = preempt(victim, &queue)
      startPatience(place, &queue, event)
      begin(place, on: server, &queue, event)
      noteEntry(at: now, waits: false)
      noteQueue(at: now, preempted: true)
      return .started
    }
    if let limit = configuration.queueLimit, queueLength >= limit {
      noteRejection()
      return .rejected
    }
    let place = enter(job, at: now)
    startPatience(place, &queue, event)
    append(place)
    noteEntry(at: now, waits: true)
    return .queued
  }

  /// Handles a timer of this station; returns the job that leaves.
  @inlinable
  public mutating func handle<Event: BitwiseCopyable>(
    _ timer: StationTimer, _ queue: inout EventQueue<Event>, _ event: (StationTimer) -> Event
  ) -> StationDeparture {
    switch timer {
    case .completion(let server):
      let place = serving[Int(server)]
      queue.cancel(places[Int(place)].timeout)
      return leave(place, .served, &queue, event)
    case .timeout(let place):
      return leave(Int32(place), .timedOut, &queue, event)
    }
  }

  @inlinable
  mutating func leave<Event: BitwiseCopyable>(
    _ place: Int32, _ outcome: StationDeparture.Outcome, _ queue: inout EventQueue<Event>,
    _ event: (StationTimer) -> Event
  ) -> StationDeparture {
    let now = queue.now
    let entry = places[Int(place)]
    var waited = entry.waited
    if entry.server < 0 {
      waited += now - entry.since
      remove(place)
    } else if outcome == .timedOut {
      queue.cancel(entry.completion)
    }
    freePlaces.append(place)
    let departure = StationDeparture(
      job: entry.job, outcome: outcome, arrived: entry.arrived, waited: waited, sojourn: now - entry.arrived)
    noteDeparture(departure, at: now)
    if entry.server >= 0 {
      serving[Int(entry.server)] = -1
      if let next = takeFirst() {
        places[Int(next)].waited += now - places[Int(next)].since
        begin(next, on: entry.server, &queue, event)
      } else {
        idleServers.append(entry.server)
      }
    }
    noteQueue(at: now, preempted: false)
    return departure
  }

  /// Starts or resumes the service of a place.
  ///
  /// Patience that does not cover the service ends here; a job that is preempted later has no patience to lose.
  @inlinable
  mutating func begin<Event: BitwiseCopyable>(
    _ place: Int32, on server: Int32, _ queue: inout EventQueue<Event>, _ event: (StationTimer) -> Event
  ) {
    let index = Int(place)
    if !configuration.patienceCoversService {
      queue.cancel(places[index].timeout)
      places[index].timeout = .none
    }
    places[index].server = server
    places[index].since = queue.now
    serving[Int(server)] = place
    let completion = event(.completion(server: UInt32(server)))
    // Only what may be cancelled pays for a cancellation slot.
    if configuration.cancelsServices {
      places[index].completion = queue.scheduleCancellable(completion, after: places[index].remaining)
    } else {
      queue.schedule(completion, after: places[index].remaining)
    }
  }

  @inlinable
  mutating func startPatience<Event: BitwiseCopyable>(
    _ place: Int32, _ queue: inout EventQueue<Event>, _ event: (StationTimer) -> Event
  ) {
    guard let patience = configuration.patience else { return }
    places[Int(place)].timeout = queue.scheduleCancellable(event(.timeout(place: UInt32(place))), after: patience)
  }

  /// Pushes a job out of service, to the head of its line; returns the server.
  @inlinable
  mutating func preempt<Event: BitwiseCopyable>(_ place: Int32, _ queue: inout EventQueue<Event>) -> Int32 {
    let index = Int(place)
    let server = places[index].server
    queue.cancel(places[index].completion)
    places[index].remaining -= queue.now - places[index].since
    places[index].since = queue.now
    places[index].server = -1
    prepend(place)
    return server
  }
}
