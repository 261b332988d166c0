// The rows of one table in memory, so that tables of several runs can be put together.

import TextFormats

/// Rows of CSV without a header: bytes, and where each row ends.
///
/// ```swift
/// var rows = CSVRows(columns: ["session", "startup_ms"])
/// rows.append(7); rows.append(231.5); rows.endRow()
/// ```
public struct CSVRows: Sendable, Equatable {
  /// Names of the columns.
  public let columns: [String]
  /// The rows, each with its line feed.
  public private(set) var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var fieldCount = 0

  /// No rows yet.
  public init(columns: [String]) { self.columns = columns }

  /// Rows.
  public var count: Int { ends.count }

  /// The bytes of a row, its line feed included.
  public subscript(index: Int) -> ArraySlice<UInt8> { bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

  /// Appends a text field.
  public mutating func append(_ text: String) {
    separate()
    CSVText.append(text, to: &bytes)
  }

  /// Appends a number, or an empty field where nothing is known or the number is not finite.
  public mutating func append(known number: Double?) {
    separate()
    if let number, number.isFinite { CSVText.append(number, to: &bytes) }
  }

  /// Appends a whole number.
  public mutating func append(_ integer: some BinaryInteger) {
    separate()
    CSVText.append(Int64(clamping: integer), to: &bytes)
  }

  /// Ends the row.
  /// - Precondition: It has one field a column.
  public mutating func endRow() {
    precondition(fieldCount == columns.count, "a row of \(fieldCount) fields in a table of \(columns.count) columns")
    bytes.append(0x0A)
    ends.append(bytes.count)
    fieldCount = 0
  }

  /// Appends a row as it is written, with its line feed.
  public mutating func append(row: ArraySlice<UInt8>) {
    precondition(fieldCount == 0 && row.last == 0x0A, "whole rows follow whole rows")
    bytes.append(contentsOf: row)
    ends.append(bytes.count)
  }

  private mutating func separate() {
    if fieldCount > 0 { bytes.append(0x2C) }
    fieldCount += 1
  }
}
