/// Mean, variance and extremes of observations, one pass, O(1) memory.
///
/// Welford, "Note on a method for calculating corrected sums of squares and products", Technometrics 4 (1962); merging
/// after Chan, Golub and LeVeque (1979). Merge parts in a fixed order: sums of Doubles depend on it in the last bits.
@frozen
public struct Tally: BitwiseCopyable, Hashable, Sendable {
  /// How many observations.
  public var count: UInt64
  @usableFromInline var runningMean: Double
  @usableFromInline var squaredDeviations: Double
  @usableFromInline var smallest: Double
  @usableFromInline var largest: Double

  /// A tally of nothing.
  @inlinable
  public init() {
    count = 0
    runningMean = 0
    squaredDeviations = 0
    smallest = .infinity
    largest = -.infinity
  }

  /// Takes in an observation, which must not be NaN.
  @inlinable
  public mutating func add(_ value: Double) {
    precondition(!value.isNaN, "an observation is not a number")
    count &+= 1
    let deviation = value - runningMean
    runningMean += deviation / Double(count)
    squaredDeviations += deviation * (value - runningMean)
    if value < smallest { smallest = value }
    if value > largest { largest = value }
  }

  /// Takes in what another tally saw.
  @inlinable
  public mutating func merge(_ other: Tally) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let total = Double(count) + Double(other.count)
    let difference = other.runningMean - runningMean
    squaredDeviations +=
      other.squaredDeviations + difference * difference * (Double(count) * Double(other.count) / total)
    runningMean += difference * (Double(other.count) / total)
    count &+= other.count
    smallest = Swift.min(smallest, other.smallest)
    largest = Swift.max(largest, other.largest)
  }

  /// Forgets everything, for example at the end of the warm-up.
  @inlinable
  public mutating func reset() { self = Tally() }

  /// The mean; NaN of nothing.
  @inlinable
  public var mean: Double { count > 0 ? runningMean : .nan }

  /// The sum: mean times count.
  @inlinable
  public var sum: Double { runningMean * Double(count) }

  /// The unbiased sample variance; NaN below two observations.
  @inlinable
  public var variance: Double { count > 1 ? squaredDeviations / Double(count - 1) : .nan }

  /// The square root of the sample variance; NaN below two observations.
  @inlinable
  public var standardDeviation: Double { variance.squareRoot() }

  /// The smallest observation, or `nil` of nothing.
  @inlinable
  public var minimum: Double? { count > 0 ? smallest : nil }

  /// The largest observation, or `nil` of nothing.
  @inlinable
  public var maximum: Double? { count > 0 ? largest : nil }
}
