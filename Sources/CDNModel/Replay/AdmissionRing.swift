/// Objects in the order of their admission, in one circular piece of memory.
///
/// Where objects leave only at the oldest end, a ring of numbers needs no links: 8 bytes an object and 4 to 8 a resident.
/// The next victims are known in advance, so their words are fetched before they are looked at.
struct AdmissionRing: ~Copyable, @unchecked Sendable {
  private static let prefetchDistance = 8

  /// Size and counter by object number; list 1 is resident.
  private(set) var objects: ObjectTable<ObjectWord>
  private var numbers: UnsafeMutablePointer<Int32>
  private var mask = 1023
  private var oldest = 0
  private var end = 0
  /// Sum of the sizes of the residents, in bytes.
  private(set) var bytes: Int64 = 0

  /// An empty ring for objects below a number.
  init(objects count: Int) {
    objects = ObjectTable(objects: count)
    numbers = AdmissionRing.slots(mask + 1)
  }

  deinit { releaseZeroed(numbers, byteCount: (mask + 1) * MemoryLayout<Int32>.stride) }

  private static func slots(_ count: Int) -> UnsafeMutablePointer<Int32> {
    zeroed(byteCount: count * MemoryLayout<Int32>.stride).bindMemory(to: Int32.self, capacity: count)
  }

  /// Number of residents.
  var count: Int { end - oldest }

  @inline(__always)
  func contains(_ id: Int32) -> Bool { objects[id].list != 0 }

  mutating func reserve(objects count: Int) { objects.reserve(objects: count) }

  /// Counts a use of a resident, up to a largest count.
  @inline(__always)
  func mark(_ id: Int32, upTo largest: UInt8) {
    let marks = objects[id].marks
    if marks < largest { objects[id].marks = marks + 1 }
  }

  /// Makes room for an object and admits it as the newest, unless it is larger than the capacity.
  ///
  /// - Returns: whether it was admitted.
  @inline(__always)
  mutating func admit(_ id: Int32, bytes size: Int64, capacity: Int64) -> Bool {
    if size > capacity { return false }
    while bytes + size > capacity { evict() }
    objects[id] = ObjectWord(bytes: size, list: 1)
    bytes += size
    append(id)
    return true
  }

  @inline(__always)
  private mutating func append(_ id: Int32) {
    if end - oldest > mask { grow() }
    numbers[end & mask] = id
    end += 1
  }

  /// The oldest object, which leaves the ring but stays resident: it must be appended again or forgotten.
  @inline(__always)
  private mutating func takeOldest() -> Int32 {
    let id = numbers[oldest & mask]
    oldest += 1
    objects.prefetch(numbers[(oldest + AdmissionRing.prefetchDistance) & mask])
    return id
  }

  /// Evicts the oldest object without a mark; those before it lose a mark and become the newest.
  @inline(__always)
  private mutating func evict() {
    while true {
      let id = takeOldest()
      let word = objects[id]
      if word.marks == 0 {
        bytes -= word.bytes
        objects[id].clear()
        return
      }
      objects[id].marks = word.marks - 1
      append(id)
    }
  }

  private mutating func grow() {
    let larger = AdmissionRing.slots(2 * (mask + 1))
    let largerMask = 2 * mask + 1
    for position in oldest..<end { larger[position & largerMask] = numbers[position & mask] }
    releaseZeroed(numbers, byteCount: (mask + 1) * MemoryLayout<Int32>.stride)
    numbers = larger
    mask = largerMask
  }

  /// Checks that ring, words and byte account agree.
  ///
  /// - Throws: `InvariantViolation` naming the first disagreement.
  func validate(capacity: Int64) throws(InvariantViolation) {
    try checkCapacity(bytes, capacity)
    var sum: Int64 = 0
    for position in oldest..<end {
      let id = numbers[position & mask]
      if !contains(id) { throw InvariantViolation("object \(id) is in the ring, not marked so") }
      sum += objects[id].bytes
    }
    if sum != bytes { throw InvariantViolation("residents sum to \(sum), accounted \(bytes)") }
  }
}
