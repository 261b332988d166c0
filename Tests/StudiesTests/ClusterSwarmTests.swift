import Foundation
import Platform
import SimEngine
import Testing
import TextFormats

@testable import Studies

@Suite("Cluster swarm")
struct ClusterSwarmTests {
  @Test("whatever happens to a cluster, its invariants hold", arguments: 1...60)
  func invariants(seed: Int) throws {
    var swarm = ClusterSwarm(seed: seed)
    let text = """
      {
        "name": "swarm", "kind": "cluster", "start": "20:00", "duration": "150s", "cluster": \(swarm.table()),
        "output": { "interval": "1s" }
      }
      """
    let scenario = try SettingsDecoder.decode(Scenario.self, from: try JSONText(parsing: text, source: "swarm.json"))
    var identity = RunIdentity(seed: UInt64(seed))
    identity.checksEveryEventKind = true
    let results = try World(scenario: scenario, pattern: .none, identity: identity).run(jobs: 1)
    #expect(results.isComplete)
    // A lost write is in the log with its reason.
    let lost = results.summary.first { $0.metric == "cluster_lost_writes" }?.value ?? 0
    let events = results.componentTables.first { $0.name == "cluster_events" }?.rows ?? []
    let explained = events.filter { $0[2] == .text("writes-lost") }
    #expect((lost > 0) == !explained.isEmpty)
    #expect(explained.allSatisfy { $0[5] != .text("") })
  }

  @Test("seeds that once broke something stay whole", arguments: [85, 162])
  func mended(seed: Int) throws {
    let smoke = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("scenarios/smoke.json")
    let finding = SwarmStudy(around: try ScenarioFile(path: smoke.path), kind: .cluster).finding(seed: seed)
    #expect(finding.failure == nil, "\(finding.text)")
  }
}
