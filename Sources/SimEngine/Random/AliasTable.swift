/// Draws indices with given weights in O(1) and one draw each, whatever their number.
///
/// Walker's alias method with Vose's construction (Vose, "A linear algorithm for generating random numbers with a
/// given distribution", IEEE TSE 17, 1991). Building takes O(n) additions and divisions in a fixed order.
public struct AliasTable: Sendable {
  /// Below `threshold` in a column of width 2^64 the column itself is drawn, above it its alias.
  @usableFromInline struct Column: BitwiseCopyable, Sendable {
    @usableFromInline var threshold: UInt64
    @usableFromInline var alias: UInt32
  }

  @usableFromInline let columns: [Column]

  /// The number of weights.
  public var count: Int { columns.count }

  /// A table of the given weights, which need not add up to one.
  ///
  /// There must be at least one weight and at most 2^32 - 1; none may be negative or infinite, and not all zero.
  public init(weights: [Double]) {
    precondition(!weights.isEmpty && weights.count < Int(UInt32.max), "an alias table needs 1 to 2^32 - 1 weights")
    precondition(weights.allSatisfy { $0 >= 0 && $0 < .infinity }, "weights are finite and not negative")
    let total = weights.reduce(0, +)
    precondition(total > 0 && total < .infinity, "the weights need a positive, finite sum")
    let scale = Double(weights.count) / total
    var remaining = weights.map { $0 * scale }
    var small: [UInt32] = []
    var large: [UInt32] = []
    for (index, weight) in remaining.enumerated() {
      if weight < 1 { small.append(UInt32(index)) } else { large.append(UInt32(index)) }
    }
    var columns = (0..<weights.count).map { Column(threshold: .max, alias: UInt32($0)) }
    while let donor = large.last, let needy = small.popLast() {
      let part = remaining[Int(needy)]
      columns[Int(needy)] = Column(threshold: UInt64(part * 0x1p64), alias: donor)
      remaining[Int(donor)] -= 1 - part
      if remaining[Int(donor)] < 1 {
        large.removeLast()
        small.append(donor)
      }
    }
    // What is left is 1 up to rounding; but a weight of zero must never be drawn.
    if let heaviest = weights.indices.max(by: { weights[$0] < weights[$1] }) {
      for index in small where weights[Int(index)] == 0 {
        columns[Int(index)] = Column(threshold: 0, alias: UInt32(heaviest))
      }
    }
    self.columns = columns
  }

  /// Draws an index: the high word of one draw times n is the column, the low word the place inside it.
  @inlinable
  public func sample(_ stream: inout RandomStream) -> Int {
    let product = stream.next().multipliedFullWidth(by: UInt64(columns.count))
    let column = columns[Int(product.high)]
    return product.low < column.threshold ? Int(product.high) : Int(column.alias)
  }
}
