import SimEngine
import Testing

@testable import IngestModel

@Suite("What ingest does under stress")
struct BehaviourTests {
  /// Total over all replications of one figure.
  private func sum(
    _ settings: IngestSettings, outages: [WorkerOutage] = [], replications: Int = 8,
    _ figure: (inout IngestPipeline) -> Double
  ) -> Double {
    var total = 0.0
    for replication in 0..<replications {
      var test = PipelineUnderTest(
        settings, duration: .seconds(4 * 3_600), outages: outages, replication: UInt64(replication))
      test.run(until: .seconds(4 * 3_600))
      #expect(test.contradictions.isEmpty)
      total += figure(&test.pipeline)
    }
    return total
  }

  private func published(_ pipeline: inout IngestPipeline) -> Double {
    Double(pipeline.totals(at: .seconds(4 * 3_600)).published)
  }

  /// Uploads at a rate that workers can keep up with, and few connections.
  private var fewSlots: IngestSettings {
    var settings = IngestSettings.calm
    settings.uploadsPerSecond = 16.0 / 3_600
    settings.frontEnd.slots = 3
    settings.frontEnd.queueLimit = 4
    settings.workers.count = 16
    return settings
  }

  @Test("synchronous uploads hold connections through the processing: some are refused that would be taken at once")
  func synchronous() {
    let asynchronous = fewSlots
    var synchronous = fewSlots
    synchronous.upload = .synchronous
    func turnedAway(_ pipeline: inout IngestPipeline) -> Double {
      let totals = pipeline.totals(at: .seconds(4 * 3_600))
      return Double(totals.refused + totals.impatient)
    }
    #expect(sum(synchronous, turnedAway) > 10 * max(1, sum(asynchronous, turnedAway)))
    #expect(sum(synchronous, published) < 0.9 * sum(asynchronous, published))
  }

  @Test("an answer that comes too late throws the work away")
  func unanswered() {
    var settings = fewSlots
    settings.upload = .synchronous
    settings.frontEnd.responseTimeout = .seconds(250)
    let wasted = sum(settings) { pipeline in
      let totals = pipeline.totals(at: .seconds(4 * 3_600))
      return totals.unanswered > 0 ? Double(totals.attemptNs[AttemptEnd.dropped.rawValue]) : 0
    }
    #expect(wasted > 0)
    #expect(sum(settings, published) == 0)
  }

  @Test("urgent titles go first: priorities make premieres faster than first come first served, by their own order")
  func priorities() {
    var settings = IngestSettings.calm
    settings.classes = [TitlePriority.premiere, .catalog].map { priority in
      var titleClass = TitleClassSettings()
      titleClass.priority = priority
      titleClass.share = priority == .premiere ? 0.1 : 0.9
      return titleClass
    }
    settings.uploadsPerSecond = 14.0 / 3_600
    settings.workers.count = 9
    func mean(_ order: SchedulerSettings.Order, _ priority: TitlePriority) -> Double {
      settings.scheduler.order = order
      var count = 0.0
      let total = sum(settings) { pipeline in
        let times = pipeline.titles.filter { $0.priority == priority }.compactMap(\.timeToPublish)
        count += Double(times.count)
        return times.reduce(0) { $0 + $1.seconds }
      }
      return total / count
    }
    #expect(mean(.priority, .premiere) < 0.8 * mean(.fifo, .premiere))
    // The gain is small for the many who wait, but it is paid by them.
    #expect(mean(.priority, .catalog) > mean(.fifo, .catalog))
  }

  @Test("highlights are there long before the title, and earlier than without their priority")
  func highlights() {
    var settings = IngestSettings.calm
    settings.uploadsPerSecond = 14.0 / 3_600
    settings.chunks.highlights = 0.1
    settings.workers.count = 9
    func mean(_ order: SchedulerSettings.Order) -> (highlight: Double, published: Double) {
      settings.scheduler.order = order
      var first = 0.0
      var all = 0.0
      _ = sum(settings) { pipeline in
        for title in pipeline.titles {
          guard let publish = title.timeToPublish, let highlight = title.timeToHighlight else { continue }
          first += highlight.seconds
          all += publish.seconds
        }
        return 0
      }
      return (first, all)
    }
    let prioritised = mean(.priority)
    let plain = mean(.fifo)
    #expect(prioritised.highlight < plain.highlight)
    #expect(prioritised.highlight < 0.8 * prioritised.published)
  }

