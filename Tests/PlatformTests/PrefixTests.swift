import SimEngine
import Testing
import TextFormats

@testable import Platform

@Suite("Prefixes and segments fetched ahead")
struct PrefixTests {
  private func run(_ overrides: [String], jobs: Int = 1) throws -> PlatformResults {
    let cold = ["cdn.edge.disk=4GB", "cdn.edge.prefill=empty", "warmup=0s", "cdn.origin.service=300ms"]
    return try TestPlatform.run(try TestPlatform.scenario(cold + overrides), jobs: jobs)
  }

  private func edge(_ results: PlatformResults) throws -> CDNRow {
    try #require(results.cdn.first { $0.tier == "edge" && $0.entity == "all" })
  }

  @Test("prefixes on disk shorten the start of titles that nobody has watched yet, and take no more than their share")
  func prefixes() throws {
    let without = try run([])
    let with = try run(["cdn.edge.prefix_segments=3", "cdn.edge.prefix_share=0.5"])
    #expect(with.value("startup_mean_s") < without.value("startup_mean_s") - 0.05)
    #expect(with.value("sessions") == without.value("sessions"))
    let only = try run(["cdn.edge.prefix_segments=3", "cdn.edge.prefix_share=1"])
    let row = try edge(only)
    let notPlaced = try #require(CDNRow.missCauses.firstIndex(of: "not_placed"))
    #expect(row.hits > 0 && row.diskWrittenBytes == 0)
    #expect(row.missesByCause[notPlaced] == row.requests - row.hits)
    #expect(row.residentBytes > 100_000_000 && row.residentBytes <= 8_000_000_000)
    let several = try run(["cdn.edge.prefix_segments=3", "cdn.edge.prefix_share=1", "cdn.edge.servers=3"])
    #expect(try edge(several).hits > 0)
  }

  @Test("segments fetched ahead make hits, what nobody asks for is told as waste, and the account closes")
  func prefetch() throws {
    let without = try run([])
    let with = try run(["cdn.edge.prefetch=1"])
    let row = try edge(with)
    #expect(with.value("hit_ratio") > without.value("hit_ratio") + 0.1)
    #expect(with.value("first_byte_p50_s") < without.value("first_byte_p50_s"))
    #expect(row.prefetchUsedBytes > 0 && row.prefetchWastedBytes > 0)
    #expect(row.prefetchUsedBytes + row.prefetchWastedBytes <= row.prefetchedBytes)
    #expect(row.prefetchedBytes <= row.fetchedBytes + 100_000_000)
    #expect(try edge(without).prefetchedBytes == 0)
    let deep = try edge(try run(["cdn.edge.prefetch=8"]))
    #expect(
      Double(deep.prefetchWastedBytes) / Double(deep.prefetchedBytes)
        > Double(row.prefetchWastedBytes) / Double(row.prefetchedBytes))
    #expect(try run(["cdn.edge.prefetch=1"], jobs: 3).digest == with.digest)
  }

  @Test(
    "impossible prefixes are refused with their place",
    arguments: [
      ("cdn.edge.prefix_share=2", "cdn.edge.prefix_share"), ("cdn.edge.prefetch=-1", "cdn.edge.prefetch"),
      (#"cdn.edge={ "prefix_segments": 2, "servers": 2, "spread": "segment" }"#, "parts of whole files"),
    ])
  func refused(override: String, words: String) {
    do {
      _ = try TestPlatform.scenario(override)
      Issue.record("accepted: \(override)")
    } catch { #expect("\(error)".contains(words), "\(error)") }
  }
}
