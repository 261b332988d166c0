/// Counts of observations in buckets of equal relative width: quantiles of any positive quantity with a known relative
/// error, and exact merging.
///
/// A bucket is an octave cut into 2^`precisionBits` equal parts, read straight from the bits of the Double, so a value
/// costs one shift and one increment. A quantile is reported as the middle of its bucket, clamped to the extremes that
/// were seen: its relative error is at most 2^-(`precisionBits` + 1). Zeros are counted apart. Merging adds integers:
/// any order gives the same counts. Memory is proportional to the octaves between the smallest and largest value
/// (1 KiB an octave at the default precision). After the idea of HdrHistogram.
public struct LogLinearHistogram: Hashable, Sendable {
  /// Each octave is cut into 2^precisionBits buckets.
  public let precisionBits: Int
  /// How many observations, zeros included.
  public private(set) var count: UInt64 = 0
  /// How many observations of exactly zero.
  public private(set) var zeroCount: UInt64 = 0
  /// The sum of the observations; its last bits depend on the order of adding and merging.
  public private(set) var sum: Double = 0
  private var smallest = Double.infinity
  private var largest = -Double.infinity
  /// Bucket number of `counts[0]`.
  private var firstBucket = 0
  private var counts: [UInt64] = []

  /// An empty histogram; `precisionBits` from 0 to 16.
  ///
  /// The default keeps quantiles within 0.4 %.
  public init(precisionBits: Int = 7) {
    precondition((0...16).contains(precisionBits), "a histogram has 0 to 16 precision bits")
    self.precisionBits = precisionBits
  }

  /// The largest relative error of a quantile.
  public var relativeError: Double { 1 / Double(2 << precisionBits) }

  /// Takes in `times` observations of a value, which must be finite and not negative.
  ///
  /// O(1) amortised.
  public mutating func add(_ value: Double, times: UInt64 = 1) {
    precondition(value >= 0 && value < .infinity, "a histogram takes finite values from zero up, not \(value)")
    guard times > 0 else { return }
    count += times
    sum += value * Double(times)
    smallest = Swift.min(smallest, value)
    largest = Swift.max(largest, value)
    guard value > 0 else {
      zeroCount += times
      return
    }
    let bucket = Int(value.bitPattern >> UInt64(52 - precisionBits))
    makeRoom(from: bucket, through: bucket)
    counts[bucket - firstBucket] += times
  }

  /// Takes in a span, in seconds.
  public mutating func add(_ span: SimDuration) { add(span.seconds) }

  /// Adds the counts of another histogram of the same precision.
  public mutating func merge(_ other: LogLinearHistogram) {
    precondition(precisionBits == other.precisionBits, "only histograms of one precision can be merged")
    guard other.count > 0 else { return }
    count += other.count
    zeroCount += other.zeroCount
    sum += other.sum
    smallest = Swift.min(smallest, other.smallest)
    largest = Swift.max(largest, other.largest)
    guard !other.counts.isEmpty else { return }
    makeRoom(from: other.firstBucket, through: other.firstBucket + other.counts.count - 1)
    for (index, amount) in other.counts.enumerated() { counts[other.firstBucket - firstBucket + index] += amount }
  }

  /// Forgets everything, for example at the end of the warm-up.
  public mutating func reset() { self = LogLinearHistogram(precisionBits: precisionBits) }

  /// The mean; NaN of nothing.
  public var mean: Double { count > 0 ? sum / Double(count) : .nan }

  /// The smallest observation, exact, or `nil` of nothing.
  public var minimum: Double? { count > 0 ? smallest : nil }

  /// The largest observation, exact, or `nil` of nothing.
  public var maximum: Double? { count > 0 ? largest : nil }

  /// The q-quantile for q in [0, 1]: the value of rank ceil(q n), within ``relativeError``; NaN of nothing.
  public func quantile(_ q: Double) -> Double {
    precondition(q >= 0 && q <= 1, "a quantile lies between 0 and 1")
    return value(atRank: UInt64((q * Double(count)).rounded(.up)))
  }

  /// The value of a rank (1 is the smallest observation, `count` the largest; others are clamped), within
  /// ``relativeError``; NaN of nothing.
  ///
  /// O(buckets).
  public func value(atRank rank: UInt64) -> Double {
    guard count > 0 else { return .nan }
    let rank = Swift.min(Swift.max(rank, 1), count)
    if rank == 1 { return smallest }
    if rank == count { return largest }
    var cumulative = zeroCount
    if rank <= cumulative { return 0 }
    for (index, amount) in counts.enumerated() {
      cumulative += amount
      guard cumulative >= rank else { continue }
      let bucket = firstBucket + index
      let middle = (lowerBound(ofBucket: bucket) + lowerBound(ofBucket: bucket + 1)) / 2
      return Swift.min(Swift.max(middle, smallest), largest)
    }
    return largest
  }

  /// The buckets that hold observations, in order of value: bounds and count, zeros as 0 ..< 0.
  public var occupiedBuckets: [(lower: Double, upper: Double, count: UInt64)] {
    var rows: [(lower: Double, upper: Double, count: UInt64)] = zeroCount > 0 ? [(0, 0, zeroCount)] : []
    for (index, amount) in counts.enumerated() where amount > 0 {
      let bucket = firstBucket + index
      rows.append((lowerBound(ofBucket: bucket), lowerBound(ofBucket: bucket + 1), amount))
    }
    return rows
  }

  private func lowerBound(ofBucket bucket: Int) -> Double {
    Double(bitPattern: UInt64(bucket) << UInt64(52 - precisionBits))
  }

  /// Extends the counts over the given buckets, by whole octaves so that it happens rarely.
  private mutating func makeRoom(from first: Int, through last: Int) {
    if !counts.isEmpty && first >= firstBucket && last < firstBucket + counts.count { return }
    let octave = 1 << precisionBits
    let newFirst = Swift.min(first, counts.isEmpty ? first : firstBucket) / octave * octave
    let newEnd = (Swift.max(last, counts.isEmpty ? last : firstBucket + counts.count - 1) / octave + 1) * octave
    var extended = [UInt64](repeating: 0, count: newEnd - newFirst)
    for (index, amount) in counts.enumerated() { extended[firstBucket - newFirst + index] = amount }
    counts = extended
    firstBucket = newFirst
  }
}
