// Hot-title placement hour by hour under a forecaster: what the forecaster is worth, in hits and in bytes of the origin.

public import CDNModel
public import Platform
import SimEngine

/// A model of popularity: log(1 + requests of the next hour) for the features of a title.
///
/// Implementations must answer the same on every machine.
public protocol PopularityModel: Sendable {
  /// The forecast for ``RequestHistory/featureCount`` features.
  func forecast(_ features: [Float]) -> Float
}

/// A learned model behind the interface of all forecasters: it gets the same observations and returns the same figures.
public struct LearnedForecaster: PopularityForecaster {
  private let model: any PopularityModel
  private let fileBytes: [Int64]
  private var history: SiteHistory

  /// Knows nothing yet of titles with these files.
  public init(_ model: any PopularityModel, fileBytes: [Int64]) {
    self.model = model
    self.fileBytes = fileBytes
    history = SiteHistory(fileBytes: fileBytes)
  }

  /// Takes the bytes that each file served in the hour that has just ended.
  public mutating func observe(_ served: [FileDemand]) {
    var requests = [Double](repeating: 0, count: fileBytes.count)
    for demand in served where demand.file.title < fileBytes.count {
      requests[demand.file.title] += demand.bytes / Double(max(1, fileBytes[demand.file.title]))
    }
    history.add(requests)
  }

  /// Expected bytes served by a file in the next hour.
  public func expectedBytes(_ file: SegmentKey) -> Double {
    guard file.title < fileBytes.count else { return 0 }
    let logarithm = min(20, max(0, Double(model.forecast(history.features(title: file.title)))))
    return DeterministicMath.expm1(logarithm) * Double(fileBytes[file.title])
  }
}

/// What placement by a forecaster came to.
public struct PlacementOutcome: Sendable, Equatable {
  /// Share of the requested bytes that placed files served.
  public var byteHitRatio: Double
  /// Bytes that the origin gave: for requests that were not placed, and for filling.
  public var originBytes: Double
}

/// One site that is filled anew every hour by what a forecaster expects, over a drawn table of demand.
public struct PlacementLoop: Sendable {
  private let table: DemandTable
  private let capacityBytes: Int64
  private let warmUp: Int

  /// A loop over a table; hours before `warmUp` are observed but not scored.
  public init(_ table: DemandTable, capacityBytes: Int64, warmUp: Int = 24) {
    self.table = table
    self.capacityBytes = capacityBytes
    self.warmUp = min(warmUp, max(0, table.requests.count - 2))
  }

  private func file(_ title: Int) -> SegmentKey { .wholeFile(title: title, representation: table.rendition) }

  private func demand(_ hour: Int) -> [FileDemand] {
    table.requests[hour].enumerated().compactMap { title, count in
      count == 0 ? nil : FileDemand(file: file(title), bytes: Double(count) * Double(table.fileBytes[title]))
    }
  }

  /// Demand of all hours, the first being the one before any observation: what an oracle is given.
  public var periods: [[FileDemand]] { table.requests.indices.map(demand) }

  /// Runs a forecaster.
  ///
  /// A file that is placed has been brought from the origin once when it was not there the hour before.
  public func outcome(_ start: some PopularityForecaster) -> PlacementOutcome {
    var forecaster = start
    var placed = PlacedTitles()
    var (requested, served, filled) = (0.0, 0.0, 0.0)
    for hour in table.requests.indices {
      if hour > warmUp {
        for demand in demand(hour) {
          requested += demand.bytes
          if placed.contains(demand.file) { served += demand.bytes }
        }
      }
      forecaster.observe(demand(hour))
      let candidates = table.fileBytes.indices.map { title in
        PlacementCandidate(
          title: title, representation: table.rendition, expectedBytesServed: forecaster.expectedBytes(file(title)),
          storedBytes: table.fileBytes[title])
      }
      let next = PlacedTitles(filling: capacityBytes, from: candidates)
      if hour >= warmUp {
        for title in table.fileBytes.indices where next.contains(file(title)) && !placed.contains(file(title)) {
          filled += Double(table.fileBytes[title])
        }
      }
      placed = next
    }
    return PlacementOutcome(
      byteHitRatio: requested > 0 ? served / requested : 0, originBytes: requested - served + filled)
  }
}
