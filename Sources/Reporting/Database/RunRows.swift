// The rows of one run on their way into the database.

public import TextFormats

/// Writes the rows of a run.
///
/// It is only valid inside the call that hands it out.
public struct RunRows {
  let database: ResultsDatabase
  /// The number of the run.
  public let run: Int64

  /// The tables that a run fills.
  public enum TableName: String, Sendable {
    /// What summary.csv holds.
    case metric
    /// What timeseries.csv holds.
    case series
    /// A row a session.
    case session
    /// A row a request of a sampled session.
    case request
    /// Something that happened.
    case event
  }

  /// Appends the rows of a table.
  public func append(_ table: Table, to name: TableName) throws(FileError) {
    let insert = try inserter(into: name, columns: table.columns.map(\.name))
    for row in table.rows { try insert(row) }
  }

  /// A function that appends one row, for tables too large to hold.
  ///
  /// Columns that the table does not have are added to it; earlier runs have `NULL` there.
  public func inserter(
    into name: TableName, columns: [String]
  ) throws(FileError) -> ([Table.Cell]) throws(FileError) -> Void {
    // The name of the scenario belongs to the run; it need not be repeated in every row.
    let kept = columns.indices.filter { columns[$0] != "scenario" && columns[$0] != "run" }
    let names = kept.map { columns[$0] }
    try database.addColumns(names, to: name.rawValue)
    let statement = try database.insertion(into: name.rawValue, ["run"] + names)
    let run = run
    return { row throws(FileError) in
      precondition(row.count == columns.count, "a row of \(row.count) cells for \(columns.count) columns")
      try statement.run([.integer(run)] + kept.map { row[$0] })
    }
  }
}
