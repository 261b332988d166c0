import SimEngine

@testable import IngestModel

/// A scheduler that is slow and obvious: one list with every ready task in it, sorted anew for every worker.
///
/// It is told when each title was cut, and finds when each is packaged. Workers are alike and never go away; attempts
/// may fail and be slow, as the draws that are named after them say. Nothing is shared with the pipeline but the draws
/// and the costs of a task.
struct SchedulerOracle {
  private struct Waiting {
    var level: Int
    var order: Int64
    var title: Int
    var rank: Int
    var sequence: Int
    var position: Int
    var task: Int
    var attempt: Int
    var failures: Int

    var key: (Int, Int64, Int, Int, Int, Int) { (level, order, title, rank, sequence, position) }
  }

  private struct Running {
    var end: SimTime
    var number: Int
    var fails: Bool
    var waiting: Waiting
  }

  struct Outcome: Equatable {
    var firstChunk: SimTime?
    var highlights: SimTime?
    var packaged: SimTime?
    var failed: SimTime?
  }

  private let settings: IngestSettings
  private let keys: IngestKeys
  private let titles: [TitleRecord]
  private let chunkEnds: [[SimDuration]]
  private let highlights: [Set<Int>]
  private let variants: Int
  private let costs: TaskCosts
  private(set) var outcomes: [Outcome]
  private var done: [Set<Int>]
  private var waiting: [Waiting] = []
  private var running: [Running] = []
  private var inserted = 0
  private var started = 0

  /// - Parameter pipeline: a pipeline that has run; its records say when titles were cut.
  init(_ pipeline: IngestPipeline) {
    settings = pipeline.settings
    keys = pipeline.keys
    titles = pipeline.titles
    costs = pipeline.costs
    variants = settings.encoding.renditions.count * settings.encoding.codecs.count
    var ends: [[SimDuration]] = []
    var chosen: [Set<Int>] = []
    for title in titles {
      var walk = KeyframeWalk(pipeline.keyframes, stream: RandomStream(pipeline.keys.keyframes.child(title.identity)))
      let plan = pipeline.cutter.cut(length: title.length) { walk.next() }
      ends.append(plan.ends)
      var stream = RandomStream(pipeline.keys.highlights.child(title.identity))
      let graph = TaskGraph(
        chunkEnds: plan.ends, perTask: settings.chunks.perTask, variants: variants,
        highlightShare: settings.chunks.highlights, stream: &stream)
      chosen.append(Set(graph.order.prefix(graph.highlights).map { Int($0) }))
    }
    chunkEnds = ends
    highlights = chosen
    outcomes = titles.map { _ in Outcome() }
    done = titles.map { _ in [] }
  }

  private func stretchCount(_ title: Int) -> Int {
    (chunkEnds[title].count + settings.chunks.perTask - 1) / settings.chunks.perTask
  }

  private func media(_ title: Int, stretch: Int) -> SimDuration {
    let from = stretch * settings.chunks.perTask
    let to = min(from + settings.chunks.perTask, chunkEnds[title].count)
    return chunkEnds[title][to - 1] - (from > 0 ? chunkEnds[title][from - 1] : .zero)
  }

  private mutating func put(
    _ title: Int, task: Int, rank: Int, position: Int = 0, sequence: Int? = nil, attempt: Int = 0, failures: Int = 0
  ) {
    let stretches = stretchCount(title)
    let isHighlight = task < stretches * variants && highlights[title].contains(task / variants)
    let level: Int
    switch (settings.scheduler.order, titles[title].priority, isHighlight) {
    case (.fifo, _, _): level = 0
    case (_, .premiere, true): level = 0
    case (_, .premiere, false): level = 1
    case (_, .nextDay, true): level = 2
    case (_, .catalog, true): level = 3
    case (_, .nextDay, false): level = 4
    case (_, .catalog, false): level = 5
    }
    let order = settings.scheduler.order == .deadline ? titles[title].deadline : titles[title].cut ?? .zero
    if sequence == nil { inserted += 1 }
    waiting.append(
      Waiting(
        level: level, order: order.nanoseconds, title: title, rank: rank, sequence: sequence ?? inserted,
        position: position, task: task, attempt: attempt, failures: failures))
  }

