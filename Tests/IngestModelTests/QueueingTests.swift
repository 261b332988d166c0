import SimEngine
import Testing

@testable import IngestModel

@Suite("Limits that theory knows")
struct QueueingTests {
  @Test("parts that fail with probability p are sent 1 / (1 - p) times, and cost half a part each")
  func parts() {
    var settings = TransferSettings()
    settings.partFailure = 0.2
    settings.partRetries = 1_000
    var stream = RandomStream(StreamKey(seed: 1, replication: 0, entity: "test", purpose: "parts"))
    var resent = 0
    var seconds = 0.0
    for _ in 0..<400 {
      let transfer = PartTransfer(
        bytes: 6_400_000_000, bitsPerSecond: 512_000_000, settings: settings, stream: &stream)
      #expect(transfer.isComplete && transfer.parts == 100)
      resent += transfer.resent
      seconds += transfer.duration.seconds
    }
    // 100 parts, each failing 0.25 times on average; a failure costs half a part: 1 s each without failures.
    #expect(abs(Double(resent) / 40_000 - 0.25) < 0.015)
    #expect(abs(seconds / 400 - 100 * (1 + 0.125)) < 0.5)
  }

  @Test("an upload breaks with the probability that some part fails too often")
  func brokenParts() {
    var settings = TransferSettings()
    settings.partFailure = 0.1
    settings.partRetries = 1
    var stream = RandomStream(StreamKey(seed: 2, replication: 0, entity: "test", purpose: "parts"))
    let broken = (0..<4_000).count { _ in
      !PartTransfer(bytes: 640_000_000, bitsPerSecond: 1e8, settings: settings, stream: &stream).isComplete
    }
    // 1 - (1 - 0.1^2)^10 = 0.0956; three standard deviations are 0.014.
    #expect(abs(Double(broken) / 4_000 - 0.0956) < 0.014)
  }

  @Test(
    "without failures a transfer takes size over rate, whatever the size of its parts", arguments: [1, 999, 64_000])
  func plainTransfer(kilobytes: Int64) {
    var settings = TransferSettings()
    settings.partFailure = 0
    settings.partBytes = kilobytes * 1_000
    var stream = RandomStream(StreamKey(seed: 3, replication: 0, entity: "test", purpose: "parts"))
    let transfer = PartTransfer(bytes: 123_456_789, bitsPerSecond: 8e6, settings: settings, stream: &stream)
    #expect(abs(transfer.duration.seconds - 123.456_789) < 1e-6)
    #expect(stream.draws == 0)
  }

  @Test("connections are an M/G/k/K room: the share of uploaders turned away is Erlang's B")
  func erlangB() {
    // Exponential-like spread does not matter to Erlang's B; a load of 6 on 6 connections without a queue.
    var settings = IngestSettings.calm
    settings.uploadsPerSecond = 6.0 / 216
    settings.frontEnd.slots = 6
    settings.frontEnd.queueLimit = 0
    settings.frontEnd.retries = 0
    settings.transfer.rateCV = 0
    settings.source.lengths[0].cv = 0.5
    settings.transfer.slotBitsPerSecond = 1_000_000_000_000
    settings.inspection.rejected = 1
    settings.inspection.servers = 1_000
    var blocked: Int64 = 0
    var arrived: Int64 = 0
    for replication in 0..<10 {
      var test = PipelineUnderTest(settings, duration: .seconds(100_000), replication: UInt64(replication))
      test.run(until: .seconds(100_000))
      let totals = test.pipeline.totals(at: .seconds(100_000))
      blocked += totals.refused
      arrived += totals.arrived
    }
    var erlang = 1.0
    for servers in 1...6 { erlang = 6 * erlang / (Double(servers) + 6 * erlang) }
    // 28 000 arrivals: a standard error of about 0.004 with the correlation of neighbours.
    #expect(abs(Double(blocked) / Double(arrived) - erlang) < 0.012)
  }

