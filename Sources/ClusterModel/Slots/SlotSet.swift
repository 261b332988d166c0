// Sets of hash slots: 16384 bits, as they travel in the header of every bus message.

/// A set of hash slots.
public struct SlotSet: Hashable, Sendable {
  private var words: [UInt64]

  /// The empty set.
  public init() { words = [UInt64](repeating: 0, count: HashSlot.count / 64) }

  /// The slots of some ranges.
  public init(_ ranges: [ClosedRange<Int>]) {
    self.init()
    for range in ranges { for slot in range { insert(slot) } }
  }

  /// Whether a slot is in it; O(1).
  public func contains(_ slot: Int) -> Bool { words[slot >> 6] >> UInt64(slot & 63) & 1 == 1 }

  /// Adds a slot; O(1).
  public mutating func insert(_ slot: Int) { words[slot >> 6] |= 1 << UInt64(slot & 63) }

  /// Takes a slot out; O(1).
  public mutating func remove(_ slot: Int) { words[slot >> 6] &= ~(1 << UInt64(slot & 63)) }

  /// Adds all slots of another set; O(words).
  public mutating func formUnion(_ other: SlotSet) {
    for index in words.indices { words[index] |= other.words[index] }
  }

  /// How many slots are in it; O(words).
  public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// Whether nothing is in it; O(words).
  public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  /// The lowest slot in it, if any; O(words).
  public var first: Int? {
    guard let word = words.firstIndex(where: { $0 != 0 }) else { return nil }
    return word << 6 | words[word].trailingZeroBitCount
  }

  /// Calls `body` with every slot in ascending order.
  public func forEach(_ body: (Int) throws -> Void) rethrows {
    for (index, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        try body(index << 6 | rest.trailingZeroBitCount)
        rest &= rest &- 1
      }
    }
  }

  /// The slots as maximal ranges in ascending order.
  public var ranges: [ClosedRange<Int>] {
    var ranges: [ClosedRange<Int>] = []
    forEach { slot in
      if let last = ranges.last, last.upperBound == slot - 1 {
        ranges[ranges.count - 1] = last.lowerBound...slot
      } else {
        ranges.append(slot...slot)
      }
    }
    return ranges
  }
}
