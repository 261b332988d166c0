import SimEngine
import Testing

@testable import Platform

@Suite("The platform as a whole")
struct WorldTests {
  @Test("the same seed gives the same digest and the same tables for any number of threads and either queue")
  func reproducible() throws {
    let scenario = try TestPlatform.scenario()
    let alone = try TestPlatform.run(scenario)
    #expect(alone.events > 20_000)
    for jobs in [2, 3, 8] {
      let together = try TestPlatform.run(scenario, jobs: jobs)
      #expect(together.digest == alone.digest)
      #expect(together.summary == alone.summary)
      #expect(together.cdn == alone.cdn)
    }
    let heap = try TestPlatform.run(scenario, identity: RunIdentity(seed: 1, queue: .heap))
    #expect(heap.digest == alone.digest)
    #expect(heap.summary == alone.summary)
  }

  @Test("another seed and another replication give other digests")
  func seedsDiffer() throws {
    let scenario = try TestPlatform.scenario()
    let first = try TestPlatform.run(scenario)
    #expect(try TestPlatform.run(scenario, identity: RunIdentity(seed: 2)).digest != first.digest)
    #expect(try TestPlatform.run(scenario, identity: RunIdentity(seed: 1, replication: 1)).digest != first.digest)
  }

  @Test("the viewers of a replication are the same under every policy and bit-rate rule")
  func commonRandomNumbers() throws {
    let variants = [
      [], ["cdn.edge.policy=hot-title-placement"], ["player.abr=throughput"], ["network.origin_link=50Mbit/s"],
    ]
    let runs = try variants.map { try TestPlatform.run(try TestPlatform.scenario($0)) }
    func viewers(_ run: PlatformResults) -> [String] {
      run.sessions.map {
        "\($0.site) \($0.process) \($0.number) \($0.arrivedAt) \($0.title) \($0.accessClass) \($0.offset)"
      }
      .sorted()
    }
    #expect(!runs[0].sessions.isEmpty)
    for run in runs.dropFirst() { #expect(viewers(run) == viewers(runs[0])) }
    #expect(runs[1].digest != runs[0].digest)
  }

  @Test("keeping half of the sites leaves the kept site's viewers as they are")
  func slices() throws {
    let whole = try TestPlatform.run(try TestPlatform.scenario())
    let half = try TestPlatform.run(try TestPlatform.scenario("scale.fraction=0.5"))
    #expect(half.scale.keptSites == 1)
    #expect(half.value("sessions") < whole.value("sessions"))
    let kept = whole.sessions.filter { $0.site == 0 }.map(\.arrivedAt).sorted()
    #expect(half.sessions.map(\.arrivedAt).sorted() == kept)
  }

  @Test("summary and time series are two views of the same totals")
  func seriesAddUp() throws {
    let run = try TestPlatform.run(try TestPlatform.scenario())
    let arrivals = run.timeseries.filter { $0.metric == "arrivals_per_s" && ($0.timeS ?? 0) > 120 }
    #expect(arrivals.count == 8)
    #expect(abs(arrivals.reduce(0) { $0 + $1.value * 60 } - run.value("sessions")) < 1e-6)
    let edge = run.cdn.filter { $0.tier == "edge" && $0.entity != "all" }
    #expect(edge.reduce(0) { $0 + $1.requests } == Int64(run.value("requests")))
    for row in run.cdn where row.tier == "edge" {
      #expect(row.hits + row.missesByCause.reduce(0, +) == row.requests)
    }
  }

  @Test("a network far too small stalls players and loses viewers, and the invariants still hold")
  func starvation() throws {
    let starved = try TestPlatform.run(try TestPlatform.scenario("network.edge_link=40Mbit/s"))
    #expect(starved.value("left_at_startup") + starved.value("left_in_stall") > 0)
    #expect(starved.value("rebuffer_ratio") > 0.01)
    #expect(starved.value("edge_utilisation_peak") > 0.99)
    let ample = try TestPlatform.run(try TestPlatform.scenario())
    #expect(ample.value("rebuffer_ratio") < starved.value("rebuffer_ratio"))
  }

  @Test("placing more of the catalog sends less to the origin")
  func placementHelps() throws {
    var before = Double.infinity
    for disk in ["1GB", "5GB", "20GB"] {
      let run = try TestPlatform.run(
        try TestPlatform.scenario("cdn.edge.policy=hot-title-placement", "cdn.edge.disk=\(disk)"))
      #expect(run.value("origin_bytes") < before)
      before = run.value("origin_bytes")
    }
  }

  @Test("a run that is stopped says how far it came, and its numbers are consistent up to there")
  func stopped() throws {
    let scenario = try TestPlatform.scenario()
    let world = try World(scenario: scenario, pattern: TestPlatform.pattern, identity: RunIdentity(seed: 1))
    let results = try world.run(jobs: 2) { $0.time < .seconds(300) }
    #expect(!results.isComplete)
    #expect(results.reached >= .seconds(300))
    #expect(results.reached < .seconds(301))
    #expect(results.value("sessions") > 0)
  }
}
