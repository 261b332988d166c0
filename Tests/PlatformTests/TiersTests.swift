import SimEngine
import Testing
import TextFormats

@testable import Platform

@Suite("Servers, memory, times to live and the shield")
struct TiersTests {
  private func run(_ overrides: [String], jobs: Int = 1, seed: UInt64 = 1) throws -> PlatformResults {
    try TestPlatform.run(try TestPlatform.scenario(overrides), jobs: jobs, identity: RunIdentity(seed: seed))
  }

  private func row(_ results: PlatformResults, _ tier: String, _ entity: String = "all") throws -> CDNRow {
    try #require(results.cdn.first { $0.tier == tier && $0.entity == entity })
  }

  private static let regional =
    #"cdn.regional={ "count": 1, "disk": "2GB", "link": "1Gbit/s", "origin_latency": "20ms" }"#

  @Test("several servers serve the same viewers, share the load within reason, and any number of threads agrees")
  func servers() throws {
    let one = try run([])
    let four = try run(["cdn.edge.servers=4"])
    #expect(four.value("sessions") == one.value("sessions"))
    #expect(try row(one, "edge").serverImbalance == 1)
    let health = try #require(CDNRow.missCauses.firstIndex(of: "health"))
    #expect(try row(four, "edge").missesByCause[health] > 0)
    let loose = try run(["cdn.edge.servers=4", "cdn.edge.load_factor=100"])
    #expect(try row(loose, "edge").missesByCause[health] == 0)
    #expect(try run(["cdn.edge.servers=4"], jobs: 3).digest == four.digest)
  }

  @Test("a slice keeps the whole disks of regional cache and shield, and pays its share of them")
  func slice() throws {
    let tiers = [
      Self.regional, #"cdn.shield={ "disk": "1GB", "link": "1Gbit/s" }"#, "cdn.edge.sites=4", "cdn.edge.disk=1GB",
    ]
    let whole = try run(tiers)
    let slice = try run(tiers + ["scale.fraction=0.25"])
    for results in [whole, slice] {
      // Filled from the start, and full to a segment or two of the largest size.
      #expect(try row(results, "regional").residentBytes > 1_950_000_000)
      #expect(try row(results, "shield").residentBytes > 950_000_000)
    }
    #expect(whole.regionalDiskBytes == [2_000_000_000] && slice.regionalDiskBytes == [500_000_000])
    #expect(whole.shieldDiskBytes == 1_000_000_000 && slice.shieldDiskBytes == 250_000_000)
  }

  @Test("a bound on the load of a server spreads the requests more evenly than hashing alone")
  func boundedLoads() throws {
    func imbalance(_ overrides: [String], seed: UInt64) throws -> Double {
      try #require(try row(try run(["cdn.edge.servers=4"] + overrides, seed: seed), "edge").serverImbalance)
    }
    // Over the seeds 1 to 6 the busiest server had 1.50 to 1.86 times the mean with the bound, 1.77 to 2.51 without.
    let seeds = UInt64(1)...3
    let bounded = try seeds.map { try imbalance([], seed: $0) }
    let hashed = try seeds.map { try imbalance(["cdn.edge.load_factor=100"], seed: $0) }
    #expect(bounded.allSatisfy { $0 > 1 && $0 < 2 }, "\(bounded)")
    #expect(hashed.reduce(0, +) > 1.15 * bounded.reduce(0, +), "\(hashed) \(bounded)")
  }

  @Test("a lost server breaks its downloads off, the others take over, and it comes back cold")
  func lostServer() throws {
    let failure = #"{ "at": "20:04", "what": "edge-server", "which": [0], "servers": [1], "duration": "2min" }"#
    let base = ["cdn.edge.servers=3", "warmup=0s"]
    let sound = try run(base)
    let lost = try run(base + ["failures=[\(failure)]"])
    // Nobody whose download broke off waits for the server until patience ends: in six seeds one more viewer left at
    // most, of 9 to 21 whose downloads broke off.
    #expect(lost.value("broken_downloads") > 8)
    #expect(lost.value("left_in_stall") <= sound.value("left_in_stall") + 2)
    #expect(lost.value("sessions") == sound.value("sessions"))
    #expect(try row(lost, "edge", "edge-0").fetchedBytes > (try row(sound, "edge", "edge-0")).fetchedBytes)
    #expect(try row(lost, "edge", "edge-1").brokenDownloads == 0)
    let kept = try run(base + ["failures=[\(failure.dropLast(2)), \"keeps_content\": true }]"])
    #expect(try row(kept, "edge", "edge-0").fetchedBytes < (try row(lost, "edge", "edge-0")).fetchedBytes)
  }

