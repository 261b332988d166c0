// Thresholds as NVIDIA's open calibrators compute them (pytorch-quantization and ModelOpt), over 2048 bins of |x|.
// The entropy rule goes back to S. Migacz, "8-bit inference with TensorRT", GTC 2017.

internal import SimEngine

/// NVIDIA's rules.
public enum NvidiaRules {
  /// The first bin that a threshold may lie at.
  static let startBin = 128

  /// The threshold of least Kullback-Leibler divergence; `nil` if every candidate was skipped.
  ///
  /// For every i from 128 to the number of bins the reference P is the first i bins with all that lies beyond added to the
  /// last of them; Q is the same bins without it, spread evenly inside each of `levels` levels over the bins that are
  /// not empty. The last i of the least divergence wins, and the threshold is the lower edge of bin i. Bin 0 counts as
  /// bin 1 does, so that zeros do not rule.
  ///
  /// A candidate whose Q is empty has no divergence. The published code then stops at it by accident (NaN passes for the
  /// smallest number): `keepsArtefact` does the same, otherwise it is skipped.
  /// - Complexity: O(bins * levels) by prefix sums; candidates within rounding of the least are compared again exactly.
  public static func entropy(_ histogram: Histogram, levels: Int = 128, keepsArtefact: Bool = false) -> Float? {
    var bins = histogram.counts.map { Double($0) }
    guard bins.count > startBin else { return nil }
    bins[0] = bins[1]
    let sums = PrefixSums(bins)
    var divergences = [Double](repeating: .infinity, count: bins.count + 1)
    var least = Double.infinity
    for kept in startBin...bins.count {
      if sums.mass(0, kept) == 0 {
        if keepsArtefact { return histogram.edge(kept) }
        divergences[kept] = .nan
        continue
      }
      divergences[kept] = sums.divergence(kept: kept, levels: levels)
      least = min(least, divergences[kept])
    }
    // Prefix sums lose a few digits; what is within their error is settled by the sum as it is defined.
    var best: (kept: Int, divergence: Double)?
    for kept in startBin...bins.count where divergences[kept] <= least + 1e-9 || least == .infinity {
      let exact = exactDivergence(bins, kept: kept, levels: levels, total: sums.mass(0, bins.count))
      if best.map({ exact <= $0.divergence }) ?? true { best = (kept, exact) }
    }
    return best.map { histogram.edge($0.kept) }
  }

  /// sum of p log(p / q) over the kept bins, both normalised, as it is defined.
  static func exactDivergence(_ bins: [Double], kept: Int, levels: Int, total: Double) -> Double {
    var mass = [Double](repeating: 0, count: levels)
    var occupied = [Double](repeating: 0, count: levels)
    for bin in 0..<kept where bins[bin] != 0 {
      mass[bin * levels / kept] += bins[bin]
      occupied[bin * levels / kept] += 1
    }
    let keptMass = mass.reduce(0, +)
    var sum = 0.0
    for bin in 0..<kept {
      let p = bin == kept - 1 ? bins[bin] + (total - keptMass) : bins[bin]
      guard p > 0 else { continue }
      guard bins[bin] > 0 else { return .infinity }
      let q = mass[bin * levels / kept] / occupied[bin * levels / kept]
      sum += p / total * DeterministicMath.log((p / total) / (q / keptMass))
    }
    return sum
  }

  /// P and Q at the chosen threshold, as shares of what each counts: what the rule compared, for a picture.
  public static func distributions(
    _ histogram: Histogram, levels: Int = 128
  ) -> (reference: [Double], levelled: [Double], binWidth: Double)? {
    guard let threshold = entropy(histogram, levels: levels), histogram.binWidth > 0 else { return nil }
    var bins = histogram.counts.map { Double($0) }
    bins[0] = bins[1]
    let kept = min(bins.count, Int((Double(threshold) / histogram.binWidth).rounded()))
    let (total, keptMass) = (bins.reduce(0, +), bins[..<kept].reduce(0, +))
    guard kept > 0, keptMass > 0 else { return nil }
    var mass = [Double](repeating: 0, count: levels)
    var occupied = [Double](repeating: 0, count: levels)
    for bin in 0..<kept where bins[bin] > 0 {
      mass[bin * levels / kept] += bins[bin]
      occupied[bin * levels / kept] += 1
    }
    var reference = Array(bins[..<kept])
    reference[kept - 1] += total - keptMass
    let levelled = (0..<kept).map { bin in
      let level = bin * levels / kept
      return bins[bin] > 0 ? mass[level] / occupied[level] / keptMass : 0
    }
    return (reference.map { $0 / total }, levelled, histogram.binWidth)
  }

