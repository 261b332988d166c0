import SimEngine
import Testing
import TextFormats

@testable import Platform

@Suite("What sessions download, worked out")
struct DownloadProfileTests {
  @Test(
    "the beta distribution agrees with draws from it",
    arguments: [(0.8, 1.4), (0.5, 0.5), (1, 1), (3, 1), (1, 4), (20, 30)])
  func beta(alpha: Double, beta: Double) {
    var stream = RandomStream(StreamKey(seed: 5, replication: 0, entity: "test", purpose: "beta"))
    let draws = (0..<20_000).map { _ in stream.beta(alpha, beta) }
    for value in [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99] {
      let share = Double(draws.count { $0 > value }) / Double(draws.count)
      #expect((Quantiles.betaTail(value, alpha: alpha, beta: beta) - share).magnitude < 0.012, "\(value)")
    }
    #expect(Quantiles.betaTail(0, alpha: alpha, beta: beta) == 1)
    #expect(Quantiles.betaTail(1, alpha: alpha, beta: beta) == 0)
  }

  @Test("positions are downloaded as often as planned sessions reach them", arguments: [0.0, 0.35, 1.0])
  func profile(resumes: Double) throws {
    let scenario = try TestPlatform.scenario("viewers.resume_share=\(resumes)", "viewers.complete_share=0.3")
    let profile = DownloadProfile(scenario: scenario, resumes: true, lengthS: 1_200)
    var stream = RandomStream(StreamKey(seed: 6, replication: 0, entity: "test", purpose: "profile"))
    let ahead = scenario.player.bufferTarget.seconds / 1_200
    let positions = [0.02, 0.1, 0.3, 0.5, 0.8, 0.98]
    var reached = [Int](repeating: 0, count: positions.count)
    let draws = 20_000
    for _ in 0..<draws {
      let start = stream.chance(resumes) ? stream.uniform() : 0
      let partial = stream.beta(scenario.viewers.partial.alpha, scenario.viewers.partial.beta)
      let end = stream.chance(0.3) ? 1 : start + partial * (1 - start) + ahead
      for (index, position) in positions.enumerated() where start <= position && position < end { reached[index] += 1 }
    }
    for (index, position) in positions.enumerated() {
      let share = Double(reached[index]) / Double(draws)
      #expect((profile.chance(at: position) - share).magnitude < 0.012, "\(position)")
    }
  }
}
