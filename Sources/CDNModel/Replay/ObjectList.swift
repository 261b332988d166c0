// Orders of objects: doubly linked lists through an `ObjectTable`, newest at one end, oldest at the other.

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

  /// Asks the processor for the neighbours of an object, whose own record has been fetched.
  @inline(__always)
  static func prefetchNeighbours<R: LinkedRecord>(of id: Int32, in table: borrowing ObjectTable<R>) {
    table.prefetch(table[id].newer)
    table.prefetch(table[id].older)
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
