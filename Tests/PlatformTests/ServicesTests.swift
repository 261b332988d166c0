import SimEngine
import Testing
import TextFormats

@testable import Platform

@Suite struct ServicesTests {
  /// Services that answer quickly, and break nothing.
  private static let quick = #"services={"gateway": {"servers": 8}}"#

  private func summary(_ overrides: String..., jobs: Int = 1) throws -> PlatformResults {
    try TestPlatform.run(try TestPlatform.scenario(overrides), jobs: jobs)
  }

  private func value(_ results: PlatformResults, _ component: String, _ metric: String, _ entity: String = "all")
    -> Double
  {
    results.summary.first { $0.component == component && $0.entity == entity && $0.metric == metric }?.value ?? .nan
  }

  @Test("the parts of a start-up add up to its delay, and every session asks for what it needs")
  func parts() throws {
    let results = try summary(Self.quick)
    let parts = StartupPart.allCases.map { value(results, "viewers", "startup_part_mean_s", $0.name) }
    let startup = value(results, "player", "startup_mean_s")
    #expect((parts.reduce(0, +) - startup).magnitude < 1e-6 * startup, "\(parts) \(startup)")
    #expect(parts.allSatisfy { $0 > 0 })
    let starts = value(results, "gateway", "starts_served")
    let searches = value(results, "search", "requests") / starts
    #expect((searches - 0.6).magnitude < 0.1, "\(searches)")
    #expect(value(results, "gateway", "starts_failed") == 0 && value(results, "viewers", "lost_to_services") == 0)
  }

  @Test("positions are written back once an interval by everybody who plays")
  func positions() throws {
    let results = try summary(Self.quick, #"viewers.services={"resume_write_interval": "10s"}"#)
    // Little: sessions that play, over the interval; the first write comes one interval after the start.
    let expected = value(results, "viewers", "concurrency_mean") / 10
    let written = value(results, "viewers", "positions_sent_per_s")
    #expect(written > 0.8 * expected && written < 1.02 * expected, "\(written), \(expected)")
    #expect(value(results, "gateway", "positions_written") > 0)
  }

  @Test("neither threads nor the queue change the run")
  func deterministic() throws {
    let alone = try summary(Self.quick)
    #expect(try summary(Self.quick, jobs: 3).digest == alone.digest)
    let heap = try TestPlatform.run(
      try TestPlatform.scenario(Self.quick), identity: RunIdentity(seed: 1, queue: .heap))
    #expect(heap.digest == alone.digest && heap.summary.count == alone.summary.count)
  }

  @Test("services change when sessions start, not who comes and what they want")
  func commonRandomNumbers() throws {
    let without = try summary("output.session_sample=1")
    let with = try summary("output.session_sample=1", Self.quick)
    func wishes(_ results: PlatformResults) -> [String] {
      results.sessions.map { "\($0.site) \($0.process) \($0.number) \($0.arrivedAt) \($0.title) \($0.accessClass)" }
        .sorted()
    }
    #expect(wishes(without) == wishes(with))
    #expect(with.startupDelays.mean > without.startupDelays.mean + 0.05)
  }

  @Test("a slow gateway sets off retries, then viewers leave, and afterwards all is well")
  func retryStorm() throws {
    let results = try summary(
      #"services={"gateway": {"servers": 2, "service": {"mean": "20ms"}}}"#,
      #"viewers.services={"timeout": "1s", "retries": 2, "backoff": "200ms"}"#,
      #"failures=[{"at": "20:04", "what": "gateway", "remaining": 0.01, "duration": "2min"}]"#)
    #expect(value(results, "viewers", "service_retries") > 50)
    #expect(value(results, "viewers", "lost_to_services") > 20)
    #expect(value(results, "viewers", "lost_share", "gateway") > 0)
    let retries = results.timeseries.filter { $0.metric == "service_retries_per_s" }
    let during = retries.filter { ($0.timeS ?? 0) > 240 && ($0.timeS ?? 0) <= 360 }.map(\.value).reduce(0, +)
    let after = retries.filter { ($0.timeS ?? 0) > 480 }.map(\.value).reduce(0, +)
    #expect(during > 0 && after == 0, "\(retries.map(\.value))")
    #expect(results.componentTables.first { $0.name == "service_events" }?.rows.count == 2)
  }

  @Test("a dead primary fails payments, loses none that was acknowledged, and the standby takes over")
  func failover() throws {
    let results = try summary(
      #"services={"relational": {"detection": "5s", "promotion": "10s"}}"#,
      #"viewers.services={"payment_share": 1}"#,
      #"failures=[{"at": "20:05", "what": "relational-primary", "duration": "3min"}]"#)
    #expect(value(results, "relational", "failovers") == 1 && value(results, "relational", "lost_commits") == 0)
    #expect(value(results, "relational", "unavailable") > 0)
    #expect(value(results, "viewers", "service_retries") > 0)
  }

  @Test("a dead search shard fails only those who search, and only where no part of an answer counts")
  func searchShard() throws {
    let failure = #"failures=[{"at": "20:04", "what": "search-shard", "which": [1], "duration": "2min"}]"#
    let partial = try summary(#"services={"search": {"allow_partial": true}}"#, failure)
    #expect(value(partial, "search", "partial_answers") > 0 && value(partial, "gateway", "starts_failed") == 0)
    let whole = try summary(#"services={"search": {"allow_partial": false}}"#, failure)
    #expect(value(whole, "gateway", "starts_failed") > 0)
    #expect(value(whole, "viewers", "lost_share", "search") > 0)
    #expect(value(whole, "viewers", "lost_share", "account") == 0)
    #expect(value(whole, "relational", "failed_share") == 0)
  }

  @Test("dead store nodes leave hints behind, and the object store answers for the origin")
  func storeNodes() throws {
    let results = try summary(
      #"services={"history": {"detection": "1s"}, "object_store": {"first_byte": {"mean": "40ms"}}}"#,
      #"failures=[{"at": "20:03", "what": "store-node", "which": [3, 4], "duration": "3min"}]"#)
    #expect(value(results, "history", "hints_replayed") > 0 && value(results, "history", "hints_pending") == 0)
    let firstByte = value(results, "object_store", "first_byte_mean_s")
    #expect((firstByte - 0.040).magnitude < 0.006, "\(firstByte)")
    #expect(value(results, "object_store", "requests") > 0)
  }

  @Test("failures of what is not there are refused")
  func impossible() throws {
    func refused(_ overrides: String...) -> Bool {
      do {
        _ = try TestPlatform.scenario(overrides)
        return false
      } catch { return error is InputError }
    }
    let shard = #"failures=[{"at": "20:04", "what": "search-shard", "which": [9], "duration": "2min"}]"#
    #expect(refused(shard))
    #expect(refused("services={}", shard))
    #expect(
      refused("services={}", #"failures=[{"at": "20:04", "what": "store-node", "which": [12], "duration": "1min"}]"#))
    #expect(refused(#"services={"history": {"replication": 13}}"#))
    #expect(!refused("services={}", #"failures=[{"at": "20:04", "what": "store-node", "duration": "1min"}]"#))
  }
}
