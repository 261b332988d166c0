import SimEngine
import Testing
import TextFormats

@testable import Platform

@Suite("Ingest in the platform")
struct IngestCenterTests {
  /// Ingest that publishes short titles within the ten minutes of the test platform; the premiere is due at 20:04.
  private static let ingest = [
    "ingest.uploads=120/h", "ingest.source.rate=1Mbit/s", #"ingest.source.lengths=[{ "mean": "3min", "cv": 0.5 }]"#,
    "ingest.inspection.time_per_media=0.01", "ingest.workers.count=60",
    #"ingest.planned=[{ "name": "finale", "at": "20:00", "deadline": "20:04", "length": "10min", "premiere": true }]"#,
  ]

  private func run(
    _ overrides: [String], jobs: Int = 1, queue: QueueBacking = .radix
  ) throws -> PlatformResults {
    try TestPlatform.run(
      try TestPlatform.scenario(Self.ingest + overrides), jobs: jobs, identity: RunIdentity(seed: 1, queue: queue))
  }

  private func table(_ results: PlatformResults) throws -> ComponentTable {
    try #require(results.componentTables.first { $0.name == "ingest" })
  }

  @Test("titles are published, listed one a row, and the core of the figures fits together")
  func published() throws {
    let results = try run([])
    let table = try table(results)
    let stage = try #require(table.columns.firstIndex(of: "stage"))
    let published = table.rows.count { $0[stage] == .text("published") }
    #expect(published > 5)
    #expect(table.rows.allSatisfy { $0.count == table.columns.count })
    #expect(results.value("premiere_late_s") == 0)
    #expect(results.value("core_hours") > 0)
    let series = results.timeseries.filter { $0.component == "ingest" && $0.metric == "titles_published" }
    #expect(series.reduce(0) { $0 + $1.value } == Double(published))
  }

  @Test("any number of threads and either queue give the same bytes")
  func repeats() throws {
    let first = try run([])
    for (jobs, queue) in [(2, QueueBacking.radix), (3, .heap)] {
      let again = try run([], jobs: jobs, queue: queue)
      #expect(again.digest == first.digest)
      #expect(again.componentTables == first.componentTables)
    }
  }

  @Test("a platform without ingest is what it was, and one with it changes nothing for its viewers but the premiere")
  func apart() throws {
    let without = try TestPlatform.run(try TestPlatform.scenario())
    #expect(without.componentTables.isEmpty)
    #expect(without.summary.allSatisfy { $0.component != "ingest" })
    let with = try run(["ingest.planned=[]"])
    #expect(Array(with.partitionDigests.prefix(3)) == without.partitionDigests)
  }

  @Test("a premiere that is late is watched from its publication on; who does not wait so long is lost")
  func latePremiere() throws {
    let punctual = try run([])
    let late = try run(["ingest.workers.count=3"])
    #expect(punctual.value("sessions_before_release") == 0)
    #expect(late.value("premiere_late_s") > 0)
    #expect(late.value("sessions_before_release") > 50)
    #expect(late.value("left_at_startup") > punctual.value("left_at_startup") + 50)
    let table = try table(late)
    let name = try #require(table.columns.firstIndex(of: "name"))
    let column = try #require(table.columns.firstIndex(of: "published_s"))
    let row = try #require(table.rows.first { $0[name] == .text("finale") })
    guard case .number(let published) = row[column] else {
      Issue.record("published_s is a number or nothing")
      return
    }
    // Nobody saw the first frame of it before.
    let watched = late.sessions.filter { $0.title == 50 && $0.startupDelay != nil }
    for session in watched {
      #expect(session.arrivedAt.seconds + (session.startupDelay?.seconds ?? 0) > published ?? .infinity)
    }
  }

  @Test("lost workers delay publication and leave arrivals and viewers alone")
  func lostWorkers() throws {
    let whole = try run(["ingest.planned=[]"])
    let outage = #"failures=[{ "at": "20:01", "what": "workers", "share": 0.9, "duration": "9min", "ramp": "10s" }]"#
    let lost = try run(["ingest.planned=[]", outage])
    #expect(lost.value("titles_published") < whole.value("titles_published"))
    #expect(lost.value("uploads") == whole.value("uploads"))
    #expect(lost.value("workers_away_share") > 0.3 && whole.value("workers_away_share") < 0.1)
    #expect(Array(lost.partitionDigests.prefix(3)) == Array(whole.partitionDigests.prefix(3)))
  }

  @Test(
    "impossible ingest is refused with its place",
    arguments: [
      (["ingest.chunks.longest=12s"], "longest"),
      ([#"failures=[{ "at": "20:01", "what": "worker", "duration": "1min" }]"#], "workers"),
      ([#"failures=[{ "at": "21:01", "what": "workers", "duration": "1min" }]"#], "outside the run"),
      ([#"failures=[{ "at": "20:01", "what": "workers", "duration": "1min", "share": -1 }]"#], "share"),
      (["viewers.premiere.length=11min"], "ingest.planned[0].length"),
      (["viewers.premiere=null"], "ingest.planned[0].premiere"),
    ])
  func refused(overrides: [String], word: String) {
    do {
      _ = try TestPlatform.scenario(Self.ingest + overrides)
      Issue.record("accepted: \(overrides)")
    } catch {
      #expect("\(error)".contains(word), "\(error)")
    }
  }

  @Test("workers cannot fail where there are none")
  func noWorkers() {
    #expect(throws: InputError.self) {
      try TestPlatform.scenario(#"failures=[{ "at": "20:01", "what": "workers", "duration": "1min" }]"#)
    }
  }
}
