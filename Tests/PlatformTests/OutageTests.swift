import SimEngine
import Testing
import TextFormats

@testable import Platform

@Suite("Lost sites, lost regional caches, a failing origin")
struct OutageTests {
  private func run(_ overrides: [String], jobs: Int = 1, seed: UInt64 = 1) throws -> PlatformResults {
    try TestPlatform.run(
      try TestPlatform.scenario(["warmup=0s", "cdn.edge.sites=4", "viewers.memberships=3000"] + overrides), jobs: jobs,
      identity: RunIdentity(seed: seed))
  }

  private static let lostSite = #"failures=[{ "at": "20:03", "what": "edge-site", "which": [1], "duration": "3min" }]"#
  private static let regional =
    #"cdn.regional={ "count": 2, "disk": "20GB", "link": "1Gbit/s", "origin_latency": "20ms" }"#

  @Test("viewers of a lost site go on at its neighbours, over a longer way; without steering they leave")
  func steering() throws {
    let sound = try run([])
    let stranded = try run([Self.lostSite])
    let steered = try run([Self.lostSite, "cdn.steering={}"])
    func lost(_ results: PlatformResults) -> Double {
      results.value("left_at_startup") + results.value("left_in_stall")
    }
    #expect(stranded.value("steered_sessions") == 0 && stranded.value("unanswered_requests") > 0)
    // Over the seeds 1 to 6: 151 to 169 sessions steered; 1674 to 1979 requests unanswered without steering and, because
    // who asks just before the site is back is not sent away any more, 0 to 3 with it; 132 to 153 viewers more lost
    // without, 11 to 30 with it.
    #expect(steered.value("steered_sessions") > 120)
    #expect(stranded.value("unanswered_requests") > 1_500 && steered.value("unanswered_requests") <= 10)
    #expect(lost(stranded) > lost(sound) + 100)
    #expect(lost(steered) < lost(sound) + (lost(stranded) - lost(sound)) / 4)
    #expect(steered.value("sessions") == sound.value("sessions"))
    let rows = steered.cdn.filter { $0.tier == "edge" && $0.entity != "all" }
    #expect(rows.map(\.steeredAway).enumerated().allSatisfy { ($0.offset == 1) == ($0.element > 0) })
    // The two nearest sites share them, and nobody gets lost on the way.
    #expect(rows[0].steeredHere > 0 && rows[2].steeredHere > 0 && rows[3].steeredHere == 0)
    #expect(rows.reduce(0) { $0 + $1.steeredHere } == rows[1].steeredAway)
    #expect(rows[1].brokenDownloads > 0)
    // Who was steered is still a viewer of the site at which they arrived.
    let homes = Set(steered.sessions.map { "\($0.site) \($0.process) \($0.number)" })
    #expect(homes.count == steered.sessions.count)
    #expect(try run([Self.lostSite, "cdn.steering={}"], jobs: 3).digest == steered.digest)
  }

  @Test("where no site is left, players keep asking until the sites are back")
  func allLost() throws {
    let results = try run([
      #"failures=[{ "at": "20:03", "what": "edge-site", "duration": "20s", "keeps_content": true }]"#,
      "cdn.steering={}",
    ])
    #expect(results.value("steered_sessions") == 0)
    #expect(results.value("unanswered_requests") > 0)
    #expect(results.value("sessions_watched") > 0)
  }

  @Test("a site that comes back has lost what it stored, unless it kept it")
  func cold() throws {
    let keeping =
      #"failures=[{ "at": "20:03", "what": "edge-site", "which": [1], "duration": "3min", "keeps_content": true }]"#
    func fetched(_ failure: String, seed: UInt64) throws -> Double {
      let results = try run([failure, "cdn.steering={}"], seed: seed)
      return Double(try #require(results.cdn.first { $0.entity == "edge-1" }).fetchedBytes)
    }
    // 1.07 to 1.17 in the seeds 1 to 6; a site that kept what it stored fetches exactly what it would have.
    let cold = try (1...3).map { try fetched(Self.lostSite, seed: $0) }
    let warm = try (1...3).map { try fetched(keeping, seed: $0) }
    #expect(cold.reduce(0, +) > 1.1 * warm.reduce(0, +), "\(cold) \(warm)")
  }

  @Test("edge sites ask past a lost regional cache, and all viewers get what they came for")
  func lostRegional() throws {
    let base = ["cdn.edge.disk=300MB", Self.regional, "network.origin_link=5Gbit/s"]
    let sound = try run(base)
    let failure = #"failures=[{ "at": "20:03", "what": "regional-cache", "which": [0], "duration": "3min" }]"#
    let lost = try run(base + [failure])
    #expect(lost.value("bypassed_fetches") > 5_000)
    #expect(lost.value("regional_refusals") > 50 && lost.value("regional_refusals") < 500)
    #expect(lost.value("origin_bytes") > sound.value("origin_bytes"))
    // Over the seeds 1 to 6: 6516 to 8032 fetches pass it, and not one viewer more leaves in a stall.
    #expect(lost.value("left_in_stall") == sound.value("left_in_stall"))
    let edge = try #require(lost.cdn.first { $0.tier == "edge" && $0.entity == "all" })
    #expect(edge.refused > 0 && edge.refused < edge.fetches)
    let shielded = try run(base + [failure, #"cdn.shield={ "disk": "50GB", "link": "1Gbit/s" }"#])
    #expect(shielded.value("bypassed_fetches") > 100)
    #expect(shielded.value("origin_bytes") < lost.value("origin_bytes"))
    #expect(try run(base + [failure], jobs: 4).digest == lost.digest)
  }

  @Test("what the origin fails to give is asked for again", arguments: [true, false])
  func failingOrigin(isTiered: Bool) throws {
    let failure = #"failures=[{ "at": "20:03", "what": "origin", "remaining": 0.5, "duration": "3min" }]"#
    let base = ["cdn.edge.disk=300MB", "cdn.edge.ttl=1min"] + (isTiered ? [Self.regional] : [])
    let results = try run(base + [failure])
    #expect(results.value("origin_failures") > 20)
    let edge = try #require(results.cdn.first { $0.tier == "edge" && $0.entity == "all" })
    #expect(edge.refused >= Int64(results.value("origin_failures")) / 2)
    #expect(results.value("first_byte_p99_s") > (try run(base)).value("first_byte_p99_s"))
  }

  @Test(
    "impossible outages are refused with their place",
    arguments: [
      (#"failures=[{ "at": "20:01", "what": "edge-site", "which": [9], "duration": "1min" }]"#, "no edge site 9"),
      (#"failures=[{ "at": "20:01", "what": "edge-site", "remaining": 0.5, "duration": "1min" }]"#, "lost whole"),
      (#"failures=[{ "at": "20:01", "what": "regional-cache", "duration": "1min" }]"#, "no regional caches"),
      (#"cdn.steering={ "candidates": 0 }"#, "cdn.steering.candidates"),
    ])
  func refused(override: String, words: String) {
    do {
      _ = try TestPlatform.scenario(override)
      Issue.record("accepted: \(override)")
    } catch { #expect("\(error)".contains(words), "\(error)") }
  }
}
