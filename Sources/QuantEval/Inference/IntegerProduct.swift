// Products of small integers with 32-bit sums. Two ways, one result: plain integer loops, and the float matrix library
// wherever it provably cannot round. Integers up to 2^24 are exact in a float, so a sum of products of integers whose
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

  /// C += A B in plain integers: A rows x depth, B depth x columns, both row-major.
  static func multiply(
    rows: Int, columns: Int, depth: Int, _ a: UnsafePointer<Int8>, _ b: UnsafePointer<Int8>,
    onto c: UnsafeMutablePointer<Int32>
  ) {
    for row in 0..<rows {
      let target = c + row * columns
      for step in 0..<depth {
        let factor = Int32(a[row * depth + step])
        if factor == 0 { continue }
        let source = b + step * columns
        for column in 0..<columns { target[column] &+= factor &* Int32(source[column]) }
      }
    }
  }
}
