// Small tables: printed aligned on a terminal, as CSV in a pipe, or as JSON.

import Glibc
public import TextFormats

/// How a table is printed.
public enum TableFormat: String, CaseIterable, Sendable {
  /// Aligned columns for people.
  case table
  /// RFC 4180.
  case csv
  /// An array of objects.
  case json

  /// Aligned on a terminal, CSV in a pipe.
  public static var forStandardOutput: TableFormat { isatty(STDOUT_FILENO) == 1 ? .table : .csv }
}

/// A table with typed columns.
public struct Table: Sendable, Equatable {
  /// What a column holds; it decides the alignment.
  public enum Kind: Sendable {
    /// Text, aligned to the left.
    case text
    /// Numbers, aligned to the right.
    case number
  }

  /// A column: its name carries the unit (`startup_p95_ms`).
  public struct Column: Sendable, Equatable {
    /// The name in the header row.
    public var name: String
    /// What it holds.
    public var kind: Kind

    /// A column.
    public init(_ name: String, _ kind: Kind = .number) {
      self.name = name
      self.kind = kind
    }
  }

  /// One field.
  public enum Cell: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral
  {
    /// Nothing known: an empty field, `null` in JSON.
    case empty
    /// Text.
    case text(String)
    /// A whole number.
    case integer(Int64)
    /// A number.
    case number(Double)

    /// Text.
    public init(stringLiteral value: String) { self = .text(value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .number(value) }

    /// The field in CSV, before quoting.
    var plainText: String {
      switch self {
      case .empty: ""
      case .text(let text): text
      case .integer(let integer): "\(integer)"
      case .number(let number): NumberText.shortest(number)
      }
    }

    /// The field for people: numbers rounded to five digits.
    public var displayText: String {
      if case .number(let number) = self { return DisplayNumber.significant(number) }
      return plainText
    }

    var json: JSONValue {
      switch self {
      case .empty: .null
      case .text(let text): .text(text)
      case .integer(let integer): .integer(integer)
      case .number(let number): .number(number)
      }
    }
  }

  /// The columns.
  public var columns: [Column]
  /// The rows, each with one cell a column.
  public private(set) var rows: [[Cell]] = []

  /// A table without rows.
  public init(_ columns: [Column]) { self.columns = columns }

  /// A table of numeric columns except for the text columns named.
  public init(_ names: [String], text: [String] = []) {
    columns = names.map { Column($0, text.contains($0) ? .text : .number) }
  }

  /// Adds a row.
  /// - Precondition: It has one cell a column.
  public mutating func append(_ row: [Cell]) {
    precondition(row.count == columns.count, "a row of \(row.count) cells in a table of \(columns.count) columns")
    rows.append(row)
  }

  /// The table as text.
  public func text(_ format: TableFormat) -> String {
    switch format {
    case .table: aligned
    case .csv: csv
    case .json: json.text(indented: true) + "\n"
    }
  }

  /// The table as CSV.
  public var csv: String {
    var bytes = CSVText.row(columns.map(\.name))
    for row in rows { bytes += CSVText.row(row.map(\.plainText)) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The table as an array of objects.
  public var json: JSONValue {
    .array(
      rows.map { row in .object(zip(columns, row).map { JSONValue.Member($0.name, $1.json) }) })
  }

  private var aligned: String {
    let cells = rows.map { $0.map(\.displayText) }
    let widths = columns.indices.map { index in
      cells.reduce(columns[index].name.count) { max($0, $1[index].count) }
    }
    func line(_ fields: [String]) -> String {
      var text = ""
      for (index, field) in fields.enumerated() {
        let padding = String(repeating: " ", count: widths[index] - field.count)
        text += index == 0 ? "" : "  "
        text += columns[index].kind == .text ? field + padding : padding + field
      }
      while text.last == " " { text.removeLast() }
      return text + "\n"
    }
    let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ") + "\n"
    return line(columns.map(\.name)) + rule + cells.map(line).joined()
  }
}
