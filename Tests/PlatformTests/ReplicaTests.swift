import SimEngine
import Testing
import TextFormats

@testable import Platform

@Suite("Copies of hot files on several servers")
struct ReplicaTests {
  private func run(_ overrides: [String], jobs: Int = 1) throws -> PlatformResults {
    let placed = [
      "cdn.edge.policy=hot-title-placement", "cdn.edge.disk=16GB", "cdn.edge.servers=8", "cdn.edge.sites=1",
      "viewers.memberships=6000", "warmup=0s",
    ]
    return try TestPlatform.run(try TestPlatform.scenario(placed + overrides), jobs: jobs)
  }

  private func edge(_ results: PlatformResults) throws -> CDNRow {
    try #require(results.cdn.first { $0.tier == "edge" && $0.entity == "all" })
  }

  @Test("they level the load of a site's servers, whoever runs it")
  func balance() throws {
    let single = try run([])
    let copied = try run(["cdn.edge.replica_share=0.4"])
    let (before, after) = (try #require(edge(single).serverImbalance), try #require(edge(copied).serverImbalance))
    #expect(after - 1 < 0.6 * (before - 1), "\(before) -> \(after)")
    #expect(copied.value("sessions") == single.value("sessions"))
    #expect(try edge(copied).residentBytes <= 16_000_000_000)
    #expect(try run(["cdn.edge.replica_share=0.4"], jobs: 3).digest == copied.digest)
    #expect(try run(["cdn.edge.replica_share=0"]).digest == single.digest)
  }

  @Test("a forecaster places copies too")
  func forecaster() throws {
    let learned = ["cdn.edge.forecaster=average:weight=0.2", "cdn.edge.refill=2min"]
    let single = try run(learned)
    let copied = try run(learned + ["cdn.edge.replica_share=0.4"])
    let (before, after) = (try #require(edge(single).serverImbalance), try #require(edge(copied).serverImbalance))
    #expect(after < before, "\(before) -> \(after)")
    #expect(copied.value("fill_bytes") > 0)
  }

  @Test(
    "they need placed files and other servers",
    arguments: [
      (#"cdn.edge={ "replica_share": 0.2, "servers": 4 }"#, "copies placed files, but the policy is lru"),
      (
        #"cdn.edge={ "replica_share": 0.2, "policy": "hot-title-placement" }"#,
        "copies files to other servers, but a site has one"
      ), ("cdn.edge.replica_share=2", "cdn.edge.replica_share"),
    ])
  func refused(override: String, words: String) {
    do {
      _ = try TestPlatform.scenario(override)
      Issue.record("accepted: \(override)")
    } catch { #expect("\(error)".contains(words), "\(error)") }
  }
}
