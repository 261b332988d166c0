// Thresholds as ncnn's ncnn2table computes them.

internal import Glibc
internal import SimEngine

/// ncnn's rules.
public enum NcnnRules {
  /// What the entropy rule found.
  public struct Entropy: Sendable, Equatable {
    /// Number of bins kept.
    public let bin: Int
    /// The threshold: (bin + 1/2) bin widths.
    public let threshold: Float
    /// The divergence there.
    public let divergence: Float
  }

  /// Added to every bin, so that no logarithm meets a zero.
  static let epsilon: Float = 0.0001
  static let levels = 128

  /// The threshold of least Kullback-Leibler divergence over bins of |x| without zeros; `nil` for a tensor of zeros.
  ///
  /// For every t from 128 the reference is the first t normalised bins, what lies beyond added to the last; the other
  /// distribution spreads the mass of each of 128 equally wide levels evenly over the bins it covers, bins on a border
  /// shared in proportion. The first least divergence wins.
  /// - Complexity: O(bins * levels) for all candidates by prefix sums; those within float rounding of the least are
  ///   computed again bin by bin.
  public static func entropy(_ histogram: Histogram) -> Entropy? {
    let total = Float(histogram.total)
    guard total > 0, histogram.counts.count > levels else { return nil }
    let bins = histogram.counts.map { Float($0) / total }
    let divergences = LevelSums(bins).divergences()
    let least = divergences.reduce(Float.infinity) { min($0, $1) }
    var best = (bin: levels, divergence: Float.infinity)
    for (index, divergence) in divergences.enumerated() where divergence <= least + 4e-6 + 1e-5 * abs(least) {
      let exact = exactDivergence(bins, kept: index + levels)
      if exact < best.divergence { best = (index + levels, exact) }
    }
    let threshold = (Float(best.bin) + 0.5) * histogram.largest / Float(bins.count)
    return Entropy(bin: best.bin, threshold: threshold, divergence: best.divergence)
  }

  /// The divergence as it is defined, in float and in the order of the bins.
  static func exactDivergence(_ bins: [Float], kept: Int) -> Float {
    let width = Float(kept) / Float(levels)
    var other = [Float](repeating: epsilon, count: kept)
    for level in 0..<levels {
      let start = level == levels - 1 ? Float(kept) - width : Float(level) * width
      let end = level == levels - 1 ? Float(kept) : Float(level + 1) * width
      let (first, last) = (Int(start.rounded(.up)), Int(end.rounded(.down)))
      let (before, after) = (Float(first) - start, end - Float(last))
      var mass: Float = 0
      if before > 0 { mass += before * bins[first - 1] }
      if after > 0 { mass += after * bins[last] }
      for bin in first..<max(first, last) { mass += bins[bin] }
      mass /= Float(last - first) + before + after
      if before > 0 { other[first - 1] += before * mass }
      if after > 0 { other[last] += after * mass }
      for bin in first..<max(first, last) { other[bin] += mass }
    }
    var beyond: Float = 0
    for bin in kept..<bins.count { beyond += bins[bin] }
    var sum: Float = 0
    for bin in 0..<kept {
      let p = bins[bin] + epsilon + (bin == kept - 1 ? beyond : 0)
      sum += p * logf(p / other[bin])
    }
    return sum
  }

  /// ACIQ's threshold of a Gaussian tensor as ncnn computes it, from the largest magnitude and the count alone.
  ///
  /// Banner, Nahshan, Soudry, "Post training 4-bit quantization of convolutional networks for rapid-deployment", NeurIPS
  /// 2019: alpha = c(bits) * sigma, where ncnn estimates sigma = 2 max * (0.35 (1 + sqrt(pi ln 4)) / 2) / sqrt(2 ln n).
  public static func gaussianThreshold(largest: Float, count: Int, bits: Int) -> Float {
    let multiples: [Double] = [
      0, 1.71063519, 2.15159277, 2.55913646, 2.93620062, 3.28691474, 3.6151146, 3.92403714,
    ]
    guard count > 1, largest > 0 else { return largest }
    let constant = 0.5 * 0.35 * (1 + (Double.pi * DeterministicMath.log(4)).squareRoot())
    let sigma = Double(largest) * 2 * constant / (2 * DeterministicMath.log(Double(count))).squareRoot()
    return Float(multiples[min(max(bits, 1), 8) - 1] * sigma)
  }

  /// ACIQ's threshold of a Laplace tensor: c(bits) * b, b being the mean distance from the mean.
  ///
  /// The paper's table for 2 to 8 bits.
  public static func laplaceThreshold(meanDeviation: Double, largest: Float, bits: Int) -> Float {
    let multiples = [2.83, 3.89, 5.03, 6.20, 7.41, 8.64, 9.89]
    return min(largest, Float(multiples[min(max(bits, 2), 8) - 2] * meanDeviation))
  }
}

/// All divergences of ncnn's rule from sums over leading bins.
private struct LevelSums {
  private let bins: [Float]
  private let masses: [Double]
  /// Sums of p log p with epsilon in every p.
  private let information: [Double]

