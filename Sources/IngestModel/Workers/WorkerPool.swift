import SimEngine

/// A machine and what it works on.
struct Worker: BitwiseCopyable, Sendable {
  /// Counts what it began and ended: what was arranged for an earlier attempt no longer counts.
  var generation: UInt32 = 0
  /// The attempt that is under way, where there is one.
  var title: UInt32 = 0
  var task: UInt32 = 0
  var attempt: UInt16 = 0
  var failures: UInt8 = 0
  /// The attempt will fail at its end.
  var fails = false
  /// The attempt is the copy of one that is late.
  var isCopy = false
  var isBusy = false
  var isPreemptible = false
  /// It stands on a stack of idle workers, rightly or from earlier.
  var isStacked = false
  /// Reasons for which it is away: preempted, failed, lost in an outage.
  var absences: UInt16 = 0
  /// The worker with another attempt at the same task, or -1.
  var twin: Int32 = -1
  /// When the attempt began.
  var since = SimTime.zero
}

/// The machines, and how their time is spent: busy + idle + away = all of it, to the nanosecond.
struct WorkerPool: Sendable {
  var workers: [Worker]
  /// Machines that work.
  private(set) var busy = 0
  /// Machines that are away.
  private(set) var away = 0
  /// Idle machines as stacks; entries that are no longer idle are dropped when they are met.
  private var idleReliable: [UInt32] = []
  private var idlePreemptible: [UInt32] = []
  private var busyNs: Int128 = 0
  private var awayNs: Int128 = 0
  private var changed = SimTime.zero

  /// The preemptible machines are spread evenly over the numbers.
  init(_ settings: WorkerSettings) {
    workers = (0..<settings.count).map { number in
      var worker = Worker()
      let share = settings.preemptible
      worker.isPreemptible =
        Int(Double(number + 1) * share + 1e-9) > Int(Double(number) * share + 1e-9)
      return worker
    }
    // The smallest number is taken first.
    for number in workers.indices.reversed() { stack(number) }
  }

  /// Machines that are there and have nothing to do.
  var idle: Int { workers.count - busy - away }

  /// Takes an idle machine, of the kind that is asked for if there is one.
  mutating func takeIdle(prefersReliable: Bool) -> Int? {
    guard idle > 0 else { return nil }
    return pop(preemptible: !prefersReliable) ?? pop(preemptible: prefersReliable)
  }

  private mutating func pop(preemptible: Bool) -> Int? {
    while let number = preemptible ? idlePreemptible.popLast() : idleReliable.popLast() {
      let index = Int(number)
      workers[index].isStacked = false
      if !workers[index].isBusy, workers[index].absences == 0 { return index }
    }
    return nil
  }

  private mutating func stack(_ index: Int) {
    guard !workers[index].isStacked else { return }
    workers[index].isStacked = true
    if workers[index].isPreemptible {
      idlePreemptible.append(UInt32(index))
    } else {
      idleReliable.append(UInt32(index))
    }
  }

  /// A machine that was taken begins an attempt.
  mutating func begin(_ index: Int, at now: SimTime) {
    account(at: now)
    workers[index].isBusy = true
    workers[index].since = now
    workers[index].generation &+= 1
    busy += 1
  }

  /// A machine ends its attempt, whatever came of it; returns how long it took.
  ///
  /// It is idle then, unless it is away.
  mutating func end(_ index: Int, at now: SimTime) -> SimDuration {
    account(at: now)
    workers[index].isBusy = false
    workers[index].twin = -1
    workers[index].generation &+= 1
    busy -= 1
    if workers[index].absences == 0 { stack(index) }
    return now - workers[index].since
  }

  /// A machine without an attempt goes away, for one more reason.
  mutating func leave(_ index: Int, at now: SimTime) {
    account(at: now)
    workers[index].absences += 1
    if workers[index].absences == 1 { away += 1 }
  }

  /// One of the reasons for which a machine is away has passed.
  mutating func comeBack(_ index: Int, at now: SimTime) {
    account(at: now)
    workers[index].absences -= 1
    guard workers[index].absences == 0 else { return }
    away -= 1
    stack(index)
  }

  private mutating func account(at now: SimTime) {
    let passed = Int128((now - changed).nanoseconds)
    busyNs += Int128(busy) * passed
    awayNs += Int128(away) * passed
    changed = now
  }

  /// Machine time since the start of the run, in nanoseconds.
  mutating func spent(at now: SimTime) -> (busyNs: Int128, idleNs: Int128, awayNs: Int128) {
    account(at: now)
    return (busyNs, Int128(workers.count) * Int128(now.nanoseconds) - busyNs - awayNs, awayNs)
  }

  /// What contradicts itself, if anything does.
  func contradictions() -> [String] {
    var claims: [String] = []
    var busyFound = 0
    var awayFound = 0
    for (index, worker) in workers.enumerated() {
      if worker.isBusy { busyFound += 1 }
      if worker.absences > 0 { awayFound += 1 }
      if worker.isBusy, worker.absences > 0 { claims.append("worker \(index) works while it is away") }
      if worker.isBusy, worker.twin >= 0 {
        let twin = workers[Int(worker.twin)]
        if !twin.isBusy || twin.task != worker.task || twin.title != worker.title || Int(twin.twin) != index {
          claims.append("workers \(index) and \(worker.twin) disagree about their common task")
        }
      }
    }
    if busyFound != busy { claims.append("\(busy) workers count as busy, \(busyFound) are") }
    if awayFound != away { claims.append("\(away) workers count as away, \(awayFound) are") }
    return claims
  }
}
