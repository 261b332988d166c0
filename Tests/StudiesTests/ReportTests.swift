import Reporting
import Testing
import TextFormats

@testable import Studies

@Suite("Report pages")
struct ReportTests {
  private static let header = "scenario,configuration,replication,"

  /// A folder with one run an entry of `values`, each a list of `component,entity,metric,unit,value` rows.
  private func folder(
    _ scratch: TemporaryFolder, summary: [[String]], series: [[String]] = [], manifest: String? = nil
  ) throws -> ResultFolder {
    func text(_ runs: [[String]], _ columns: String, seed: String) -> String {
      let rows = runs.enumerated().flatMap { run, rows in rows.map { "s,base,\(run),\(seed)\($0)\n" } }
      return Self.header + columns + "\n" + rows.joined()
    }
    try scratch.write(text(summary, "seed,component,entity,metric,unit,value", seed: "1,"), to: "summary.csv")
    try scratch.write(text(series, "t_s,component,entity,metric,unit,value", seed: ""), to: "timeseries.csv")
    if let manifest { try scratch.write(manifest, to: "run.json") }
    return try ResultFolder(scratch.path)
  }

  @Test("a component that no section knows is drawn all the same")
  func newcomer() throws {
    let scratch = try TemporaryFolder()
    let series = [60, 120, 180].map { "\($0),teleporter,all,beam_latency_ms,ms,\($0 / 10)" }
    let page = try RunReport(folder(scratch, summary: [["teleporter,all,beams,,7"]], series: [series])).page()
    #expect(page.charts.map(\.name) == ["teleporter-beam-latency-ms"])
    #expect(page.page.html.contains("Further measures"))
    #expect(page.page.html.contains("beam latency [ms]"))
  }

  @Test("a section appears with the rows of its component, and not without them")
  func sections() throws {
    let scratch = try TemporaryFolder()
    let series = [60, 120].flatMap { t in
      [
        "\(t),cluster,all,cluster_moved_per_s,1/s,\(t)", "\(t),cluster,node-1,cluster_slots,,8192",
        "\(t),cluster,node-2,cluster_slots,,8192",
      ]
    }
    let html = try RunReport(folder(scratch, summary: [["cluster,all,cluster_lost_writes,,0"]], series: [series]))
      .page().page
      .html
    #expect(html.contains("<h2>Session-state cluster</h2>"))
    #expect(html.contains("Slots by node") && html.contains("owned [slots]"))
    #expect(html.contains("Redirections"))
    #expect(!html.contains("<h2>Ingest</h2>") && !html.contains("<h2>Cost</h2>"))
  }

  @Test("what never happened is a sentence, not an empty chart")
  func nothing() throws {
    let scratch = try TemporaryFolder()
    let series = [60, 120].map { "\($0),cluster,all,cluster_unavailable_s,s,0" }
    let page = try RunReport(folder(scratch, summary: [["viewers,all,sessions,,7"]], series: [series])).page()
    #expect(page.charts.isEmpty)
    #expect(page.page.html.contains("Time without service of some slot: none in the whole run."))
  }

  @Test("replications become a median with a band, and figures get intervals")
  func replications() throws {
    let scratch = try TemporaryFolder()
    let values = [10.0, 20, 60]
    let report = try RunReport(
      folder(
        scratch, summary: values.map { ["viewers,all,concurrency_peak,,\($0)", "viewers,all,sessions,,\($0)"] },
        series: values.map { value in [60, 120].map { "\($0),viewers,all,concurrency,,\(value)" } }))
    let (page, charts) = try report.page()
    let line = try #require(charts.first?.chart as? LineChart).series[0]
    #expect(line.points.map(\.y) == [20, 20])
    #expect(line.intervals == [10...60, 10...60])
    // Three values with mean 30 and standard deviation 26.458: t = 4.303 times 15.275 is 65.7.
    #expect(page.html.contains("± 66"))
  }

  @Test("many entities become one line with a band")
  func spread() throws {
    let scratch = try TemporaryFolder()
    let series = [60, 120].flatMap { t in
      (0..<50).map { "\(t),network,edge-\($0),edge_utilisation,,\(Double($0) / 100)" }
    }
    let report = try RunReport(folder(scratch, summary: [["viewers,all,sessions,,7"]], series: [series]))
    let chart = try #require(try report.page().charts.first { $0.name == "edge-utilisation" }?.chart as? LineChart)
    #expect(chart.series.count == 1)
    #expect(chart.series[0].points[0].y == 24.5)
    #expect(chart.series[0].intervals[0] == 0...49)
    #expect(chart.yAxis.unit == "%")
  }

