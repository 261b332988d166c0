// Tasks from ready to done: the order in which workers take them, attempts and how they end, copies of late ones.

import SimEngine

/// An attempt that is late.
struct LateAttempt: BitwiseCopyable, Sendable {
  var worker: UInt32
  var generation: UInt32
}

/// A task whose worker has failed, which the scheduler does not know yet.
struct LostTask: BitwiseCopyable, Sendable {
  var title: UInt32
  /// Visits begin at 1: 0 is nobody's.
  var visit: UInt32
  var task: UInt32
  var attempt: UInt16
  var failures: UInt8
}

extension IngestPipeline {
  // MARK: - Ready

  /// All encoding tasks of a title become ready.
  mutating func releaseEncoding(_ title: Int) {
    let place = Int(titles[title].graph)
    guard let graph = graphs[place] else { return }
    var expected: Int128 = 0
    for task in 0..<graph.encodingCount { expected += Int128(expectation(title, task, graph).nanoseconds) }
    noteReady(place, count: graph.encodingCount, ns: expected)
    graphs[place]?.released += graph.encodingCount
    counted.tasksReleased += Int64(graph.encodingCount)
    let border = settings.scheduler.order == .fifo ? 0 : graph.highlights * graph.variants
    for positions in [0..<border, border..<graph.encodingCount] where !positions.isEmpty {
      var entry = entry(title, task: graph.task(at: positions.lowerBound), graph)
      entry.rank = 2
      entry.first = UInt32(positions.lowerBound)
      entry.end = UInt32(positions.upperBound)
      entry.isBatch = true
      ready.insert(entry)
    }
  }

  /// One task becomes ready: a last step of a title, or a task that is to be repeated.
  private mutating func release(
    _ task: Int, of title: Int, rank: UInt8, attempt: UInt16 = 0, failures: UInt8 = 0
  ) {
    let place = Int(titles[title].graph)
    guard let graph = graphs[place] else { return }
    var entry = entry(title, task: task, graph)
    entry.rank = rank
    entry.first = UInt32(task)
    entry.attempt = attempt
    entry.failures = failures
    ready.insert(entry)
    noteReady(place, count: 1, ns: Int128(expectation(title, task, graph).nanoseconds))
  }

  /// Urgency of a title's tasks: premieres, then highlights of others, then the rest.
  private func entry(_ title: Int, task: Int, _ graph: TaskGraph) -> ReadyTasks.Entry {
    let record = titles[title]
    let isHighlight = graph.isHighlight(task)
    let rank = record.priority.rank
    let level: Int
    switch settings.scheduler.order {
    case .fifo: level = 0
    case .priority, .deadline:
      level = record.priority == .premiere ? (isHighlight ? 0 : 1) : (isHighlight ? 1 : 3) + rank
    }
    let order = settings.scheduler.order == .deadline ? record.deadline : (record.cut ?? record.arrived)
    return ReadyTasks.Entry(
      level: UInt8(level), order: order.nanoseconds, title: UInt32(title), rank: 0, sequence: 0, visit: record.visits,
      first: 0, end: 0, isBatch: false, attempt: 0, failures: 0)
  }

  private mutating func noteReady(_ place: Int, count: Int, ns: Int128) {
    graphs[place]?.readyCount += count
    graphs[place]?.readyNs += ns
    readyTasks += count
    readyNs += ns
  }

  /// Time that a task can be expected to take.
  func expectation(_ title: Int, _ task: Int, _ graph: TaskGraph) -> SimDuration {
    switch graph.kind(of: task) {
    case .encode(let stretch, let variant):
      costs.encode(media: graph.media(of: stretch), variant: variant, complexity: titles[title].complexity)
    case .assemble: costs.assemble(media: graph.length)
    case .package: costs.package(media: graph.length)
    }
  }

  // MARK: - Attempts

