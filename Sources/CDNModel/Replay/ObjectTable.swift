// The tables that policies are made of: records indexed by dense object number, doubly linked by 32-bit numbers. One
// allocation a table, all zero at first, so that untouched objects cost no memory.

/// A record that can hang in a doubly linked list.
///
/// All-zero bits must mean "unknown object".
public protocol LinkedRecord: BitwiseCopyable {
  /// Neighbour towards the newest end, -1 at the end.
  var newer: Int32 { get set }
  /// Neighbour towards the oldest end, -1 at the end.
  var older: Int32 { get set }
}

/// The record of most policies, 16 bytes: links, size, the list that holds the object, and a small counter.
@frozen
public struct ObjectRecord: LinkedRecord {
  /// Neighbour towards the newest end.
  public var newer: Int32
  /// Neighbour towards the oldest end.
  public var older: Int32
  @usableFromInline var word: UInt64

  /// Largest size that a record can hold: 2^48 - 1 bytes.
  public static let largestBytes: Int64 = (1 << 48) - 1

  /// Size in bytes, below 2^48.
  @inlinable
  public var bytes: Int64 {
    @inline(__always) get { Int64(truncatingIfNeeded: word & 0xFFFF_FFFF_FFFF) }
    @inline(__always) set { word = word & ~0xFFFF_FFFF_FFFF | UInt64(truncatingIfNeeded: newValue) & 0xFFFF_FFFF_FFFF }
  }

  /// A small counter: visits, frequency, reference bits.
  @inlinable
  public var marks: UInt8 {
    @inline(__always) get { UInt8(truncatingIfNeeded: word >> 48) }
    @inline(__always) set { word = word & ~(0xFF << 48) | UInt64(newValue) << 48 }
  }

  /// Which list holds the object; 0 is none.
  @inlinable
  public var list: UInt8 {
    @inline(__always) get { UInt8(truncatingIfNeeded: word >> 56) }
    @inline(__always) set { word = word & ~(0xFF << 56) | UInt64(newValue) << 56 }
  }

  /// Sets size, list and counter at once.
  @inlinable @inline(__always)
  public mutating func set(bytes: Int64, list: UInt8, marks: UInt8 = 0) {
    word = UInt64(truncatingIfNeeded: bytes) | UInt64(marks) << 48 | UInt64(list) << 56
  }

  /// Forgets the object.
  @inlinable @inline(__always)
  public mutating func clear() { word = 0 }
}

/// Records by object number in one allocation.
@frozen
public struct ObjectTable<Record: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  /// The records; valid for numbers below `count`.
  @usableFromInline var records: UnsafeMutablePointer<Record>
  @usableFromInline var capacity: Int

  /// All-zero records for objects 0..<count.
  @inlinable
  public init(objects: Int) {
    capacity = max(16, objects)
    records = zeroed(byteCount: capacity * MemoryLayout<Record>.stride).bindMemory(to: Record.self, capacity: capacity)
  }

  deinit { releaseZeroed(records, byteCount: capacity * MemoryLayout<Record>.stride) }

  /// Number of records.
  @inlinable
  public var count: Int { capacity }

  /// Makes room for object numbers below `objects`; new records are all zero.
  @inlinable
  public mutating func reserve(objects: Int) {
    if objects <= capacity { return }
    let grown = max(objects, capacity + capacity / 2)
    let stride = MemoryLayout<Record>.stride
    let moved = zeroed(byteCount: grown * stride)
    moved.copyMemory(from: records, byteCount: capacity * stride)
    releaseZeroed(records, byteCount: capacity * stride)
    records = moved.bindMemory(to: Record.self, capacity: grown)
    capacity = grown
  }

  /// The record of an object.
  @inlinable
  public subscript(id: Int32) -> Record {
    @inline(__always) get { records[Int(id)] }
    @inline(__always) nonmutating _modify { yield &records[Int(id)] }
  }
}

/// A doubly linked list through a table: newest at one end, oldest at the other.
@frozen
public struct ObjectList: Sendable, BitwiseCopyable {
  /// The newest object, -1 if empty.
  public var newest: Int32 = -1
  /// The oldest object, -1 if empty.
  public var oldest: Int32 = -1

  /// An empty list.
  @inlinable
  public init() {}

  /// Whether nothing is in it.
  @inlinable
  public var isEmpty: Bool { newest < 0 }

