// What can be seen of the pipeline at any moment, and what must always be true of it.

public import SimEngine

extension IngestPipeline {
  /// Everything counted since the start of the run.
  public mutating func totals(at now: SimTime) -> IngestTotals {
    countTitles(0, at: now)
    let spent = pool.spent(at: now)
    counted.busyNs = spent.busyNs
    counted.idleNs = spent.idleNs
    counted.awayNs = spent.awayNs
    return counted
  }

  /// How much of everything there is.
  ///
  /// O(1).
  public var levels: IngestLevels {
    IngestLevels(
      waitingUploads: frontEnd.waiting, heldSlots: frontEnd.held, waitingInspections: inspection.waiting,
      titlesInProgress: titlesInProgress, titlesEncoding: titlesEncoding, readyTasks: readyTasks, readyNs: readyNs,
      busyWorkers: pool.busy, awayWorkers: pool.away)
  }

  /// What contradicts itself, if anything does: conservation of titles, places, tasks, attempts and time.
  ///
  /// O(titles + workers).
  public mutating func contradictions(at now: SimTime) -> [String] {
    let totals = totals(at: now)
    var claims = violations + pool.contradictions()
    func equal<Value: Equatable>(_ left: Value, _ right: Value, _ claim: String) {
      if left != right { claims.append("\(claim): \(left) against \(right) at \(now)") }
    }
    var stages = [Int](repeating: 0, count: TitleStage.allCases.count)
    var slots = 0
    var sojournNs: Int128 = 0
    var workerNs: Int128 = 0
    for title in titles {
      stages[Int(title.stage.rawValue)] += 1
      if title.holdsSlot { slots += 1 }
      sojournNs += Int128(((title.ended ?? now) - title.arrived).nanoseconds)
      workerNs += title.workerNs
    }
    func inStage(_ list: TitleStage...) -> Int { list.reduce(0) { $0 + stages[Int($1.rawValue)] } }
    equal(totals.arrived, Int64(titles.count), "titles that came and titles on record")
    equal(
      totals.arrived, totals.published + totals.failed.reduce(0, +) + Int64(titlesInProgress),
      "titles that came and titles published, failed or in progress")
    equal(titlesInProgress, titles.count - inStage(.published, .failed), "titles in progress")
    equal(frontEnd.waiting, inStage(.waiting), "uploaders that wait")
    equal(frontEnd.held, slots, "connections held")
    equal(inspection.waiting, inStage(.queued), "titles that wait for inspection")
    equal(inspection.held, inStage(.inspecting, .cutting), "titles in inspection")
    equal(titlesEncoding, inStage(.encoding), "titles with tasks")
    // Little's law without its limit: the time integral of the number in progress is the sum of the sojourns so far.
    equal(totals.titleNs, sojournNs, "Little's law: titles over time and sojourns [ns]")

    var running = 0
    var runningNs: Int128 = 0
    for worker in pool.workers where worker.isBusy {
      runningNs += Int128((now - worker.since).nanoseconds)
      // Of two attempts at one task the copy does not count.
      if worker.twin < 0 || !worker.isCopy { running += 1 }
    }
    let lost = losses.count { $0.visit > 0 && isInWork($0) }
    equal(
      totals.tasksReleased, totals.tasksDone + totals.tasksDropped + Int64(readyTasks + running + lost),
      "tasks released and tasks done, dropped, ready, running or lost")
    equal(
      totals.attempts, totals.attemptsEnded.reduce(0, +) + Int64(pool.busy), "attempts begun and ended or under way")
    equal(totals.attemptsEnded[AttemptEnd.useful.rawValue], totals.tasksDone, "useful attempts and tasks done")
    let endedNs = totals.attemptNs.reduce(0, +)
    equal(totals.busyNs, endedNs + runningNs, "busy worker time and time of attempts [ns]")
    equal(workerNs, endedNs, "worker time of titles and of attempts [ns]")
    equal(
      totals.busyNs + totals.idleNs + totals.awayNs, Int128(pool.workers.count) * Int128(now.nanoseconds),
      "worker time busy, idle and away, and all of it [ns]")
    if totals.idleNs < 0 { claims.append("idle worker time is negative at \(now)") }
    if pool.idle > 0, readyTasks > 0 {
      claims.append("\(pool.idle) workers are idle while \(readyTasks) tasks wait at \(now)")
    }
    let graphReady = graphs.reduce(0) { $0 + ($1?.readyCount ?? 0) }
    equal(graphReady, readyTasks, "ready tasks of the titles and in all")
    equal(graphs.reduce(Int128(0)) { $0 + ($1?.readyNs ?? 0) }, readyNs, "ready work of the titles and in all [ns]")
    return claims
  }
}
