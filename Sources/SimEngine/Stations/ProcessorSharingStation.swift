/// A station that serves all its jobs at once: n jobs on c servers progress at rate min(1, c / n) each.
///
/// All jobs have the same rate, so one clock of attained service per job (virtual time) orders their ends: a job that
/// comes at virtual time v with work w leaves at v + w. Arrivals and departures cost O(log n) and touch no other job,
/// and one event is pending for the whole station.
///
/// Virtual time is a Double in nanoseconds; each departure is rounded up to the clock's nanosecond.
public struct ProcessorSharingStation: Sendable {
  @usableFromInline
  struct Place: BitwiseCopyable, Sendable {
    /// Virtual time at which the job is done.
    @usableFromInline var end: Double
    /// Order of arrival: first come, first to leave among equals.
    @usableFromInline var sequence: UInt64
    @usableFromInline var job: StationJob
    @usableFromInline var arrived: SimTime
  }

  /// Servers.
  public let servers: Int
  /// Jobs that may be inside at once, or `nil` for no limit.
  public let limit: Int?
  /// What the station counted; nobody waits here.
  public internal(set) var observers: StationObservers

  /// A binary heap by (end, sequence).
  @usableFromInline var heap: [Place] = []
  @usableFromInline var virtualTime = 0.0
  @usableFromInline var updated: SimTime
  @usableFromInline var sequence: UInt64 = 0
  @usableFromInline var pending = EventHandle.none

  /// An empty station at `time`; at least one server.
  public init(servers: Int = 1, limit: Int? = nil, at time: SimTime = .zero) {
    precondition(servers > 0 && (limit ?? 1) > 0, "a station has at least one server and one place")
    self.servers = servers
    self.limit = limit
    observers = StationObservers(at: time)
    updated = time
  }

  /// Jobs inside.
  public var count: Int { heap.count }

  /// Forgets what was counted, at the end of the warm-up; jobs stay.
  public mutating func resetObservers(at time: SimTime) { observers.reset(at: time) }

  /// Brings a job at the queue's present time.
  @inlinable
  @discardableResult
  public mutating func submit<Event: BitwiseCopyable>(
    _ job: StationJob, _ queue: inout EventQueue<Event>, _ event: (StationTimer) -> Event
  ) -> StationAdmission {
    guard enter(job, at: queue.now) else { return .rejected }
    reschedule(&queue, event)
    return .started
  }

  /// Handles the station's timer; returns the job that leaves.
  @inlinable
  public mutating func handle<Event: BitwiseCopyable>(
    _ timer: StationTimer, _ queue: inout EventQueue<Event>, _ event: (StationTimer) -> Event
  ) -> StationDeparture {
    let departure = leave(at: queue.now)
    pending = .none
    reschedule(&queue, event)
    return departure
  }

  /// Plans the next departure: the first in the heap, at the rate of the present number of jobs.
  @inlinable
  mutating func reschedule<Event: BitwiseCopyable>(
    _ queue: inout EventQueue<Event>, _ event: (StationTimer) -> Event
  ) {
    queue.cancel(pending)
    guard let first = heap.first else {
      pending = .none
      return
    }
    let rest = max(0, first.end - virtualTime) / rate
    let delay = SimDuration(nanoseconds: Int64(rest.rounded(.up)))
    pending = queue.scheduleCancellable(event(.completion(server: 0)), after: delay)
  }

  /// Progress of each job per unit of time.
  @inlinable
  var rate: Double { heap.count <= servers ? 1 : Double(servers) / Double(heap.count) }

  @usableFromInline
  mutating func enter(_ job: StationJob, at now: SimTime) -> Bool {
    precondition(job.work >= .zero, "a job needs work that is not negative")
    observers.arrivals.add()
    if let limit, heap.count >= limit {
      observers.rejections.add()
      return false
    }
    advance(to: now)
    // An idle station restarts its clock, so that virtual time never loses digits to a long past.
    if heap.isEmpty { virtualTime = 0 }
    let end = virtualTime + Double(job.work.nanoseconds)
    heap.append(Place(end: end, sequence: sequence, job: job, arrived: now))
    sequence += 1
    siftUp()
    observers.inSystem.add(1, at: now)
    return true
  }

  @usableFromInline
  mutating func leave(at now: SimTime) -> StationDeparture {
    advance(to: now)
    precondition(!heap.isEmpty, "a departure from an empty station")
    let first = heap[0]
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      siftDown()
    }
    // Rounding the departure up may have carried the clock a little past the end.
    virtualTime = max(virtualTime, first.end)
    let sojourn = now - first.arrived
    observers.inSystem.add(-1, at: now)
    observers.sojourns.add(sojourn.seconds)
    return StationDeparture(
      job: first.job, outcome: .served, arrived: first.arrived, waited: .zero, sojourn: sojourn)
  }

  private mutating func advance(to now: SimTime) {
    virtualTime += Double((now - updated).nanoseconds) * rate
    updated = now
  }

  private mutating func siftUp() {
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard precedes(child, parent) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var best = parent
      for child in (2 * parent + 1)...(2 * parent + 2) where child < heap.count && precedes(child, best) {
        best = child
      }
      guard best != parent else { return }
      heap.swapAt(best, parent)
      parent = best
    }
  }

  private func precedes(_ left: Int, _ right: Int) -> Bool {
    let a = heap[left]
    let b = heap[right]
    return a.end != b.end ? a.end < b.end : a.sequence < b.sequence
  }
}
