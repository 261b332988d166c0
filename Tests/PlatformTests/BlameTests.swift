import SimEngine
import Testing
import TextFormats

@testable import Platform

@Suite("Who is blamed for a late start")
struct BlameTests {
  /// Nothing in the services gives up before the player does, so that slow parts make silent attempts.
  private static let patientServices = #"""
    services={"gateway": {"servers": 16, "queue_timeout": "10min",
      "upstream": {"timeout": "5min", "retries": 0, "breaker": {"enabled": false}}},
      "relational": {"cache_hit": 0}, "search": {"threads": 64}, "history": {"threads": 8}}
    """#
  /// Everybody asks for everything, gives up after a second, and comes back once.
  private static let viewers = [
    #"viewers.services={"search_share": 1, "timeout": "1s", "retries": 1, "backoff": "2s"}"#,
    "viewers.resume_share=1", "viewers.premiere=null", "viewers.memberships=6000", "warmup=0s",
  ]

  private func run(_ overrides: [String], failing part: String, remaining: Double = 0.001) throws -> PlatformResults {
    let failure = #"failures=[{"at": "20:02", "what": "\#(part)", "remaining": \#(remaining), "duration": "3min"}]"#
    let results = try TestPlatform.run(try TestPlatform.scenario(Self.viewers + overrides + [failure]))
    #expect(results.violations.isEmpty)
    return results
  }

  private func value(_ results: PlatformResults, _ metric: String, _ part: StartupPart) -> Double {
    results.summary.first { $0.component == "viewers" && $0.entity == part.name && $0.metric == metric }?.value ?? .nan
  }

  /// What is blamed is what was lost: neither time nor viewers vanish or count twice.
  private func checkConservation(_ results: PlatformResults) {
    let times = StartupPart.allCases.map { value(results, "startup_part_mean_s", $0) }
    let startup = results.value("startup_mean_s")
    #expect((times.reduce(0, +) - startup).magnitude < 1e-6 * startup, "\(times) against \(startup)")
    #expect(times.allSatisfy { $0 >= 0 }, "\(times)")
    let lost = StartupPart.allCases.map { value(results, "lost_share", $0) }.reduce(0, +)
    #expect((lost * results.value("sessions") - results.value("left_at_startup")).magnitude < 1e-6)
  }

  @Test(
    "the wait for an attempt that gets no answer belongs to the part that has the request, and not to the gateway",
    arguments: [
      ("relational-primary", StartupPart.account), ("search-shard", .search), ("store-node", .resume),
      ("gateway", .gateway),
    ])
  func silentAttempts(component: String, part: StartupPart) throws {
    let results = try run([Self.patientServices], failing: component)
    checkConservation(results)
    for other in [StartupPart.gateway, .account, .search, .resume] {
      let (lost, delayed) = (value(results, "lost_share", other), value(results, "delayed_share", other))
      if other == part {
        #expect(lost > 0.03 && delayed > 0.003, "\(other): \(lost), \(delayed)")
      } else {
        #expect(lost == 0 && delayed == 0, "\(other): \(lost), \(delayed)")
      }
    }
    // Those who came late waited a second for the first attempt and one to three until the next.
    let sound = try TestPlatform.run(try TestPlatform.scenario(Self.viewers + [Self.patientServices]))
    let late = value(results, "startup_part_mean_s", part) - value(sound, "startup_part_mean_s", part)
    #expect(late > value(results, "delayed_share", part) * 1, "\(late)")
  }

  @Test("a viewer whose patience ends before the player's blames the same part")
  func patience() throws {
    let results = try run(
      [
        Self.patientServices, #"viewers.services={"timeout": "5min"}"#, "viewers.patience.startup_grace=1s",
        "viewers.patience.lost_per_second=0.5",
      ],
      failing: "relational-primary")
    checkConservation(results)
    #expect(value(results, "lost_share", .account) > 0.05)
    #expect(value(results, "lost_share", .gateway) == 0)
    #expect(results.value("service_retries") == 0)
  }

  @Test("an open breaker blames the part behind it, a full queue the gateway")
  func refusals() throws {
    let guarded = #"""
      services={"gateway": {"servers": 16, "upstream": {"timeout": "100ms"}}, "relational": {"cache_hit": 0}}
      """#
    let open = try run([guarded], failing: "relational-primary")
    checkConservation(open)
    #expect(open.value("breaker_openings") > 0 && open.value("circuit_open") != 0)
    #expect(value(open, "lost_share", .account) > 0.1 && value(open, "lost_share", .gateway) == 0)
    let full = try run(
      [#"services={"gateway": {"servers": 2, "queue_limit": 2}}"#], failing: "gateway", remaining: 0.001)
    checkConservation(full)
    #expect(value(full, "lost_share", .gateway) > 0.1 && value(full, "lost_share", .account) == 0)
  }

  @Test("a silent attempt is blamed the same with any number of threads")
  func threads() throws {
    let failure = #"failures=[{"at": "20:02", "what": "relational-primary", "remaining": 1e-5, "duration": "3min"}]"#
    let scenario = try TestPlatform.scenario(Self.viewers + [Self.patientServices, failure])
    let alone = try TestPlatform.run(scenario)
    let together = try TestPlatform.run(scenario, jobs: 3)
    // Invariants and profile know every kind of event.
    var identity = RunIdentity(seed: 1)
    identity.checksEveryEventKind = true
    identity.profilesEvents = true
    #expect(try TestPlatform.run(scenario, identity: identity).digest == alone.digest)
    #expect(together.digest == alone.digest)
    func blame(_ results: PlatformResults) -> [MetricRow] {
      results.summary.filter { $0.metric == "lost_share" || $0.metric == "startup_part_mean_s" }
    }
    #expect(blame(together) == blame(alone) && blame(alone).count == 12)
  }
}