  @Test("slots of nodes that come and go are areas on each other, nothing where a node is not there")
  func comingAndGoing() throws {
    let scratch = try TemporaryFolder()
    let series = [
      "60,cluster,node-1,cluster_slots,,16384", "120,cluster,node-1,cluster_slots,,8192",
      "120,cluster,node-2,cluster_slots,,8192",
    ]
    let report = try RunReport(folder(scratch, summary: [["viewers,all,sessions,,7"]], series: [series]))
    let chart = try #require(try report.page().charts.first { $0.name == "slots" }?.chart as? LineChart)
    #expect(chart.isStacked)
    #expect(chart.series.map { $0.points.map(\.y) } == [[16384, 8192], [0, 8192]])
  }

  @Test("the verdict names what holds viewers up, and only without that what was nearest to full")
  func limits() throws {
    func verdict(_ rows: [String], series: [String] = []) throws -> String? {
      let scratch = try TemporaryFolder()
      return PlatformLimit(folder: try folder(scratch, summary: [rows], series: [series]), runs: [0]).sentence
    }
    let use = "network,all,edge_utilisation_peak,,0.673"
    #expect(
      try verdict([use])
        == "Nothing was at its limit: the most used were the edge links, to 67.3 % in the busiest window.")
    let busy = [60, 120].map { "\($0),gateway,all,utilisation,,0.\($0)" }
    #expect(try verdict(["network,all,edge_utilisation_peak,,0.1"], series: busy)?.contains("gateway, to 60 %") == true)
    #expect(
      try verdict(["network,all,edge_utilisation_peak,,0.99"])
        == "What limits the platform: the edge links were used to 99 %.")
    let trouble = [
      use, "search,all,latency_mean_s,s,120", "search,all,waiting_mean,,179", "gateway,all,latency_mean_s,s,0.005",
      "gateway,all,starts_failed,,10", "gateway,all,starts_served,,90", "history,all,failed_share,,0.02",
      "viewers,gateway,lost_share,,0.026", "viewers,search,lost_share,,0.002", "viewers,all,left_in_stall,,0",
      "viewers,all,sessions,,2000",
    ]
    #expect(
      try verdict(trouble)
        == "What limits the platform: search took 120 s to answer, with 179 waiting on average; 2 % of the requests to "
        + "history failed; 10 % of the attempts to start a session failed at the gateway; 2.6 % of the viewers gave up "
        + "while they waited for the gateway.")
    #expect(try verdict([]) == nil)
  }

  @Test("devices, codecs and frames have their figures where a run tells about them")
  func devicesAndFrames() throws {
    let scratch = try TemporaryFolder()
    let rows = [
      "viewers,device-tv,sessions,,70", "viewers,device-phone,sessions,,30", "cdn,codec-avc,requested_bytes,bytes,5e9",
      "cdn,codec-hevc,requested_bytes,bytes,3e9", "frames,all,frame_sessions,,12", "frames,all,frame_drop_ratio,,0.001",
      "frames,device-tv,frame_drop_ratio,,0.002", "frames,all,first_frame_extra_ms,ms,48",
      "player,all,seeks_per_hour,1/h,0.8", "player,hits,download_forecast_ratio,,1.1",
      "player,misses,download_forecast_ratio,,0.6",
    ]
    let (page, charts) = try RunReport(folder(scratch, summary: [rows])).page()
    func categories(_ name: String) -> [String]? {
      (charts.first { $0.name == name }?.chart as? BarChart)?.categories
    }
    #expect(categories("device-sessions") == ["tv", "phone"])
    #expect(categories("codec-bytes") == ["avc", "hevc"])
    #expect(categories("frame-drops") == ["all", "tv"])
    #expect(categories("download-forecast") == ["hits", "misses"])
    #expect(page.html.contains("From enough data to the first frame on the screen: 48 ms."))
    #expect(page.html.contains("Jumps within titles while watching: 0.8 an hour."))
  }

  @Test("events of a scenario are found by their form and placed on the clock of the run")
  func timeline() throws {
    let scenario = try JSONText(
      parsing: """
        {"start": "23:00", "duration": "4h", "warmup": "30min",
         "viewers": {"premiere": {"at": "00:30", "rise": "2min", "fall": "8min", "length": "50min"}},
         "ingest": {"planned": [{"name": "finale", "at": "23:10", "deadline": "00:30", "length": "50min"}]},
         "failures": [{"at": "23:45", "what": "edge-link", "which": [3], "duration": "30min"}],
         "cluster": {"events": [{"at": "90min", "event": "crash", "node": "master-2"}, {"at": "22:00"}]}}
        """, source: "test"
    ).root.value
    let timeline = ScenarioTimeline(scenario: scenario)
    #expect(
      timeline.spans.map(\.name) == [
        "warm-up, not counted", "upload finale", "edge link 3", "crash master-2", "premiere",
      ])
    #expect(timeline.spans.map(\.range) == [0...1800, 600...600, 2700...4500, 5400...5400, 5400...6000])
    #expect(timeline.axis.text(5400) == "00:30")
  }

  @Test("events of the cluster are marked in its own charts, one a minute")
  func marks() throws {
    let scratch = try TemporaryFolder()
    let rows = [(70.5, "suspected"), (71, "declared-failed"), (71.2, "declared-failed"), (200, "election-won")]
    try scratch.write(
      Self.header + "time_s,node,event,about,value,detail\n"
        + rows.map { "s,base,0,\($0.0),node-2,\($0.1),,0,\n" }.joined(), to: "cluster_events.csv")
    let series = [60, 120, 300].flatMap { t in
      ["\(t),cluster,all,cluster_lost_writes,,\(t)", "\(t),viewers,all,concurrency,,\(t)"]
    }
    let charts = try RunReport(folder(scratch, summary: [["viewers,all,sessions,,7"]], series: [series])).page().charts
    func spans(_ name: String) -> [String]? {
      (charts.first { $0.name == name }?.chart as? LineChart)?.spans.map { "\($0.name) \($0.range.lowerBound)" }
    }
    #expect(spans("lost-writes") == ["node-2 declares a failure 71.0", "node-2 is elected 200.0"])
    #expect(spans("concurrency") == [])
  }

  @Test("services of very different speed share a logarithmic axis, and their quantiles a table")
  func decades() throws {
    let scratch = try TemporaryFolder()
    let series = [60, 120].flatMap { t in
      ["\(t),gateway,all,latency_mean_s,s,0.004", "\(t),search,all,latency_mean_s,s,150"]
    }
    let summary = ["gateway,all,latency_p95_s,s,0.01", "search,all,latency_p95_s,s,400"]
    let (page, charts) = try RunReport(folder(scratch, summary: [summary], series: [series])).page()
    #expect((charts.first { $0.name == "service-latency" }?.chart as? LineChart)?.yAxis.scale == .logarithmic)
    #expect(!charts.contains { $0.name == "service-quantiles" })
    #expect(page.html.contains("<td>search</td><td class=\"number\">400</td>"))
  }

  @Test("a pattern fits whole names, with stars for any part")
  func patterns() {
    let pattern: NamePattern = "hit_ratio|*p95*|edge_*_bytes"
    for name in ["hit_ratio", "p95", "latency_p95_ms", "edge_sent_bytes"] { #expect(pattern.matches(name)) }
    for name in ["byte_hit_ratio", "hit_ratio_2", "edge_bytes", "latency_p9", ""] { #expect(!pattern.matches(name)) }
  }

  @Test("a folder that is none of ours is refused with file and line")
  func foreign() throws {
    let scratch = try TemporaryFolder()
    try scratch.write("a,b\n1,2\n", to: "summary.csv")
    #expect(throws: InputError.self) { try ResultFolder(scratch.path) }
    try scratch.write(
      Self.header + "seed,component,entity,metric,unit,value\ns,base,0,1,viewers,all,sessions,,seven\n",
      to: "summary.csv")
    let error = #expect(throws: InputError.self) { try ResultFolder(scratch.path) }
    #expect(error?.description.contains("summary.csv:2") == true)
    #expect(throws: FileError.self) { try ResultFolder("\(scratch.path)/nosuch") }
  }
}
