// The verb `play` over files: columns, agreement between row and log, and errors that say where.

import PlayerModel
import SimEngine
import Testing
import TextFormats

@Suite struct PlayReportTests {
  static let title: PlayTitle = {
    let bitrates: [Double] = [300, 750, 1200, 1850, 2850, 4300]
    var sizes: [Double] = []
    for segment in 0..<60 {
      let scene = 0.7 + 0.06 * Double(segment * 7 % 11)
      for kbps in bitrates { sizes.append(kbps * 4000 * scene) }
    }
    return PlayTitle(source: "title", segmentMs: 4000, bitratesKbps: bitrates, sizesBits: sizes)
  }()

  private func drawnTrace(_ seed: Int) -> NetworkTrace {
    var random = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "trace", purpose: "play"))
    let periods = (0..<80).map { _ in
      NetworkTrace.Period(
        durationMs: random.uniform(from: 200, to: 5000),
        bandwidthKbps: random.chance(0.05) ? 0 : random.uniform(from: 100, to: 6000),
        latencyMs: random.uniform(from: 5, to: 300))
    }
    return NetworkTrace(source: "drawn", periods: periods)
  }

  private func play(_ options: PlayOptions, _ trace: NetworkTrace) throws -> (PlayReport, [String: String]) {
    let report = try PlayReport(title: Self.title, network: .periods(trace), options: options)
    #expect(report.columns.count == report.row.count)
    #expect(report.segments.allSatisfy { $0.count == report.segmentColumns.count })
    return (report, Dictionary(uniqueKeysWithValues: zip(report.columns, report.row)))
  }

  @Test("every rule plays every second of the title on any network, and the clock adds up", arguments: AbrName.allCases)
  func timeAddsUp(abr: AbrName) throws {
    for seed in 0..<12 {
      let (_, row) = try play(PlayOptions(abr: AbrSpecification(abr)), drawnTrace(seed))
      let number = { (column: String) in Double(row[column] ?? "") ?? .nan }
      #expect(row["outcome"] == "completed")
      #expect(number("segments") == 60)
      #expect(abs(number("play_s") - 240) < 1e-6)
      let total = number("startup_s") + number("play_s") + number("rebuffer_s") + number("seek_wait_s")
      #expect(abs(total - number("end_s")) < 1e-6, "\(abr) seed \(seed)")
      #expect(row["qualities"]?.count == 60)
    }
  }

  @Test("a jump skips what lies between and its wait is no stall")
  func seek() throws {
    var options = PlayOptions(abr: AbrSpecification(.bolaE))
    options.seek = .init(whenSeconds: 40, toSeconds: 200)
    let (_, row) = try play(options, drawnTrace(3))
    let played = Double(row["play_s"] ?? "") ?? .nan
    #expect(played >= 80 && played < 130)
    #expect((Double(row["seek_wait_s"] ?? "") ?? 0) > 0)
    #expect(row["outcome"] == "completed")
  }

  @Test("after an abandoned request the next one is for the same segment at the target")
  func abandonTarget() throws {
    var abandoned = 0
    for seed in 0..<20 {
      let (report, _) = try play(PlayOptions(abr: AbrSpecification(.throughput)), drawnTrace(seed))
      for (request, next) in zip(report.segments, report.segments.dropFirst()) where !request[8].isEmpty {
        abandoned += 1
        #expect(next[0] == request[0])
        #expect(next[1] == request[8])
      }
    }
    #expect(abandoned > 0)
  }

  @Test("every request carries the CMCD keys of its bitrate and its buffer")
  func cmcd() throws {
    let (report, _) = try play(PlayOptions(abr: AbrSpecification(.fixed)), drawnTrace(1))
    #expect(report.segments[0][9].hasPrefix("bl=0,br=300,d=4000,dl=0,ot=v,rtp=1500,st=v,su,tb=4300"))
    #expect(report.segments[30][9].contains("mtp="))
  }

  @Test("the columns are those of the reference", .enabled(if: ReferenceFolder.isPresent))
  func referenceColumns() throws {
    func header(_ path: String) throws -> [String] {
      var reader = CSVReader(bytes: try ReferenceFolder.bytes(path), source: path)
      return try reader.next()?.texts ?? []
    }
    func columns(_ profile: PlayOptions.Profile) throws -> PlayReport {
      var options = PlayOptions(abr: AbrSpecification(.bufferBased))
      options.profile = profile
      return try play(options, drawnTrace(2)).0
    }
    let sabre = try columns(.sabre)
    #expect(sabre.columns == Array(try header("abr/sabre/expected/sessions.csv").drop { $0 != "downloads" }))
    #expect(
      sabre.segmentColumns
        == (try header("abr/sabre/expected/downloads/3G__report.2010-09-13_1003CEST__bolae.csv")))
    let pensieve = try columns(.pensieve)
    #expect(
      pensieve.columns
        == Array(try header("abr/pensieve/expected/sessions.csv").drop { $0 != "qoe_lin_skip_first" }))
    #expect(pensieve.segmentColumns == (try header("abr/pensieve/expected/chunks/norway_bus_1__bb.csv")))
  }

  @Test(
    "a manifest's title has the sizes of the files beside it", .enabled(if: ReferenceFolder.isPresent),
    arguments: [
      "ladder/manifest.mpd", "ladder/master.m3u8", "dash-ondemand/manifest.mpd", "hls-files/p_hi.m3u8",
      "smooth/pres.ism/Manifest.t.xml",
    ])
  func manifests(path: String) throws {
    let title = try PlayTitle(path: ReferenceFolder.root + "media/" + path)
    #expect(title.segmentCount >= 3)
    let network = try RecordedNetwork(
      path: ReferenceFolder.root + "abr/sabre/traces/3G/report.2010-09-13_1003CEST.json")
    let report = try PlayReport(title: title, network: network, options: PlayOptions(abr: AbrSpecification(.bolaE)))
    #expect(report.segments.count >= title.segmentCount)
  }

  @Test("an option that a profile cannot follow is named")
  func optionErrors() throws {
    var options = PlayOptions(abr: AbrSpecification(.bola))
    options.profile = .pensieve
    options.bufferSeconds = 10
    options.seek = .init(whenSeconds: 1, toSeconds: 2)
    let error = #expect(throws: InputError.self) {
      try PlayReport(title: Self.title, network: .periods(drawnTrace(0)), options: options)
    }
    let sources = error?.diagnostics.map { $0.place.source } ?? []
    #expect(sources == ["--seek", "--buffer"])
  }

  @Test("rules are named with their parameters, and a misspelt one gets a suggestion")
  func specifications() throws {
    #expect(try AbrSpecification(parsing: "fixed:q=3").fixedQuality == 3)
    #expect(try AbrSpecification(parsing: "bola-e").name == .bolaE)
    for text in ["fixed", "fixed:q=-1", "bola:q=1", "bolla", ""] {
      #expect(throws: InputError.self, "\(text)") { try AbrSpecification(parsing: text) }
    }
  }

  @Test(
    "damaged titles and traces end in an error with a place",
    arguments: [
      "", "[", "[]", "{}", "[{\"duration_ms\": 0, \"bandwidth_kbps\": 1, \"latency_ms\": 0}]",
      "[{\"duration_ms\": 10, \"bandwidth_kbps\": 0, \"latency_ms\": 0}]", "0 1\n0 2\n", "0 1\n", "5\n3\n", "a b\n",
      "1 2 3\n", "0 0\n10 0\n",
    ])
  func damagedTraces(text: String) {
    let error = #expect(throws: InputError.self) { try RecordedNetwork(bytes: Array(text.utf8), source: "trace") }
    #expect(error?.diagnostics.first?.place.source == "trace")
  }

  @Test(
    "damaged titles end in an error with a place",
    arguments: [
      "{}", "{\"segment_duration_ms\": 3000, \"bitrates_kbps\": [2, 1], \"segment_sizes_bits\": [[1, 1]]}",
      "{\"segment_duration_ms\": 3000, \"bitrates_kbps\": [1, 2], \"segment_sizes_bits\": [[1]]}",
      "{\"segment_duration_ms\": -1, \"bitrates_kbps\": [1, 2], \"segment_sizes_bits\": [[1, 2]]}",
      "{\"segment_duration_ms\": 3000, \"bitrates_kbps\": [1, 2], \"segment_sizes_bits\": []}",
    ])
  func damagedTitles(text: String) {
    #expect(throws: InputError.self) { try PlayTitle(sabreMovie: Array(text.utf8), source: "title") }
    #expect(throws: (any Error).self) {
      try PlayTitle(chunkBytes: Array(text.utf8), source: "title", segmentMs: 4000)
    }
  }

  @Test("a Mahimahi trace carries 1500 bytes a line")
  func mahimahi() throws {
    let trace = try RecordedNetwork(bytes: Array("0\n1\n1\n5\n10\n".utf8), source: "m").trace
    #expect(trace.periods.map(\.durationMs) == [1, 3, 1, 4, 1])
    #expect(trace.periods.map(\.bandwidthKbps) == [36_000, 0, 12_000, 0, 12_000])
  }
}
