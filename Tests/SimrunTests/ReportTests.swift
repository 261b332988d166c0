import Foundation
import FoundationXML
import Testing

@Suite("Report pages of runs")
struct ReportPageTests {
  private let smoke = Tool.path("scenarios/smoke.json")

  /// Whether text is well-formed XML, and the names of its elements.
  private final class Elements: NSObject, XMLParserDelegate {
    private(set) var names: [String] = []
    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String] = [:]
    ) { names.append(name) }

    static func read(_ file: String) throws -> (isWellFormed: Bool, names: [String]) {
      let parser = XMLParser(data: try Data(contentsOf: URL(fileURLWithPath: file)))
      let elements = Elements()
      parser.delegate = elements
      let isWellFormed = parser.parse()
      return (isWellFormed, elements.names)
    }
  }

  @Test("a page needs nothing but itself and the files beside it, and every chart is also a file")
  func selfContained() throws {
    let scratch = try Scratch()
    let result = try Tool.call(smoke, "--until", "8min", "--quiet", "--out", "\(scratch.path)/a")
    #expect(result.status == 0, "\(result.errors)")
    let html = try String(contentsOfFile: "\(scratch.path)/a/report.html", encoding: .utf8)
    #expect(html.utf8.count < 1_000_000)
    for forbidden in ["<script", "http:", "https:", "<img", "@import", "url("] {
      #expect(!html.contains(forbidden), "\(forbidden)")
    }
    let links = html.matches(of: #/href="([^"]+)"/#).map { String($0.1) }.filter { !$0.hasPrefix("#") }
    #expect(links.contains("summary.csv") && links.contains("charts/concurrency.svg"))
    for link in links { #expect(FileManager.default.fileExists(atPath: "\(scratch.path)/a/\(link)"), "\(link)") }
    let charts = try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/a/charts")
    #expect(charts.count == html.matches(of: #/<svg /#).count)
    #expect(charts.count >= 8)
    for chart in charts {
      let (isWellFormed, names) = try Elements.read("\(scratch.path)/a/charts/\(chart)")
      #expect(isWellFormed && names.first == "svg" && names.contains("text"), "\(chart)")
    }
    // Every axis has a title with a unit, written as "title [unit]"; only categories, on which bars stand, have none.
    for chart in charts {
      let svg = try String(contentsOfFile: "\(scratch.path)/a/charts/\(chart)", encoding: .utf8)
      let titles = svg.matches(of: #/class="axis-title[^>]*>([^<]*)</#).map { String($0.1) }
      #expect(titles.count == 2, "\(chart)")
      let hasLines = svg.contains("<polyline") || svg.contains("<path")
      for (place, title) in titles.enumerated() {
        #expect(title.hasSuffix("]") != (place == 1 && !hasLines), "\(chart): \(title)")
        #expect(title.first?.isLetter == true, "\(chart): \(title)")
      }
    }
  }

  @Test("a page is made again from the files of its folder, byte by byte, and is left out if asked")
  func again() throws {
    let scratch = try Scratch()
    #expect(try Tool.call(smoke, "--until", "6min", "--quiet", "--out", "\(scratch.path)/a").status == 0)
    let first = try scratch.files("a")["report.html"]
    try "old".write(toFile: "\(scratch.path)/a/charts/stale.svg", atomically: true, encoding: .utf8)
    #expect(try Tool.call("report", "\(scratch.path)/a").status == 0)
    #expect(try scratch.files("a")["report.html"] == first)
    #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/a/charts/stale.svg"))
    #expect(try Tool.call(smoke, "--until", "6min", "--no-html", "--quiet", "--out", "\(scratch.path)/b").status == 0)
    #expect(try scratch.files("b")["report.html"] == nil)
    #expect(try Tool.call("report", "\(scratch.path)/nosuch").status == 66)
  }

  @Test("a comparison has a page with its differences and the configurations over time")
  func comparison() throws {
    let scratch = try Scratch()
    let result = try Tool.call(
      "compare", smoke, "--until", "7min", "--vary", "cdn.edge.policy=lru,sieve,fifo", "--replications", "3", "--out",
      "\(scratch.path)/a")
    #expect(result.status == 0, "\(result.errors)")
    let html = try #require(try scratch.files("a")["report.html"])
    #expect(html.contains("sieve against lru") && html.contains("fifo against lru"))
    let charts = try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/a/charts")
    #expect(charts.contains("difference-2.svg") && charts.contains("origin-traffic.svg"))
  }
}

@Suite("Charts of cache studies")
struct CachePlotTests {
  @Test("a plot has a line a policy, and a curve of its own for the exact LRU pass")
  func plots() throws {
    let scratch = try Scratch()
    // A scan over 100 objects, with three that come back all the time.
    let rows = (0..<6_000).map { "\($0),\($0 % 4 == 0 ? ($0 / 4) % 100 : $0 % 4 + 1_000),10" }
    let trace = try scratch.write("time,id,size\n" + rows.joined(separator: "\n") + "\n", to: "trace.csv")
    let drawn = try Tool.call(
      "cache", trace, "--ignore-object-size", "--policy", "lru,fifo,sieve", "--size", "2,5,10,50", "--plot",
      "\(scratch.path)/policies.svg")
    #expect(drawn.status == 0, "\(drawn.errors)")
    let policies = try String(contentsOfFile: "\(scratch.path)/policies.svg", encoding: .utf8)
    for name in ["lru", "fifo", "sieve"] { #expect(policies.contains(">\(name)</text>")) }
    #expect(policies.contains("cache size [objects]") && policies.contains("requests missed [%]"))
    #expect(try Tool.call("cache", trace, "--mrc", "--plot", "\(scratch.path)/curve.svg").status == 0)
    let curve = try String(contentsOfFile: "\(scratch.path)/curve.svg", encoding: .utf8)
    #expect(curve.contains("cache size [bytes]") && curve.contains(">bytes</text>"))
    #expect(try Tool.call("cache", trace, "--mrc", "--plot", "/proc/nosuch.svg").status == 74)
  }
}
