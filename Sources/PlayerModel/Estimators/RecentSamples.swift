// Estimates over the last few transfers: sliding mean, harmonic mean, sliding percentile.

/// The last transfers, at most five, and an estimate over them.
///
/// State: 46 bytes.
public struct RecentSamples: BitwiseCopyable, Sendable {
  /// How the samples become an estimate.
  public enum Summary: UInt8, BitwiseCopyable, Sendable {
    /// Arithmetic mean of the last samples.
    case mean
    /// Harmonic mean of the last samples (Yin et al., SIGCOMM 2015).
    case harmonicMean
    /// Weighted median of samples weighted by the square root of their bytes, over a total weight of 2000 (Media3's
    /// `SlidingPercentile`).
    case weightedMedian
  }

  private var kbps: InlineArray<5, Float>
  private var weight: InlineArray<5, Float>
  private var latency: Float
  private var count: UInt8
  private let window: UInt8
  private let summary: Summary

  /// Most samples that can be kept.
  public static let largestWindow = 5
  /// Total weight over which the percentile slides.
  static let percentileWeight: Float = 2000

  /// An estimate over the last `window` samples.
  /// - Precondition: `window` is 1 to 5.
  public init(_ summary: Summary, window: Int = 5) {
    precondition((1...Self.largestWindow).contains(window), "a window has 1 to 5 samples")
    kbps = InlineArray(repeating: 0)
    weight = InlineArray(repeating: 0)
    latency = 0
    count = 0
    self.window = UInt8(window)
    self.summary = summary
  }

  /// Takes in a finished transfer.
  mutating func record(kbps sample: Double, bits: Double, latencyMs: Double) {
    if count == window {
      for index in 1..<Int(window) {
        kbps[index - 1] = kbps[index]
        weight[index - 1] = weight[index]
      }
      count -= 1
    }
    kbps[Int(count)] = Float(sample)
    weight[Int(count)] = Float(bits / 8).squareRoot()
    count += 1
    latency = Float(latencyMs)
  }

  /// Estimated throughput in kbit/s, `nil` before the first sample.
  var throughputKbps: Double? {
    guard count > 0 else { return nil }
    switch summary {
    case .mean:
      var sum = 0.0
      for index in 0..<Int(count) { sum += Double(kbps[index]) }
      return sum / Double(count)
    case .harmonicMean:
      var sum = 0.0
      for index in 0..<Int(count) { sum += 1 / Double(kbps[index]) }
      return Double(count) / sum
    case .weightedMedian:
      return weightedMedian
    }
  }

  /// The smallest sample at which half of the weight is reached; the oldest samples beyond the total weight count less.
  private var weightedMedian: Double {
    var effective = InlineArray<5, Float>(repeating: 0)
    var room = Self.percentileWeight
    for index in stride(from: Int(count) - 1, through: 0, by: -1) {
      effective[index] = min(weight[index], room)
      room -= effective[index]
    }
    let half = (Self.percentileWeight - room) / 2
    var used = InlineArray<5, Bool>(repeating: false)
    var sum: Float = 0
    var answer: Float = 0
    for _ in 0..<Int(count) {
      var lowest = -1
      for index in 0..<Int(count) where !used[index] && (lowest < 0 || kbps[index] < kbps[lowest]) { lowest = index }
      used[lowest] = true
      answer = kbps[lowest]
      sum += effective[lowest]
      if sum >= half { break }
    }
    return Double(answer)
  }

  /// Time to the first byte of the last transfer, in milliseconds.
  var latencyMs: Double { Double(latency) }
}