  @Test("copies of stragglers shorten the way to publication and are paid for with worker time")
  func speculation() {
    var settings = IngestSettings.calm
    settings.uploadsPerSecond = 6.0 / 3_600
    settings.workers.count = 30
    settings.scheduler.stragglers = 0.05
    settings.scheduler.slowdown = 10
    func figures(_ factor: Double) -> (time: Double, wasted: Double, copiesFirst: Double) {
      settings.scheduler.speculateAfter = factor
      var wasted = 0.0
      var firsts = 0.0
      let time = sum(settings) { pipeline in
        let totals = pipeline.totals(at: .seconds(4 * 3_600))
        wasted += Double(totals.attemptNs[AttemptEnd.overtaken.rawValue])
        firsts += Double(totals.copiesFirst)
        let times = pipeline.titles.compactMap(\.timeToPublish)
        return times.reduce(0) { $0 + $1.seconds } / Double(times.count)
      }
      return (time, wasted, firsts)
    }
    let with = figures(1.5)
    let without = figures(0)
    #expect(with.time < 0.9 * without.time)
    #expect(with.wasted > 0 && without.wasted == 0)
    #expect(with.copiesFirst > 0)
  }

  @Test("workers that are lost for an hour come back: backlog rises meanwhile, and deadlines are missed for it")
  func outage() {
    var settings = IngestSettings.calm
    settings.uploadsPerSecond = 12.0 / 3_600
    settings.workers.count = 12
    settings.classes[0].deadline = .seconds(2_700)
    let outage = WorkerOutage(at: .seconds(3_600), share: 0.75, duration: .seconds(3_600), ramp: .seconds(600))
    func missed(_ pipeline: inout IngestPipeline) -> Double {
      Double(pipeline.titles.count { $0.missed(at: .seconds(4 * 3_600)) == true })
    }
    #expect(sum(settings, outages: [outage], missed) > sum(settings, missed) + 8)
    #expect(sum(settings, outages: [outage], published) <= sum(settings, published))

    var test = PipelineUnderTest(settings, duration: .seconds(4 * 3_600), outages: [outage])
    test.run(until: .seconds(3_600 + 599))
    #expect(test.pipeline.levels.awayWorkers == 8)
    test.run(until: .seconds(3_600 + 601))
    #expect(test.pipeline.levels.awayWorkers == 9)
    test.run(until: .seconds(7_200 + 601))
    #expect(test.pipeline.levels.awayWorkers == 0)
    let away = test.pipeline.totals(at: .seconds(8_000)).awayNs
    #expect(away == 9 * 3_600 * 1_000_000_000)
  }

  @Test("with no deadline but a preempted machine, work is lost and done again, and the title still comes")
  func preemption() {
    var settings = IngestSettings.calm
    settings.workers.preemptible = 1
    settings.workers.preemptedAfter = .seconds(400)
    settings.workers.backAfter = .seconds(60)
    let lost = sum(settings) { pipeline in
      Double(pipeline.totals(at: .seconds(4 * 3_600)).attemptsEnded[AttemptEnd.lost.rawValue])
    }
    #expect(lost > 20)
    #expect(sum(settings, published) > 0)
  }

  @Test("the share of preemptible workers is exact", arguments: [0, 0.3, 0.5, 1])
  func preemptibleShare(share: Double) {
    var settings = WorkerSettings()
    settings.count = 200
    settings.preemptible = share
    #expect(WorkerPool(settings).workers.count { $0.isPreemptible } == Int((200 * share).rounded()))
  }

  @Test("a task that fails for ever fails its title after so many retries, and no worker stays behind")
  func hopeless() {
    var settings = IngestSettings.calm
    settings.scheduler.failure = 1
    settings.scheduler.retries = 3
    var test = PipelineUnderTest(settings, duration: .seconds(7_200))
    test.run(until: .seconds(30_000))
    #expect(test.contradictions.isEmpty)
    #expect(!test.pipeline.titles.isEmpty)
    #expect(test.pipeline.titles.allSatisfy { $0.failure == .taskFailed })
    #expect(test.pipeline.levels.busyWorkers == 0 && test.pipeline.levels.readyTasks == 0)
  }
}
