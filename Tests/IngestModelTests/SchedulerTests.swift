import SimEngine
import Testing

@testable import IngestModel

@Suite("The scheduler")
struct SchedulerTests {
  @Test("it publishes every title at the nanosecond at which a scheduler that sorts one long list does")
  func oracle() {
    var published = 0
    for seed in 0..<24 { published += compareWithOracle(seed: seed) }
    #expect(published > 24)
  }

  /// - Returns: titles that were published at the same time by both.
  private func compareWithOracle(seed: Int) -> Int {
    var stream = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "test", purpose: "oracle"))
    var settings = IngestSettings.rough(seed: UInt64(1_000 + seed))
    settings.upload = .asynchronous
    settings.workers.count = 6 + stream.below(40)
    for rendition in settings.encoding.renditions.indices { settings.encoding.renditions[rendition].cpu = 1 }
    settings.workers.preemptible = 0
    settings.workers.failsAfter = .seconds(31_536_000_000 / 1_000)
    settings.scheduler.speculateAfter = 0
    settings.scheduler.order = SchedulerSettings.Order.allCases[seed % 3]
    settings.chunks.perTask = 5 + stream.below(40)
    settings.source.lengths[0].mean = .seconds(900)
    settings.frontEnd.slots = 100
    settings.inspection.servers = 20
    settings.transfer.partFailure = 0.001
    settings.scheduler.retries = 3
    let end = SimTime.seconds(5 * 3_600)
    var test = PipelineUnderTest(settings, duration: .seconds(4 * 3_600), seed: UInt64(seed))
    // No machine may fail by chance, because the oracle knows only machines that stay.
    for worker in test.pipeline.failureCounts.indices { test.pipeline.failureCounts[worker] = 1 }
    test.run(until: end)
    #expect(test.contradictions.isEmpty)
    var oracle = SchedulerOracle(test.pipeline)
    oracle.run(until: end)
    var compared = 0
    var published = 0
    for (title, outcome) in zip(test.pipeline.titles, oracle.outcomes) where title.cut != nil {
      if title.firstChunk != nil { compared += 1 }
      let place = "seed \(seed), title \(title.number)"
      #expect(outcome.firstChunk == title.firstChunk, "\(place)")
      #expect(outcome.highlights == title.highlights, "\(place)")
      #expect(outcome.failed == (title.failure == .taskFailed ? title.ended : nil), "\(place)")
      if let at = title.published {
        published += 1
        #expect(outcome.packaged.map { $0 + settings.publishing.delay } == at, "\(place)")
      } else if title.failure == nil, title.stage != .publishing {
        #expect(outcome.packaged == nil, "\(place)")
      }
    }
    #expect(compared > 0, "seed \(seed)")
    return published
  }

  @Test("a task that is done is never done again, and every graph ends with exactly its tasks", arguments: 0..<20)
  func graph(seed: Int) throws {
    var stream = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "test", purpose: "graph"))
    let chunks = 1 + stream.below(200)
    let variants = 1 + stream.below(8)
    var graph = TaskGraph(
      chunkEnds: (1...chunks).map { .seconds(Double($0) * 5) }, perTask: 1 + stream.below(20), variants: variants,
      highlightShare: stream.uniform(), stream: &stream)
    #expect(Set(graph.order) == Set((0..<UInt32(graph.order.count))))
    var open = (0..<graph.encodingCount).map { graph.task(at: $0) }
    #expect(Set(open).count == graph.encodingCount)
    var media = SimDuration.zero
    for stretch in graph.order.indices { media += graph.media(of: stretch) }
    #expect(media == graph.length)
    var highlightsDone = 0
    var stretchesDone = 0
    var count = 0
    while !open.isEmpty {
      let task = open.remove(at: stream.below(open.count))
      let completed = graph.complete(task)
      let progress = try #require(completed)
      count += 1
      let again = graph.complete(task)
      #expect(again == nil)
      if progress.completesStretch { stretchesDone += 1 }
      if progress.isHighlight { highlightsDone += 1 }
      #expect(progress.completesHighlights == (progress.isHighlight && highlightsDone == graph.highlights))
      if let released = progress.released { open.append(released) }
    }
    #expect(graph.isDone && count == graph.taskCount && stretchesDone == graph.order.count)
    #expect(count == graph.order.count * variants + variants + 1)
  }

  @Test("the list of ready tasks gives them out in the order of a sorted array", arguments: 0..<10)
  func readyOrder(seed: Int) {
    var stream = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "test", purpose: "ready"))
    var ready = ReadyTasks()
    var list: [(entry: ReadyTasks.Entry, sequence: Int)] = []
    var inserted = 0
    for _ in 0..<2_000 {
      if stream.chance(0.52) {
        let isBatch = stream.chance(0.3)
        let first = UInt32(stream.below(50))
        let entry = ReadyTasks.Entry(
          level: UInt8(stream.below(3)), order: Int64(stream.below(4)), title: UInt32(stream.below(3)),
          rank: UInt8(stream.below(3)), sequence: 0, visit: 1, first: first,
          end: first + 1 + UInt32(stream.below(4)), isBatch: isBatch, attempt: 0, failures: 0)
        ready.insert(entry)
        list.append((entry, inserted))
        inserted += 1
      } else if !list.isEmpty {
        let best = list.indices.min { left, right in
          let a = list[left]
          let b = list[right]
          return (Int(a.entry.level), a.entry.order, a.entry.title, Int(a.entry.rank), a.sequence)
            < (Int(b.entry.level), b.entry.order, b.entry.title, Int(b.entry.rank), b.sequence)
        }
        guard let best else { continue }
        let entry = list[best].entry
        #expect(ready.first?.first == entry.first && ready.first?.title == entry.title)
        ready.takeOne()
        if entry.isBatch, entry.first + 1 < entry.end {
          list[best].entry.first += 1
        } else {
          list.remove(at: best)
        }
      } else {
        #expect(ready.isEmpty)
      }
    }
  }
}
