// What a report shows, as data: sections, their figures, and for each figure the metrics that it draws. A figure appears
// where the run has rows for it, so a new component needs lines in ReportSections.swift and nothing else.

/// A name or names: alternatives between `|`, each with `*` for any run of characters.
struct NamePattern: ExpressibleByStringLiteral, Sendable {
  private let alternatives: [[String]]

  init(stringLiteral text: String) {
    alternatives = text.split(separator: "|").map { alternative in
      alternative.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
    }
  }

  /// The pattern that only one name fits.
  init(exactly name: String) { alternatives = [[name]] }

  /// Whether a name fits.
  func matches(_ name: String) -> Bool { alternatives.contains { Self.matches(name, $0) } }

  /// Literal parts must follow each other, the first at the beginning and the last at the end.
  private static func matches(_ name: String, _ parts: [String]) -> Bool {
    guard let first = parts.first, let last = parts.last else { return false }
    if parts.count == 1 { return name == first }
    guard name.hasPrefix(first) else { return false }
    var rest = name.dropFirst(first.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let found = rest.firstRange(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return rest.hasSuffix(last)
  }
}

/// Metrics that a figure draws, and what they are called in its legend.
struct MetricSelection: Sendable {
  /// Components.
  var component: NamePattern
  /// Metrics.
  var metric: NamePattern
  /// Entities.
  var entity: NamePattern
  /// The name in the legend; `{component}`, `{entity}` and `{metric}` stand for those of the row, `{one}` for the entity
  /// without its kind: `tv` for `device-tv`.
  var name: String

  init(_ component: NamePattern, _ metric: NamePattern, entity: NamePattern = "all", as name: String = "{metric}") {
    self.component = component
    self.metric = metric
    self.entity = entity
    self.name = name
  }

  /// The selection of one row.
  init(exactly key: ResultFolder.Key) {
    component = NamePattern(exactly: key.component)
    metric = NamePattern(exactly: key.metric)
    entity = NamePattern(exactly: key.entity)
    name = "{metric}"
  }

  /// Whether a row is meant.
  func matches(_ key: ResultFolder.Key) -> Bool {
    entity.matches(key.entity) && component.matches(key.component) && metric.matches(key.metric)
  }

  /// The name of a row in the legend.
  func label(_ key: ResultFolder.Key, unit: String) -> String {
    let one = key.entity.firstIndex(of: "-").map { String(key.entity[key.entity.index(after: $0)...]) } ?? key.entity
    return name.replacing("{component}", with: key.component.replacing("_", with: " "))
      .replacing("{entity}", with: key.entity.replacing("_", with: " "))
      .replacing("{one}", with: one.replacing("_", with: " "))
      .replacing("{metric}", with: MetricText(key.metric, unit: unit).name)
  }
}

/// A figure: how metrics are drawn.
struct FigureLayout: Sendable {
  /// The form of a figure.
  enum Form: Sendable {
    /// A line a row, over time.
    case lines
    /// One line a row as long as they are few, else their median with the band from the least to the most.
    case spread
    /// Areas on each other, over time.
    case areas
    /// A bar a row, from summary.csv.
    case bars
    /// A group of bars a component (or entity), a colour a metric, from summary.csv.
    case groupedBars
    /// Misses of each tier by cause, from cdn.csv.
    case missCauses
  }

  /// Name of the file under `charts/`, without `.svg`.
  var file: String
  /// The title, which says what is shown.
  var title: String
  /// Title of the vertical axis; its unit is that of the rows.
  var axis: String
  /// The form.
  var form: Form
  /// The rows.
  var rows: [MetricSelection]
  /// A remark below the figure.
  var remark: String
  /// What the categories of bars are.
  var categories: String
  /// What is counted, for rows without a unit of their own.
  var counted: String
  /// Whether the vertical axis starts at zero.
  var includesZero: Bool
  /// Whether values of very different size share the figure: then on a logarithmic axis, or as a table.
  var spansDecades = false

  init(
    _ file: String, _ title: String, axis: String, of counted: String = "", by categories: String = "",
    form: Form = .lines,
    _ rows: [MetricSelection] = [], remark: String = "", includesZero: Bool = true
  ) {
    self.counted = counted
    self.categories = categories
    self.file = file
    self.title = title
    self.axis = axis
    self.form = form
    self.rows = rows
    self.remark = remark
    self.includesZero = includesZero
  }
}

extension FigureLayout {
  /// The same figure for values of very different size.
  var spanningDecades: FigureLayout {
    var copy = self
    copy.spansDecades = true
    return copy
  }
}

/// Rows of a table of events that a section marks on its time axes.
struct EventMarks: Sendable {
  /// The table.
  var file: String
  /// Its column of simulated time in seconds.
  var time: String
  /// Its column that says where something happened.
  var place: String
  /// Events that are marked, and what they are called; all under their own names if empty.
  var names: [(event: String, name: String)] = []
}

/// A section: figures, and the components whose totals its table lists.
struct SectionLayout: Sendable {
  /// Its heading.
  var title: String
  /// One sentence that tells how to read it; shown if the section is.
  var introduction: String
  /// The figures.
  var figures: [FigureLayout]
  /// Components whose rows of summary.csv are listed behind a line that opens them.
  var tableComponents: NamePattern
  /// Tables of the folder that belong to the section.
  var files: [String]
  /// Events that are marked beside those of the scenario.
  var marks: EventMarks?

  init(
    _ title: String, _ introduction: String = "", tables tableComponents: NamePattern, files: [String] = [],
    marks: EventMarks? = nil, _ figures: [FigureLayout]
  ) {
    self.marks = marks
    self.title = title
    self.introduction = introduction
    self.figures = figures
    self.tableComponents = tableComponents
    self.files = files
  }
}
