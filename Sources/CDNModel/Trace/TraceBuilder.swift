internal import TextFormats

/// Collects requests into a `RequestTrace`: checks them, gives objects their numbers.
struct TraceBuilder: ~Copyable {
  private var numbers: ObjectNumbers
  private(set) var trace: RequestTrace
  private let limit: Int
  private var lastTime = -Double.infinity

  init(name: String, limit: Int?, expectedRequests: Int) {
    numbers = ObjectNumbers()
    trace = RequestTrace(name: name)
    self.limit = min(limit ?? .max, Int(Int32.max) - 1)
    let reserve = min(expectedRequests, self.limit)
    trace.ids.reserveCapacity(reserve)
    trace.bytes.reserveCapacity(reserve)
  }

  /// Whether as many requests as wanted have been taken.
  var isFull: Bool { trace.ids.count >= limit }

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
    let id = numbers.number(of: key)
    if id < 0 { return "more than 2^31 objects" }
    trace.ids.append(id)
    trace.bytes.append(bytes)
    trace.unsampledBytes += bytes
    return nil
  }

  consuming func finish() -> RequestTrace {
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
  private var slots: UnsafeMutablePointer<Int32>
  private var shift: UInt64
  private var capacity: Int
  private var keys: UnsafeMutablePointer<UInt64>
  private var keyCapacity: Int
  private var count = 0

  init() {
    shift = 64 - 16
    capacity = 1 << 16
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: -1, count: capacity)
    keyCapacity = 1 << 15
    keys = .allocate(capacity: keyCapacity)
  }

  deinit {
    slots.deallocate()
    keys.deallocate()
  }

  @inline(__always)
  private func home(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: ((key ^ key >> 32) &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }

  /// The number of a name, a new one if it is new; -1 if there are too many.
  @inline(__always)
  mutating func number(of key: UInt64) -> Int32 {
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
    if count == Int(Int32.max) { return -1 }
    slots[slot] = Int32(count)
    if count == keyCapacity {
      keyCapacity *= 2
      let moved = UnsafeMutablePointer<UInt64>.allocate(capacity: keyCapacity)
      moved.moveInitialize(from: keys, count: count)
      keys.deallocate()
      keys = moved
    }
    keys[count] = key
    count += 1
    if 2 * count > capacity { grow() }
    return Int32(count - 1)
  }

  private mutating func grow() {
    slots.deallocate()
    capacity *= 2
    shift -= 1
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: -1, count: capacity)
    for number in 0..<count {
      var slot = home(keys[number])
      while slots[slot] >= 0 { slot = (slot + 1) & (capacity - 1) }
      slots[slot] = Int32(number)
    }
  }

  /// The names by number.
  func takeKeys() -> [UInt64] { Array(UnsafeBufferPointer(start: keys, count: count)) }
}
