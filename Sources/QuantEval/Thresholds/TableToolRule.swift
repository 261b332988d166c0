// The threshold of EasyQuant's own table tool (deepglint/EasyQuant, scripts derived from MXNet's calibration).

internal import SimEngine

/// The entropy rule of the EasyQuant repository: 2001 bins of the signed data, smoothed like MXNet's.
public enum TableToolRule {
  /// Bins of its histogram.
  public static let bins = 2001
  static let levels = 128
  static let epsilon = 0.0001

  /// What the rule found.
  public struct Result: Sendable, Equatable {
    /// Number of bins kept, the first aside.
    public let bin: Int
    /// The threshold: (bin + 1/2) bin widths.
    public let threshold: Float
  }

  /// The threshold of least divergence, the first of equals.
  ///
  /// `nil` where no candidate has a divergence, which includes tensors whose kept bins are all empty (the published tool
  /// fails on them).
  ///
  /// The first bin is dropped. For every t from 128, P is the first t bins with what lies beyond added to the last; each of
  /// 128 levels is floor(t / 128) bins wide, the last takes the remainder, and spreads its mass over those of its bins
  /// that P occupies - the last level all but the last of them. Zeros get 1e-4 each, taken evenly from the rest, in
  /// float as the original has it.
  /// - Complexity: O(bins^2).
  public static func entropy(_ histogram: Histogram) -> Result? {
    let counts = Array(histogram.counts.dropFirst())
    guard counts.count > levels else { return nil }
    var beyond = counts[levels...].reduce(0, +)
    var best: (bin: Int, divergence: Float)?
    for kept in levels..<counts.count {
      var reference = Array(counts[..<kept])
      reference[kept - 1] += beyond
      beyond -= counts[kept]
      guard let divergence = divergence(reference, sliced: counts[..<kept]) else { continue }
      if best.map({ divergence < $0.divergence }) ?? true { best = (kept, divergence) }
    }
    guard let best else { return nil }
    return Result(
      bin: best.bin, threshold: Float((Double(best.bin) + 0.5) * Double(histogram.largest) / Double(bins)))
  }

  private static func divergence(_ reference: [Int], sliced: ArraySlice<Int>) -> Float? {
    let kept = reference.count
    let width = kept / levels
    var other = [Double](repeating: 0, count: kept)
    for level in 0..<levels {
      let start = level * width
      let isLast = level == levels - 1
      let mass = sliced[start..<(isLast ? kept : start + width)].reduce(0, +)
      let end = isLast ? kept - 1 : start + width
      guard end > start else { continue }
      let occupied = reference[start..<end].count { $0 != 0 }
      guard occupied > 0 else { continue }
      for bin in start..<end where reference[bin] != 0 { other[bin] = Double(mass) / Double(occupied) }
    }
    return smoothedDivergence(reference.map { Double($0) }, other)
  }

  /// The divergence of two histograms after smoothing, with the float sums of NumPy and SciPy; `nil` where it is none.
  static func smoothedDivergence(_ reference: [Double], _ other: [Double]) -> Float? {
    guard let p = smoothed(reference), let q = smoothed(other) else { return nil }
    let kept = reference.count
    let (pSum, qSum) = (pairwiseSum(p[...]), pairwiseSum(q[...]))
    var terms = [Float](repeating: 0, count: kept)
    for bin in 0..<kept {
      let (share, other) = (Double(p[bin] / pSum), Double(q[bin] / qSum))
      if share > 0, other <= 0 { return nil }
      if share > 0 { terms[bin] = Float(share * DeterministicMath.log(share / other)) }
    }
    let divergence = pairwiseSum(terms[...])
    return divergence.isNaN ? nil : divergence
  }

  /// The sum as NumPy adds floats: halves down to blocks of 128, eight partial sums in a block.
  ///
  /// Candidates beyond the last occupied bin differ by the rounding of this very sum, and it chooses among them.
  private static func pairwiseSum(_ values: ArraySlice<Float>) -> Float {
    let count = values.count
    let start = values.startIndex
    if count < 8 { return values.reduce(0, +) }
    if count > 128 {
      let half = count / 2 - count / 2 % 8
      return pairwiseSum(values[start..<start + half]) + pairwiseSum(values[(start + half)...])
    }
    var lanes = (0..<8).map { values[start + $0] }
    let whole = count - count % 8
    for index in 8..<max(8, whole) { lanes[index % 8] += values[start + index] }
    let sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))
    return values[(start + whole)...].reduce(sum, +)
  }

  /// 1e-4 in every empty bin, taken evenly from the others; `nil` where all are empty.
  private static func smoothed(_ bins: [Double]) -> [Float]? {
    let occupied = bins.count { $0 != 0 }
    guard occupied > 0 else { return nil }
    let share = Float(-epsilon * Double(bins.count - occupied) / Double(occupied))
    return bins.map { Float($0) + ($0 == 0 ? Float(epsilon) : share) }
  }
}
