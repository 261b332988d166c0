/// The residents of a sampling policy in the order of a seeded hash, on a circle with a cursor.
///
/// A sample is the next resident behind the cursor: random as to the objects, but every resident comes up once a round.
/// So 64 samples are one straight piece of memory instead of 64 cache misses, and no resident is overlooked for long.
/// The reference samples alike: its generator walks over the buckets of a hash table in an order that repeats.
///
/// Open addressing with linear probing at a load of at most one half; removal closes the gap by shifting back.
///
/// - Complexity: O(1) expected an operation and a sample.
struct ResidentRing<Payload: BitwiseCopyable & Sendable>: ~Copyable, @unchecked Sendable {
  struct Entry: BitwiseCopyable {
    var payload: Payload
    /// Object number, -1 where the slot is empty.
    var id: Int32
  }

  /// Slot plus one by object number; 0 is not a member.
  private var positions: ObjectTable<Int32>
  private var slots: UnsafeMutablePointer<Entry>
  private var mask = 63
  private var cursor = 0
  private let salt: UInt64
  private let vacant: Entry
  private(set) var count = 0

  /// An empty ring; `vacant` fills empty slots and is never handed out.
  init(objects: Int, seed: UInt64, vacant payload: Payload) {
    positions = ObjectTable(objects: objects)
    salt = XXH64.hash(seed, seed: 0x52_494E_47)
    vacant = Entry(payload: payload, id: -1)
    slots = ResidentRing.makeSlots(mask + 1, vacant)
  }

  deinit { releaseZeroed(slots, byteCount: (mask + 1) * MemoryLayout<Entry>.stride) }

  private static func makeSlots(_ count: Int, _ vacant: Entry) -> UnsafeMutablePointer<Entry> {
    let slots = zeroed(byteCount: count * MemoryLayout<Entry>.stride).bindMemory(to: Entry.self, capacity: count)
    slots.initialize(repeating: vacant, count: count)
    return slots
  }

  mutating func reserve(objects: Int) { positions.reserve(objects: objects) }

  @inline(__always)
  private func home(_ id: Int32) -> Int { Int(truncatingIfNeeded: XXH64.hash(UInt64(id), seed: salt)) & mask }

  func contains(_ id: Int32) -> Bool { positions[id] != 0 }

  /// What is kept about a member.
  subscript(id: Int32) -> Payload {
    get { slots[Int(positions[id]) - 1].payload }
    nonmutating _modify { yield &slots[Int(positions[id]) - 1].payload }
  }

  mutating func insert(_ id: Int32, _ payload: Payload) {
    if 2 * (count + 1) > mask { grow() }
    count += 1
    place(Entry(payload: payload, id: id))
  }

  @inline(__always)
  private func place(_ entry: Entry) {
    var slot = home(entry.id)
    while slots[slot].id >= 0 { slot = (slot + 1) & mask }
    slots[slot] = entry
    positions[entry.id] = Int32(truncatingIfNeeded: slot + 1)
  }

  @discardableResult
  mutating func remove(_ id: Int32) -> Payload {
    var gap = Int(positions[id]) - 1
    let removed = slots[gap].payload
    positions[id] = 0
    count -= 1
    var slot = gap
    while true {
      slot = (slot + 1) & mask
      let next = slots[slot].id
      if next < 0 { break }
      // An entry may fill the gap if the gap lies on its way from home to where it sits.
      if (slot &- home(next)) & mask >= (slot &- gap) & mask {
        slots[gap] = slots[slot]
        positions[next] = Int32(truncatingIfNeeded: gap + 1)
        gap = slot
      }
    }
    slots[gap] = vacant
    return removed
  }

  /// The next member behind the cursor, which moves past it; the ring must not be empty.
  @inline(__always)
  mutating func sample() -> Entry {
    while true {
      let entry = slots[cursor]
      cursor = (cursor + 1) & mask
      if entry.id >= 0 { return entry }
    }
  }

  private mutating func grow() {
    let old = slots
    let oldCount = mask + 1
    mask = 2 * oldCount - 1
    slots = ResidentRing.makeSlots(2 * oldCount, vacant)
    for slot in 0..<oldCount where old[slot].id >= 0 { place(old[slot]) }
    releaseZeroed(old, byteCount: oldCount * MemoryLayout<Entry>.stride)
  }

  /// Calls `body` for each member in ring order.
  func forEach(_ body: (Entry) -> Void) {
    for slot in 0...mask where slots[slot].id >= 0 { body(slots[slot]) }
  }

  func validate() throws(InvariantViolation) {
    var members = 0
    for slot in 0...mask where slots[slot].id >= 0 {
      members += 1
      if Int(positions[slots[slot].id]) != slot + 1 {
        throw InvariantViolation("object \(slots[slot].id) is not where the ring says")
      }
    }
    if members != count { throw InvariantViolation("the ring holds \(members) objects, counted \(count)") }
  }
}
