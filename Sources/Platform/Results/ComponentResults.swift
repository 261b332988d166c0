import SimEngine

/// What a partition beside the sites and the origin found, as rows ready for the tables.
///
/// Such a partition knows best what its figures mean; the results only put its rows in order.
struct ComponentResults: Sendable {
  /// Rows of summary.csv: the observed time, warm-up left out.
  var summary: [MetricRow] = []
  /// Rows of timeseries.csv, by time, warm-up included.
  var timeseries: [MetricRow] = []
  /// Tables of its own.
  var tables: [ComponentTable] = []
  /// Invariants that broke, in order.
  var violations: [String] = []
}

/// A partition beside the sites and the origin.
protocol PlatformComponent: PlatformPartition {
  /// Ends the observation at the end of the run.
  func finish(at end: SimTime) -> ComponentResults
}

/// A table that one component leaves beside the common ones, for example cluster_events.csv.
public struct ComponentTable: Sendable, Equatable {
  /// Name of the file without `.csv`.
  public var name: String
  /// Names of the columns, units included.
  public var columns: [String]
  /// The rows; each has a field for every column.
  public var rows: [[Field]]

  /// A field of a row.
  public enum Field: Sendable, Equatable {
    /// Words.
    case text(String)
    /// A whole number.
    case integer(Int64)
    /// A number; nothing is written where it is not known.
    case number(Double?)
  }

  /// A table.
  public init(name: String, columns: [String], rows: [[Field]] = []) {
    self.name = name
    self.columns = columns
    self.rows = rows
  }
}
