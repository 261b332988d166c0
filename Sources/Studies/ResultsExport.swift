// From the files of a results folder into SQLite: the tables that people query are the tables that people open.

import Reporting
import TextFormats

/// Appends a run to a database of results.
struct ResultsExport {
  /// Name of the database in a results folder.
  static let fileName = "results.sqlite"

  let folder: OutputDirectory
  let manifest: RunManifest

  /// Appends the files of the folder as one run; earlier runs stay.
  ///
  /// The table `event` gets what the scenario lets happen, and every row of `*_events.csv`.
  func append(toDatabase path: String) throws {
    try ResultsDatabase(path).append(manifest) { rows in
      for (file, table) in [
        ("summary.csv", RunRows.TableName.metric), ("timeseries.csv", .series), ("sessions.csv", .session),
        ("cmcd.csv", .request),
      ] where folder.contains(file) { try copy(file, to: table, rows) }
      try rows.append(scenarioEvents, to: .event)
      for file in folder.files(in: ".") where file.hasSuffix("_events.csv") { try copy(file, to: .event, rows) }
    }
  }

  private var scenarioEvents: Table {
    var table = Table(["t_s", "end_s", "component", "event"], text: ["component", "event"])
    for span in ScenarioTimeline(scenario: manifest.scenario).spans {
      table.append([
        .number(span.range.lowerBound), .number(span.range.upperBound), .text("scenario"), .text(span.name),
      ])
    }
    return table
  }

  private func copy(_ file: String, to table: RunRows.TableName, _ rows: RunRows) throws {
    var reader = try CSVReader(file: folder.path(of: file))
    guard let columns = try reader.next()?.texts else { return }
    let insert = try rows.inserter(into: table, columns: columns)
    while let row = try reader.next() {
      guard row.count == columns.count else {
        throw InputError(
          InputPlace(source: reader.source, line: row.line), "the row has \(row.count) fields, not \(columns.count)")
      }
      try insert(columns.indices.map { Self.textColumns.contains(columns[$0]) ? .text(row[$0]) : Self.cell(row[$0]) })
    }
  }

  /// Columns that are text even where they are empty or look like numbers.
  private static let textColumns = ["configuration", "seed", "component", "entity", "metric", "unit"]

  /// Numbers become numbers, so that SQL can calculate with them.
  private static func cell(_ text: String) -> Table.Cell {
    if text.isEmpty { return .empty }
    if let integer = Int64(text) { return .integer(integer) }
    if let number = Double(text), number.isFinite { return .number(number) }
    return .text(text)
  }
}