  init(_ bins: [Float]) {
    self.bins = bins
    var (mass, total) = (0.0, 0.0)
    var masses = [0.0]
    var information = [0.0]
    for bin in bins {
      mass += Double(bin)
      let p = bin + NcnnRules.epsilon
      total += Double(p) * Double(logf(p))
      masses.append(mass)
      information.append(total)
    }
    self.masses = masses
    self.information = information
  }

  func divergences() -> [Float] {
    let capacity = 2 * NcnnRules.levels
    return masses.withUnsafeBufferPointer { masses in
      bins.withUnsafeBufferPointer { bins in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: capacity) { weights in
          withUnsafeTemporaryAllocation(of: Float.self, capacity: capacity) { arguments in
            var terms = WeightedLogarithms(weights: weights, arguments: arguments)
            return (NcnnRules.levels..<bins.count).map { divergence(kept: $0, masses, bins, &terms) }
          }
        }
      }
    }
  }

  private func divergence(
    kept: Int, _ masses: UnsafeBufferPointer<Double>, _ bins: UnsafeBufferPointer<Float>,
    _ terms: inout WeightedLogarithms
  ) -> Float {
    let levels = NcnnRules.levels
    let epsilon = Double(NcnnRules.epsilon)
    let width = Double(kept) / Double(levels)
    let beyond = masses[bins.count] - masses[kept]
    let last = Double(bins[kept - 1] + NcnnRules.epsilon)
    var sum = information[kept] - last * Double(logf(Float(last)))
    sum += (last + beyond) * Double(logf(Float(last + beyond)))
    // What the levels so far put into the bin that the next level begins in.
    var shared = 0.0
    var lower = 0.0
    for level in 0..<levels {
      let end = level == levels - 1 ? Double(kept) : Double(level + 1) * width
      let start = Double(level) * width
      let endBin = Int(end)
      let fraction = end - Double(endBin)
      let upper = masses[endBin] + (fraction > 0 ? fraction * Double(bins[endBin]) : 0)
      let mean = (upper - lower) / width
      lower = upper
      var first = Int(start)
      if start > Double(first) {
        // The bin on the border belongs to two levels (to one, if a level lies inside a bin).
        let share = shared + (min(end, Double(first + 1)) - start) * mean
        terms.add(Double(bins[first]) + epsilon + (first == kept - 1 ? beyond : 0), logOf: share + epsilon)
        first += 1
      }
      if endBin > first {
        let p = masses[endBin] - masses[first] + Double(endBin - first) * epsilon
        terms.add(endBin == kept ? p + beyond : p, logOf: mean + epsilon)
      }
      shared = fraction * mean
    }
    return Float(sum - terms.takeSum())
  }
}

/// Sums of p log q, eight logarithms at a time.
///
/// A logarithm is off by less than 1e-7: enough to choose candidates, which are then computed as they are defined.
private struct WeightedLogarithms {
  private let weights: UnsafeMutableBufferPointer<Double>
  private let arguments: UnsafeMutableBufferPointer<Float>
  private var count = 0

  /// Room for so many terms, a multiple of eight.
  init(weights: UnsafeMutableBufferPointer<Double>, arguments: UnsafeMutableBufferPointer<Float>) {
    self.weights = weights
    self.arguments = arguments
  }

  /// A term p log q; q is positive and normal.
  @inline(__always)
  mutating func add(_ weight: Double, logOf argument: Double) {
    weights[count] = weight
    arguments[count] = Float(argument)
    count += 1
  }

  /// The sum of all terms since the last call.
  mutating func takeSum() -> Double {
    while !count.isMultiple(of: 8) { add(0, logOf: 1) }
    var sum = SIMD8<Double>.zero
    let (p, q) = (UnsafeRawBufferPointer(weights), UnsafeRawBufferPointer(arguments))
    for first in stride(from: 0, to: count, by: 8) {
      let weight = p.loadUnaligned(fromByteOffset: first * 8, as: SIMD8<Double>.self)
      sum += weight * Self.logarithm(q.loadUnaligned(fromByteOffset: first * 4, as: SIMD8<Float>.self))
    }
    count = 0
    return sum.sum()
  }

  /// ln(2^k m) = k ln 2 + 2 artanh s, s = (m - 1) / (m + 1), for m from sqrt(1/2) to sqrt(2): |s| < 0.172, so that the
  /// series may end at s^9.
  @inline(__always)
  private static func logarithm(_ x: SIMD8<Float>) -> SIMD8<Double> {
    let rootHalf: UInt32 = 0x3f35_04f3
    let bits = unsafeBitCast(x, to: SIMD8<UInt32>.self)
    let shifted = bits &+ SIMD8(repeating: 0x3f80_0000 &- rootHalf)
    let exponent = SIMD8<Double>(SIMD8<Int32>(truncatingIfNeeded: shifted &>> 23) &- 127)
    let mantissa = (shifted & 0x007f_ffff) &+ SIMD8(repeating: rootHalf)
    let m = unsafeBitCast(mantissa, to: SIMD8<Float>.self)
    let s = (m - 1) / (m + 1)
    let z = s * s
    var series = z * (1.0 / 9) + (1.0 / 7)
    series = z * series + (1.0 / 5)
    series = z * series + (1.0 / 3)
    series = z * series + 1
    return exponent * 0.693_147_180_559_945_3 + SIMD8<Double>(2 * s * series)
  }
}
