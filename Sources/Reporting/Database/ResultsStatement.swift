// Prepared statements of SQLite.

import CSQLite
import TextFormats

/// A prepared statement.
final class ResultsStatement {
  private let database: ResultsDatabase
  private let statement: OpaquePointer

  init(_ database: ResultsDatabase, _ sql: String) throws(FileError) {
    var prepared: OpaquePointer?
    guard sqlite3_prepare_v2(database.connection, sql, -1, &prepared, nil) == SQLITE_OK, let prepared else {
      throw database.failure()
    }
    self.database = database
    statement = prepared
  }

  deinit { sqlite3_finalize(statement) }

  /// Runs the statement once with values for its marks.
  ///
  /// Numbers that are not finite become `NULL` (NaN) or stay infinite, as SQLite has them.
  func run(_ cells: [Table.Cell]) throws(FileError) {
    sqlite3_reset(statement)
    for (index, cell) in cells.enumerated() {
      let position = Int32(index + 1)
      let code: Int32
      switch cell {
      case .empty: code = sqlite3_bind_null(statement, position)
      case .integer(let integer): code = sqlite3_bind_int64(statement, position, integer)
      case .number(let number): code = sqlite3_bind_double(statement, position, number)
      case .text(let text):
        // SQLITE_TRANSIENT: the text is copied.
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        code = sqlite3_bind_text(statement, position, text, Int32(text.utf8.count), transient)
      }
      guard code == SQLITE_OK else { throw database.failure() }
    }
    guard sqlite3_step(statement) == SQLITE_DONE else {
      let failure = database.failure()
      sqlite3_reset(statement)
      throw failure
    }
  }

  /// The first column of the first row.
  func firstInteger() throws(FileError) -> Int64? {
    defer { sqlite3_reset(statement) }
    switch sqlite3_step(statement) {
    case SQLITE_ROW: return sqlite3_column_int64(statement, 0)
    case SQLITE_DONE: return nil
    default: throw database.failure()
    }
  }

  /// The first column of every row.
  func firstTexts() throws(FileError) -> [String] {
    defer { sqlite3_reset(statement) }
    var texts: [String] = []
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW: texts.append(sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? "")
      case SQLITE_DONE: return texts
      default: throw database.failure()
      }
    }
  }
}
