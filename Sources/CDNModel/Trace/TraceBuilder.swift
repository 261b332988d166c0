internal import TextFormats

/// Collects requests into a `RequestTrace`: checks them, gives objects their numbers.
struct TraceBuilder: ~Copyable {
  private var numbers: ObjectNumbers
  private(set) var trace: RequestTrace
  private let limit: Int
  private var lastTime = -Double.infinity
  /// Names that have no number yet: looked up in batches, so that their cache misses overlap.
  private let pending: UnsafeMutablePointer<UInt64>
  private var pendingCount = 0

  init(name: String, limit: Int?, expectedRequests: Int) {
    numbers = ObjectNumbers()
    trace = RequestTrace(name: name)
    self.limit = min(limit ?? .max, Int(Int32.max) - 1)
    let reserve = min(expectedRequests, self.limit)
    trace.ids.reserveCapacity(reserve)
    trace.bytes.reserveCapacity(reserve)
    pending = .allocate(capacity: ObjectNumbers.batch)
  }

  deinit { pending.deallocate() }

  /// Whether as many requests as wanted have been taken.
  var isFull: Bool { trace.bytes.count >= limit }

  /// What is wrong with a request, nil if nothing is.
  @inline(__always)
  mutating func append(time: Double, key: UInt64, bytes: Int64) -> String? {
    if time < lastTime { return "time \(time) comes after \(lastTime): requests must be in order of time" }
    lastTime = time
    if bytes <= 0 {
      if bytes < 0 { return "a negative size: \(bytes)" }
      trace.skippedZeroSizes += 1
      return nil
    }
    if bytes > ObjectRecord.largestBytes { return "size \(bytes) is beyond 2^48 bytes" }
    pending[pendingCount] = key
    pendingCount += 1
    if pendingCount == ObjectNumbers.batch { takePending() }
    trace.bytes.append(bytes)
    trace.unsampledBytes += bytes
    return nil
  }

  private mutating func takePending() {
    numbers.appendNumbers(of: UnsafeBufferPointer(start: pending, count: pendingCount), to: &trace.ids)
    pendingCount = 0
  }

  /// The trace, complete.
  mutating func finish() -> RequestTrace {
    takePending()
    trace.keys = numbers.takeKeys()
    trace.unsampledCount = trace.ids.count
    return trace
  }
}

/// Gives 64-bit names dense numbers in order of first appearance.
///
/// The hash table holds only numbers; the names sit in the order of their numbers, so the popular ones, which appear
/// early, share cache lines.
struct ObjectNumbers: ~Copyable {
  /// Most names that are looked up together.
  static let batch = 256

  private let found: UnsafeMutablePointer<Int32>
  private var slots: UnsafeMutablePointer<Int32>
  private var shift: UInt64
  private var capacity: Int
  private var keys: UnsafeMutablePointer<UInt64>
  private var keyCapacity: Int
  private var count = 0

  init() {
    shift = 64 - 16
    capacity = 1 << 16
    slots = ObjectNumbers.makeSlots(capacity)
    keyCapacity = 1 << 15
    keys = ObjectNumbers.makeKeys(keyCapacity)
    found = .allocate(capacity: ObjectNumbers.batch)
  }

  deinit {
    found.deallocate()
    releaseZeroed(slots, byteCount: capacity * MemoryLayout<Int32>.stride)
    releaseZeroed(keys, byteCount: keyCapacity * MemoryLayout<UInt64>.stride)
  }

  private static func makeSlots(_ count: Int) -> UnsafeMutablePointer<Int32> {
    let slots = zeroed(byteCount: count * MemoryLayout<Int32>.stride).bindMemory(to: Int32.self, capacity: count)
    slots.initialize(repeating: -1, count: count)
    return slots
  }

  private static func makeKeys(_ count: Int) -> UnsafeMutablePointer<UInt64> {
    zeroed(byteCount: count * MemoryLayout<UInt64>.stride).bindMemory(to: UInt64.self, capacity: count)
  }

  @inline(__always)
  private func home(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: ((key ^ key >> 32) &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }

  /// Appends the numbers of some names, new ones for new names in order of appearance.
  ///
  /// The first two loops have no dependence between names, so the processor overlaps their cache misses; only new
  /// names are looked up one by one.
  mutating func appendNumbers(of names: UnsafeBufferPointer<UInt64>, to numbers: inout [Int32]) {
    for index in 0..<names.count { found[index] = slots[home(names[index])] }
    var new = 0
    for index in 0..<names.count {
      var number = found[index]
      if number >= 0 && keys[Int(number)] != names[index] {
        var slot = home(names[index])
        repeat {
          slot = (slot + 1) & (capacity - 1)
          number = slots[slot]
        } while number >= 0 && keys[Int(number)] != names[index]
        found[index] = number
      }
      new += number < 0 ? 1 : 0
    }
    if new > 0 {
      for index in 0..<names.count where found[index] < 0 { found[index] = number(of: names[index]) }
    }
    numbers.append(contentsOf: UnsafeBufferPointer(start: found, count: names.count))
  }

  /// The number of a name, a new one if it is new.
  @inline(__always)
  private mutating func number(of key: UInt64) -> Int32 {
    var slot = home(key)
    while true {
      let number = slots[slot]
      if number < 0 { break }
      if keys[Int(number)] == key { return number }
      slot = (slot + 1) & (capacity - 1)
    }
    return insert(key, at: slot)
  }

  @inline(never)
  private mutating func insert(_ key: UInt64, at slot: Int) -> Int32 {
    precondition(count < Int(Int32.max), "requests are limited to 2^31, so objects are too")
    slots[slot] = Int32(count)
    if count == keyCapacity {
      let moved = ObjectNumbers.makeKeys(2 * keyCapacity)
      moved.moveInitialize(from: keys, count: count)
      releaseZeroed(keys, byteCount: keyCapacity * MemoryLayout<UInt64>.stride)
      keys = moved
      keyCapacity *= 2
    }
    keys[count] = key
    count += 1
    if 2 * count > capacity { grow() }
    return Int32(count - 1)
  }

  private mutating func grow() {
    releaseZeroed(slots, byteCount: capacity * MemoryLayout<Int32>.stride)
    capacity *= 2
    shift -= 1
    slots = ObjectNumbers.makeSlots(capacity)
    for number in 0..<count {
      var slot = home(keys[number])
      while slots[slot] >= 0 { slot = (slot + 1) & (capacity - 1) }
      slots[slot] = Int32(number)
    }
  }

  /// The names by number.
  func takeKeys() -> [UInt64] { Array(UnsafeBufferPointer(start: keys, count: count)) }
}
