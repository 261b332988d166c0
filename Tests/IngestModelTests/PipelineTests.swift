import SimEngine
import Testing

@testable import IngestModel

@Suite("The pipeline")
struct PipelineTests {
  @Test(
    "titles, places, tasks, attempts and worker time are conserved at every moment, whatever goes wrong",
    arguments: 0..<40)
  func conservation(seed: UInt64) {
    let settings = IngestSettings.rough(seed: seed)
    let outages =
      seed % 2 == 0
      ? [WorkerOutage(at: .seconds(7_200), share: 0.7, duration: .seconds(1_800), ramp: .seconds(300))] : []
    var test = PipelineUnderTest(settings, duration: .seconds(4 * 3_600), outages: outages, seed: seed)
    test.run(until: .seconds(5 * 3_600), checks: 97)
    #expect(test.contradictions.isEmpty, "\(test.contradictions.first ?? "")")
    #expect(test.pipeline.titles.count > 5)
  }

  @Test("once uploads end and workers stay, every title ends, and nothing is left over")
  func drains() {
    for seed in UInt64(50)..<62 {
      var settings = IngestSettings.rough(seed: seed)
      settings.workers.count = 40
      var test = PipelineUnderTest(settings, duration: .seconds(2 * 3_600), seed: seed)
      test.run(until: .seconds(14 * 86_400))
      #expect(test.contradictions.isEmpty, "\(test.contradictions.first ?? "")")
      let totals = test.pipeline.totals(at: .seconds(14 * 86_400))
      #expect(totals.arrived == totals.published + totals.failed.reduce(0, +), "seed \(seed)")
      let levels = test.pipeline.levels
      #expect(levels.readyTasks == 0 && levels.readyNs == 0 && levels.heldSlots == 0 && levels.busyWorkers == 0)
      #expect(totals.tasksReleased == totals.tasksDone + totals.tasksDropped)
      #expect(test.publications.count == Int(totals.published))
    }
  }

  @Test("a run repeats itself to the last draw, and another seed is another run")
  func repeats() {
    func digest(_ seed: UInt64) -> RunDigest {
      var test = PipelineUnderTest(.rough(seed: 7), duration: .seconds(7_200), seed: seed)
      return test.run(until: .seconds(9_000)).digest
    }
    #expect(digest(3) == digest(3))
    #expect(digest(3) != digest(4))
  }

  @Test("a title that nothing disturbs takes transfer + inspection + cut + its tasks in rounds + last steps")
  func undisturbed() throws {
    var settings = IngestSettings.calm
    settings.uploadsPerSecond = 0
    settings.planned = [PlannedTitleSettings()]
    settings.planned[0].name = "one"
    settings.planned[0].at = .seconds(72_600)
    settings.planned[0].deadline = .seconds(79_200)
    settings.planned[0].length = .seconds(1_200)
    settings.encoding.storeLatency = .zero
    settings.encoding.storeBitsPerSecond = 1_000_000_000_000
    var test = PipelineUnderTest(settings, duration: .seconds(7_200))
    test.run(until: .seconds(86_400))
    #expect(test.contradictions.isEmpty)
    let title = try #require(test.pipeline.titles.first)
    #expect(title.arrived == .seconds(600) && title.deadline == .seconds(7_200))
    // 1200 s at 90 Mbit/s over 500 Mbit/s.
    let uploaded = try #require(title.uploaded)
    #expect(abs((uploaded - title.arrived).seconds - 216) < 1e-3)
    #expect(title.chunks == 300 && title.tasks == 20 + 2)
    let cut = try #require(title.cut)
    #expect(abs((cut - uploaded).seconds - 1_200 * 0.18) < 1e-3)
    // 20 tasks of 60 s of media at 2 core seconds each on 10 cores: two rounds of 120 s; then 12 s and 24 s.
    let published = try #require(title.published)
    #expect(abs((published - cut).seconds - 306) < 0.01)
    #expect(title.missed(at: .seconds(86_400)) == false)
    #expect(test.publications == [Publication(title: 0, planned: 0, at: published)])
    let totals = test.pipeline.totals(at: .seconds(86_400))
    let workerSeconds: Double = Double(totals.attemptNs[0]) * 1e-9
    #expect(abs(workerSeconds - 2_436) < 0.01)
  }

  @Test("no title is published before the work and its longest chain of tasks allow")
  func lowerBound() {
    for seed in UInt64(100)..<112 {
      var settings = IngestSettings.rough(seed: seed)
      settings.upload = .asynchronous
      settings.scheduler.timeCV = 0
      settings.scheduler.failure = 0
      var test = PipelineUnderTest(settings, duration: .seconds(3 * 3_600), seed: seed)
      test.run(until: .seconds(6 * 3_600))
      let costs = test.pipeline.costs
      for title in test.pipeline.titles {
        guard let published = title.published, let cut = title.cut else { continue }
        // All encoding work on all workers, then one assembly and the packaging.
        let work = title.length.seconds * title.complexity * costs.workPerMedia / Double(settings.workers.count)
        let chain = costs.assemble(media: title.length) + costs.package(media: title.length)
        let least = work + (chain + settings.publishing.delay).seconds
        #expect((published - cut).seconds > least, "seed \(seed)")
      }
    }
  }

  @Test("real keyframes give every title the same chunks and nothing else another fate")
  func recordedKeyframes() {
    let settings = IngestSettings.calm
    var test = PipelineUnderTest(
      settings, duration: .seconds(7_200), keyframes: .recorded([.seconds(2.5), .seconds(2.5), .seconds(3)]))
    test.run(until: .seconds(20_000))
    #expect(test.contradictions.isEmpty)
    #expect(test.pipeline.titles.allSatisfy { $0.cut == nil || (1_200 / 7...300).contains($0.chunks) })
    var drawn = PipelineUnderTest(settings, duration: .seconds(7_200))
    drawn.run(until: .seconds(20_000))
    #expect(drawn.pipeline.titles.map(\.arrived) == test.pipeline.titles.map(\.arrived))
  }

  @Test("what one setting changes moves no draw of another: arrivals, sizes and links stay", arguments: [0, 1, 2])
  func commonRandomNumbers(change: Int) {
    let settings = IngestSettings.rough(seed: 5)
    var other = settings
    switch change {
    case 0: other.upload = settings.upload == .synchronous ? .asynchronous : .synchronous
    case 1: other.workers.count += 7
    default: other.scheduler.speculateAfter = 0
    }
    var first = PipelineUnderTest(settings, duration: .seconds(7_200))
    var second = PipelineUnderTest(other, duration: .seconds(7_200))
    first.run(until: .seconds(9_000))
    second.run(until: .seconds(9_000))
    #expect(first.pipeline.titles.map(\.arrived) == second.pipeline.titles.map(\.arrived))
    #expect(first.pipeline.titles.map(\.sourceBytes) == second.pipeline.titles.map(\.sourceBytes))
    #expect(first.pipeline.titles.map(\.complexity) == second.pipeline.titles.map(\.complexity))
  }
}
