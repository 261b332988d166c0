// Numbers that come in ascending order and mostly in a row, as ranges.

/// A set of numbers: writes of a stream that no client was told of.
struct NumberRanges {
  private var ranges: [ClosedRange<Int64>] = []

  /// Adds a number greater than all in it.
  mutating func append(_ number: Int64) {
    if let last = ranges.last, last.upperBound == number - 1 {
      ranges[ranges.count - 1] = last.lowerBound...number
    } else {
      ranges.append(number...number)
    }
  }

  /// Takes a number out if it is in it; O(ranges after it).
  mutating func remove(_ number: Int64) {
    guard let index = ranges.lastIndex(where: { $0.lowerBound <= number }), ranges[index].contains(number) else {
      return
    }
    let range = ranges.remove(at: index)
    if number < range.upperBound { ranges.insert((number + 1)...range.upperBound, at: index) }
    if number > range.lowerBound { ranges.insert(range.lowerBound...(number - 1), at: index) }
  }

  /// How many are greater than a bound; O(ranges above it).
  func count(after bound: Int64) -> Int64 {
    var count: Int64 = 0
    for range in ranges.reversed() {
      guard range.upperBound > bound else { break }
      count += range.upperBound - max(range.lowerBound - 1, bound)
    }
    return count
  }
}
