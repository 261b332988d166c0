// A title between its last part and its publication: inspection, cut, last steps, and the ways to fail.

import SimEngine

extension IngestPipeline {
  mutating func enterInspection(_ title: Int, at now: SimTime) {
    if inspection.takePlace() {
      beginInspection(title, at: now)
    } else {
      titles[title].stage = .queued
      inspection.wait(visit(of: title), urgency: titles[title].priority.rank)
    }
  }

  private mutating func beginInspection(_ title: Int, at now: SimTime) {
    titles[title].stage = .inspecting
    let visit = visit(of: title)
    schedule(
      .inspectionEnds(title: visit.title, visit: visit.visit),
      at: now + titles[title].length.scaled(by: settings.inspection.timePerMedia))
  }

  mutating func inspectionEnds(_ title: Int, at now: SimTime) {
    titles[title].inspected = now
    if titles[title].isUnusable {
      fail(title, .rejected, at: now)
      return
    }
    titles[title].stage = .cutting
    let visit = visit(of: title)
    schedule(
      .cutEnds(title: visit.title, visit: visit.visit),
      at: now + titles[title].length.scaled(by: settings.inspection.cutTimePerMedia))
  }

  mutating func cutEnds(_ title: Int, at now: SimTime) {
    let record = titles[title]
    var walk = KeyframeWalk(keyframes, stream: RandomStream(keys.keyframes.child(record.identity)))
    let plan = cutter.cut(length: record.length) { walk.next() }
    var stream = RandomStream(keys.highlights.child(record.identity))
    let graph = TaskGraph(
      chunkEnds: plan.ends, perTask: settings.chunks.perTask, variants: costs.variants,
      highlightShare: settings.chunks.highlights, highlightsFirst: settings.scheduler.order != .fifo, stream: &stream)
    draws += stream.draws + walk.draws
    counted.chunks += Int64(plan.ends.count)
    counted.overlongChunks += Int64(plan.overlong)
    counted.forcedCuts += Int64(plan.forced)
    titles[title].cut = now
    titles[title].chunks = plan.ends.count
    titles[title].tasks = graph.taskCount
    titles[title].stage = .encoding
    titlesEncoding += 1
    leaveInspection(at: now)
    if let place = freeGraphs.popLast() {
      titles[title].graph = place
      graphs[Int(place)] = graph
    } else {
      titles[title].graph = Int32(graphs.count)
      graphs.append(graph)
    }
    releaseEncoding(title)
  }

  /// Gives the place at the inspection to the next title that waits.
  private mutating func leaveInspection(at now: SimTime) {
    let next = inspection.release { [titles] in
      titles[Int($0.title)].visits == $0.visit && titles[Int($0.title)].stage == .queued
    }
    if let next { beginInspection(Int(next.title), at: now) }
  }

  /// The packaging is done.
  mutating func beginPublication(_ title: Int, at now: SimTime) {
    let graph = dropGraph(title)
    if let graph, !graph.isDone || graph.running > 0 || graph.readyCount > 0 {
      violations.append("title \(title) is published with \(graph.doneCount) of \(graph.taskCount) tasks done")
    }
    titles[title].stage = .publishing
    let visit = visit(of: title)
    schedule(.publicationEnds(title: visit.title, visit: visit.visit), at: now + settings.publishing.delay)
  }

  mutating func publicationEnds(_ title: Int, at now: SimTime) {
    titles[title].stage = .published
    titles[title].published = now
    titles[title].ended = now
    counted.published += 1
    countTitles(-1, at: now)
    publications.append(Publication(title: title, planned: titles[title].planned, at: now))
    releaseSlot(title, at: now)
  }

  /// A title will not be published.
  mutating func fail(_ title: Int, _ cause: TitleFailure, at now: SimTime) {
    withdraw(title, at: now)
    titles[title].stage = .failed
    titles[title].failure = cause
    titles[title].ended = now
    counted.failed[Int(cause.rawValue)] += 1
    countTitles(-1, at: now)
  }

  /// Ends all work on a title and gives back what it holds.
  ///
  /// O(workers) if attempts at its tasks are under way.
  mutating func withdraw(_ title: Int, at now: SimTime) {
    switch titles[title].stage {
    case .queued: inspection.leave()
    case .inspecting, .cutting: leaveInspection(at: now)
    case .encoding: dropTasks(title, at: now)
    default: break
    }
    // Whoever withdraws it again finds nothing to give back.
    titles[title].stage = .away
    releaseSlot(title, at: now)
  }

  private mutating func dropTasks(_ title: Int, at now: SimTime) {
    let place = Int(titles[title].graph)
    if let running = graphs[place]?.running, running > 0 {
      for worker in pool.workers.indices where pool.workers[worker].isBusy && pool.workers[worker].title == title {
        endAttempt(worker, .dropped, at: now)
      }
    }
    guard let graph = dropGraph(title) else { return }
    readyTasks -= graph.readyCount
    readyNs -= graph.readyNs
    counted.tasksDropped += Int64(graph.released - graph.doneCount)
  }

  /// Takes a title's graph away.
  private mutating func dropGraph(_ title: Int) -> TaskGraph? {
    let place = titles[title].graph
    guard place >= 0, let graph = graphs[Int(place)] else { return nil }
    graphs[Int(place)] = nil
    freeGraphs.append(place)
    titles[title].graph = -1
    titlesEncoding -= 1
    return graph
  }
}
