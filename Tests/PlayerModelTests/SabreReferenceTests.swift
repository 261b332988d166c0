// Agreement with Sabre: every session and every request, number for number.

import PlayerModel
import Testing
import TextFormats

/// Sabre's command line, as far as the reference uses it.
struct SabreCommandLine {
  var rule = AbrName.bolaE
  var ruleOptions = RuleOptions()
  var options = SabreOptions()

  init(_ text: String) throws {
    var words = text.split(separator: " ").map(String.init)[...]
    func take() throws -> String {
      let word = words.popFirst()
      return try #require(word)
    }
    func takeNumber() throws -> Double {
      let word = words.popFirst() ?? ""
      return try #require(Double(word))
    }
    func takeNumbers() -> [Double] {
      var numbers: [Double] = []
      while let word = words.first, let number = Double(word) {
        numbers.append(number)
        words.removeFirst()
      }
      return numbers
    }
    while let flag = words.popFirst() {
      switch flag {
      case "-a":
        let names: [String: AbrName] = [
          "bola": .bola, "bolae": .bolaE, "throughput": .throughput, "dynamic": .dynamic, "dynamicdash": .dynamicDash,
        ]
        let name = try take()
        rule = try #require(names[name])
      case "-ab": ruleOptions.basic = true
      case "-ao": ruleOptions.oscillationCap = .strict
      case "-noibr": ruleOptions.insufficientBufferRule = false
      case "-noa": options.abandons = false
      case "-gp": ruleOptions.gammaP = try takeNumber()
      case "-b": options.bufferSeconds = try takeNumber()
      case "-ma": if try take() == "sliding" { options.estimator = .sliding([3]) }
      case "-ws": options.estimator = .sliding(takeNumbers().map { Int($0) })
      case "-hl": options.estimator = .ewma(takeNumbers())
      case "-r":
        let word = try take()
        options.replacement = try #require(SabreOptions.Replacement(rawValue: word))
      case "-nm": options.networkMultiplier = try takeNumber()
      case "-ml": options.movieSeconds = try takeNumber()
      case "-s":
        let numbers = takeNumbers()
        options.seek = .init(whenSeconds: numbers[0], toSeconds: numbers[1])
      default: Issue.record("unknown flag \(flag)")
      }
    }
  }
}

@Suite(.enabled(if: ReferenceFolder.isPresent, "the reference data is not beside the repository"))
struct SabreReferenceTests {
  private func play(_ row: [String: String], keepsLog: Bool) throws -> (result: SabreResult, log: [SabreRequest]) {
    let movie = "abr/sabre/video/\(row["movie"] ?? "").json"
    let trace = "abr/sabre/traces/\(row["class"] ?? "")/\(row["trace"] ?? "").json"
    let command = try SabreCommandLine(row["args"] ?? "")
    return SabreProfile.play(
      title: try PlayTitle(sabreMovie: try ReferenceFolder.bytes(movie), source: movie),
      trace: try RecordedNetwork(bytes: try ReferenceFolder.bytes(trace), source: trace).trace,
      rule: command.rule, ruleOptions: command.ruleOptions, options: command.options, keepsLog: keepsLog)
  }

  @Test("all sessions of the reference agree in every quality and every figure")
  func sessions() throws {
    let rows = try ReferenceFolder.rows("abr/sabre/expected/sessions.csv")
    #expect(rows.count == 442)
    for row in rows {
      let name = "\(row["class"] ?? "") \(row["trace"] ?? "") \(row["config"] ?? "")"
      let result = try play(row, keepsLog: false).result
      for (column, text) in zip(SabreResult.columns, result.fields) where column != "qoe_lin" {
        let expected = try #require(row[column], "\(column)")
        let agrees = column == "qualities" ? text == expected : Double(text) == Double(expected)
        #expect(agrees, "\(name): \(column) is \(text), expected \(expected)")
      }
      let expected = try #require(Double(row["qoe_lin"] ?? ""))
      #expect(abs(result.linearQoE - expected) <= 1e-9 * max(1, abs(expected)), "\(name)")
    }
  }

  @Test(
    "every request agrees with the reference's log",
    arguments: [
      "3G__report.2010-09-13_1003CEST__bolae", "3G__report.2011-02-01_1000CET__dynamic",
      "fcc_sd__trace0000__bolae_noabandon", "4G__report_tram_0007__bolae", "3G__report.2010-09-14_1415CEST__throughput",
      "3G__report.2010-09-13_1003CEST__dynamic", "4G__report_foot_0004__dynamic_left",
      "3G__report.2011-01-29_1800CET__bola",
    ])
  func requests(name: String) throws {
    let parts = name.split(separator: "__").map(String.init)
    let session = try #require(
      try ReferenceFolder.rows("abr/sabre/expected/sessions.csv").first {
        $0["class"] == parts[0] && $0["trace"] == parts[1] && $0["config"] == parts[2]
      })
    let expected = try ReferenceFolder.rows("abr/sabre/expected/downloads/\(name).csv")
    let log = try play(session, keepsLog: true).log
    #expect(log.count == expected.count)
    for (request, row) in zip(log, expected) {
      for (column, text) in zip(SabreRequest.columns, request.fields) {
        #expect(Double(text) == Double(row[column] ?? "?"), "\(column) of segment \(request.segment)")
      }
    }
  }
}
