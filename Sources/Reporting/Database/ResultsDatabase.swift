// Results in SQLite: every run appends to the same few tables, so that runs can be compared with SQL.

import CSQLite
public import TextFormats

/// A database of results.
///
/// A run appends its rows in one transaction; nothing is ever overwritten.
///
/// Tables: `run` (one row a run), `parameter` (the resolved scenario, a row a value), `metric` (what summary.csv
/// holds), `series` (what timeseries.csv holds), `session`, `request` and `event`, whose further columns are those of the
/// run that first wrote them plus whatever later runs add.
public final class ResultsDatabase {
  /// The path of the file.
  public let path: String
  let connection: OpaquePointer

  /// Version of the tables, kept in `user_version`.
  static let schemaVersion: Int64 = 2

  /// Opens a database, or makes it.
  /// - Throws: `FileError` when the file cannot be opened, is no database, or was written by a newer version.
  public init(_ path: String) throws(FileError) {
    self.path = path
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil)
    guard let opened else { throw FileError(.write, path: path, reason: "out of memory") }
    connection = opened
    guard code == SQLITE_OK else { throw failure() }
    // Runs that end at the same time wait for each other.
    sqlite3_busy_timeout(opened, 60_000)
    try prepareTables()
  }

  deinit { sqlite3_close_v2(connection) }

  /// Appends a run.
  ///
  /// - Parameters:
  ///   - manifest: What was run.
  ///   - write: Writes the rows of the run. If it throws, the database stays as it was.
  /// - Returns: The number of the run, its `id`.
  @discardableResult
  public func append(_ manifest: RunManifest, _ write: (RunRows) throws -> Void) throws -> Int64 {
    try execute("BEGIN IMMEDIATE")
    do {
      let run = try appendRun(manifest)
      try write(RunRows(database: self, run: run))
      try execute("COMMIT")
      return run
    } catch {
      // Best effort: a full disk may have rolled back already.
      try? execute("ROLLBACK")
      throw error
    }
  }

  private func prepareTables() throws(FileError) {
    try execute("BEGIN IMMEDIATE")
    let version = try ResultsStatement(self, "PRAGMA user_version").firstInteger() ?? 0
    guard version <= Self.schemaVersion else {
      try execute("ROLLBACK")
      throw FileError(.write, path: path, reason: "it was written by a newer version (tables of version \(version))")
    }
    if version < 1 { for statement in Self.schema { try execute(statement) } }
    if version < 2 { for statement in Self.requestSchema { try execute(statement) } }
    if version < Self.schemaVersion { try execute("PRAGMA user_version = \(Self.schemaVersion)") }
    try execute("COMMIT")
  }

  private static let schema = [
    """
    CREATE TABLE run (id INTEGER PRIMARY KEY, scenario TEXT NOT NULL, scenario_sha256 TEXT NOT NULL, seed TEXT NOT NULL,
      seed_scheme TEXT NOT NULL, replications INTEGER NOT NULL, digest TEXT NOT NULL, event_count INTEGER NOT NULL,
      status TEXT NOT NULL, tool_version TEXT NOT NULL, git_revision TEXT NOT NULL, argv TEXT NOT NULL,
      started_at TEXT NOT NULL, wall_s REAL NOT NULL, cpu_s REAL NOT NULL, peak_memory_bytes INTEGER NOT NULL,
      host TEXT NOT NULL)
    """,
    """
    CREATE TABLE parameter (run INTEGER NOT NULL REFERENCES run, path TEXT NOT NULL, value, PRIMARY KEY (run, path))
      WITHOUT ROWID
    """,
    """
    CREATE TABLE metric (run INTEGER NOT NULL REFERENCES run, configuration TEXT, replication INTEGER, seed TEXT,
      component TEXT NOT NULL, entity TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT NOT NULL, value REAL)
    """,
    """
    CREATE TABLE series (run INTEGER NOT NULL REFERENCES run, configuration TEXT, replication INTEGER,
      t_s REAL NOT NULL, component TEXT NOT NULL, entity TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT NOT NULL,
      value REAL)
    """,
    "CREATE TABLE session (run INTEGER NOT NULL REFERENCES run)",
    "CREATE TABLE event (run INTEGER NOT NULL REFERENCES run)",
    "CREATE INDEX metric_of_run ON metric (run, metric)", "CREATE INDEX series_of_run ON series (run, metric)",
    "CREATE INDEX session_of_run ON session (run)", "CREATE INDEX event_of_run ON event (run)",
  ]

  /// What version 2 adds.
  private static let requestSchema = [
    "CREATE TABLE request (run INTEGER NOT NULL REFERENCES run)", "CREATE INDEX request_of_run ON request (run)",
  ]

  private func appendRun(_ manifest: RunManifest) throws(FileError) -> Int64 {
    let columns = [
      "scenario", "scenario_sha256", "seed", "seed_scheme", "replications", "digest", "event_count", "status",
      "tool_version", "git_revision", "argv", "started_at", "wall_s", "cpu_s", "peak_memory_bytes", "host",
    ]
    let machine = manifest.machine
    try insertion(into: "run", columns).run([
      .text(manifest.scenarioName), .text(manifest.scenarioSHA256), .text("\(manifest.seed)"),
      .text(manifest.seedScheme), .integer(Int64(manifest.replications)),
      .text(RunManifest.text(digest: manifest.digest)), .integer(Int64(clamping: manifest.eventCount)),
      .text(manifest.status.rawValue), .text(manifest.toolVersion), .text(manifest.gitRevision),
      .text(JSONValue.array(manifest.arguments.map { .text($0) }).text()), .text(machine.startedAt),
      .number(machine.wallSeconds), .number(machine.cpuSeconds), .integer(machine.peakMemoryBytes),
      .text(machine.host),
    ])
    let run = sqlite3_last_insert_rowid(connection)
    let insertion = try insertion(into: "parameter", ["run", "path", "value"])
    try appendParameters(manifest.scenario, path: "", run, insertion)
    return run
  }

  private func appendParameters(
    _ value: JSONValue, path: String, _ run: Int64, _ insertion: ResultsStatement
  ) throws(FileError) {
    let cell: Table.Cell
    switch value {
    case .object(let members):
      for member in members {
        try appendParameters(member.value, path: path.isEmpty ? member.key : "\(path).\(member.key)", run, insertion)
      }
      return
    case .array(let items):
      for (index, item) in items.enumerated() {
        try appendParameters(item, path: "\(path)[\(index)]", run, insertion)
      }
      return
    case .null: cell = .empty
    case .flag(let flag): cell = .integer(flag ? 1 : 0)
    case .integer(let integer): cell = .integer(integer)
    case .number(let number): cell = .number(number)
    case .text(let text): cell = .text(text)
    }
    try insertion.run([.integer(run), .text(path), cell])
  }

  // MARK: Statements

  /// An INSERT for columns of a table.
  func insertion(into table: String, _ columns: [String]) throws(FileError) -> ResultsStatement {
    let names = columns.map { Self.quoted($0) }.joined(separator: ", ")
    let marks = columns.map { _ in "?" }.joined(separator: ", ")
    return try ResultsStatement(self, "INSERT INTO \(Self.quoted(table)) (\(names)) VALUES (\(marks))")
  }

  /// Adds the columns that a table does not have yet.
  func addColumns(_ columns: [String], to table: String) throws(FileError) {
    let present = try ResultsStatement(self, "SELECT name FROM pragma_table_info(\(Self.quoted(table)))").firstTexts()
    for column in columns where !present.contains(where: { $0.lowercased() == column.lowercased() }) {
      try execute("ALTER TABLE \(Self.quoted(table)) ADD COLUMN \(Self.quoted(column))")
    }
  }

  func execute(_ sql: String) throws(FileError) {
    guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else { throw failure() }
  }

  /// The last error of the connection.
  func failure() -> FileError {
    FileError(.write, path: path, reason: String(cString: sqlite3_errmsg(connection)))
  }

  private static func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }
}
