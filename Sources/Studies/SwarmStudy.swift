public import Platform
import SimEngine

/// `simrun swarm`: random valid scenarios, invariants checked after events of every kind and every simulated second.
///
/// Each seed draws a whole scenario around a given one (swarm testing: A. Groce et al., ISSTA 2012). A failure is told
/// as the one command that shows it again.
public struct SwarmStudy: Sendable {
  /// The scenario that the random ones vary.
  public var file: ScenarioFile
  /// What every scenario is of; `nil` leaves it to the seed.
  public var kind: Scenario.Kind?

  /// A swarm around a scenario.
  public init(around file: ScenarioFile, kind: Scenario.Kind? = nil) {
    self.file = file
    self.kind = kind
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

    /// A line, with the command below it if something broke.
    public var text: String {
      guard let failure else { return "seed \(seed): ok, \(events) events, digest \(digest)" }
      return "seed \(seed): FAILED: \(failure)\n  \(command)"
    }
  }

  /// Draws the scenario of a seed and runs it on both event queues.
  public func finding(seed: Int) -> Finding {
    var overrides = Self.overrides(seed: seed, kind: kind ?? file.scenario.kind)
    if let kind {
      let value = kind.rawValue
      overrides.append(ScenarioOverride(path: "kind", value: value, origin: "--set kind=\(value)"))
    }
    var identity = RunIdentity(seed: UInt64(seed))
    identity.checksEveryEventKind = true
    let settings = overrides.map { "--set '\($0.path)=\($0.value)'" }.joined(separator: " ")
    let command = "simrun run \(file.path) \(settings)"
    do {
      let variant = try file.with(overrides)
      let results = try variant.world(identity).run(jobs: 1)
      // The same scenario on the other queue must be the same run.
      let again = try variant.world(RunIdentity(seed: UInt64(seed), queue: .heap)).run(jobs: 2)
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
  static func overrides(seed: Int, kind: Scenario.Kind) -> [ScenarioOverride] {
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
    // Two of three platforms have a cluster; now and then the cluster is alone.
    if kind == .cluster || stream.below(3 as UInt64) > 0 {
      var cluster = ClusterSwarm(seed: seed)
      set("start", "20:00")
      set("cluster", cluster.table())
      if kind == .cluster { return overrides }
      if stream.below(3 as UInt64) == 0 {
        set("kind", "cluster")
        return overrides
      }
    }
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
    set("network.tcp.initial_window", pick(["1", "10", "100"]))
    set("network.tcp.restart_after_idle", pick(["0s", "300ms"]))
    if stream.below(3) == 0 { set("network.cross_traffic", #"{"share":0.6,"mean_on":"5s","mean_off":"5s"}"#) }
    var failures: [String] = []
    if stream.below(3) == 0 {
      let what = pick(["edge-link", "edge-cache", "origin-link"])
      let remaining = pick(["0", "0.3"])
      failures.append(
        "{\"at\":\"20:00:30\",\"what\":\"\(what)\",\"remaining\":\(remaining),\"duration\":\"20s\",\"ramp\":\"2s\"}")
    }
    if stream.below(3) == 0 {
      let what = pick(["edge-server", "edge-site", "origin"])
      let rest = pick(["", #", "keeps_content": true"#])
      failures.append("{\"at\":\"20:00:25\",\"what\":\"\(what)\",\"duration\":\"15s\"\(rest)}")
    }
    set("network.backhaul_latency", pick(["1ms", "15ms", "300ms"]))
    set("cdn.edge.sites", pick(["1", "2", "5"]))
    set("cdn.edge.disk", pick(["1kB", "1MB", "300MB", "40GB"]))
    set(
      "cdn.edge.policy",
      pick(["lru", "hot-title-placement", "hot-title-placement:pinned-share=0.5", "sieve", "s3fifo"]))
    set("cdn.edge.prefill", pick(["empty", "popular"]))
    set("cdn.edge.servers", pick(["1", "1", "3"]))
    set("cdn.edge.memory", pick(["0B", "10MB"]))
    set("cdn.edge.disk_latency", pick(["0s", "5ms"]))
    set("cdn.edge.ttl", pick(["0s", "0s", "20s"]))
    set("cdn.steering", pick(["null", #"{"detection":"500ms"}"#]))
    if stream.below(2) == 0 {
      set("cdn.regional", #"{"count":2,"disk":"200MB","link":"300Mbit/s","origin_latency":"7ms","policy":"sieve"}"#)
      if stream.chance(0.5) { set("cdn.shield", #"{"disk":"1GB","link":"300Mbit/s","ttl":"30s"}"#) }
      if stream.below(3) == 0 {
        failures.append(#"{"at":"20:00:20","what":"regional-cache","which":[1],"duration":"25s"}"#)
      }
    }
    set("cdn.origin.service", pick(["0s", "20ms", "2s"]))
    let services = pick(["null", "null", "{}", Self.starvedServices])
    set("services", services)
    if services != "null" {
      set("viewers.services", pick(["{}", Self.impatientPlayers]))
      failures += [[], Self.deaths, Self.slowness][stream.below(3)]
    }
    if stream.chance(0.5) {
      setIngest(set, pick)
      if stream.chance(0.5) {
        failures.append(#"{"at": "20:00:30", "what": "workers", "share": 0.7, "duration": "40s", "ramp": "5s"}"#)
      }
    }
    set("failures", "[\(failures.joined(separator: ", "))]")
    return overrides
  }

  /// Services in which every queue overflows and every timeout passes.
  private static let starvedServices = """
    {"gateway": {"servers": 1, "queue_limit": 3, "queue_timeout": "50ms", "rate_limit": "20/s", \
    "upstream": {"timeout": "30ms", "retries": 3, "retry_budget": 2, "breaker": {"window": 5, "minimum_calls": 3, \
    "cool_down": "1s"}}}, \
    "relational": {"connections": 1, "read_replicas": 0, "queue_limit": 2, "cache_hit": 0, "commit_delay": "3ms", \
    "replication": "asynchronous", "detection": "2s", "promotion": "3s"}, \
    "history": {"nodes": 4, "threads": 1, "queue_limit": 4, "read_consistency": "quorum", "speculation": "fixed", \
    "detection": "2s", "timeout": "200ms", "hint_window": "10s", "growth": {"live_rows": 3, "rows_per_member": 2}}, \
    "search": {"shards": 3, "replicas": 2, "threads": 1, "queue_limit": 2, "hedge_after": "5ms", \
    "allow_partial": false}, \
    "object_store": {"prefixes": 1, "requests_per_prefix": "3/s", "request_burst": 2, \
    "durability": {"annual_failures": 1000}}}
    """

  /// Players that hammer the services.
  private static let impatientPlayers = """
    {"resume_write_interval": "1s", "timeout": "100ms", "retries": 5, "backoff": "0s", "payment_share": 0.5}
    """

  /// Everything in the services dies once, some of it twice and before it is back.
  private static let deaths = [
    #"{"at": "20:00:05", "what": "relational-primary", "duration": "20s"}"#,
    #"{"at": "20:00:08", "what": "relational-primary", "duration": "2s"}"#,
    #"{"at": "20:00:10", "what": "store-node", "which": [0, 2], "duration": "15s"}"#,
    #"{"at": "20:00:12", "what": "store-node", "which": [1], "duration": "1s"}"#,
    #"{"at": "20:00:15", "what": "gateway", "duration": "1s"}"#,
    #"{"at": "20:00:20", "what": "search-shard", "which": [1], "duration": "10s"}"#,
  ]

  /// Everything in the services becomes slow once.
  private static let slowness = [
    #"{"at": "20:00:05", "what": "gateway", "remaining": 0.02, "duration": "10s", "ramp": "5s"}"#,
    #"{"at": "20:00:10", "what": "store-node", "remaining": 0.01, "duration": "10s"}"#,
    #"{"at": "20:00:20", "what": "search-shard", "remaining": 0.03, "duration": "10s", "ramp": "1s"}"#,
    #"{"at": "20:00:30", "what": "relational-primary", "remaining": 0.01, "duration": "10s"}"#,
  ]

  /// Ingest small and hurried enough that titles are published within the minutes of a random run.
  private static func setIngest(_ set: (String, String) -> Void, _ pick: ([String]) -> String) {
    set("viewers.premiere.length", "15min")
    set("ingest.upload", pick(["synchronous", "asynchronous"]))
    set("ingest.uploads", pick(["0/h", "300/h", "3000/h"]))
    set("ingest.source.rate", pick(["100kbit/s", "1Mbit/s", "90Mbit/s"]))
    set("ingest.source.lengths", "[{ \"mean\": \"3min\", \"cv\": 0.5 }]")
    set("ingest.front_end.slots", pick(["1", "4", "50"]))
    set("ingest.front_end.queue", pick(["0", "5"]))
    set("ingest.front_end.patience", pick(["0s", "10s"]))
    set("ingest.front_end.response_timeout", pick(["5s", "10min"]))
    set("ingest.front_end.retry_delay", "2s")
    set("ingest.transfer.part", "1MB")
    set("ingest.transfer.part_failure", pick(["0", "0.4"]))
    set("ingest.inspection.servers", pick(["1", "8"]))
    set("ingest.inspection.time_per_media", pick(["0", "0.01"]))
    set("ingest.chunks.per_task", pick(["1", "7"]))
    set("ingest.workers.count", pick(["1", "12", "70"]))
    set("ingest.workers.preemptible", pick(["0", "0.5", "1"]))
    set("ingest.workers.preempted_after", pick(["20s", "1h"]))
    set("ingest.workers.fails_after", pick(["60s", "30d"]))
    set("ingest.workers.noticed_after", pick(["0s", "20s"]))
    set("ingest.scheduler.order", pick(["priority", "deadline", "fifo"]))
    set("ingest.scheduler.failure", pick(["0", "0.1"]))
    set("ingest.scheduler.stragglers", pick(["0", "0.2"]))
    set("ingest.scheduler.speculate_after", pick(["0", "1", "2"]))
    let premiere = #"[{ "name": "p", "at": "20:00", "deadline": "20:01", "length": "15min", "premiere": true }]"#
    set("ingest.planned", pick(["[]", premiere]))
  }
}
