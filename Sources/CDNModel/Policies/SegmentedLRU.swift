/// Segmented LRU as a part: up to 250 LRU segments, a hit lifts an object by one segment, overflow sinks by one.
///
/// Segment 0 is the lowest. Objects are stamped with segment + `firstNumber` in their records.
struct SegmentedLRU: Sendable {
  let limits: [Int64]
  let firstNumber: UInt8
  private(set) var segments: [ObjectQueue]
  private(set) var bytes: Int64 = 0
  private(set) var count = 0

  init(limits: [Int64], firstNumber: UInt8) {
    self.limits = limits
    self.firstNumber = firstNumber
    segments = limits.indices.map { ObjectQueue(number: firstNumber + UInt8($0)) }
  }

  @inline(__always)
  func holds(_ record: ObjectRecord) -> Bool { record.list >= firstNumber }

  /// Notes a hit on a member; whatever sinks out of the lowest segment is evicted.
  mutating func hit(_ id: Int32, in objects: borrowing ObjectTable<ObjectRecord>) {
    let segment = Int(objects[id].list - firstNumber)
    if segment == segments.count - 1 {
      segments[segment].renew(id, in: objects)
      return
    }
    let size = segments[segment].remove(id, in: objects)
    segments[segment + 1].insert(id, bytes: size, in: objects)
    cool(segment + 1, in: objects)
  }

  /// Sinks the oldest members of a segment until it is within its limit, and so on downwards.
  private mutating func cool(_ segment: Int, in objects: borrowing ObjectTable<ObjectRecord>) {
    while segments[segment].bytes > limits[segment] {
      let id = segments[segment].oldest
      let size = segments[segment].remove(id, in: objects)
      if segment == 0 {
        bytes -= size
        count -= 1
      } else {
        segments[segment - 1].insert(id, bytes: size, in: objects)
        cool(segment - 1, in: objects)
      }
    }
  }

  /// Inserts into the lowest segment that has room, else into the lowest one.
  mutating func insert(_ id: Int32, bytes size: Int64, in objects: borrowing ObjectTable<ObjectRecord>) {
    let segment = segments.indices.first { segments[$0].bytes + size <= limits[$0] } ?? 0
    segments[segment].insert(id, bytes: size, in: objects)
    bytes += size
    count += 1
  }

  /// The object that `evict` would take, -1 if there is none.
  var victim: Int32 { segments.first { $0.count > 0 }?.oldest ?? -1 }

  /// Evicts the oldest member of the lowest segment that has one.
  mutating func evict(in objects: borrowing ObjectTable<ObjectRecord>) {
    guard let segment = segments.indices.first(where: { segments[$0].count > 0 }) else { return }
    bytes -= segments[segment].remove(segments[segment].oldest, in: objects)
    count -= 1
  }

  func validate(in objects: borrowing ObjectTable<ObjectRecord>) throws(InvariantViolation) {
    var sum: Int64 = 0
    var members = 0
    for segment in segments {
      try segment.validate(in: objects)
      sum += segment.bytes
      members += segment.count
    }
    if sum != bytes || members != count { throw InvariantViolation("the segments disagree with their totals") }
  }
}
