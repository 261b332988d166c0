import Glibc
import TextFormats
import Testing

@testable import Reporting

@Suite("Tables") struct TableTests {
  private var sample: Table {
    var table = Table(["policy", "miss_ratio", "hits"], text: ["policy"])
    table.append(["lru", .number(1.0 / 3), 12])
    table.append(["hot, \"new\"", 25.0, .empty])
    return table
  }

  @Test("a table is aligned on a terminal")
  func aligned() {
    #expect(
      sample.text(.table) == """
        policy      miss_ratio  hits
        ----------  ----------  ----
        lru            0.33333    12
        hot, "new"          25

        """)
  }

  @Test("a table is exact in CSV and JSON")
  func exact() {
    #expect(sample.csv == "policy,miss_ratio,hits\nlru,0.3333333333333333,12\n\"hot, \"\"new\"\"\",25,\n")
    #expect(
      sample.json.text()
        == #"[{"policy":"lru","miss_ratio":0.3333333333333333,"hits":12},{"policy":"hot, \"new\"","miss_ratio":25,"hits":null}]"#
    )
  }

  @Test("streamed CSV reads back as it was written")
  func streamed() throws {
    let folder = try TemporaryFolder()
    let csv = try CSVWriter(file: AtomicFile("\(folder.path)/t.csv"), columns: ["a", "b", "c"])
    for index in 0..<50_000 {
      csv.append(index)
      csv.append(Double(index) / 7)
      if index % 3 == 0 { csv.append("x,\n\"\(index)\"") } else { csv.appendEmpty() }
      try csv.endRow()
    }
    try csv.commit()
    var reader = try CSVReader(file: "\(folder.path)/t.csv")
    let columns = try reader.header(["c", "a", "b"])
    var count = 0
    while let row = try reader.next() {
      #expect(try row.integer(columns[1]) == Int64(count))
      #expect(try row.double(columns[2]) == Double(count) / 7)
      #expect(row[columns[0]] == (count % 3 == 0 ? "x,\n\"\(count)\"" : ""))
      count += 1
    }
    #expect(count == 50_000)
    #expect(csv.rowCount == count)
  }

  @Test(
    "numbers for people have few digits",
    arguments: [
      (0.0, "0"), (1.0, "1"), (0.1 + 0.2, "0.3"), (123456.789, "123460"), (1e20, "1e+20"),
      (0.000012345678, "1.2346e-05"),
      (-2.5, "-2.5"), (99999.5, "100000"), (1234.5678, "1234.6"), (.infinity, "inf"),
    ])
  func display(number: Double, expected: String) { #expect(DisplayNumber.significant(number) == expected) }

  @Test("the progress line tells share, speed and time left")
  func progress() {
    #expect(
      ProgressLine.text(title: "peak", fraction: 0.25, events: 3_000_000, elapsedSeconds: 10)
        == "peak  25%  300k events/s  30s left")
    #expect(ProgressLine.text(title: "p", fraction: 0, events: 0, elapsedSeconds: 0) == "p  0%")
  }
}

@Suite("Run") struct RunTests {
  @Test("run.json names scenario, seed and digest, and keeps the machine apart")
  func manifest() throws {
    let start = ProcessMeasure.start()
    let scenario: JSONValue = ["name": "peak"]
    let manifest = RunManifest(
      toolVersion: "1.0", gitRevision: "abc", arguments: ["run", "peak.json"], scenarioName: "peak",
      scenario: scenario, seed: .max, seedScheme: "1", replications: 1, digest: 0xAB, eventCount: 7, status: .complete,
      machine: ProcessMeasure(since: start))
    let json = try JSONText(parsing: manifest.text, source: "run.json").root
    #expect(json["digest"]?.value == "00000000000000ab")
    #expect(json["seed"]?.value == "18446744073709551615")
    #expect(json["scenario_sha256"]?.value == .text(SHA256.hexadecimal(of: #"{"name":"peak"}"#)))
    #expect(json["machine"]?["started_at"]?.kindPhrase.hasSuffix("Z'") == true)
    #expect(manifest.machine.peakMemoryBytes > 1 << 20)
  }

  @Test("a signal raises the flag that loops poll")
  func interruption() {
    Interruption.install()
    #expect(!Interruption.requested)
    // To the process: the thread of a test blocks signals.
    kill(getpid(), SIGTERM)
    for _ in 0..<1000 where !Interruption.requested { usleep(1000) }
    #expect(Interruption.requested)
    #expect(throws: Interrupted.self) { try Interruption.check() }
    Interruption.install()
    #expect(!Interruption.requested)
  }
}
