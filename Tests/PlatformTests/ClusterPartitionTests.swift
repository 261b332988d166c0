import SimEngine
import Testing
import TextFormats

@testable import Platform

@Suite struct ClusterPartitionTests {
  private static let calm = #"cluster={"masters": 3, "node_timeout": "1s", "resume": {"write_interval": "20s"}}"#
  private static let untilDeath =
    #"cluster={"masters": 3, "node_timeout": "2s", "resume": {"write_interval": "5s"}"#
  private static let death = untilDeath + #", "events": [{"at": "20:05", "action": "kill", "for": "60s"}]}"#
  private static let services = #"services={"gateway": {"servers": 8}}"#

  private func run(_ overrides: String..., jobs: Int = 1) throws -> PlatformResults {
    try TestPlatform.run(try TestPlatform.scenario(overrides), jobs: jobs)
  }

  private func events(_ results: PlatformResults) -> [[ComponentTable.Field]] {
    results.componentTables.first { $0.name == "cluster_events" }?.rows ?? []
  }

  @Test("every session reads its offset at the start and writes it while it plays", arguments: [false, true])
  func offsets(hasServices: Bool) throws {
    let results = try run([Self.calm] + (hasServices ? [Self.services] : []))
    let reads = results.value("cluster_commands") - results.value("cluster_writes")
    #expect(abs(reads / results.value("sessions") - 1) < 0.1)
    // Little: sessions at once over the interval; those that have not begun to play have nothing to write.
    let expected = results.value("concurrency_mean") * 480 / 20
    #expect(results.value("cluster_writes") > 0.75 * expected && results.value("cluster_writes") < 1.02 * expected)
    #expect(results.value("cluster_failed_commands") == 0 && results.value("cluster_unavailable_s") == 0)
    #expect(results.value("cluster_lost_writes") == 0)
    #expect(events(results).isEmpty)
  }

  private func run(_ overrides: [String]) throws -> PlatformResults {
    try TestPlatform.run(try TestPlatform.scenario(overrides))
  }

  @Test("viewers who come while a master is dead start later", arguments: [false, true])
  func death(hasServices: Bool) throws {
    let services = hasServices ? [Self.services] : []
    // The same cluster and the same viewers, with the death and without.
    let calm = try run([Self.untilDeath + "}"] + services)
    let death = try run([Self.death] + services)
    #expect(death.value("cluster_unavailable_s") > 2 && death.value("cluster_unavailable_s") < 6)
    let delays = startupDelays(death, from: 300, to: 303)
    let usual = startupDelays(calm, from: 300, to: 303)
    // A dead process refuses at once, so attempts cost milliseconds: some viewers start later, and nobody sooner.
    let changes = usual.keys.sorted().map { (delays[$0] ?? .infinity) - (usual[$0] ?? .infinity) }
    #expect(changes.count > 8 && changes.allSatisfy { $0 >= 0 } && changes.contains { $0 > 0 }, "\(changes)")
    let before = startupDelays(death, from: 120, to: 295)
    #expect(before == startupDelays(calm, from: 120, to: 295) && before.count > 50)
    #expect(death.value("cluster_elections") == 1 && death.value("cluster_failed_commands") > 0)
    #expect(death.value("sessions") == calm.value("sessions"))
    let kinds = events(death).map { $0[2] }
    for kind in ["killed", "suspected", "declared-failed", "election-won", "restarted"] {
      #expect(kinds.contains(.text(kind)), "\(kind)")
    }
  }

  /// Seconds from arrival to the first frame of the sessions that came in a span of the run, by site, process, number.
  private func startupDelays(_ results: PlatformResults, from: Double, to: Double) -> [String: Double] {
    var delays: [String: Double] = [:]
    for session in results.sessions where session.arrivedAt >= .seconds(from) && session.arrivedAt < .seconds(to) {
      delays["\(session.site) \(session.process) \(session.number)"] = session.startupDelay?.seconds ?? .infinity
    }
    return delays
  }

  @Test("neither threads nor the queue change the run")
  func deterministic() throws {
    let alone = try run(Self.death, Self.services)
    #expect(try run(Self.death, Self.services, jobs: 4).digest == alone.digest)
    let scenario = try TestPlatform.scenario(Self.death, Self.services)
    let heap = try TestPlatform.run(scenario, identity: RunIdentity(seed: 1, queue: .heap))
    #expect(heap.digest == alone.digest && heap.summary == alone.summary)
  }

  @Test("a cluster alone runs under its own load, and leaves its own rows only")
  func alone() throws {
    let results = try run(
      "kind=cluster",
      #"cluster={"masters": 3, "load": {"commands": "50/s"}, "events": "#
        + #"[{"at": "20:03", "action": "scale-out", "masters": 1}]}"#)
    #expect(abs(results.value("cluster_commands") / (50 * 480) - 1) < 0.05)
    #expect(abs(results.value("cluster_write_share") - 0.9) < 0.01)
    #expect(results.value("cluster_moved_slots") == 4096 && results.value("cluster_nodes") == 8)
    #expect(results.value("cluster_moved_per_s") > 0 && results.value("cluster_failed_commands") == 0)
    #expect(results.summary.allSatisfy { $0.component == "cluster" || $0.component == "engine" })
    #expect(results.timeseries.contains { $0.entity == "node-6" && $0.metric == "cluster_slots" && $0.value == 4096 })
    #expect(results.cdn.isEmpty && results.sessions.isEmpty)
  }

  @Test(
    "what makes no cluster is refused at its place",
    arguments: [
      (#"cluster={"masters": 2}"#, "masters"), (#"cluster={"node_timeout": "0s"}"#, "node_timeout"),
      (#"cluster={"events": [{"at": "21:00", "action": "kill"}]}"#, "at"),
      (#"cluster={"events": [{"at": "20:01", "action": "freeze"}]}"#, "for"),
      (#"cluster={"masters": 3, "events": [{"at": "20:01", "action": "scale-in"}]}"#, "shrink"),
      (#"cluster={"masters": 3, "events": [{"at": "20:01", "action": "kill", "nodes": [12]}]}"#, "node 12"),
      ("kind=cluster", "must describe it"), (#"cluster={"masters": 1500, "replicas": 1}"#, "2000 nodes"),
    ])
  func refused(override: String, word: String) {
    let error = #expect(throws: InputError.self) { try TestPlatform.scenario(override) }
    #expect(error.map { "\($0)".contains(word) } == true, "\(String(describing: error))")
  }
}
