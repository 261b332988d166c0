/// The links of an object in a `FrequencyIndex`, 12 bytes.
struct FrequencyRecord: LinkedRecord {
  var newer: Int32
  var older: Int32
  /// Number of its bucket plus one; 0 is not indexed.
  var bucketNumber: Int32
}

/// Objects by how often they were used, all operations O(1): buckets of equal frequency in rising order.
///
/// Within a bucket the object that reached the frequency first is the oldest. Buckets exist only for frequencies that
/// occur, so the index is small however large a frequency gets (Shah, Mitra, Matani: An O(1) algorithm for
/// implementing the LFU cache eviction scheme, 2010).
struct FrequencyIndex: ~Copyable, Sendable {
  private struct Bucket {
    var frequency: Int64
    var members = ObjectList()
    /// Bucket with the next higher frequency, or the next free bucket.
    var higher: Int32
    var lower: Int32
  }

  private var objects: ObjectTable<FrequencyRecord>
  private var buckets: [Bucket] = []
  private var firstFree: Int32 = -1
  private var lowest: Int32 = -1

  init(objects count: Int) { objects = ObjectTable(objects: count) }

  mutating func reserve(objects count: Int) { objects.reserve(objects: count) }

  func prefetch(_ id: Int32) { objects.prefetch(id) }
  func prefetchNeighbours(of id: Int32) { ObjectList.prefetchNeighbours(of: id, in: objects) }

  func contains(_ id: Int32) -> Bool { objects[id].bucketNumber != 0 }

  func frequency(of id: Int32) -> Int64 {
    let number = objects[id].bucketNumber
    return number == 0 ? 0 : buckets[Int(number) - 1].frequency
  }

  /// The object of lowest frequency that has had it longest, -1 if there is none.
  var least: Int32 { lowest < 0 ? -1 : buckets[Int(lowest)].members.oldest }

  /// Adds an object with frequency 1.
  mutating func insert(_ id: Int32) {
    if lowest < 0 || buckets[Int(lowest)].frequency != 1 { lowest = makeBucket(1, lower: -1, higher: lowest) }
    enter(id, lowest)
  }

  /// Notes one more use.
  mutating func use(_ id: Int32) {
    let bucket = objects[id].bucketNumber - 1
    let frequency = buckets[Int(bucket)].frequency + 1
    let higher = buckets[Int(bucket)].higher
    let known = higher >= 0 && buckets[Int(higher)].frequency == frequency
    if !known && buckets[Int(bucket)].members.oldest == buckets[Int(bucket)].members.newest {
      buckets[Int(bucket)].frequency = frequency
      return
    }
    let target = known ? higher : makeBucket(frequency, lower: bucket, higher: higher)
    leave(id, bucket)
    enter(id, target)
  }

  mutating func remove(_ id: Int32) {
    leave(id, objects[id].bucketNumber - 1)
    objects[id].bucketNumber = 0
  }

  @inline(__always)
  private mutating func enter(_ id: Int32, _ bucket: Int32) {
    buckets[Int(bucket)].members.pushNewest(id, in: objects)
    objects[id].bucketNumber = bucket + 1
  }

  private mutating func leave(_ id: Int32, _ bucket: Int32) {
    buckets[Int(bucket)].members.unlink(id, in: objects)
    if !buckets[Int(bucket)].members.isEmpty { return }
    let higher = buckets[Int(bucket)].higher
    let lower = buckets[Int(bucket)].lower
    if lower >= 0 { buckets[Int(lower)].higher = higher } else { lowest = higher }
    if higher >= 0 { buckets[Int(higher)].lower = lower }
    buckets[Int(bucket)].higher = firstFree
    firstFree = bucket
  }

  private mutating func makeBucket(_ frequency: Int64, lower: Int32, higher: Int32) -> Int32 {
    let bucket = Bucket(frequency: frequency, higher: higher, lower: lower)
    let number: Int32
    if firstFree >= 0 {
      number = firstFree
      firstFree = buckets[Int(number)].higher
      buckets[Int(number)] = bucket
    } else {
      number = Int32(buckets.count)
      buckets.append(bucket)
    }
    if lower >= 0 { buckets[Int(lower)].higher = number }
    if higher >= 0 { buckets[Int(higher)].lower = number }
    return number
  }

  /// Checks order, back links and the number of members.
  func validate(count: Int) throws(InvariantViolation) {
    var members = 0
    var below: Int64 = 0
    var bucket = lowest
    while bucket >= 0 {
      let frequency = buckets[Int(bucket)].frequency
      if frequency <= below { throw InvariantViolation("frequency \(frequency) follows \(below)") }
      below = frequency
      var id = buckets[Int(bucket)].members.oldest
      if id < 0 { throw InvariantViolation("an empty bucket of frequency \(frequency)") }
      while id >= 0 {
        members += 1
        if objects[id].bucketNumber != bucket + 1 { throw InvariantViolation("object \(id) is in a wrong bucket") }
        id = objects[id].newer
      }
      bucket = buckets[Int(bucket)].higher
    }
    if members != count { throw InvariantViolation("\(members) objects by frequency, \(count) counted") }
  }
}
