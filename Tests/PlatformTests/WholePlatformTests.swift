import SimEngine
import Testing
import TextFormats

@testable import Platform

@Suite("The whole platform, with every component on")
struct WholePlatformTests {
  private static let everything = [
    "output.session_sample=1", "output.interval=20s", "warmup=0s", "cdn.edge.disk=2GB", "cdn.edge.servers=2",
    "cdn.regional={ \"count\": 1, \"disk\": \"3GB\", \"link\": \"1Gbit/s\", \"origin_latency\": \"20ms\" }",
    #"cdn.shield={ "disk": "4GB", "link": "1Gbit/s" }"#, "cdn.steering={}",
    #"services={"gateway": {"servers": 8}, "relational": {"cache_hit": 0.5}, "object_store": {}}"#,
    #"viewers.services={"payment_share": 0.3}"#, "viewers.resume_share=0.8",
    "ingest.uploads=120/h", "ingest.source.rate=1Mbit/s", #"ingest.source.lengths=[{ "mean": "3min", "cv": 0.5 }]"#,
    "ingest.inspection.time_per_media=0.01", "ingest.workers.count=20",
  ]
  private static let cluster = #"cluster={"masters": 3, "node_timeout": "1s", "resume": {"write_interval": "20s"}"#

  private func run(cluster: String = "}", history: Bool = false, _ overrides: String...) throws -> PlatformResults {
    let positions = history ? [] : [Self.cluster + cluster]
    return try TestPlatform.run(try TestPlatform.scenario(Self.everything + positions + overrides))
  }

  /// The run without failures, made once.
  private static let sound = Result { try WholePlatformTests().run() }
  private static let soundWithHistory = Result { try WholePlatformTests().run(history: true) }

  @Test("every component has rows in the summary")
  func contributes() throws {
    let rows = try Self.sound.get().summary
    let components = [
      "viewers", "player", "cdn", "network", "regional", "shield", "origin", "object_store", "gateway", "relational",
      "history", "search", "cluster", "ingest", "engine",
    ]
    for component in components {
      #expect(rows.contains { $0.component == component && $0.value > 0 }, "\(component)")
    }
  }

  /// What viewers want, whatever becomes of it.
  private func wishes(_ results: PlatformResults) -> [String] {
    results.sessions.map { "\($0.site) \($0.process) \($0.number) \($0.arrivedAt) \($0.title) \($0.accessClass)" }
      .sorted()
  }

  @Test(
    "a failure changes nothing before it begins, never who comes and what they want, and something after it",
    arguments: FailureSettings.Component.allCases)
  func commonRandomNumbers(component: FailureSettings.Component) throws {
    // A gateway that only restarts loses but the calls of that moment, of which there may be none.
    let remaining = component == .gateway ? ", \"remaining\": 0.01" : ""
    let sound = try component == .storeNode ? Self.soundWithHistory.get() : Self.sound.get()
    let failure = #"failures=[{"at": "20:05", "what": "\#(component.rawValue)", "duration": "2min"\#(remaining)}]"#
    try compare(try run(history: component == .storeNode, failure), sound)
  }

  @Test("so it is with the death of a master of the session cluster")
  func master() throws {
    try compare(
      try run(cluster: #", "events": [{"at": "20:05", "action": "kill", "for": "60s"}]}"#), try Self.sound.get())
  }

  private func compare(_ failing: PlatformResults, _ sound: PlatformResults) throws {
    #expect(wishes(failing) == wishes(sound))
    func rows(_ results: PlatformResults, isEarly: Bool) -> [MetricRow] {
      // A node that will serve slots one day has a row for it from the start.
      results.timeseries.filter {
        (($0.timeS ?? 0) < 300) == isEarly && $0.value.isFinite && ($0.metric != "cluster_slots" || $0.value > 0)
      }
    }
    let before = rows(failing, isEarly: true)
    #expect(before.count > 1_000 && before == rows(sound, isEarly: true))
    #expect(rows(failing, isEarly: false) != rows(sound, isEarly: false))
    // Uploads come whatever happens to those who encode and to those who watch.
    for metric in ["uploads", "source_bytes"] { #expect(failing.value(metric) == sound.value(metric), "\(metric)") }
  }

  @Test("lost workers delay titles and touch no viewer")
  func workers() throws {
    let sound = try Self.sound.get()
    let failing = try run(#"failures=[{"at": "20:01", "what": "workers", "duration": "5min"}]"#)
    func apart(_ results: PlatformResults) -> [MetricRow] {
      let others: Set<String> = ["ingest", "engine"]
      return results.summary.filter { !others.contains($0.component) && $0.metric != "titles_not_found_yet" }
        .filter { $0.metric != "titles_found" && $0.value.isFinite }
    }
    #expect(apart(failing) == apart(sound))
    #expect(failing.value("time_to_publish_p50_s") > sound.value("time_to_publish_p50_s"))
  }
}
