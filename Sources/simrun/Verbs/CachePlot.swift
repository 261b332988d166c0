import CDNModel
import Reporting

/// The drawing that `simrun cache --plot` leaves: miss-ratio curves, or bars where there is one size only.
enum CachePlot {
  /// The exact LRU curve, by requests and by bytes.
  static func chart(trace: String, curve: [MissRatioPoint], ignoresSizes: Bool) -> any Chart {
    func series(_ name: String, _ value: (MissRatioPoint) -> Double) -> LineChart.Series {
      .init(name, curve.map { ChartPoint(Double($0.capacity), 100 * value($0)) })
    }
    let byRequests = series("requests", \.objectMissRatio)
    return LineChart(
      "LRU miss ratio by cache size: \(trace)", x: sizeAxis(ignoresSizes), y: missAxis,
      series: ignoresSizes ? [byRequests] : [byRequests, series("bytes", \.byteMissRatio)], height: 420)
  }

  /// A curve a policy; policies that failed are left out.
  static func chart(trace: String, rows: [CacheStudyRow], ignoresSizes: Bool) -> any Chart {
    let measured = rows.filter { $0.cpuNanosecondsPerRequest != nil }
    // Parameters are told only where a policy comes with several.
    let ambiguous = measured.filter { row in
      measured.contains { $0.policy == row.policy && $0.parameters != row.parameters }
    }.map(\.policy)
    func name(_ row: CacheStudyRow) -> String {
      let policy = ambiguous.contains(row.policy) ? "\(row.policy):\(row.parameters)" : row.policy
      return row.admission.isEmpty ? policy : "\(policy) after \(row.admission)"
    }
    var names: [String] = []
    var sizes: [Int64] = []
    for row in measured {
      if !names.contains(name(row)) { names.append(name(row)) }
      if !sizes.contains(row.capacity) { sizes.append(row.capacity) }
    }
    let title = "Miss ratio by policy: \(trace)"
    func ratio(_ row: CacheStudyRow) -> Double { 100 * row.counts.objectMissRatio }
    if sizes.count < 2 {
      return BarChart(
        title, x: "policy", y: missAxis, categories: names,
        series: [
          .init("miss ratio", names.map { wanted in .init(measured.first { name($0) == wanted }.map(ratio) ?? .nan) })
        ], height: 420)
    }
    return LineChart(
      title, x: sizeAxis(ignoresSizes), y: missAxis,
      series: names.map { wanted in
        .init(
          wanted,
          measured.filter { name($0) == wanted }.sorted { $0.capacity < $1.capacity }
            .map { ChartPoint(Double($0.capacity), ratio($0)) })
      }, height: 420)
  }

  private static let missAxis = ChartAxis("requests missed", unit: "%")

  private static func sizeAxis(_ ignoresSizes: Bool) -> ChartAxis {
    ChartAxis("cache size", unit: ignoresSizes ? "objects" : "bytes", scale: .logarithmic)
  }
}
