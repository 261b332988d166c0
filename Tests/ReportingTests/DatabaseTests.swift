import CSQLite
import TextFormats
import Testing

@testable import Reporting

@Suite("Database") struct DatabaseTests {
  private func manifest(seed: UInt64) -> RunManifest {
    RunManifest(
      toolVersion: "1", gitRevision: "abc", arguments: ["run", "x"], scenarioName: "peak",
      scenario: ["name": "peak", "cdn": ["edge": ["sites": 3, "on": true]], "regions": ["a", "b"]], seed: seed,
      seedScheme: "1", replications: 1, digest: 1, eventCount: 2, status: .complete,
      machine: ProcessMeasure(since: ProcessMeasure.start()))
  }

  private func texts(_ path: String, _ sql: String) throws -> [String] {
    try ResultsStatement(ResultsDatabase(path), sql).firstTexts()
  }

  @Test("runs append, with their parameters, and new columns join the old rows")
  func append() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/results.sqlite"
    for seed in [1, UInt64.max] {
      let run = try ResultsDatabase(path).append(manifest(seed: seed)) { rows in
        var metrics = Table(
          ["scenario", "configuration", "replication", "seed", "component", "entity", "metric", "unit", "value"],
          text: ["scenario", "configuration", "component", "entity", "metric", "unit"])
        metrics.append(["peak", "lru", 0, 1, "cdn", "edge-1", "hit_ratio", "1", 0.25])
        metrics.append(["peak", "lru", 0, 1, "cdn", "it's", "none", "1", .number(.nan)])
        try rows.append(metrics, to: .metric)
        let insert = try rows.inserter(
          into: .session, columns: seed == 1 ? ["session", "startup_ms"] : ["session", "stalls"])
        for session in 0..<100 { try insert([.integer(Int64(session)), 2.5]) }
      }
      #expect(run == (seed == 1 ? 1 : 2))
    }
    #expect(try texts(path, "SELECT seed FROM run ORDER BY id") == ["1", "18446744073709551615"])
    #expect(
      try texts(path, "SELECT path || '=' || value FROM parameter WHERE run = 2 ORDER BY path")
        == ["cdn.edge.on=1", "cdn.edge.sites=3", "name=peak", "regions[0]=a", "regions[1]=b"])
    #expect(try texts(path, "SELECT count(*) FROM metric WHERE value IS NULL") == ["2"])
    #expect(try texts(path, "SELECT count(*) FROM session WHERE stalls IS NULL AND startup_ms = 2.5") == ["100"])
    #expect(folder.names == ["results.sqlite"])
  }

  @Test("a run that fails half way leaves the database as it was")
  func rollback() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/results.sqlite"
    #expect(throws: Interrupted.self) {
      try ResultsDatabase(path).append(manifest(seed: 1)) { rows in
        try rows.inserter(into: .event, columns: ["t_s"])([1.5])
        throw Interrupted()
      }
    }
    #expect(try texts(path, "SELECT count(*) FROM run") == ["0"])
    #expect(try texts(path, "SELECT count(*) FROM event") == ["0"])
  }

  @Test("what is no database, or of a newer version, is refused")
  func refused() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/x"
    try AtomicFile.write(String(repeating: "no database ", count: 100), to: path)
    #expect(throws: FileError(.write, path: path, reason: "file is not a database")) { try ResultsDatabase(path) }
    #expect(throws: FileError.self) { try ResultsDatabase("\(folder.path)/missing/y") }
    let newer = "\(folder.path)/newer"
    try ResultsDatabase(newer).execute("PRAGMA user_version = 9")
    #expect(throws: FileError.self) { try ResultsDatabase(newer) }
  }
}
