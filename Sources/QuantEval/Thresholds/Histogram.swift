// How often which magnitudes occur: what the threshold rules look at. Collecting is apart from judging.

/// Counts of values over equal bins from 0 to a largest magnitude.
public struct Histogram: Sendable, Equatable {
  /// Which values are counted, and into which bin a value falls; tools differ in both.
  public enum Binning: Sendable, Equatable {
    /// Magnitudes; a value on an edge belongs to the bin above it (numpy.histogram of |x|).
    case magnitudes
    /// Magnitudes without zeros, bin = floor(|x| / largest * bins) in float (ncnn).
    case nonzeroMagnitudes
    /// Values as they are, negative ones dropped, edges as in `magnitudes` (EasyQuant's table tool).
    case positives
    /// Magnitudes between the smallest and the largest one (ONNX Runtime's percentiles).
    case spreadMagnitudes
    /// Values between the smallest and the largest, bin = floor((x - smallest) * bins / (largest - smallest)) in float
    /// (torch.histc).
    case spreadValues
    /// Values between minus and plus the largest magnitude, in so many bins (ONNX Runtime's entropy).
    case signed(bins: Int)
  }

  /// Which values are counted.
  public let binning: Binning
  /// The lower end of the first bin.
  public let lowest: Float
  /// The upper end of the last bin: the largest magnitude of the tensor.
  public let largest: Float
  /// How many values fell into each bin.
  public private(set) var counts: [Int]

  /// An empty histogram.
  public init(bins: Int, lowest: Float = 0, largest: Float, binning: Binning = .magnitudes) {
    self.binning = binning
    self.lowest = lowest
    self.largest = largest
    counts = [Int](repeating: 0, count: bins)
  }

  /// A histogram of given counts.
  public init(counts: [Int], lowest: Float = 0, largest: Float, binning: Binning = .magnitudes) {
    self.binning = binning
    self.lowest = lowest
    self.largest = largest
    self.counts = counts
  }

  /// Number of values counted.
  public var total: Int { counts.reduce(0, +) }

  /// Width of a bin.
  public var binWidth: Double { Double(largest) / Double(counts.count) }

  /// The lower edge of a bin, as numpy.linspace gives it in float.
  public func edge(_ bin: Int) -> Float {
    bin == counts.count
      ? largest
      : Float(Double(lowest) + Double(bin) * ((Double(largest) - Double(lowest)) / Double(counts.count)))
  }

  /// The middle of a bin.
  public func centre(_ bin: Int) -> Float { (edge(bin) + edge(bin + 1)) / 2 }

  /// Counts values; none may be larger than `largest`.
  /// - Complexity: O(values).
  public mutating func add(_ values: [Float]) {
    guard largest > lowest else { return }
    let bins = counts.count
    let scale = Float(bins)
    let edges = (0...bins).map { edge($0) }
    let (binning, lowest, largest) = (binning, lowest, largest)
    counts.withUnsafeMutableBufferPointer { counts in
      edges.withUnsafeBufferPointer { edges in
        for value in values {
          switch binning {
          case .nonzeroMagnitudes:
            if value == 0 { continue }
            counts[min(Int(value.magnitude / largest * scale), bins - 1)] += 1
          case .magnitudes, .positives:
            if binning == .positives, value < 0 { continue }
            let magnitude = value.magnitude
            var bin = min(Int(magnitude / largest * scale), bins - 1)
            // The quotient may round across an edge; the edges decide.
            if magnitude < edges[bin] { bin -= 1 } else if bin < bins - 1, magnitude >= edges[bin + 1] { bin += 1 }
            counts[max(0, bin)] += 1
          case .spreadValues:
            counts[max(0, min(Int((value - lowest) * scale / (largest - lowest)), bins - 1))] += 1
          case .spreadMagnitudes, .signed:
            let value = binning == .spreadMagnitudes ? value.magnitude : value
            var bin = max(0, min(Int((value - lowest) / (largest - lowest) * scale), bins - 1))
            if value < edges[bin] { bin -= 1 } else if bin < bins - 1, value >= edges[bin + 1] { bin += 1 }
            counts[max(0, bin)] += 1
          }
        }
      }
    }
  }
}
