// Sharing out all slots among the masters of a new cluster, as `redis-cli --cluster create` does.

/// The slots of a new cluster's masters.
public enum SlotAllocation {
  /// The fewest masters of a cluster: with fewer, no majority survives the death of one.
  public static let fewestMasters = 3

  /// A range of neighbouring slots for every master, in order.
  ///
  /// A cursor advances by 16384 / masters in single precision; a range ends at the cursor rounded to nearest, halves
  /// away from zero, and the last one at the last slot. The precision matters: it decides who gets the odd slot.
  /// - Throws: `PlanRefusal` below 3 and above 16384 masters.
  public static func ranges(masters: Int) throws(PlanRefusal) -> [ClosedRange<Int>] {
    guard masters >= fewestMasters else {
      throw PlanRefusal("a cluster needs at least \(fewestMasters) masters, not \(masters)")
    }
    guard masters <= HashSlot.count else {
      throw PlanRefusal("\(masters) masters cannot share \(HashSlot.count) slots")
    }
    let slotsEach = Float(HashSlot.count) / Float(masters)
    var first = 0
    var cursor: Float = 0
    var ranges: [ClosedRange<Int>] = []
    for master in 0..<masters {
      var last = Int((cursor + slotsEach - 1).rounded(.toNearestOrAwayFromZero))
      if last > HashSlot.count - 1 || master == masters - 1 { last = HashSlot.count - 1 }
      last = max(last, first)
      ranges.append(first...last)
      first = last + 1
      cursor += slotsEach
    }
    return ranges
  }
}
