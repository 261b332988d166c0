// Ranges as PyTorch's observers compute them (torch.ao.quantization.observer, 2.5), for rows that are given to them as one
// batch.

/// PyTorch's rules.
public enum TorchRules {
  /// Bins of the histogram.
  static let bins = 2048

  /// The range that quantizes a tensor with least squared error, as HistogramObserver searches for it.
  ///
  /// From both ends of the histogram the share of cut-off values grows in steps of 1e-5, always at the end where more bins
  /// fall away, for as long as the error does not grow; values are thought to lie evenly in their bins. Nothing is said
  /// about values outside the range: their error is that of the nearest level.
  /// - Parameter histogram: Of the values between the smallest and the largest.
  /// - Complexity: O(bins^2).
  public static func leastError(_ histogram: Histogram, bits: Int) -> (minimum: Float, maximum: Float) {
    let counts = histogram.counts
    let total = Double(histogram.total)
    guard total > 0, histogram.largest > histogram.lowest else { return (histogram.lowest, histogram.largest) }
    var reached: [Double] = []
    var sum: Float = 0
    for count in counts {
      sum += Float(count)
      reached.append(Double(sum))
    }
    let step = 1e-5
    var (below, above) = (0.0, 1.0)
    var (start, end) = (0, counts.count - 1)
    var least = Double.infinity
    while below < above {
      let (nextBelow, nextAbove) = (below + step, above - step)
      var (left, right) = (start, end)
      while left < end, reached[left] < nextBelow * total { left += 1 }
      while right > start, reached[right] > nextAbove * total { right -= 1 }
      var next = (start: start, end: end)
      if left - start > end - right {
        next.start = left
        below = nextBelow
      } else {
        next.end = right
        above = nextAbove
      }
      if next == (start, end) { continue }
      let error = squaredError(histogram, next.start, next.end, levels: 1 << bits)
      if error > least { break }
      least = error
      (start, end) = next
    }
    let width = (histogram.largest - histogram.lowest) / Float(counts.count)
    return (histogram.lowest + width * Float(start), histogram.lowest + width * Float(end + 1))
  }

  /// The squared error of laying the levels over bins `start` to `end`: integrals of (x - level)^2 over the part of each
  /// bin that belongs to its first level, to its last, and to whole levels between them.
  private static func squaredError(_ histogram: Histogram, _ start: Int, _ end: Int, levels: Int) -> Double {
    let width = (Double(histogram.largest) - Double(histogram.lowest)) / Double(histogram.counts.count)
    let levelWidth = width * Double(end - start + 1) / Double(levels)
    guard levelWidth > 0 else { return 0 }
    let (bin, level) = (Float(width), Float(levelWidth))
    let half = Float(levelWidth / 2)
    func integral(_ from: Float, _ to: Float) -> Float { (to * to * to - from * from * from) / 3 }
    let whole = integral(-half, half)
    var sum = 0.0
    for (index, count) in histogram.counts.enumerated() where count > 0 {
      let density = Float(count) / bin
      let begin = Float(index - start) * bin
      let finish = begin + bin
      let first = min(max((begin / level).rounded(.down), 0), Float(levels - 1))
      let last = min(max((finish / level).rounded(.down), 0), Float(levels - 1))
      let centres = ((first + 0.5) * level, last * level + half)
      var error = density * integral(begin - centres.0, half)
      error += (last - first - 1) * (density * whole)
      error += density * integral(-half, finish - centres.1)
      sum += Double(error)
    }
    return sum
  }

  /// Scale and zero point of an unsigned type over a range, as the observers report them.
  static func quantizer(_ range: (minimum: Float, maximum: Float)) -> (scale: Float, zeroPoint: Int) {
    let (low, high) = (min(range.minimum, 0), max(range.maximum, 0))
    let scale = max((high - low) / 255, .ulpOfOne)
    return (scale, min(max(-Int((low / scale).rounded(.toNearestOrEven)), 0), 255))
  }
}
