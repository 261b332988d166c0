import TextFormats
import Testing

@testable import Reporting

@Suite("Charts") struct ChartTests {
  private func labels(_ axis: ChartAxis, _ values: [Double], tight: Bool = false) -> [String] {
    AxisScale(axis, values: values, isTight: tight, tickCount: 5).ticks.map(\.label)
  }

  @Test("ticks stand on numbers that people would choose")
  func ticks() {
    #expect(labels(ChartAxis("y"), [0, 87]) == ["0", "20", "40", "60", "80", "100"])
    #expect(labels(ChartAxis("y"), [0, 1_210_000]) == ["0", "0.5M", "1M", "1.5M"])
    #expect(labels(ChartAxis("y", includesZero: false), [0.31, 0.33]) == ["0.31", "0.315", "0.32", "0.325", "0.33"])
    #expect(labels(ChartAxis("y"), [-42, 10]) == ["-60", "-40", "-20", "0", "20"])
    #expect(
      labels(ChartAxis("y", scale: .logarithmic), [3, 2000]) == [
        "2", "5", "10", "20", "50", "100", "200", "500", "1k", "2k",
      ])
    #expect(
      labels(ChartAxis("t", scale: .elapsed), [0, 7200], tight: true) == ["0", "30 min", "1 h", "90 min", "2 h"])
    #expect(
      labels(ChartAxis("t", scale: .clock(startSeconds: 84_600)), [0, 10_800], tight: true)
        == ["00:00", "01:00", "02:00"])
  }

  @Test("axes bear nothing, one value, and values that are not finite")
  func degenerate() {
    for scale in [ChartAxis.Scale.linear, .logarithmic, .elapsed, .clock(startSeconds: 0)] {
      for values in [[], [0], [5], [.nan, .infinity], [-3, -3], [1e-300, 1e300]] as [[Double]] {
        let axis = AxisScale(ChartAxis("x", scale: scale), values: values, isTight: false, tickCount: 5)
        #expect(axis.lower < axis.upper)
        #expect(axis.ticks.count <= 1300)
        #expect(axis.position(.nan) == nil)
      }
    }
    let empty = LineChart("None", x: ChartAxis("x"), y: ChartAxis("y"), series: [])
    #expect(empty.svg().contains("</svg>"))
    #expect(BarChart("None", x: "x", y: ChartAxis("y"), categories: [], series: []).svg().contains("</svg>"))
    #expect(ForestChart("None", axis: ChartAxis("x"), rows: []).svg().contains("</svg>"))
  }

  @Test("thinning keeps the extremes of every column and all gaps, and draws little")
  func thinning() {
    var random = Sequence64(state: 5)
    var points = (0..<100_000).map { ChartPoint(Double($0), Double(random.next() % 1000)) }
    points[40_000].y = 5000
    points[70_000].y = -5000
    points[55_555].y = .nan
    let column: (Double) -> Int = { Int($0 / 200) }
    let thinned = LineSampling.thinned(points, column: column)
    #expect(thinned.count <= 4 * 502 + 1)
    #expect(thinned.contains(points[40_000]) && thinned.contains(points[70_000]))
    #expect(thinned.filter { $0.y.isNaN }.count == 1)
    #expect(zip(thinned, thinned.dropFirst()).allSatisfy { $0.x < $1.x })
    for block in 0..<500 where block != 277 {
      let all = points[(block * 200)..<(block * 200 + 200)].map(\.y)
      let kept = thinned.filter { column($0.x) == block }.map(\.y)
      #expect(kept.min() == all.min() && kept.max() == all.max())
    }
  }

  @Test("a chart of many points is small, names itself, and tells its values under the pointer")
  func lineChart() {
    let svg = SampleReport.lines(points: 200_000).svg()
    #expect(svg.utf8.count < 90_000)
    #expect(svg.contains("role=\"img\" aria-label=\"Concurrent viewers. Concurrency [viewers] over Time of day."))
    #expect(svg.contains("<title>premiere, 20:20 to 20:50</title>"))
    #expect(svg.contains("hot-title-placement: "))
  }

  @Test("the same chart is the same text, and its logarithm needs no library")
  func determinism() {
    #expect(SampleReport.page.html == SampleReport.page.html)
    for (number, expected) in [(8.0, 3.0), (1, 0), (0.25, -2), (10, 3.321_928_094_887_362)] {
      #expect(abs(AxisTicks.log2(number) - expected) < 1e-14)
    }
  }
}

@Suite("Pages") struct PageTests {
  @Test("a page holds every section, escapes what it is given, and loads nothing")
  func page() throws {
    let html = SampleReport.page.html
    #expect(html.utf8.count < 400_000)
    #expect(html.contains("origin &lt;peak&gt; &amp; &quot;mean&quot;"))
    for forbidden in ["<script", "http:", "https:", "@import", "url("] { #expect(!html.contains(forbidden)) }
    for part in ["<details>", "href=\"summary.csv\"", "prefers-color-scheme:dark", "@media print", "lang=\"en\""] {
      #expect(html.contains(part))
    }
    #expect(html.components("<svg") == 5 && html.components("</svg>") == 5)
  }

  @Test("text of any kind stays text")
  func escaping() {
    #expect(SVGText.escaped("<a href=\"x\">&\u{0}\u{7}") == "&lt;a href=&quot;x&quot;&gt;&amp;\u{FFFD}\u{FFFD}")
  }

  @Test("a long table is cut on the page and says so")
  func longTable() {
    var table = Table(["n"])
    for number in 0..<250 { table.append([.integer(Int64(number))]) }
    let html = ReportPage(title: "t", sections: [.init("s", [.table(table)])]).html
    #expect(html.contains("50 more rows are not shown here."))
    #expect(!html.contains(">200<"))
  }
}

extension String {
  /// How often a text occurs.
  fileprivate func components(_ text: String) -> Int {
    split(separator: text, omittingEmptySubsequences: false).count - 1
  }
}

/// A linear congruential generator (Knuth's MMIX constants), so that the cases are the same everywhere.
private struct Sequence64 {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
