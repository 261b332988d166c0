// A folder of results read back: pages, baselines and collected sweeps start from the files that users have, so they
// can be made again at any time.

import Glibc
public import Reporting
public import TextFormats

/// The tables of a results folder: run.json, summary.csv and timeseries.csv.
public struct ResultFolder: Sendable {
  /// What a row measures.
  public struct Key: Hashable, Sendable {
    /// Part of the platform.
    public var component: String
    /// Which one of its kind, `all` for their total.
    public var entity: String
    /// Name of the metric.
    public var metric: String
  }

  /// One run: a replication of a configuration.
  public struct Run: Hashable, Sendable {
    /// `base`, or the varied values.
    public var configuration: String
    /// Number of the replication, from 0.
    public var replication: String
  }

  /// One metric of summary.csv.
  public struct Figure: Sendable {
    /// What it measures.
    public var key: Key
    /// Its unit; empty for ratios and counts.
    public var unit: String
    /// One value a run, NaN where the run has none.
    public var values: [Double]
  }

  /// One metric of timeseries.csv.
  public struct Series: Sendable {
    /// What it measures.
    public var key: Key
    /// Its unit; empty for ratios and counts.
    public var unit: String
    /// The points of each run, by time.
    public var points: [[ChartPoint]]
  }

  /// The folder.
  public let path: String
  /// The runs, in the order of the files.
  public let runs: [Run]
  /// The metrics of summary.csv, in the order of the file.
  public let summary: [Figure]
  /// The metrics of timeseries.csv, in the order of the file; empty where there is no such file.
  public let series: [Series]
  /// run.json; `nil` where there is none, as after a comparison.
  public let manifest: JSONValue?
  private let summaryIndex: [Key: Int]
  private let seriesIndex: [Key: Int]

  /// Reads a folder.
  ///
  /// - Throws: `FileError` when summary.csv is missing, `InputError` for a file that is none of ours.
  public init(_ path: String) throws {
    self.path = path
    var runs = RunList()
    let keyColumns = ["configuration", "replication", "component", "entity", "metric", "unit"]

    var summary: [Figure] = []
    var summaryIndex: [Key: Int] = [:]
    try Self.read("\(path)/summary.csv", keyColumns + ["value"]) { row, columns in
      let run = runs.index(row[columns[0]], row[columns[1]])
      let key = Key(component: row[columns[2]], entity: row[columns[3]], metric: row[columns[4]])
      let place = summaryIndex[key] ?? summary.count
      if place == summary.count {
        summaryIndex[key] = place
        summary.append(Figure(key: key, unit: row[columns[5]], values: []))
      }
      let missing = run + 1 - summary[place].values.count
      if missing > 0 { summary[place].values += [Double](repeating: .nan, count: missing) }
      summary[place].values[run] = try Self.number(row, columns[6])
    }

    var series: [Series] = []
    var seriesIndex: [Key: Int] = [:]
    if Self.exists("\(path)/timeseries.csv") {
      try Self.read("\(path)/timeseries.csv", keyColumns + ["value", "t_s"]) { row, columns in
        let run = runs.index(row[columns[0]], row[columns[1]])
        let key = Key(component: row[columns[2]], entity: row[columns[3]], metric: row[columns[4]])
        let place = seriesIndex[key] ?? series.count
        if place == series.count {
          seriesIndex[key] = place
          series.append(Series(key: key, unit: row[columns[5]], points: []))
        }
        while series[place].points.count <= run { series[place].points.append([]) }
        let time = try Self.number(row, columns[7])
        series[place].points[run].append(ChartPoint(time, try Self.number(row, columns[6])))
      }
    }
    let count = runs.all.count
    for place in summary.indices {
      let missing = count - summary[place].values.count
      summary[place].values += [Double](repeating: .nan, count: missing)
    }
    for place in series.indices {
      let missing = count - series[place].points.count
      series[place].points += [[ChartPoint]](repeating: [], count: missing)
    }
    self.runs = runs.all
    self.summary = summary
    self.series = series
    self.summaryIndex = summaryIndex
    self.seriesIndex = seriesIndex
    manifest =
      Self.exists("\(path)/run.json") ? try JSONText(readingFile: "\(path)/run.json").root.value : nil
  }

  /// The configurations, in the order of the files.
  public var configurations: [String] {
    var names: [String] = []
    for run in runs where !names.contains(run.configuration) { names.append(run.configuration) }
    return names
  }

  /// Indices of the runs of a configuration.
  public func runs(of configuration: String) -> [Int] {
    runs.indices.filter { runs[$0].configuration == configuration }
  }

  /// A metric of summary.csv.
  public func figure(_ component: String, _ metric: String, entity: String = "all") -> Figure? {
    summaryIndex[Key(component: component, entity: entity, metric: metric)].map { summary[$0] }
  }

  /// A metric of timeseries.csv.
  public func timeSeries(_ component: String, _ metric: String, entity: String = "all") -> Series? {
    seriesIndex[Key(component: component, entity: entity, metric: metric)].map { series[$0] }
  }

  /// Any table of the folder as text, its header first; `nil` where there is no such file.
  public func table(_ name: String) throws -> (columns: [String], rows: [[String]])? {
    guard Self.exists("\(path)/\(name)") else { return nil }
    var reader = try CSVReader(file: "\(path)/\(name)")
    guard let header = try reader.next()?.texts else { return nil }
    var rows: [[String]] = []
    while let row = try reader.next() {
      guard row.count == header.count else {
        throw InputError(
          InputPlace(source: "\(path)/\(name)", line: row.line),
          "the row has \(row.count) fields, the header \(header.count)")
      }
      rows.append(row.texts)
    }
    return (header, rows)
  }

  /// Whether the folder has a file.
  public func contains(_ name: String) -> Bool { Self.exists("\(path)/\(name)") }

  private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  private static func read(
    _ path: String, _ names: [String], row: (CSVRow, [Int]) throws -> Void
  ) throws {
    var reader = try CSVReader(file: path)
    let columns = try reader.header(names)
    let widest = columns.max() ?? 0
    while let next = try reader.next() {
      guard next.count > widest else {
        throw InputError(InputPlace(source: path, line: next.line), "the row has only \(next.count) fields")
      }
      try row(next, columns)
    }
  }

  /// A number; an empty field says that nothing is known.
  private static func number(_ row: CSVRow, _ column: Int) throws -> Double {
    row[column].isEmpty ? .nan : try row.double(column)
  }
}

/// Runs in the order in which they are first met; neighbouring rows mostly belong to the same one.
private struct RunList {
  private(set) var all: [ResultFolder.Run] = []
  private var places: [ResultFolder.Run: Int] = [:]

  mutating func index(_ configuration: String, _ replication: String) -> Int {
    let run = ResultFolder.Run(configuration: configuration, replication: replication)
    if let place = places[run] { return place }
    places[run] = all.count
    all.append(run)
    return all.count - 1
  }
}