  @Test("the inspection is an M/D/1 queue where it has one server: its mean wait is Pollaczek and Khinchine's")
  func pollaczekKhinchine() {
    var settings = IngestSettings.calm
    // Service: 1200 s * 0.18 = 216 s, load 0.7.
    settings.uploadsPerSecond = 0.7 / 216
    settings.frontEnd.slots = 100_000
    settings.inspection.servers = 1
    settings.encoding.renditions[0].cpu = 0.001
    settings.chunks.perTask = 100
    var waits = Tally()
    for replication in 0..<10 {
      var test = PipelineUnderTest(settings, duration: .seconds(600_000), replication: UInt64(replication))
      test.run(until: .seconds(600_000))
      for title in test.pipeline.titles {
        guard let uploaded = title.uploaded, let cut = title.cut, title.arrived > .seconds(20_000) else { continue }
        waits.add((cut - uploaded).seconds - 216)
      }
    }
    let expected: Double = 0.7 * 216 / 0.6
    #expect(abs(waits.mean / expected - 1) < 0.06, "\(waits.mean) against \(expected)")
  }

  @Test("workers are busy for the share of time that load over capacity says")
  func utilisation() {
    var settings = IngestSettings.calm
    settings.uploadsPerSecond = 10.0 / 3_600
    settings.scheduler.timeCV = 0.5
    settings.source.complexityCV = 0.3
    var busy = 0.0
    for replication in 0..<6 {
      let end = SimTime.seconds(200_000)
      var test = PipelineUnderTest(settings, duration: .seconds(200_000), replication: UInt64(replication))
      test.run(until: end)
      busy += Double(test.pipeline.totals(at: end).busyNs) * 1e-9 / 200_000 / 10 / 6
    }
    // 10 titles an hour of 1200 s at 2 core seconds, and the last steps of 36 s, on 10 cores; the first title's way to
    // the workers and the writes to the store are small beside it.
    let perTitle: Double = 1_200 * 2 + 36 + 20 * 0.21
    let expected: Double = 10 * perTitle / 36_000
    #expect(abs(busy / expected - 1) < 0.04, "\(busy) against \(expected)")
  }

  @Test("with one task a title and one worker, tasks wait as in an M/G/1 queue")
  func singleServer() {
    var settings = IngestSettings.calm
    settings.uploadsPerSecond = 0.6 / 1_200
    settings.frontEnd.slots = 100_000
    settings.inspection.servers = 100_000
    settings.workers.count = 1
    settings.encoding.renditions[0].cpu = 1
    settings.encoding.assembleCPU = 0
    settings.encoding.packageCPU = 0
    settings.encoding.storeLatency = .zero
    settings.encoding.storeBitsPerSecond = 1_000_000_000_000
    settings.chunks.perTask = 100_000
    settings.chunks.highlights = 0
    settings.scheduler.timeCV = 0.8
    var waits = Tally()
    for replication in 0..<10 {
      var test = PipelineUnderTest(settings, duration: .seconds(2_000_000), replication: UInt64(replication))
      test.run(until: .seconds(2_000_000))
      for title in test.pipeline.titles where title.arrived > .seconds(50_000) {
        if let published = title.published, let cut = title.cut { waits.add((published - cut).seconds - 30) }
      }
    }
    // Sojourn = service + rho * service * (1 + cv^2) / (2 (1 - rho)).
    let expected: Double = 1_200 + 0.6 * 1_200 * 1.64 / 0.8
    #expect(abs(waits.mean / expected - 1) < 0.06, "\(waits.mean) against \(expected)")
  }

  @Test("bursts add their rate for their time, and move no arrival before them")
  func bursts() {
    var settings = IngestSettings.calm
    settings.uploadsPerSecond = 0.05
    func arrivals(_ settings: IngestSettings) -> [SimTime] {
      var process = UploadArrivals(
        settings, start: .seconds(3_600), duration: .seconds(20_000),
        stream: RandomStream(StreamKey(seed: 9, replication: 0, entity: "test", purpose: "arrivals")))
      var list: [SimTime] = []
      while let at = process.next() { list.append(at) }
      return list
    }
    let plain = arrivals(settings)
    settings.bursts = [UploadBurstSettings()]
    settings.bursts[0].at = .seconds(3_600 + 10_000)
    settings.bursts[0].lasts = .seconds(2_000)
    settings.bursts[0].uploadsPerSecond = 0.5
    let burst = arrivals(settings)
    #expect(plain.prefix { $0 < .seconds(10_000) } == burst.prefix { $0 < .seconds(10_000) })
    let inside = burst.count { $0 >= .seconds(10_000) && $0 < .seconds(12_000) }
    // 1100 expected, standard deviation 33.
    #expect(abs(inside - 1_100) < 110)
    #expect(abs(plain.count - 1_000) < 100)
  }
}
