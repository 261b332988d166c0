// A report page with every kind of chart, for the tests and for looking at.

import Reporting

enum SampleReport {
  /// Concurrency of an evening, three policies, with intervals and events.
  static func lines(points count: Int = 4000) -> LineChart {
    func series(_ name: String, _ peak: Double) -> LineChart.Series {
      var wobble: UInt64 = 7
      let points = (0..<count).map { index in
        let t = Double(index) / Double(max(1, count - 1))
        wobble = wobble &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let noise = Double(wobble >> 40) / Double(1 << 24) - 0.5
        return ChartPoint(t * 21_600, 4 * t * (1 - t) * peak * (1 + noise * 0.05))
      }
      return LineChart.Series(name, points, intervals: points.map { $0.y * 0.9...$0.y * 1.1 + 1 })
    }
    return LineChart(
      "Concurrent viewers", x: ChartAxis("Time of day", scale: .clock(startSeconds: 18 * 3600 + 1200)),
      y: ChartAxis("Concurrency", unit: "viewers"),
      series: [series("lru", 940_000), series("sieve", 820_000), series("hot-title-placement", 1_210_000)],
      spans: [
        .init("premiere", 7200...9000), .init("edge site 7 fails", 8400...10_800), .init("reshard", 20_000...21_600),
      ])
  }

  static var stacked: LineChart {
    let names = ["node a", "node b", "node c", "node d", "node e", "node f", "node g", "node h"]
    let series = names.enumerated().map { number, name in
      LineChart.Series(
        name,
        (0...60).map { ChartPoint(Double($0) * 10, $0 < 30 && number > 3 ? 0 : 2048 + Double(number * $0 * 7)) })
    }
    return LineChart(
      "Slots by node", x: ChartAxis("Time", scale: .elapsed), y: ChartAxis("Slots"), series: series, isStacked: true)
  }

  static var missRatios: LineChart {
    let sizes = (0..<40).map { index in (0..<index).reduce(1e8) { size, _ in size * 1.35 } }
    return LineChart(
      "Miss ratio by cache size", x: ChartAxis("Cache size", unit: "bytes", scale: .logarithmic),
      y: ChartAxis("Miss ratio", range: 0...1),
      series: [
        LineChart.Series("requests", sizes.enumerated().map { ChartPoint($1, 1 / (1 + Double($0) * 0.2)) }),
        LineChart.Series(
          "bytes", sizes.enumerated().map { ChartPoint($1, $0 == 20 ? .nan : 1 / (1 + Double($0) * 0.12)) }),
      ])
  }

  static var bars: BarChart {
    BarChart(
      "Origin traffic by policy", x: "Policy", y: ChartAxis("Origin traffic", unit: "Gbit/s"),
      categories: ["lru", "sieve", "hot-title-placement", "s3fifo"],
      series: [
        .init(
          "evening", [.init(48.2, halfWidth: 2.1), .init(44, halfWidth: 1.2), .init(28.4, halfWidth: 0.8), .init(40)]),
        .init("night", [.init(12.2, halfWidth: 1.1), .init(11, halfWidth: 0.2), .init(31, halfWidth: 4), .init(.nan)]),
      ])
  }

  static var forest: ForestChart {
    ForestChart(
      "Difference to lru, paired, 20 replications", axis: ChartAxis("Origin traffic, relative difference", unit: "%"),
      rows: [
        .init("sieve", -8.7, interval: -9.9 ... -7.5), .init("hot-title-placement", -41.2, interval: -42.5 ... -39.9),
        .init("s3fifo", -1.1, interval: -4...1.8), .init("fifo", 6.3, interval: 2.2...10.4),
      ])
  }

  static var page: ReportPage {
    var table = Table(["metric", "unit", "lru", "hot_title_placement"], text: ["metric", "unit"])
    table.append(["startup_p95", "ms", 412.25, 398.5])
    table.append(["rebuffer_ratio", "1", 0.004_123_4, 0.003_9])
    table.append(["origin <peak> & \"mean\"", "Gbit/s", 48.2, 28.4])
    return ReportPage(
      title: "peak: Friday evening with a premiere", subtitle: "Two policies, twenty replications each, 6 h simulated.",
      identity: [
        ("seed", "1"), ("digest", "9f00c2aa01b3c4d5"), ("version", "0.1.0 (831882c)"),
        ("scenario SHA-256", "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
      ],
      sections: [
        .init(
          "Verdict",
          [
            .paragraph(
              "hot-title-placement cuts origin traffic by 41.2 % ± 1.3 % (n = 20, paired). Startup and rebuffering do "
                + "not differ beyond chance. The premiere is the hour that decides: the origin link is full for nine "
                + "minutes under lru, and never under hot-title-placement."),
            .keyFigures([
              ("1.21 M", "peak concurrent viewers"), ("231 ms", "median startup"), ("412 ms", "95 % startup"),
              ("0.41 %", "rebuffer ratio"), ("93.4 %", "hit ratio by request"), ("48.2 Gbit/s", "origin at peak"),
            ]),
          ]),
        .init(
          "Viewers over time",
          [
            .figure(lines(), remark: "Ribbons are 95 % intervals.", dataFile: "timeseries.csv"), .figure(stacked),
            .foldedTable("Summary", table, dataFile: "summary.csv"),
          ]),
        .init("Delivery", [.figure(bars), .figure(forest), .figure(missRatios), .table(table)]),
        .init("Assumptions", [.paragraph("Every number that is an assumption is listed.")]),
      ])
  }
}
