// Products of small integers with 32-bit sums, carried by the float matrix library where it provably cannot round.
// Integers up to 2^24 are exact in a float, so a sum of products of integers whose
// magnitudes add up to no more than that is exact in any order of addition, fused or not, on every machine.

/// Exact products of matrices of small integers.
enum IntegerProduct {
  /// Sums of magnitudes up to here are exact in float.
  static let exactLimit = 1 << 24

  /// Ranges of the depth over which no sum can round: the magnitudes of every filter's weights, times the largest input,
  /// add up to at most 2^24 within each.
  static func exactBlocks(_ weights: [Int8], depth: Int, largestInput: Int) -> [Range<Int>] {
    guard depth > 0 else { return [] }
    let filters = weights.count / depth
    let budget = exactLimit / max(1, largestInput)
    var blocks: [Range<Int>] = []
    var start = 0
    while start < depth {
      var end = depth
      for filter in 0..<filters {
        var sum = 0
        for index in start..<end {
          sum += Int(weights[filter * depth + index].magnitude)
          if sum > budget {
            end = index
            break
          }
        }
      }
      blocks.append(start..<end)
      start = end
    }
    return blocks
  }

  /// The integer that a float holds, for magnitudes below 2^31.
  ///
  /// Added to 1.5 * 2^52 it stands in the low bits of a double; unlike a checked conversion this runs on many lanes.
  @inline(__always)
  static func integer(_ value: Float) -> Int32 {
    Int32(truncatingIfNeeded: (Double(value) + 0x1.8p52).bitPattern)
  }
}