  /// Gives ready tasks to idle workers, the most urgent one first; what is idle then copies late attempts.
  mutating func dispatch(at now: SimTime) {
    while pool.idle > 0, let entry = ready.first {
      let title = Int(entry.title)
      guard titles[title].visits == entry.visit, titles[title].graph >= 0,
        let graph = graphs[Int(titles[title].graph)]
      else {
        ready.removeFirst()
        continue
      }
      let task = entry.isBatch ? graph.task(at: Int(entry.first)) : Int(entry.first)
      // Preemptible machines would make the most urgent tasks, and those that all others of a title lead to, late.
      let prefersReliable = entry.level <= 1 || task >= graph.encodingCount
      guard let worker = pool.takeIdle(prefersReliable: prefersReliable) else { break }
      ready.takeOne()
      let expected = expectation(title, task, graph)
      noteReady(Int(titles[title].graph), count: -1, ns: -Int128(expected.nanoseconds))
      begin(
        worker, title: title, task: task, attempt: entry.attempt, failures: entry.failures, expected: expected, at: now)
    }
    guard settings.scheduler.speculateAfter > 0, ready.isEmpty else { return }
    while pool.idle > 0, let late = lateAttempts.popFirst() {
      let original = pool.workers[Int(late.worker)]
      guard original.generation == late.generation, original.twin < 0,
        let graph = graphs[Int(titles[Int(original.title)].graph)],
        let worker = pool.takeIdle(prefersReliable: true)
      else { continue }
      begin(
        worker, title: Int(original.title), task: Int(original.task), attempt: original.attempt | Self.copyBit,
        failures: original.failures, expected: expectation(Int(original.title), Int(original.task), graph), at: now)
      pool.workers[worker].isCopy = true
      pool.workers[worker].twin = Int32(late.worker)
      pool.workers[Int(late.worker)].twin = Int32(worker)
      counted.copies += 1
    }
  }

  /// Sets the draws of a copy apart from those of the attempts that follow the original.
  private static var copyBit: UInt16 { 1 << 15 }

  /// Number of the attempt after this one, whether this one was a copy or not.
  private static func next(_ attempt: UInt16) -> UInt16 { (attempt & ~copyBit) + 1 & ~copyBit }

  private mutating func begin(
    _ worker: Int, title: Int, task: Int, attempt: UInt16, failures: UInt8, expected: SimDuration, at now: SimTime
  ) {
    let fate = fate(title, task, attempt, expected: expected)
    pool.begin(worker, at: now)
    pool.workers[worker].title = UInt32(title)
    pool.workers[worker].task = UInt32(task)
    pool.workers[worker].attempt = attempt
    pool.workers[worker].failures = failures
    pool.workers[worker].fails = fate.fails
    pool.workers[worker].isCopy = false
    graphs[Int(titles[title].graph)]?.running += 1
    counted.attempts += 1
    let generation = pool.workers[worker].generation
    schedule(.attemptEnds(worker: UInt32(worker), generation: generation), at: now + fate.duration)
    let patience = settings.scheduler.speculateAfter
    // An attempt that ends before it is late needs nobody to look.
    if patience > 0, attempt & Self.copyBit == 0, fate.duration > expected.scaled(by: patience) {
      schedule(
        .attemptIsLate(worker: UInt32(worker), generation: generation), at: now + expected.scaled(by: patience))
    }
  }

  private mutating func fate(_ title: Int, _ task: Int, _ attempt: UInt16, expected: SimDuration) -> AttemptFate {
    var stream = RandomStream(
      keys.tasks.child(titles[title].identity).child(UInt64(task) << 16 | UInt64(attempt)))
    let fate = AttemptFate(expected: expected, settings: settings.scheduler, spread: spread, stream: &stream)
    draws += stream.draws
    return fate
  }

  /// Ends the attempt of a worker and accounts for its time.
  mutating func endAttempt(_ worker: Int, _ end: AttemptEnd, at now: SimTime) {
    let title = Int(pool.workers[worker].title)
    let twin = pool.workers[worker].twin
    if twin >= 0 { pool.workers[Int(twin)].twin = -1 }
    let spent = pool.end(worker, at: now)
    counted.attemptsEnded[end.rawValue] += 1
    counted.attemptNs[end.rawValue] += Int128(spent.nanoseconds)
    titles[title].workerNs += Int128(spent.nanoseconds)
    if titles[title].graph >= 0 { graphs[Int(titles[title].graph)]?.running -= 1 }
  }

