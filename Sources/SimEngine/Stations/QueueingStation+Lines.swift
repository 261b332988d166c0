// The waiting lines of a station: one doubly linked list a priority, threaded through the places, so that a job whose
// patience ends leaves the middle of its line in O(1).

extension QueueingStation {
  /// A place for a new job.
  @usableFromInline
  mutating func enter(_ job: StationJob, at now: SimTime) -> Int32 {
    precondition(Int(job.priority) < configuration.priorities, "a job has a priority that the station does not know")
    precondition(job.work >= .zero, "a job needs work that is not negative")
    let place = Place(
      job: job, arrived: now, remaining: job.work, since: now, waited: .zero, server: -1, previous: -1, next: -1,
      timeout: .none, completion: .none)
    if let free = freePlaces.popLast() {
      places[Int(free)] = place
      return free
    }
    places.append(place)
    return Int32(places.count - 1)
  }

  /// Puts a place at the end of its line.
  @usableFromInline
  mutating func append(_ place: Int32) {
    let line = Int(places[Int(place)].job.priority)
    let last = lines[line].last
    places[Int(place)].previous = last
    places[Int(place)].next = -1
    if last >= 0 { places[Int(last)].next = place } else { lines[line].first = place }
    lines[line].last = place
    queueLength += 1
  }

  /// Puts a place at the head of its line.
  @usableFromInline
  mutating func prepend(_ place: Int32) {
    let line = Int(places[Int(place)].job.priority)
    let first = lines[line].first
    places[Int(place)].previous = -1
    places[Int(place)].next = first
    if first >= 0 { places[Int(first)].previous = place } else { lines[line].last = place }
    lines[line].first = place
    queueLength += 1
  }

  /// Takes a waiting place out of its line.
  @usableFromInline
  mutating func remove(_ place: Int32) {
    let entry = places[Int(place)]
    let line = Int(entry.job.priority)
    if entry.previous >= 0 { places[Int(entry.previous)].next = entry.next } else { lines[line].first = entry.next }
    if entry.next >= 0 { places[Int(entry.next)].previous = entry.previous } else { lines[line].last = entry.previous }
    queueLength -= 1
  }

  /// Takes the first place of the most urgent line that is not empty.
  @usableFromInline
  mutating func takeFirst() -> Int32? {
    guard queueLength > 0 else { return nil }
    for line in lines.indices where lines[line].first >= 0 {
      let first = lines[line].first
      remove(first)
      return first
    }
    return nil
  }

  /// The place in service that a job of the given priority may push out: the least urgent one, of several the one that
  /// began last, of those the one on the last server.
  @usableFromInline
  func preemptible(by priority: UInt8) -> Int32? {
    var victim: Int32?
    for place in serving where place >= 0 && places[Int(place)].job.priority > priority {
      guard let current = victim else {
        victim = place
        continue
      }
      let worst = places[Int(current)]
      let candidate = places[Int(place)]
      if (candidate.job.priority, candidate.since) >= (worst.job.priority, worst.since) { victim = place }
    }
    return victim
  }

  @usableFromInline
  mutating func noteArrival() { observers.arrivals.add() }

  @usableFromInline
  mutating func noteRejection() { observers.rejections.add() }

  @usableFromInline
  mutating func noteEntry(at now: SimTime, waits: Bool) {
    observers.inSystem.add(1, at: now)
    observers.insideSinceNs &+= now.nanoseconds
    guard waits else { return }
    observers.delayed.add()
    observers.waiting.set(Double(queueLength), at: now)
  }

  @usableFromInline
  mutating func noteQueue(at now: SimTime, preempted: Bool) {
    observers.waiting.set(Double(queueLength), at: now)
    if preempted { observers.preemptions.add() }
  }

  @usableFromInline
  mutating func noteDeparture(_ departure: StationDeparture, at now: SimTime) {
    observers.inSystem.add(-1, at: now)
    let seenFrom = max(departure.arrived, observers.observedFrom)
    observers.insideSinceNs &-= seenFrom.nanoseconds
    observers.departedNs &+= (now - seenFrom).nanoseconds
    switch departure.outcome {
    case .served:
      observers.waits.add(departure.waited.seconds)
      observers.sojourns.add(departure.sojourn.seconds)
    case .timedOut:
      observers.timeouts.add()
    case .interrupted:
      observers.interruptions.add()
    }
  }
}
