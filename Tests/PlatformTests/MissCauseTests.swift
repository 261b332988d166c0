import SimEngine
import Testing
import TextFormats

@testable import Platform

@Suite("Misses by cause")
struct MissCauseTests {
  private func misses(_ overrides: [String]) throws -> [String: Int64] {
    let results = try TestPlatform.run(try TestPlatform.scenario(["warmup=0s"] + overrides))
    let edge = try #require(results.cdn.first { $0.tier == "edge" && $0.entity == "all" })
    #expect(edge.missesByCause.reduce(0, +) == edge.requests - edge.hits)
    return Dictionary(uniqueKeysWithValues: zip(CDNRow.missCauses, edge.missesByCause))
  }

  @Test("a cold disk with room for everything misses each segment once, a small one again and again")
  func capacity() throws {
    let roomy = try misses(["cdn.edge.prefill=empty", "cdn.edge.disk=1TB"])
    #expect(roomy["compulsory", default: 0] > 1_000 && roomy["capacity"] == 0)
    let small = try misses(["cdn.edge.prefill=empty", "cdn.edge.disk=200MB"])
    #expect(small["capacity", default: 0] > 1_000)
  }

  @Test("what a site had before the run and evicted is no compulsory miss")
  func warm() throws {
    let cold = try misses(["cdn.edge.prefill=empty"])
    let warm = try misses([])
    #expect(warm["compulsory", default: 0] < cold["compulsory", default: 0])
    #expect(warm["capacity", default: 0] > 0)
  }

  @Test("what admission turned away misses by admission")
  func admission() throws {
    let refused = try misses(["cdn.edge.prefill=empty", "cdn.edge.admission=second-hit", "cdn.edge.policy=sieve"])
    #expect(
      refused["admission", default: 0] > 100 && refused["compulsory", default: 0] > refused["admission", default: 0])
  }
}
