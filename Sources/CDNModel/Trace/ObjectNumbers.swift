internal import CPrefetch

/// Gives 64-bit names dense numbers in order of first appearance.
///
/// Open addressing with linear probing; name and number share a cache line, so that a lookup is one memory access, and
/// the accesses of a batch are under way together. Slots follow the high bits of the hash, so growing the table writes
/// it from front to back.
struct ObjectNumbers: ~Copyable, @unchecked Sendable {
  private struct Slot {
    var key: UInt64
    /// The number plus one; 0 is an empty slot.
    var number: Int32
  }

  private var slots: UnsafeMutablePointer<Slot>
  private var shift: UInt64 = 64 - 12
  private var capacity = 1 << 12
  private var count = 0

  init() { slots = ObjectNumbers.makeSlots(capacity) }

  deinit { releaseZeroed(slots, byteCount: capacity * MemoryLayout<Slot>.stride) }

  private static func makeSlots(_ count: Int) -> UnsafeMutablePointer<Slot> {
    zeroed(byteCount: count * MemoryLayout<Slot>.stride).bindMemory(to: Slot.self, capacity: count)
  }

  @inline(__always)
  private func home(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: ((key ^ key >> 32) &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }

  /// Writes the numbers of some names, new ones for new names in order of appearance.
  ///
  /// - Complexity: O(names) expected.
  mutating func find(_ names: UnsafeBufferPointer<UInt64>, into numbers: UnsafeMutablePointer<Int32>) {
    for name in names { prefetch_line(slots + home(name)) }
    for index in 0..<names.count {
      let name = names[index]
      var slot = home(name)
      while slots[slot].key != name || slots[slot].number == 0 {
        if slots[slot].number == 0 {
          slot = insert(name, at: slot)
          break
        }
        slot = (slot &+ 1) & (capacity &- 1)
      }
      numbers[index] = slots[slot].number &- 1
    }
  }

  /// Enters a new name in an empty slot; returns where it stands afterwards.
  @inline(never)
  private mutating func insert(_ key: UInt64, at slot: Int) -> Int {
    precondition(count < Int(Int32.max) - 1, "requests are limited to 2^31, so objects are too")
    count += 1
    slots[slot] = Slot(key: key, number: Int32(count))
    if count <= capacity / 4 * 3 { return slot }
    grow()
    var moved = home(key)
    while slots[moved].key != key || slots[moved].number == 0 { moved = (moved + 1) & (capacity - 1) }
    return moved
  }

  private mutating func grow() {
    let old = slots
    let oldCapacity = capacity
    capacity *= 2
    shift -= 1
    slots = ObjectNumbers.makeSlots(capacity)
    for position in 0..<oldCapacity where old[position].number != 0 {
      var slot = home(old[position].key)
      while slots[slot].number != 0 { slot = (slot + 1) & (capacity - 1) }
      slots[slot] = old[position]
    }
    releaseZeroed(old, byteCount: oldCapacity * MemoryLayout<Slot>.stride)
  }

  /// The names by number.
  func keys() -> [UInt64] {
    [UInt64](unsafeUninitializedCapacity: count) { keys, filled in
      for slot in 0..<capacity where slots[slot].number != 0 { keys[Int(slots[slot].number) - 1] = slots[slot].key }
      filled = count
    }
  }
}
