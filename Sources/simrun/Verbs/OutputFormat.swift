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
}
