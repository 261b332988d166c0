import Arguments
import Reporting
import Studies

/// `simrun report DIR`: the page of a results folder, made again from its files.
enum ReportVerb {
  static let verb = Verb(
    "report", "Make the page of a results folder again, from its files.",
    discussion: """
      Reads run.json, summary.csv, timeseries.csv and cdn.csv of a run and writes report.html and charts/*.svg beside \
      them. Nothing is simulated.
      """,
    operands: [Operand("DIR", "A folder that a run left.", completion: .folder)],
    options: [],
    examples: [Example("simrun report reports/peak", "After a newer version of simrun learned to draw more.")])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let folder = try ResultFolder(invocation.required("DIR"))
    let directory = try OutputDirectory(folder.path)
    try RunReport(folder).write(to: directory)
    print(directory.path(of: "report.html"))
    return .success
  }
}