  private mutating func cut(_ title: Int) {
    let stretches = stretchCount(title)
    inserted += 1
    // The urgency already says that highlights come first; among equals it is the order of the title.
    for stretch in 0..<stretches {
      for variant in 0..<variants {
        put(
          title, task: stretch * variants + variant, rank: 2, position: stretch * variants + variant, sequence: inserted
        )
      }
    }
  }

  private mutating func start(at now: SimTime) {
    while running.count < settings.workers.count {
      waiting.removeAll { outcomes[$0.title].failed != nil }
      guard !waiting.isEmpty else { return }
      waiting.sort { $0.key < $1.key }
      let next = waiting.removeFirst()
      let title = titles[next.title]
      let stretches = stretchCount(next.title)
      let expected: SimDuration
      if next.task < stretches * variants {
        expected = costs.encode(
          media: media(next.title, stretch: next.task / variants), variant: next.task % variants,
          complexity: title.complexity)
      } else if next.task < stretches * variants + variants {
        expected = costs.assemble(media: title.length)
      } else {
        expected = costs.package(media: title.length)
      }
      var stream = RandomStream(
        keys.tasks.child(title.identity).child(UInt64(next.task) << 16 | UInt64(next.attempt)))
      let fate = AttemptFate(
        expected: expected, settings: settings.scheduler,
        spread: LognormalShape(mean: 1, cv: settings.scheduler.timeCV), stream: &stream)
      started += 1
      running.append(Running(end: now + fate.duration, number: started, fails: fate.fails, waiting: next))
    }
  }

  private mutating func finish(_ attempt: Running) {
    let title = attempt.waiting.title
    let task = attempt.waiting.task
    let now = attempt.end
    if attempt.fails {
      if attempt.waiting.failures + 1 > settings.scheduler.retries {
        outcomes[title].failed = now
        running.removeAll { $0.waiting.title == title }
      } else {
        put(
          title, task: task, rank: 0, attempt: attempt.waiting.attempt + 1, failures: attempt.waiting.failures + 1)
      }
      return
    }
    done[title].insert(task)
    let stretches = stretchCount(title)
    func isThere(_ stretch: Int) -> Bool {
      (0..<variants).allSatisfy { done[title].contains(stretch * variants + $0) }
    }
    if task < stretches * variants {
      if outcomes[title].firstChunk == nil, isThere(task / variants) { outcomes[title].firstChunk = now }
      if outcomes[title].highlights == nil, !highlights[title].isEmpty, highlights[title].allSatisfy(isThere) {
        outcomes[title].highlights = now
      }
      let variant = task % variants
      if (0..<stretches).allSatisfy({ done[title].contains($0 * variants + variant) }) {
        put(title, task: stretches * variants + variant, rank: 1)
      }
    } else if task < stretches * variants + variants {
      if (0..<variants).allSatisfy({ done[title].contains(stretches * variants + $0) }) {
        put(title, task: stretches * variants + variants, rank: 1)
      }
    } else {
      outcomes[title].packaged = now
    }
  }

  /// Runs to `end`.
  mutating func run(until end: SimTime) {
    var cuts = titles.indices.filter { titles[$0].cut != nil }.sorted {
      (titles[$0].cut ?? .zero, $0) < (titles[$1].cut ?? .zero, $1)
    }
    while true {
      let nextCut = cuts.first.flatMap { titles[$0].cut } ?? .distantFuture
      let soonest = running.indices.min {
        (running[$0].end, running[$0].number) < (running[$1].end, running[$1].number)
      }
      let nextEnd = soonest.map { running[$0].end } ?? .distantFuture
      let now = min(nextCut, nextEnd)
      guard now < end else { return }
      if nextEnd <= nextCut, let soonest {
        finish(running.remove(at: soonest))
      } else {
        cut(cuts.removeFirst())
      }
      start(at: now)
    }
  }
}
