public import Platform
public import Reporting
import SimEngine
import TextFormats

/// The back of the envelope of a scenario, beside what a run of it found.
public struct ExplainStudy {
  /// A row of the explanation with the simulated value, if there is one.
  public struct Line: Sendable {
    /// The estimate.
    public let row: ExplanationRow
    /// The simulated value for the whole platform.
    public let simulated: Double?

    /// Simulated over estimated.
    public var ratio: Double? { simulated.map { $0 / row.value } }
  }

  /// The lines, from users to hardware.
  public let lines: [Line]

  /// Explains a scenario, beside the results in a folder if one is given.
  ///
  /// Values of several replications are averaged.
  ///
  /// - Throws: `FileError` or `InputError` where the folder holds no readable summary.csv.
  public init(_ file: ScenarioFile, against folder: String?) throws {
    let rows = Explanation(scenario: file.scenario, pattern: file.pattern).rows
    guard let folder else {
      lines = rows.map { Line(row: $0, simulated: nil) }
      return
    }
    let summary = try Summary(path: folder + "/summary.csv")
    let keptShare = PlatformScale(scenario: file.scenario).keptShare
    let observed = (file.scenario.duration - file.scenario.warmup).seconds
    lines = rows.map { row in
      let simulated = row.source?.simulated(
        keptShare: summary.value("engine", "all", "kept_share") ?? keptShare, observedSeconds: observed,
        value: summary.value)
      return Line(row: row, simulated: simulated)
    }
  }

  /// As a table: with `simulated` and `ratio` where a run was given.
  public func table(withRun: Bool) -> Table {
    var columns = ["quantity", "estimate"]
    if withRun { columns += ["simulated", "ratio"] }
    var table = Table(columns + ["unit", "formula", "may_differ_because"], text: Self.texts)
    for line in lines {
      var cells: [Table.Cell] = [.text(line.row.quantity), .number(line.row.value)]
      if withRun {
        cells.append(line.simulated.map { .number($0) } ?? .empty)
        cells.append(line.ratio.map { .number($0) } ?? .empty)
      }
      cells.append(.text(line.row.unit))
      cells.append(.text(line.row.formula))
      cells.append(.text(line.row.caution))
      table.append(cells)
    }
    return table
  }

  private static let texts = ["quantity", "unit", "formula", "may_differ_because"]
}

/// The values of a summary.csv, each averaged over the runs in it.
private struct Summary {
  private var values: [String: (sum: Double, count: Int)] = [:]

  init(path: String) throws {
    var reader = try CSVReader(file: path)
    let columns = try reader.header(["component", "entity", "metric", "value"])
    while let row = try reader.next() {
      // Where nothing was observed the field is empty.
      guard let value = Double(row[columns[3]]) else { continue }
      let key = Self.key(row[columns[0]], row[columns[1]], row[columns[2]])
      values[key, default: (0, 0)].sum += value
      values[key, default: (0, 0)].count += 1
    }
  }

  func value(_ component: String, _ entity: String, _ metric: String) -> Double? {
    values[Self.key(component, entity, metric)].map { $0.sum / Double($0.count) }
  }

  private static func key(_ component: String, _ entity: String, _ metric: String) -> String {
    "\(component)\n\(entity)\n\(metric)"
  }
}
