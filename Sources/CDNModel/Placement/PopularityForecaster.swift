/// Foretells how many bytes each file will serve in the next period from what it served before.
///
/// A learned forecaster conforms too: it gets the same observations and returns the same figures.
public protocol PopularityForecaster: Sendable {
  /// Takes the bytes that each file served in the period that has just ended; files not named served nothing.
  mutating func observe(_ served: [FileDemand])
  /// Expected bytes served by a file in the next period; 0 for a file never seen.
  func expectedBytes(_ file: SegmentKey) -> Double
}

/// Bytes that one file served in a period.
public struct FileDemand: Sendable, Equatable {
  /// The file, a whole-file key.
  public var file: SegmentKey
  /// Bytes served.
  public var bytes: Double

  /// A file's demand.
  public init(file: SegmentKey, bytes: Double) {
    precondition(bytes >= 0, "demand is not negative")
    self.file = file
    self.bytes = bytes
  }
}

/// Tomorrow is like today.
public struct LastWindowForecaster: PopularityForecaster {
  private var served: [SegmentKey: Double] = [:]

  /// Knows nothing yet.
  public init() {}

  /// Replaces what it knew by the last period.
  public mutating func observe(_ demands: [FileDemand]) {
    served.removeAll(keepingCapacity: true)
    for demand in demands { served[demand.file, default: 0] += demand.bytes }
  }

  /// The bytes of the last period.
  public func expectedBytes(_ file: SegmentKey) -> Double { served[file] ?? 0 }
}

/// An exponentially weighted moving average: robust against one odd day, slower for new releases.
public struct AverageForecaster: PopularityForecaster {
  /// Weight of the last period, in (0, 1].
  public let weight: Double
  private var average: [SegmentKey: Double] = [:]
  private var touched: [SegmentKey: Int] = [:]
  private var period = 0

  /// Knows nothing yet.
  public init(weight: Double) {
    precondition(weight > 0 && weight <= 1, "the weight of the last period lies in (0, 1]")
    self.weight = weight
  }

  /// Blends the last period in; a file seen for the first time starts at its demand.
  public mutating func observe(_ demands: [FileDemand]) {
    period += 1
    for demand in demands {
      let known = average[demand.file] != nil
      average[demand.file] = known ? faded(demand.file) + weight * demand.bytes : demand.bytes
      touched[demand.file] = period
    }
  }

  /// The average, faded for the periods in which the file served nothing.
  public func expectedBytes(_ file: SegmentKey) -> Double {
    faded(file)
  }

  private func faded(_ file: SegmentKey) -> Double {
    guard var value = average[file], let last = touched[file] else { return 0 }
    // A thousand idle periods leave nothing of any average.
    for _ in 0..<min(period - last, 1000) where value > 0 { value *= 1 - weight }
    return value
  }
}

/// Knows the next period: the ceiling for every other forecaster.
public struct OracleForecaster: PopularityForecaster {
  private let periods: [[SegmentKey: Double]]
  private var next = 0

  /// Knows the demand of all periods in order, the first one being the one before any observation.
  public init(periods: [[FileDemand]]) {
    self.periods = periods.map { demands in
      Dictionary(demands.map { ($0.file, $0.bytes) }, uniquingKeysWith: +)
    }
  }

  /// Goes on to the next period, whatever was served.
  public mutating func observe(_ served: [FileDemand]) { next += 1 }

  /// What the file will serve.
  public func expectedBytes(_ file: SegmentKey) -> Double { next < periods.count ? periods[next][file] ?? 0 : 0 }
}
