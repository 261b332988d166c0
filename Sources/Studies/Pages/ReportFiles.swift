// A page and its charts on the disk.

import Reporting

/// Writes a page as report.html and its charts as files of their own.
enum ReportFiles {
  /// A chart with the name of its file, without `.svg`.
  struct NamedChart {
    var name: String
    var chart: any Chart
  }

  /// Folder of the charts.
  static let chartFolder = "charts"

  /// Writes the charts, then the page that links to them; charts of an earlier page that this one lacks are removed.
  static func write(_ page: ReportPage, _ charts: [NamedChart], to directory: OutputDirectory) throws {
    let names = charts.map { "\($0.name).svg" }
    try directory.makeFolder(chartFolder)
    for name in directory.files(in: chartFolder) where name.hasSuffix(".svg") && !names.contains(name) {
      try directory.remove("\(chartFolder)/\(name)")
    }
    for (name, chart) in zip(names, charts) { try directory.write(chart.chart.svg(), to: "\(chartFolder)/\(name)") }
    try directory.write(page.html, to: "report.html")
  }
}
