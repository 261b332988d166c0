import Platform
import Reporting
import SimEngine

/// `simrun swarm`: random valid scenarios, invariants checked after events of every kind and every simulated second.
///
/// Each seed draws a whole scenario around a given one (swarm testing: A. Groce et al., ISSTA 2012). A failure is told
/// as the one command that shows it again.
public struct SwarmStudy {
  /// The scenario that the random ones vary.
  public var file: ScenarioFile
  /// Seeds to try, from 1.
  public var seeds: Int
  /// Threads.
  public var jobs: Int

  /// A swarm around a scenario.
  public init(around file: ScenarioFile, seeds: Int, jobs: Int) {
    self.file = file
    self.seeds = seeds
    self.jobs = jobs
  }

  /// What one seed found.
  public struct Finding: Sendable {
    /// The seed.
    public var seed: Int
    /// The command that runs the same scenario.
    public var command: String
    /// What broke, or `nil` if nothing did.
    public var failure: String?
    /// Events of the run.
    public var events: UInt64
    /// Digest of the run.
    public var digest: String
  }

  /// Runs every seed; findings come in the order of the seeds, whatever the number of threads.
  ///
  /// - Throws: `Interrupted`.
  public func run() throws -> [Finding] {
    let file = self.file
    let findings = ReplicationPool.map(count: seeds, jobs: jobs) { index in
      Interruption.requested ? nil : Self.finding(seed: index + 1, around: file)
    }
    try Interruption.check()
    return findings.compactMap { $0 }
  }

  private static func finding(seed: Int, around file: ScenarioFile) -> Finding {
    let overrides = overrides(seed: seed)
    var identity = RunIdentity(seed: UInt64(seed))
    identity.checksEveryEventKind = true
    let settings = overrides.map { "--set '\($0.path)=\($0.value)'" }.joined(separator: " ")
    let command = "simrun run \(file.path) \(settings)"
    do {
      let variant = try file.with(overrides)
      let results = try World(
        scenario: variant.scenario, pattern: variant.pattern, identity: identity
      ).run(jobs: 1)
      // The same scenario on the other queue must be the same run.
      let again = try World(
        scenario: variant.scenario, pattern: variant.pattern, identity: RunIdentity(seed: UInt64(seed), queue: .heap)
      ).run(jobs: 2)
      let failure = again.digest == results.digest ? nil : "the heap queue gives another digest"
      return Finding(
        seed: seed, command: command, failure: failure, events: results.events, digest: results.digest.hex)
    } catch {
      return Finding(seed: seed, command: command, failure: "\(error)", events: 0, digest: "")
    }
  }

  /// The values that a seed draws.
  ///
  /// Ranges reach from starved to idle and include the corners.
  static func overrides(seed: Int) -> [ScenarioOverride] {
    var stream = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "swarm", purpose: "scenario"))
    var overrides: [ScenarioOverride] = []
    func set(_ path: String, _ value: String) {
      overrides.append(ScenarioOverride(path: path, value: value, origin: "--set \(path)=\(value)"))
    }
    func pick(_ values: [String]) -> String { values[Int(stream.below(UInt64(values.count)))] }
    set("seed", "\(seed)")
    set("duration", "\(60 + stream.below(240))s")
    set("warmup", pick(["0s", "7s", "30s"]))
    set("output.interval", "1s")
    set("catalog.titles", pick(["1", "3", "40", "500"]))
    set("catalog.popularity.exponent", pick(["0", "0.7", "1", "2.5"]))
    set("catalog.complexity_cv", pick(["0", "0.35", "1.5"]))
    set("viewers.memberships", pick(["0", "50", "1500", "6000"]))
    set("viewers.sessions_per_day", pick(["12", "60", "200"]))
    set("viewers.complete_share", pick(["0", "0.2", "1"]))
    set("viewers.resume_share", pick(["0", "0.5", "1"]))
    set("viewers.patience.stall_mean", pick(["1s", "30s", "1h"]))
    set("viewers.patience.lost_per_second", pick(["0", "0.058", "1"]))
    set("viewers.round_trip.mean", pick(["1ms", "18ms", "400ms"]))
    set("viewers.premiere.at", pick(["20:00", "20:00:20", "20:00:50"]))
    set("viewers.premiere.sessions", pick(["0", "30", "800"]))
    set(
      "player.abr", pick(["bola", "bola-e", "throughput", "dynamic", "dynamic-dash", "buffer-based", "robust-mpc"]))
    set("player.buffer", pick(["8s", "30s", "90s"]))
    set("player.startup_buffer", pick(["0s", "4s", "8s"]))
    set("player.resume_buffer", pick(["0s", "4s", "8s"]))
    set("player.watched_level", pick(["0s", "10s", "60s"]))
    set("network.edge_link", pick(["20Mbit/s", "400Mbit/s", "10Gbit/s"]))
    set("network.origin_link", pick(["1Mbit/s", "100Mbit/s", "10Gbit/s"]))
    set("network.fetch_rate", pick(["1Mbit/s", "500Mbit/s"]))
    set("network.backhaul_latency", pick(["1ms", "15ms", "300ms"]))
    set("cdn.edge.sites", pick(["1", "2", "5"]))
    set("cdn.edge.disk", pick(["1kB", "1MB", "300MB", "40GB"]))
    set(
      "cdn.edge.policy",
      pick(["lru", "hot-title-placement", "hot-title-placement:pinned-share=0.5", "sieve", "s3fifo"]))
    set("cdn.edge.prefill", pick(["empty", "popular"]))
    set("cdn.origin.service", pick(["0s", "20ms", "2s"]))
    return overrides
  }
}