  /// Adds an object at the newest end.
  @inlinable @inline(__always)
  public mutating func pushNewest<R: LinkedRecord>(_ id: Int32, in table: borrowing ObjectTable<R>) {
    let records = table.records
    records[Int(id)].newer = -1
    records[Int(id)].older = newest
    if newest >= 0 { records[Int(newest)].newer = id } else { oldest = id }
    newest = id
  }

  /// Takes an object out of the list that holds it.
  @inlinable @inline(__always)
  public mutating func unlink<R: LinkedRecord>(_ id: Int32, in table: borrowing ObjectTable<R>) {
    let records = table.records
    let newer = records[Int(id)].newer
    let older = records[Int(id)].older
    if newer >= 0 { records[Int(newer)].older = older } else { newest = older }
    if older >= 0 { records[Int(older)].newer = newer } else { oldest = newer }
  }

  /// Moves a member to the newest end.
  @inlinable @inline(__always)
  public mutating func renew<R: LinkedRecord>(_ id: Int32, in table: borrowing ObjectTable<R>) {
    if id == newest { return }
    unlink(id, in: table)
    pushNewest(id, in: table)
  }
}

/// A list that knows how many objects and bytes it holds, and stamps its number on them.
@frozen
public struct ObjectQueue: Sendable, BitwiseCopyable {
  /// The order.
  public var order = ObjectList()
  /// Sum of the sizes of the members, in bytes.
  public var bytes: Int64 = 0
  /// Number of members.
  public var count = 0
  /// The number stamped on members, not 0.
  public let number: UInt8

  /// An empty queue.
  @inlinable
  public init(number: UInt8) { self.number = number }

  /// The oldest member, -1 if empty.
  @inlinable
  public var oldest: Int32 { order.oldest }

  /// Adds an object of a size as the newest member.
  @inlinable @inline(__always)
  public mutating func insert(
    _ id: Int32, bytes size: Int64, marks: UInt8 = 0, in table: borrowing ObjectTable<ObjectRecord>
  ) {
    order.pushNewest(id, in: table)
    table[id].set(bytes: size, list: number, marks: marks)
    bytes += size
    count += 1
  }

  /// Takes a member out; its record keeps the size but belongs to no list.
  ///
  /// - Returns: its size.
  @inlinable @inline(__always)
  @discardableResult
  public mutating func remove(_ id: Int32, in table: borrowing ObjectTable<ObjectRecord>) -> Int64 {
    order.unlink(id, in: table)
    let size = table[id].bytes
    table[id].clear()
    bytes -= size
    count -= 1
    return size
  }

  /// Moves a member to the newest end.
  @inlinable @inline(__always)
  public mutating func renew(_ id: Int32, in table: borrowing ObjectTable<ObjectRecord>) { order.renew(id, in: table) }

  /// Members from newest to oldest: for tests.
  public func members(in table: borrowing ObjectTable<ObjectRecord>) -> [Int32] {
    var found: [Int32] = []
    var id = order.newest
    while id >= 0 {
      found.append(id)
      id = table[id].older
    }
    return found
  }

  /// Checks links, stamps and the two accounts.
  ///
  /// - Throws: `InvariantViolation` naming the first disagreement.
  public func validate(in table: borrowing ObjectTable<ObjectRecord>) throws(InvariantViolation) {
    var listed = 0
    var sum: Int64 = 0
    var newer: Int32 = -1
    var id = order.newest
    while id >= 0 {
      listed += 1
      if listed > count { throw InvariantViolation("list \(number) is longer than its count \(count)") }
      if table[id].newer != newer { throw InvariantViolation("object \(id) has a wrong newer link") }
      if table[id].list != number { throw InvariantViolation("object \(id) is in list \(number), not stamped so") }
      sum += table[id].bytes
      newer = id
      id = table[id].older
    }
    if newer != order.oldest { throw InvariantViolation("list \(number) ends at \(newer), not at its oldest member") }
    if listed != count { throw InvariantViolation("list \(number) has \(listed) members, counted \(count)") }
    if sum != bytes { throw InvariantViolation("members of list \(number) sum to \(sum), accounted \(bytes)") }
  }
}

/// Throws if more is resident than the capacity allows.
func checkCapacity(_ resident: Int64, _ capacity: Int64) throws(InvariantViolation) {
  if resident > capacity { throw InvariantViolation("\(resident) bytes resident in a capacity of \(capacity)") }
}
