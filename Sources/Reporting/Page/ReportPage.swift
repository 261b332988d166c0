// A report as one HTML file: no script, nothing loaded from elsewhere, readable by day, by night and on paper.

/// A self-contained page of sections with text, figures and tables.
public struct ReportPage: Sendable {
  /// One thing in a section.
  public enum Item: Sendable {
    /// A paragraph of text.
    case paragraph(String)
    /// Sentences, each on a line of its own.
    case sentences([String])
    /// Figures that matter most, large, each with its meaning below.
    case keyFigures([(value: String, meaning: String)])
    /// A chart, with an optional remark below it and links to its data and to the chart as a file.
    case figure(any Chart, remark: String = "", dataFile: String? = nil, chartFile: String? = nil)
    /// A table, shown at once.
    case table(Table)
    /// A table behind a line that opens it, with an optional link to the whole of it.
    case foldedTable(String, Table, dataFile: String? = nil)
    /// Files that belong to the page, each with what it holds.
    case links([(file: String, meaning: String)])
  }

  /// A section.
  public struct Section: Sendable {
    /// Its heading.
    public var title: String
    /// What it holds.
    public var items: [Item]

    /// A section.
    public init(_ title: String, _ items: [Item]) {
      self.title = title
      self.items = items
    }
  }

  /// Title of the page.
  public var title: String
  /// A line below the title.
  public var subtitle: String
  /// What identifies the run (seed, digest, version), at the foot of the page.
  public var identity: [(name: String, value: String)]
  /// The sections.
  public var sections: [Section]

  /// Rows of a table shown on a page; the rest is in the file that it links to.
  public static let rowLimit = 200

  /// A page.
  public init(
    title: String, subtitle: String = "", identity: [(name: String, value: String)] = [], sections: [Section] = []
  ) {
    self.title = title
    self.subtitle = subtitle
    self.identity = identity
    self.sections = sections
  }

  /// The page as HTML.
  public var html: String {
    var text = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    text += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    text += "<title>\(SVGText.escaped(title))</title>\n<style>\n\(Self.style)</style>\n</head>\n<body>\n<header>\n"
    text += "<h1>\(SVGText.escaped(title))</h1>\n"
    if !subtitle.isEmpty { text += "<p class=\"subtitle\">\(SVGText.escaped(subtitle))</p>\n" }
    if sections.count > 3 {
      let links = sections.enumerated().map { "<a href=\"#section-\($0 + 1)\">\(SVGText.escaped($1.title))</a>" }
      text += "<nav>\(links.joined(separator: " "))</nav>\n"
    }
    text += "</header>\n<main>\n"
    for (index, section) in sections.enumerated() { text += Self.text(section, number: index + 1) }
    text += "</main>\n"
    if !identity.isEmpty {
      text += "<footer><dl>\n"
      for (name, value) in identity {
        text += "<div><dt>\(SVGText.escaped(name))</dt><dd>\(SVGText.escaped(value))</dd></div>\n"
      }
      text += "</dl></footer>\n"
    }
    return text + "</body>\n</html>\n"
  }

  /// A section; figures that follow each other stand side by side where there is room.
  private static func text(_ section: Section, number: Int) -> String {
    var text = "<section id=\"section-\(number)\">\n<h2>\(SVGText.escaped(section.title))</h2>\n"
    var isGridOpen = false
    for item in section.items {
      var isFigure = false
      if case .figure = item { isFigure = true }
      if isFigure != isGridOpen { text += isFigure ? "<div class=\"figures\">\n" : "</div>\n" }
      isGridOpen = isFigure
      text += self.text(item)
    }
    return text + (isGridOpen ? "</div>\n" : "") + "</section>\n"
  }

  private static func text(_ item: Item) -> String {
    switch item {
    case .paragraph(let paragraph): return "<p>\(SVGText.escaped(paragraph))</p>\n"
    case .sentences(let sentences):
      return "<ul class=\"sentences\">\n\(sentences.map { "<li>\(SVGText.escaped($0))</li>\n" }.joined())</ul>\n"
    case .keyFigures(let figures):
      let parts = figures.map {
        "<div><b>\(SVGText.escaped($0.value))</b><span>\(SVGText.escaped($0.meaning))</span></div>"
      }
      return "<div class=\"key-figures\">\(parts.joined(separator: "\n"))</div>\n"
    case .figure(let chart, let remark, let dataFile, let chartFile):
      let parts = [SVGText.escaped(remark), dataFile.map { link($0) }, chartFile.map { link($0, text: "svg") }]
      let caption = parts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
      let foot = caption.isEmpty ? "" : "<figcaption>\(caption)</figcaption>\n"
      return "<figure>\n\(chart.svg(standalone: false))\(foot)</figure>\n"
    case .table(let table): return self.text(table)
    case .foldedTable(let title, let table, let dataFile):
      let more = dataFile.map { "<p>\(link($0))</p>\n" } ?? ""
      return "<details>\n<summary>\(SVGText.escaped(title))</summary>\n\(self.text(table))\(more)</details>\n"
    case .links(let links):
      let rows = links.map { "<li>\(link($0.file)): \(SVGText.escaped($0.meaning))</li>\n" }
      return "<ul>\n\(rows.joined())</ul>\n"
    }
  }

  private static func link(_ file: String, text: String? = nil) -> String {
    "<a href=\"\(SVGText.escaped(file))\">\(SVGText.escaped(text ?? file))</a>"
  }

  private static func text(_ table: Table) -> String {
    func row(_ tag: String, _ cells: [String]) -> String {
      let parts = zip(cells, table.columns).map { cell, column in
        "<\(tag)\(column.kind == .number ? " class=\"number\"" : "")>\(SVGText.escaped(cell))</\(tag)>"
      }
      return "<tr>\(parts.joined())</tr>\n"
    }
    var text = "<div class=\"table\"><table>\n<thead>\n\(row("th", table.columns.map(\.name)))</thead>\n<tbody>\n"
    for cells in table.rows.prefix(rowLimit) { text += row("td", cells.map(\.displayText)) }
    text += "</tbody>\n</table></div>\n"
    if table.rows.count > rowLimit {
      text += "<p class=\"more\">\(table.rows.count - rowLimit) more rows are not shown here.</p>\n"
    }
    return text
  }
}
