// What a learned forecaster of popularity is told about a title, and rows of it from the simulator's own demand.

import SimEngine

/// The requests of one title so far, and the features made of them.
public struct RequestHistory: Sendable {
  /// Numbers that a model of popularity is told.
  public static let featureCount = 16
  /// Hours that are looked back.
  static let window = 48

  /// Requests of the last hours, the latest last.
  private var hours: [Float] = []
  private var averages: (fast: Double, middle: Double, slow: Double) = (0, 0, 0)
  private var seen = 0

  /// A title that nobody asked for yet.
  public init() {}

  /// Takes in an hour.
  public mutating func add(_ requests: Double) {
    hours.append(Float(requests))
    if hours.count > Self.window { hours.removeFirst() }
    seen += 1
    averages.fast += 0.5 * (requests - averages.fast)
    averages.middle += 0.2 * (requests - averages.middle)
    averages.slow += 0.05 * (requests - averages.slow)
  }

  /// Features, in this order: log(1 + requests) of the last 1, 2, 3, 6, 12, 24 and 48 hours; log(1 + average) with
  /// weights 0.5, 0.2 and 0.05 of the last hour; share of the site's requests in the last hour and in 24 hours, times 100,
  /// up to 10; hours since the last request, over 48; hours known, over 48, up to 2; log10 of the file's gigabytes;
  /// log(1 + requests of the site in the last hour), over 10.
  public func features(siteLastHour: Double, siteLastDay: Double, fileBytes: Int64) -> [Float] {
    func sum(_ count: Int) -> Double { hours.suffix(count).reduce(0) { $0 + Double($1) } }
    func logarithm(_ value: Double) -> Float { Float(DeterministicMath.log1p(max(0, value))) }
    var features = [1, 2, 3, 6, 12, 24, 48].map { logarithm(sum($0)) }
    features += [averages.fast, averages.middle, averages.slow].map(logarithm)
    features.append(Float(min(10, 100 * sum(1) / max(1, siteLastHour))))
    features.append(Float(min(10, 100 * sum(24) / max(1, siteLastDay))))
    let idle = hours.lastIndex { $0 > 0 }.map { hours.count - 1 - $0 } ?? Self.window
    features.append(Float(Double(min(idle, Self.window)) / Double(Self.window)))
    features.append(Float(min(2, Double(seen) / Double(Self.window))))
    features.append(Float(DeterministicMath.log(max(1, Double(fileBytes)) / 1e9) / 2.302585092994046))
    features.append(logarithm(siteLastHour) / 10)
    return features
  }
}

/// The histories of all titles of a site.
public struct SiteHistory: Sendable {
  private var titles: [RequestHistory]
  private var totals: [Double] = []
  private let fileBytes: [Int64]

  /// Nothing seen yet of titles with these files.
  public init(fileBytes: [Int64]) {
    self.fileBytes = fileBytes
    titles = [RequestHistory](repeating: RequestHistory(), count: fileBytes.count)
  }

  /// Takes in an hour of requests, one number a title.
  public mutating func add(_ requests: [Double]) {
    for (title, count) in requests.enumerated() { titles[title].add(count) }
    totals.append(requests.reduce(0, +))
    if totals.count > RequestHistory.window { totals.removeFirst() }
  }

  /// Features of a title now.
  public func features(title: Int) -> [Float] {
    titles[title].features(
      siteLastHour: totals.last ?? 0, siteLastDay: totals.suffix(24).reduce(0, +), fileBytes: fileBytes[title])
  }
}

/// Rows to train a model of popularity on.
public struct PopularityRows: Sendable {
  /// ``RequestHistory/featureCount`` numbers a row.
  public internal(set) var features: [Float] = []
  /// log(1 + requests in the hour that follows), one a row.
  public internal(set) var targets: [Float] = []

  /// Rows of tables of requests by hour and title: every hour from `warmUp` on, every title, but of hours in which nothing
  /// of a title was ever seen only one in eight.
  public init(_ tables: [(requests: [[Int32]], fileBytes: [Int64])], warmUp: Int = 6) {
    for (requests, fileBytes) in tables {
      var history = SiteHistory(fileBytes: fileBytes)
      for hour in requests.indices.dropLast() {
        history.add(requests[hour].map { Double($0) })
        guard hour >= warmUp else { continue }
        for title in fileBytes.indices {
          let row = history.features(title: title)
          if row[6] == 0, (title + hour) % 8 != 0 { continue }
          features += row
          targets.append(Float(DeterministicMath.log1p(Double(requests[hour + 1][title]))))
        }
      }
    }
  }
}
