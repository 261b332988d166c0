internal import CPrefetch
internal import SimEngine

/// The residents of a sampling policy, packed without gaps so that a uniform sample is one random read.
///
/// - Complexity: O(1) an operation; the last entry fills the gap of a removed one.
struct ResidentPool<Payload: BitwiseCopyable & Sendable>: ~Copyable, @unchecked Sendable {
  struct Entry: BitwiseCopyable {
    var payload: Payload
    var id: Int32
  }

  /// Position plus one by object number; 0 is not a member.
  private var positions: ObjectTable<Int32>
  private var entries: UnsafeMutablePointer<Entry>
  private var capacity = 64
  private(set) var count = 0

  init(objects: Int) {
    positions = ObjectTable(objects: objects)
    entries = .allocate(capacity: capacity)
  }

  deinit { entries.deallocate() }

  mutating func reserve(objects: Int) { positions.reserve(objects: objects) }

  func prefetch(_ id: Int32) { positions.prefetch(id) }
  /// Fetches a member's entry, whose position has been fetched.
  func prefetchEntry(of id: Int32) { prefetch_line(entries + (Int(positions[id]) &- 1)) }

  func contains(_ id: Int32) -> Bool { positions[id] != 0 }

  /// What is kept about a member.
  subscript(id: Int32) -> Payload {
    get { entries[Int(positions[id]) - 1].payload }
    nonmutating _modify { yield &entries[Int(positions[id]) - 1].payload }
  }

  /// The entry at a position in 0..<count.
  func entry(at position: Int) -> Entry { entries[position] }

  mutating func insert(_ id: Int32, _ payload: Payload) {
    if count == capacity {
      let larger = UnsafeMutablePointer<Entry>.allocate(capacity: capacity * 2)
      larger.moveInitialize(from: entries, count: count)
      entries.deallocate()
      entries = larger
      capacity *= 2
    }
    entries[count] = Entry(payload: payload, id: id)
    count += 1
    positions[id] = Int32(truncatingIfNeeded: count)
  }

  @discardableResult
  mutating func remove(_ id: Int32) -> Payload {
    let position = Int(positions[id]) - 1
    let removed = entries[position].payload
    count -= 1
    entries[position] = entries[count]
    positions[entries[position].id] = Int32(truncatingIfNeeded: position + 1)
    positions[id] = 0
    return removed
  }

  /// A member drawn uniformly; the pool must not be empty.
  @inline(__always)
  func sample(_ stream: inout RandomStream) -> Entry { entries[stream.below(count)] }

  func validate() throws(InvariantViolation) {
    for position in 0..<count where Int(positions[entries[position].id]) != position + 1 {
      throw InvariantViolation("object \(entries[position].id) is not where the pool says")
    }
  }
}

extension PolicySetup {
  /// The random stream of a policy's choices, by its name.
  func stream(_ policy: String) -> RandomStream {
    RandomStream(StreamKey(seed: seed, replication: 0, entity: "cache/\(policy)", purpose: "eviction"))
  }
}
