import CSQLite
import Foundation
import Testing

@Suite("Results in SQLite")
struct DatabaseTests {
  private let smoke = Tool.path("scenarios/smoke.json")

  /// Rows of a query as text, `NULL` as nothing.
  private func rows(_ sql: String, in file: String) throws -> [[String]] {
    var connection: OpaquePointer?
    #expect(sqlite3_open_v2(file, &connection, SQLITE_OPEN_READONLY, nil) == SQLITE_OK)
    defer { sqlite3_close_v2(connection) }
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK else {
      Issue.record("\(String(cString: sqlite3_errmsg(connection))): \(sql)")
      return []
    }
    defer { sqlite3_finalize(statement) }
    var rows: [[String]] = []
    while sqlite3_step(statement) == SQLITE_ROW {
      rows.append(
        (0..<sqlite3_column_count(statement)).map { column in
          sqlite3_column_text(statement, column).map { String(cString: $0) } ?? ""
        })
    }
    return rows
  }

  @Test("every query of docs/results.md finds something in a database of two runs")
  func queries() throws {
    let scratch = try Scratch()
    let folder = "\(scratch.path)/a"
    for extra in [["--replications", "2"], ["--set", "player.abr=throughput"]] {
      let listing = ["--set", "player.cmcd_sample=0.2"]
      let result = try Tool.call([smoke, "--until", "12min", "--sqlite", "--quiet", "--out", folder] + listing + extra)
      #expect(result.status == 0, "\(result.errors)")
    }
    let database = "\(folder)/results.sqlite"
    let page = try String(contentsOfFile: Tool.path("docs/results.md"), encoding: .utf8)
    let queries = page.matches(of: #/```sql\n([^`]+)```/#).map { String($0.1) }
    #expect(queries.count == 11)
    for query in queries { #expect(try !rows(query, in: database).isEmpty, "\(query)") }
    #expect(try rows(queries[0], in: database).count == 2)
    #expect(try rows(queries[3], in: database) == [["player.abr", "bola", "throughput"]])
  }

  @Test("the database holds what the files hold, and a later run leaves it as it was")
  func sameAsFiles() throws {
    let scratch = try Scratch()
    let folder = "\(scratch.path)/a"
    func run(_ seed: String) throws {
      #expect(
        try Tool.call(smoke, "--until", "6min", "--seed", seed, "--sqlite", "--quiet", "--out", folder).status == 0)
    }
    try run("1")
    let database = "\(folder)/results.sqlite"
    for (file, table) in [("summary.csv", "metric"), ("timeseries.csv", "series"), ("sessions.csv", "session")] {
      let lines = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8).split(separator: "\n").count - 1
      #expect(try rows("SELECT count(*) FROM \(table)", in: database) == [["\(lines)"]])
    }
    let before = try rows("SELECT * FROM metric WHERE run = 1", in: database)
    try run("2")
    #expect(try rows("SELECT * FROM metric WHERE run = 1", in: database) == before)
    #expect(try rows("SELECT seed FROM run ORDER BY id", in: database) == [["1"], ["2"]])
  }
}
