// Ranges as ONNX Runtime's calibrators compute them (onnxruntime/python/tools/quantization, 1.31), for rows that are given
// to them as one batch.

/// ONNX Runtime's rules.
public enum OrtRules {
  /// A range.
  public struct Range: Sendable, Equatable {
    /// The lower end.
    public let minimum: Float
    /// The upper end.
    public let maximum: Float
  }

  /// The edge of the bin in which the share of magnitudes reaches a percentage, laid to both sides and limited to the
  /// values met.
  public static func percentile(_ histogram: Histogram, _ percent: Double, _ statistics: TensorStatistics) -> Range {
    let total = Double(histogram.total)
    var share = 0.0
    var bin = 0
    for (index, count) in histogram.counts.enumerated() {
      share += Double(count) / total
      bin = index
      if share >= percent / 100 { break }
    }
    let edge = histogram.edge(bin)
    return limited(-edge, edge, statistics)
  }

  /// The symmetric cut of least divergence over bins between minus and plus the largest magnitude.
  ///
  /// The candidates keep i bins on each side of the middle one, i from `levels` / 2 up to half of the bins: with the
  /// standard settings of the tool (128 bins, 128 levels) that is a single candidate, which keeps everything, so its
  /// "entropy" is min-max under another name. The mass of a level is divided between its occupied bins as whole numbers.
  /// - Complexity: O(bins^2).
  public static func entropy(_ histogram: Histogram, levels: Int = 128, _ statistics: TensorStatistics) -> Range {
    let counts = histogram.counts
    let middle = counts.count / 2
    var best = (start: 0, end: counts.count, divergence: Float.infinity)
    var isFirst = true
    for reach in levels / 2...max(levels / 2, middle) {
      let (start, end) = (max(0, middle - reach), min(middle + reach + 1, counts.count))
      let divergence = divergence(counts, start..<end, levels: levels)
      if isFirst || divergence < best.divergence { best = (start, end, divergence) }
      isFirst = false
    }
    return limited(histogram.edge(best.start), histogram.edge(best.end), statistics)
  }

  private static func divergence(_ counts: [Int], _ kept: Swift.Range<Int>, levels: Int) -> Float {
    let sliced = counts[kept]
    var reference = Array(sliced)
    reference[0] += counts[..<kept.lowerBound].reduce(0, +)
    reference[reference.count - 1] += counts[kept.upperBound...].reduce(0, +)
    let width = sliced.count / levels
    var other = [Double](repeating: 0, count: reference.count)
    for level in 0..<levels {
      let bins = level * width..<(level + 1) * width
      var mass = sliced[kept.lowerBound + bins.lowerBound..<kept.lowerBound + bins.upperBound].reduce(0, +)
      if level == levels - 1 { mass += sliced[(kept.lowerBound + bins.upperBound)...].reduce(0, +) }
      let occupied = bins.count { reference[$0] != 0 }
      guard occupied > 0 else { continue }
      for bin in bins { other[bin] = Double(mass / occupied) }
    }
    return TableToolRule.smoothedDivergence(reference.map { Double($0) }, other) ?? .infinity
  }

  private static func limited(_ low: Float, _ high: Float, _ statistics: TensorStatistics) -> Range {
    Range(minimum: max(low, statistics.minimum), maximum: min(high, statistics.maximum))
  }
}
