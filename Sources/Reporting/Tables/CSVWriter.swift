// Large tables of a run: streamed to a file that appears only when it is whole.

public import TextFormats

/// Writes a CSV file row by row.
///
/// The fields of a row are appended in order; `endRow()` ends it.
///
/// ```swift
/// let csv = try CSVWriter(file: try directory.file("sessions.csv"), columns: ["session", "startup_ms"])
/// csv.append(7); csv.append(231.5); try csv.endRow()
/// try csv.commit()
/// ```
public final class CSVWriter {
  private let file: AtomicFile
  private let columnCount: Int
  private var row: [UInt8] = []
  private var fieldCount = 0
  /// Rows written, the header aside.
  public private(set) var rowCount = 0

  /// Writes the header row.
  public init(file: AtomicFile, columns: [String]) throws(FileError) {
    self.file = file
    columnCount = columns.count
    try file.write(CSVText.row(columns))
  }

  /// Appends a text field.
  public func append(_ text: String) {
    separate()
    CSVText.append(text, to: &row)
  }

  /// Appends a number, the shortest text that reads back the same; `inf`, `-inf`, `nan` for what is not finite.
  public func append(_ number: Double) {
    separate()
    CSVText.append(number, to: &row)
  }

  /// Appends a whole number.
  public func append(_ integer: some BinaryInteger) {
    separate()
    row.append(contentsOf: String(integer).utf8)
  }

  /// Appends an empty field: nothing is known.
  public func appendEmpty() { separate() }

  /// Ends the row.
  /// - Precondition: It has one field a column.
  public func endRow() throws(FileError) {
    precondition(fieldCount == columnCount, "a row of \(fieldCount) fields in a file of \(columnCount) columns")
    row.append(0x0A)
    try file.write(row)
    row.removeAll(keepingCapacity: true)
    fieldCount = 0
    rowCount += 1
  }

  /// Writes rows that stand ready, each after the fields of the row begun so far.
  /// - Precondition: Those fields and the columns of the rows make up the columns of the file.
  public func endRows(with rows: CSVRows) throws(FileError) {
    precondition(fieldCount + rows.columns.count == columnCount, "rows of other columns than the file has")
    for index in 0..<rows.count {
      try file.write(row)
      if !row.isEmpty { try file.write([0x2C]) }
      try file.write(Array(rows[index]))
    }
    row.removeAll(keepingCapacity: true)
    fieldCount = 0
    rowCount += rows.count
  }

  /// Puts the file under its name.
  public func commit() throws(FileError) { try file.commit() }

  private func separate() {
    if fieldCount > 0 { row.append(0x2C) }
    fieldCount += 1
  }
}
