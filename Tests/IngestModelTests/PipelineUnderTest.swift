import IngestModel
import SimEngine
import Testing

/// A pipeline with its queue, run as an owner would.
struct PipelineUnderTest {
  var pipeline: IngestPipeline
  private var pending: [(at: SimTime, sequence: Int, event: IngestEvent)] = []
  private var queue = QueueBox()
  private(set) var publications: [Publication] = []
  private(set) var events = 0
  private(set) var contradictions: [String] = []
  private(set) var digest = RunDigest()

  /// The event queue is noncopyable, and a test's fixture is not.
  private final class QueueBox {
    var queue = EventQueue<IngestEvent>()
  }

  init(
    _ settings: IngestSettings, start: SimDuration = .seconds(72_000), duration: SimDuration = .seconds(86_400),
    keyframes: KeyframeSource? = nil, outages: [WorkerOutage] = [], seed: UInt64 = 1, replication: UInt64 = 0
  ) {
    pipeline = IngestPipeline(
      settings, start: start, duration: duration, keyframes: keyframes, outages: outages, seed: seed,
      replication: replication)
    collect()
  }

  private mutating func collect() {
    pipeline.takeTimers { [queue] event, at in queue.queue.schedule(event, at: at) }
    pipeline.takePublications { publications.append($0) }
  }

  /// Runs until `end`; invariants are checked every `checks` events and at the end.
  @discardableResult
  mutating func run(until end: SimTime, checks: Int = 0) -> PipelineUnderTest {
    while let event = queue.queue.popNext(before: end) {
      let now = queue.queue.now
      pipeline.handle(event, at: now)
      collect()
      events += 1
      digest.record(time: now, target: event.target, kind: event.kind, draws: pipeline.draws)
      if checks > 0, events % checks == 0 { contradictions += pipeline.contradictions(at: now) }
    }
    contradictions += pipeline.contradictions(at: end)
    return self
  }

  var isIdle: Bool { queue.queue.isEmpty }
}

extension IngestSettings {
  /// A small place where nothing goes wrong by itself: 10 workers of one core, one rendition, short titles, no chance.
  static var calm: IngestSettings {
    var settings = IngestSettings()
    settings.uploadsPerSecond = 12.0 / 3_600
    settings.source.lengths[0].mean = .seconds(1_200)
    settings.source.lengths[0].cv = 0
    settings.source.complexityCV = 0
    settings.source.rateCV = 0
    settings.transfer.rateCV = 0
    settings.transfer.partFailure = 0
    settings.inspection.rejected = 0
    settings.chunks.keyframeDistanceCV = 0
    settings.encoding.renditions[0].cpu = 2
    settings.workers.count = 10
    settings.workers.cores = 1
    settings.workers.preemptible = 0
    settings.workers.failsAfter = .seconds(31_536_000)
    settings.scheduler.failure = 0
    settings.scheduler.timeCV = 0
    settings.scheduler.stragglers = 0
    settings.scheduler.speculateAfter = 0
    return settings
  }

  /// A place where everything goes wrong now and then, drawn from a seed.
  static func rough(seed: UInt64) -> IngestSettings {
    var stream = RandomStream(StreamKey(seed: seed, replication: 0, entity: "test", purpose: "settings"))
    var settings = IngestSettings.calm
    settings.uploadsPerSecond = stream.uniform(from: 5, to: 60) / 3_600
    settings.bursts = [UploadBurstSettings()]
    settings.bursts[0].at = .seconds(79_200)
    settings.bursts[0].uploadsPerSecond = stream.uniform(from: 0, to: 100) / 3_600
    settings.classes = TitlePriority.allCases.map { priority in
      var titleClass = TitleClassSettings()
      titleClass.priority = priority
      titleClass.share = stream.uniformOpen()
      titleClass.deadline = .seconds(stream.uniform(from: 600, to: 20_000))
      return titleClass
    }
    settings.source.lengths[0].mean = .seconds(stream.uniform(from: 120, to: 3_000))
    settings.source.lengths[0].cv = 0.6
    settings.source.complexityCV = 0.4
    settings.source.rateCV = 0.7
    settings.upload = stream.chance(0.5) ? .synchronous : .asynchronous
    settings.frontEnd.slots = 1 + stream.below(12)
    settings.frontEnd.queueLimit = stream.below(8)
    settings.frontEnd.patience = .seconds(stream.uniform(from: 0, to: 900))
    settings.frontEnd.responseTimeout = .seconds(stream.uniform(from: 100, to: 6_000))
    settings.frontEnd.retries = stream.below(4)
    settings.transfer.partFailure = stream.chance(0.5) ? 0.3 : 0.001
    settings.transfer.partRetries = stream.below(6)
    settings.inspection.servers = 1 + stream.below(6)
    settings.inspection.rejected = 0.1
    settings.chunks.perTask = 1 + stream.below(30)
    settings.chunks.highlights = stream.uniform() * 0.4
    settings.encoding.renditions.append(RenditionSettings())
    settings.encoding.codecs.append(CodecSettings())
    settings.workers.count = 1 + stream.below(60)
    settings.workers.preemptible = stream.uniform()
    settings.workers.preemptedAfter = .seconds(stream.uniform(from: 300, to: 9_000))
    settings.workers.failsAfter = .seconds(stream.uniform(from: 2_000, to: 90_000))
    settings.workers.noticedAfter = .seconds(stream.uniform(from: 0, to: 300))
    settings.scheduler.order = SchedulerSettings.Order.allCases[stream.below(3)]
    settings.scheduler.failure = stream.chance(0.5) ? 0.05 : 0
    settings.scheduler.retries = stream.below(3)
    settings.scheduler.timeCV = 0.5
    settings.scheduler.stragglers = 0.05
    settings.scheduler.speculateAfter = stream.chance(0.7) ? 1.5 : 0
    return settings
  }
}