  /// The threshold of least squared error: the centre of the bin from 128 on that, taken as threshold, quantizes the
  /// bin centres with the least error weighted by their counts; the first of equals.
  /// - Complexity: O(bins^2).
  public static func meanSquaredError(_ histogram: Histogram, bits: Int = 8) -> Float {
    let centres = histogram.counts.indices.map { histogram.centre($0) }
    let counts = histogram.counts.map { Float($0) }
    let largest = Float(AffineQuantizer.largest(bits: bits))
    var best = (error: Double.infinity, threshold: histogram.largest)
    for bin in min(startBin, centres.count)..<centres.count {
      let threshold = centres[bin]
      let scale = largest / threshold
      var error = 0.0
      centres.withUnsafeBufferPointer { centres in
        counts.withUnsafeBufferPointer { counts in
          var lanes = SIMD8<Float>.zero
          var index = 0
          while index < centres.count {
            var offset = SIMD8<Float>.zero
            let end = min(8, centres.count - index)
            for lane in 0..<end {
              let centre = centres[index + lane]
              let level = min(AffineQuantizer.rounded(centre * scale), largest)
              let difference = level / scale - centre
              offset[lane] = counts[index + lane] * difference * difference
            }
            lanes += offset
            index += 8
          }
          error = Double(lanes.sum())
        }
      }
      if error < best.error { best = (error, threshold) }
    }
    return best.threshold
  }

  /// The lower edge of the first bin at which the share of smaller magnitudes reaches a percentage.
  public static func percentile(_ histogram: Histogram, _ percent: Double) -> Float {
    let total = Double(histogram.total)
    var sum = 0.0
    for (bin, count) in histogram.counts.enumerated() {
      // Shares are added, not counts: where a percentage is met exactly, the rounding decides as it does there.
      sum += Double(count) / total
      if sum >= percent / 100 { return histogram.edge(bin) }
    }
    return histogram.largest
  }
}

/// Sums over leading bins, so that a level costs the same however wide it is.
private struct PrefixSums {
  private let masses: [Double]
  private let occupied: [Int]
  /// Sums of p log p.
  private let information: [Double]
  private let bins: [Double]

  init(_ bins: [Double]) {
    self.bins = bins
    var (mass, count, total) = (0.0, 0, 0.0)
    var masses = [0.0]
    var occupied = [0]
    var information = [0.0]
    for bin in bins {
      mass += bin
      count += bin > 0 ? 1 : 0
      total += Self.information(bin)
      masses.append(mass)
      occupied.append(count)
      information.append(total)
    }
    self.masses = masses
    self.occupied = occupied
    self.information = information
  }

  private static func information(_ mass: Double) -> Double { mass > 0 ? mass * DeterministicMath.log(mass) : 0 }

  func mass(_ first: Int, _ end: Int) -> Double { masses[end] - masses[first] }

  /// KL = (sum p log p - sum p log q) / total - log(total / kept mass), the second sum level by level.
  func divergence(kept: Int, levels: Int) -> Double {
    let total = masses[bins.count]
    let keptMass = masses[kept]
    let beyond = total - keptMass
    let last = bins[kept - 1]
    guard last > 0 || beyond == 0 else { return .infinity }
    var sum = information[kept - 1] + Self.information(last + beyond)
    for level in 0..<levels {
      let first = (level * kept + levels - 1) / levels
      let end = ((level + 1) * kept + levels - 1) / levels
      let count = occupied[end] - occupied[first]
      guard count > 0 else { continue }
      let mass = masses[end] - masses[first]
      let isLast = level == levels - 1
      sum -= (mass + (isLast ? beyond : 0)) * DeterministicMath.log(mass / Double(count))
    }
    return sum / total - DeterministicMath.log(total) + DeterministicMath.log(keptMass)
  }
}