  @Test("without any server a site passes everything through")
  func noServers() throws {
    let results = try run([
      #"failures=[{ "at": "20:00", "what": "edge-server", "duration": "10min" }]"#, "warmup=0s",
    ])
    let edge = try row(results, "edge")
    #expect(edge.hits == 0)
    #expect(edge.missesByCause.reduce(0, +) == edge.requests)
    #expect(edge.residentBytes == 0)
  }

  @Test("reading from disk delays first bytes, memory in front of it does not")
  func memory() throws {
    let fast = try run([])
    let slow = try run(["cdn.edge.disk_latency=200ms"])
    let both = try run(["cdn.edge.disk_latency=200ms", "cdn.edge.memory=2GB"])
    #expect(slow.value("first_byte_p50_s") > fast.value("first_byte_p50_s") + 0.1)
    #expect(both.value("first_byte_p50_s") < slow.value("first_byte_p50_s"))
    let edge = try row(both, "edge")
    #expect(edge.memoryHits > edge.hits / 10 && edge.memoryHits < edge.hits)
    #expect(edge.diskReadBytes == edge.hitBytes - edge.memoryHitBytes)
    #expect(try row(slow, "edge").memoryHits == 0)
  }

  @Test("expired copies are confirmed by the tier above and cost no bytes again")
  func timeToLive() throws {
    let base = ["cdn.edge.disk=50GB", "warmup=0s"]
    let forever = try run(base)
    let short = try run(base + ["cdn.edge.ttl=30s"])
    let edge = try row(short, "edge")
    #expect(edge.confirmations > 1_000)
    let whole = Double(try row(forever, "edge").fetchedBytes)
    #expect(abs(Double(edge.fetchedBytes) - whole) < 0.1 * whole)
    #expect(edge.hits > 0)
    #expect(try row(forever, "edge").confirmations == 0)
    #expect(short.value("first_byte_p95_s") > forever.value("first_byte_p95_s"))
    // With a regional cache in between, its own time decides whether the origin is asked as well.
    let passed = try run(base + [Self.regional, "cdn.edge.ttl=30s", "cdn.regional.ttl=1min"])
    let kept = try run(base + [Self.regional, "cdn.edge.ttl=30s"])
    #expect(try row(passed, "regional").confirmations >= (try row(kept, "regional")).confirmations)
    #expect(try row(passed, "edge").confirmations > 1_000)
  }

  @Test("a shield answers what regional caches miss and spares the origin; the bill of the tiers adds up")
  func shield() throws {
    let base = ["cdn.edge.disk=200MB", "cdn.edge.prefill=empty", "warmup=0s"]
    let small = #"{ "count": 2, "disk": "300MB", "link": "1Gbit/s", "origin_latency": "20ms", "prefill": "empty" }"#
    let flat = try run(base + ["cdn.regional=\(small)"])
    let shield = #"{ "disk": "50GB", "link": "1Gbit/s", "prefill": "empty" }"#
    let shielded = try run(base + ["cdn.regional=\(small)", "cdn.shield=\(shield)"])
    #expect(shielded.value("origin_bytes") < 0.8 * flat.value("origin_bytes"))
    #expect(shielded.value("shield_requests") > 0)
    let (middle, upper, origin) = (
      try row(shielded, "regional"), try row(shielded, "shield"), try row(shielded, "origin")
    )
    #expect(middle.fetches - upper.requests >= 0 && middle.fetches - upper.requests < 100)
    #expect(upper.fetches - origin.requests >= 0 && upper.fetches - origin.requests < 100)
    #expect(upper.hits + upper.coalesced + upper.fetches == upper.requests)
    let bill = shielded.cdn.filter { $0.entity == "all" }.reduce(0) { $0 + $1.cost }
    #expect(abs(bill / shielded.value("cost_total") - 1) < 1e-9)
    #expect(shielded.cdn.filter { $0.tier == "shield" }.count == 1)
  }

  @Test(
    "impossible equipment is refused with its place",
    arguments: [
      (#"cdn.shield={}"#, "cdn.shield"), ("cdn.edge.servers=0", "cdn.edge.servers"),
      ("cdn.edge.load_factor=0.5", "cdn.edge.load_factor"), ("cdn.edge.promotion_hits=3", "cdn.edge.promotion_hits"),
      (#"cdn.edge={ "policy": "hot-title-placement", "servers": 2, "spread": "segment" }"#, "whole files"),
      (
        #"failures=[{ "at": "20:01", "what": "edge-server", "servers": [1], "duration": "1min" }]"#, "there is no 1"
      ),
    ])
  func refused(override: String, words: String) {
    do {
      _ = try TestPlatform.scenario(override)
      Issue.record("accepted: \(override)")
    } catch { #expect("\(error)".contains(words), "\(error)") }
  }
}
