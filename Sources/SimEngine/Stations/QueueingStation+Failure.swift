// A station that breaks, and the identities that hold whatever happens to it.

extension QueueingStation {
  /// Puts out everybody who waits or is served, as a crash of the station does; the station stays and is empty.
  ///
  /// The jobs come in the order of their servers, then in the order in which they waited. Only for a station whose
  /// configuration says that it is interruptible.
  ///
  /// - Complexity: O(servers + waiting jobs).
  @inlinable
  public mutating func interruptAll<Event: BitwiseCopyable>(_ queue: inout EventQueue<Event>) -> [StationDeparture] {
    precondition(configuration.isInterruptible, "this station was not made to be interrupted")
    let now = queue.now
    var departures: [StationDeparture] = []
    for server in serving.indices where serving[server] >= 0 {
      let place = serving[server]
      queue.cancel(places[Int(place)].completion)
      serving[server] = -1
      departures.append(putOut(place, at: now, &queue))
    }
    while let place = takeFirst() { departures.append(putOut(place, at: now, &queue)) }
    // The server with the smallest number is taken first, as at the start.
    idleServers = (0..<configuration.servers).reversed().map(Int32.init)
    noteQueue(at: now, preempted: false)
    return departures
  }

  @inlinable
  mutating func putOut<Event: BitwiseCopyable>(
    _ place: Int32, at now: SimTime, _ queue: inout EventQueue<Event>
  ) -> StationDeparture {
    let entry = places[Int(place)]
    queue.cancel(entry.timeout)
    freePlaces.append(place)
    let departure = StationDeparture(
      job: entry.job, outcome: .interrupted, arrived: entry.arrived,
      waited: entry.server < 0 ? entry.waited + (now - entry.since) : entry.waited, sojourn: now - entry.arrived)
    noteDeparture(departure, at: now)
    return departure
  }

  /// What does not hold at `time`, or `nil` if everything does; `time` must not be before the last event.
  ///
  /// Two identities hold on every path of every station, whatever the distributions:
  /// - flow balance: everybody who came was turned away, has left, or is inside;
  /// - Little's law in its exact form: the number inside, integrated over time, is the time that everybody spent
  ///   inside, those who still are included (Stidham, "A last word on L = lambda W", Operations Research 22, 1974).
  public func invariantViolation(at time: SimTime) -> String? {
    let inside = Int64(waitingCount + servingCount)
    guard inside == Int64(observers.inSystem.level), Int64(waitingCount) == Int64(observers.waiting.level) else {
      return "\(inside) jobs are inside, \(observers.inSystem.level) were counted"
    }
    let area = observers.inSystem.integral(through: time)
    let spent =
      Double(observers.departedNs &+ (inside &* time.nanoseconds &- observers.insideSinceNs)) / 1e9
    if (area - spent).magnitude > 1e-6 + 1e-9 * area {
      return "Little's law: \(area) job-seconds were seen, \(spent) were spent"
    }
    let left =
      observers.waits.count + observers.timeouts.count + observers.interruptions.count + observers.rejections.count
    guard observers.arrivals.count + observers.insideAtStart == left + UInt64(inside) else {
      return "flow balance: \(observers.arrivals.count) came, \(left) left or were turned away, \(inside) are inside"
    }
    return nil
  }
}