  mutating func attemptEnds(_ worker: Int, at now: SimTime) {
    let attempt = pool.workers[worker]
    if attempt.fails {
      endAttempt(worker, .failed, at: now)
      repeatTask(of: attempt, failures: attempt.failures + 1, at: now)
      return
    }
    if attempt.isCopy, attempt.twin >= 0 { counted.copiesFirst += 1 }
    endAttempt(worker, .useful, at: now)
    if attempt.twin >= 0 { endAttempt(Int(attempt.twin), .overtaken, at: now) }
    taskIsDone(Int(attempt.task), of: Int(attempt.title), at: now)
  }

  /// Puts a task back, unless another attempt at it is under way or it has failed too often.
  private mutating func repeatTask(of attempt: Worker, failures: UInt8, at now: SimTime) {
    guard attempt.twin < 0 else {
      // The other attempt carries on, with what both have failed.
      pool.workers[Int(attempt.twin)].failures = failures
      return
    }
    let title = Int(attempt.title)
    if Int(failures) > settings.scheduler.retries {
      fail(title, .taskFailed, at: now)
      return
    }
    release(
      Int(attempt.task), of: title, rank: 0,
      attempt: Self.next(attempt.attempt), failures: failures)
  }

  private mutating func taskIsDone(_ task: Int, of title: Int, at now: SimTime) {
    let place = Int(titles[title].graph)
    guard let progress = graphs[place]?.complete(task), let graph = graphs[place] else {
      violations.append("task \(task) of title \(title) was done twice")
      return
    }
    counted.tasksDone += 1
    counted.writes += 1
    if case .encode(let stretch, let variant) = graph.kind(of: task) {
      counted.writtenBytes += Int128(
        costs.bytes(media: graph.media(of: stretch), variant: variant, complexity: titles[title].complexity))
    }
    if progress.completesStretch, titles[title].firstChunk == nil { titles[title].firstChunk = now }
    if progress.isHighlight, titles[title].firstHighlight == nil { titles[title].firstHighlight = now }
    if progress.completesHighlights { titles[title].highlights = now }
    if let released = progress.released {
      counted.tasksReleased += 1
      graphs[place]?.released += 1
      release(released, of: title, rank: 1)
    }
    if graph.isDone { beginPublication(title, at: now) }
  }

  // MARK: - Lost attempts

  /// A worker goes away; its attempt, if it has one, is lost.
  ///
  /// - Parameter isNoticed: The scheduler knows at once, because it was told.
  mutating func workerGoes(_ worker: Int, at now: SimTime, isNoticed: Bool) {
    let attempt = pool.workers[worker]
    if attempt.isBusy { endAttempt(worker, .lost, at: now) }
    pool.leave(worker, at: now)
    guard attempt.isBusy else { return }
    if isNoticed {
      repeatTask(of: attempt, failures: attempt.failures, at: now)
    } else if attempt.twin < 0 {
      let loss = LostTask(
        title: attempt.title, visit: titles[Int(attempt.title)].visits, task: attempt.task,
        attempt: Self.next(attempt.attempt), failures: attempt.failures)
      let index: UInt32
      if let free = freeLosses.popLast() {
        index = free
        losses[Int(free)] = loss
      } else {
        index = UInt32(losses.count)
        losses.append(loss)
      }
      schedule(.lossIsNoticed(loss: index), at: now + settings.workers.noticedAfter)
    }
  }

  mutating func lossIsNoticed(_ index: UInt32) {
    let loss = losses[Int(index)]
    losses[Int(index)].visit = 0
    freeLosses.append(index)
    guard isInWork(loss) else { return }
    release(Int(loss.task), of: Int(loss.title), rank: 0, attempt: loss.attempt, failures: loss.failures)
  }

  /// Whether anybody still wants a lost task.
  func isInWork(_ loss: LostTask) -> Bool {
    titles[Int(loss.title)].visits == loss.visit && titles[Int(loss.title)].graph >= 0
  }
}
