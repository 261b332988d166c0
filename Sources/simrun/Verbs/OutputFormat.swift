import Arguments
import Reporting

/// The option that chooses how a table is printed, and the printing.
enum OutputFormat {
  static let option = Option.choice(
    "format", TableFormat.allCases.map(\.rawValue), short: "f",
    "How the table is printed: aligned on a terminal and CSV in a pipe by default.")

  /// Prints a table the way the command line asks for.
  static func show(_ table: Table, _ invocation: Invocation) {
    let format = invocation.text("format").flatMap(TableFormat.init(rawValue:)) ?? .forStandardOutput
    print(table.text(format), terminator: "")
  }

  /// Prints rows of text fields; numbers among them are aligned as numbers.
  static func show(columns: [String], rows: some Sequence<[String]>, _ invocation: Invocation) {
    let rows = Array(rows)
    let text = columns.indices.filter { column in
      rows.contains { !$0[column].isEmpty && Double($0[column]) == nil }
    }
    var table = Table(columns, text: text.map { columns[$0] })
    for row in rows { table.append(row.map { $0.isEmpty ? .empty : .text($0) }) }
    show(table, invocation)
  }
}
