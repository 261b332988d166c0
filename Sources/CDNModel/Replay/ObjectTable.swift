// The tables that policies are made of: records indexed by dense object number, doubly linked by 32-bit numbers. One
// allocation a table, all zero at first, so that untouched objects cost no memory.

internal import CPrefetch

/// A record that can hang in a doubly linked list.
///
/// All-zero bits must mean "unknown object".
public protocol LinkedRecord: BitwiseCopyable {
  /// Neighbour towards the newest end, -1 at the end.
  var newer: Int32 { get set }
  /// Neighbour towards the oldest end, -1 at the end.
  var older: Int32 { get set }
}

/// Size, list and counter of an object in one word of 8 bytes.
@frozen
public struct ObjectWord: BitwiseCopyable, Sendable {
  @usableFromInline var word: UInt64

  /// Largest size that it can hold: 2^48 - 1 bytes.
  public static let largestBytes: Int64 = (1 << 48) - 1

  /// An object of a size below 2^48 bytes in a list.
  @inlinable @inline(__always)
  public init(bytes: Int64, list: UInt8, marks: UInt8 = 0) {
    word = UInt64(truncatingIfNeeded: bytes) | UInt64(marks) << 48 | UInt64(list) << 56
  }

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

  /// Forgets the object.
  @inlinable @inline(__always)
  public mutating func clear() { word = 0 }
}

/// The record of list policies, 16 bytes: links, size, the list that holds the object, and a small counter.
@frozen
public struct ObjectRecord: LinkedRecord {
  /// Neighbour towards the newest end.
  public var newer: Int32
  /// Neighbour towards the oldest end.
  public var older: Int32
  /// Size, list and counter.
  public var word: ObjectWord

  /// Size in bytes, below 2^48.
  @inlinable
  public var bytes: Int64 {
    @inline(__always) get { word.bytes }
    @inline(__always) set { word.bytes = newValue }
  }

  /// A small counter: visits, frequency, reference bits.
  @inlinable
  public var marks: UInt8 {
    @inline(__always) get { word.marks }
    @inline(__always) set { word.marks = newValue }
  }

  /// Which list holds the object; 0 is none.
  @inlinable
  public var list: UInt8 {
    @inline(__always) get { word.list }
    @inline(__always) set { word.list = newValue }
  }

  /// Sets size, list and counter at once.
  @inlinable @inline(__always)
  public mutating func set(bytes: Int64, list: UInt8, marks: UInt8 = 0) {
    word = ObjectWord(bytes: bytes, list: list, marks: marks)
  }

  /// Forgets the object.
  @inlinable @inline(__always)
  public mutating func clear() { word.clear() }
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

  /// Asks the processor for the cache line of a record that will be needed soon; any number is allowed.
  @inline(__always)
  func prefetch(_ id: Int32) { prefetch_line(UnsafeRawPointer(records) + Int(id) * MemoryLayout<Record>.stride) }

  /// The record of an object.
  @inlinable
  public subscript(id: Int32) -> Record {
    @inline(__always) get { records[Int(id)] }
    @inline(__always) nonmutating _modify { yield &records[Int(id)] }
  }
}
