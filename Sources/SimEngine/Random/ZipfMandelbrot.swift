/// Popularity by rank: weight (rank + shift)^-exponent for ranks from 1 to `count`.
///
/// Shift 0 is Zipf's law; a positive shift flattens the head, as catalogs of films show. Index 0 is the most popular.
public struct ZipfMandelbrot: Sendable {
  /// The exponent: 0 is uniform, catalogs lie near 0.8 to 1.
  public let exponent: Double
  /// What is added to the rank.
  public let shift: Double
  /// The probability of each rank, most popular first; they add up to one.
  public let probabilities: [Double]

  private let table: AliasTable

  /// A distribution over `count` ranks; `count` must be positive, the shift above -1 and the exponent finite.
  public init(count: Int, exponent: Double, shift: Double = 0) {
    precondition(count > 0 && shift > -1 && exponent.isFinite, "ranks need a positive count and a shift above -1")
    self.exponent = exponent
    self.shift = shift
    let weights = (1...count).map { DeterministicMath.pow(Double($0) + shift, -exponent) }
    // Smallest first: the error of the sum stays near one ulp.
    var total = 0.0
    for weight in exponent >= 0 ? weights.reversed() : weights { total += weight }
    probabilities = weights.map { $0 / total }
    table = AliasTable(weights: probabilities)
  }

  /// The number of ranks.
  public var count: Int { probabilities.count }

  /// Draws an index from 0 (most popular) to `count - 1`; one draw, O(1).
  public func sample(_ stream: inout RandomStream) -> Int { table.sample(&stream) }
}
