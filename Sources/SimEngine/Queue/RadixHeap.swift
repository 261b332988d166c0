/// A monotone radix heap in base 256: the pending-event set of ``EventQueue``.
///
///     bucket (level, digit): entries that agree with the clock above digit `level` and have `digit` there
///     level   7 ... 2      1        0
///            [256]  [256]  [256]   [256]    digit 0 to 255; a level-0 bucket holds one exact nanosecond
///              |      |      |
///              +------+------+---> when it is the lowest occupied bucket, the clock moves to its minimum and its
///                                  entries are dealt out to lower levels, in order
///
/// The number of a bucket, `level * 256 + digit`, orders buckets by time, so the next event lies in the lowest occupied
/// one. Dealing out is stable and equal times always share a bucket, so ties leave first in, first out without a
/// sequence number. The price is that nothing may be scheduled before the clock. An entry moves down at most 7 times;
/// with exponential delays and a million entries it moves about twice, always from one short run of memory to another.
/// After Ahuja, Mehlhorn, Orlin and Tarjan, "Faster algorithms for the shortest path problem", J. ACM 37 (1990), with
/// wider digits: bases 4, 16 and 256 were measured (docs/models/engine.md).
///
/// Buckets are chains of small chunks from one pool, so memory stays near that of the live entries and a chunk that
/// was just emptied is filled again while it is still in cache.
@frozen
@usableFromInline
struct RadixHeap<Event: BitwiseCopyable>: ~Copyable {
  @usableFromInline typealias Entry = PendingEvent<Event>

  @frozen
  @usableFromInline
  struct Bucket: BitwiseCopyable {
    /// First and last chunk; meaningless while the bucket is empty.
    @usableFromInline var head: UnsafeMutablePointer<Entry>
    @usableFromInline var tail: UnsafeMutablePointer<Entry>
    /// First entry in `head`; above level 0 it is always 0.
    @usableFromInline var headIndex: Int32
    /// Entries in `tail` (from 0).
    ///
    /// A full tail asks for a new chunk; an empty bucket pretends to have one.
    @usableFromInline var tailCount: Int32
    /// Earliest time of any entry, cancelled ones included.
    @usableFromInline var minimum: Int64

    @inlinable
    init(
      head: UnsafeMutablePointer<Entry>, tail: UnsafeMutablePointer<Entry>, headIndex: Int32, tailCount: Int32,
      minimum: Int64
    ) {
      self.head = head
      self.tail = tail
      self.headIndex = headIndex
      self.tailCount = tailCount
      self.minimum = minimum
    }
  }

  @usableFromInline let buckets: UnsafeMutablePointer<Bucket>
  /// One bit a bucket: it holds entries.
  @usableFromInline let occupied: UnsafeMutablePointer<UInt64>
  /// One bit a word of `occupied`: it is not zero.
  @usableFromInline var occupiedWords: UInt32 = 0
  /// One bit a bucket above level 0: the entry at `minimum` may have been cancelled.
  @usableFromInline let doubtful: UnsafeMutablePointer<UInt64>
  /// How many entries of each bucket were cancelled: buckets without any are dealt out without asking.
  @usableFromInline let cancelled: UnsafeMutablePointer<Int32>
  @usableFromInline var chunks: ChunkPool<Event>
  /// The clock: the time of the last entry taken out.
  @usableFromInline var clock: Int64 = 0

  @inlinable static var bucketCount: Int { 2048 }
  @inlinable static var levelZeroBuckets: Int { 256 }
  @inlinable static var wordCount: Int { 32 }

  @inlinable
  init() {
    chunks = ChunkPool()
    buckets = .allocate(capacity: Self.bucketCount)
    occupied = .allocate(capacity: Self.wordCount)
    doubtful = .allocate(capacity: Self.wordCount)
    cancelled = .allocate(capacity: Self.bucketCount)
    cancelled.initialize(repeating: 0, count: Self.bucketCount)
    occupied.initialize(repeating: 0, count: Self.wordCount)
    doubtful.initialize(repeating: 0, count: Self.wordCount)
    buckets.initialize(repeating: emptyBucket, count: Self.bucketCount)
  }

  @inlinable
  deinit {
    buckets.deallocate()
    occupied.deallocate()
    doubtful.deallocate()
    cancelled.deallocate()
  }

  @inlinable
  var emptyBucket: Bucket {
    Bucket(
      head: chunks.sentinel, tail: chunks.sentinel, headIndex: 0, tailCount: Int32(ChunkPool<Event>.chunkCapacity),
      minimum: .max)
  }

  /// The bucket of a time that is not before the clock.
  @inlinable
  func bucketIndex(of time: Int64) -> Int {
    let difference = UInt64(bitPattern: time ^ clock)
    let level = (63 &- (difference | 1).leadingZeroBitCount) &>> 3
    let digit = Int(truncatingIfNeeded: time &>> Int64(truncatingIfNeeded: level &* 8)) & 255
    return level &* 256 &+ digit
  }

  /// The lowest occupied bucket, or `bucketCount` if there is none.
  @inlinable
  var lowestBucket: Int {
    if occupiedWords == 0 { return Self.bucketCount }
    let word = occupiedWords.trailingZeroBitCount
    return word &* 64 &+ occupied[word].trailingZeroBitCount
  }

  /// Adds an entry that is not due before the clock.
  ///
  /// O(1).
  @inlinable
  mutating func push(_ entry: Entry) {
    let index = bucketIndex(of: entry.time)
    let bucket = buckets + index
    if bucket.pointee.tailCount == Int32(ChunkPool<Event>.chunkCapacity) { extend(index) }
    bucket.pointee.tail[Int(bucket.pointee.tailCount)] = entry
    bucket.pointee.tailCount &+= 1
    if entry.time < bucket.pointee.minimum { bucket.pointee.minimum = entry.time }
  }

  /// Gives a bucket an empty last chunk.
  @inlinable
  mutating func extend(_ index: Int) {
    let chunk = chunks.take()
    let bucket = buckets + index
    let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: index & 63)
    if occupied[index &>> 6] & bit == 0 {
      occupied[index &>> 6] |= bit
      occupiedWords |= 1 &<< UInt32(truncatingIfNeeded: index &>> 6)
      bucket.pointee.head = chunk
    } else {
      ChunkPool<Event>.setNext(of: bucket.pointee.tail, to: chunk)
    }
    bucket.pointee.tail = chunk
    bucket.pointee.tailCount = 0
  }

  @inlinable
  mutating func markEmpty(_ index: Int) {
    let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: index & 63)
    occupied[index &>> 6] &= ~bit
    if occupied[index &>> 6] == 0 { occupiedWords &= ~(1 &<< UInt32(truncatingIfNeeded: index &>> 6)) }
    doubtful[index &>> 6] &= ~bit
    cancelled[index] = 0
    buckets[index].tailCount = Int32(ChunkPool<Event>.chunkCapacity)
    buckets[index].headIndex = 0
    buckets[index].minimum = .max
  }

  /// Notes that an entry due at `time` was cancelled: its bucket's minimum may no longer belong to a live entry.
  ///
  /// O(1).
  @inlinable
  func noteCancellation(at time: Int64) {
    let index = bucketIndex(of: time)
    cancelled[index] &+= 1
    if buckets[index].minimum == time {
      doubtful[index &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: index & 63)
    }
  }

  @inlinable
  func isDoubtful(_ index: Int) -> Bool {
    doubtful[index &>> 6] & (1 &<< UInt64(truncatingIfNeeded: index & 63)) != 0
  }

  /// The time of the earliest live entry; drops cancelled entries on the way, the clock stays.
  ///
  /// Amortised O(1).
  @inlinable
  mutating func nextTime(_ slots: borrowing CancellationSlots, dead: inout Int) -> Int64? {
    while true {
      let index = lowestBucket
      if index == Self.bucketCount { return nil }
      if index < Self.levelZeroBuckets {
        let first = buckets[index].head[Int(buckets[index].headIndex)]
        if cancelled[index] == 0 || slots.isLive(slot: first.slot, generation: first.generation) { return first.time }
        cancelled[index] &-= 1
        dropFirst(index)
        dead -= 1
      } else if isDoubtful(index) {
        removeDead(in: index, slots, dead: &dead)
      } else {
        return buckets[index].minimum
      }
    }
  }

  /// Takes out the earliest live entry if it is due no later than `limit`, and moves the clock to it.
  ///
  /// Amortised one move for each of the at most 8 levels that an entry passes.
  @inlinable
  mutating func pop(through limit: Int64, _ slots: borrowing CancellationSlots, dead: inout Int) -> Entry? {
    while true {
      let index = lowestBucket
      if index == Self.bucketCount || buckets[index].minimum > limit { return nil }
      if index < Self.levelZeroBuckets {
        let first = buckets[index].head[Int(buckets[index].headIndex)]
        let isDead = cancelled[index] != 0 && !slots.isLive(slot: first.slot, generation: first.generation)
        if isDead { cancelled[index] &-= 1 }
        dropFirst(index)
        if isDead {
          dead -= 1
          continue
        }
        clock = first.time
        return first
      }
      if isDoubtful(index) {
        removeDead(in: index, slots, dead: &dead)
        continue
      }
      return dealOut(index, slots, dead: &dead)
    }
  }

  /// Removes the first entry of a level-0 bucket.
  @inlinable
  mutating func dropFirst(_ index: Int) {
    let bucket = buckets + index
    bucket.pointee.headIndex &+= 1
    if bucket.pointee.head == bucket.pointee.tail {
      if bucket.pointee.headIndex == bucket.pointee.tailCount {
        chunks.release(bucket.pointee.head)
        markEmpty(index)
      }
    } else if bucket.pointee.headIndex == Int32(ChunkPool<Event>.chunkCapacity) {
      let emptied = bucket.pointee.head
      bucket.pointee.head = ChunkPool<Event>.next(of: emptied)
      bucket.pointee.headIndex = 0
      chunks.release(emptied)
    }
  }

  /// Moves the clock to the minimum of a bucket above level 0, takes out the first entry of that time, and deals out
  /// the others to lower levels in the order in which they are stored.
  ///
  /// The minimum must belong to a live entry.
  @inlinable
  mutating func dealOut(_ index: Int, _ slots: borrowing CancellationSlots, dead: inout Int) -> Entry {
    let bucket = buckets[index]
    let hasDead = cancelled[index] != 0
    clock = bucket.minimum
    markEmpty(index)
    var chunk = bucket.head
    if chunk == bucket.tail && bucket.tailCount == 1 {
      let only = chunk[0]
      chunks.release(chunk)
      return only
    }
    var earliest: Entry?
    while true {
      let isLast = chunk == bucket.tail
      let entries = isLast ? Int(bucket.tailCount) : ChunkPool<Event>.chunkCapacity
      if hasDead {
        var live = slots.liveMask(chunk, count: entries)
        dead -= entries &- live.nonzeroBitCount
        while live != 0 {
          place(chunk[live.trailingZeroBitCount], &earliest)
          live &= live &- 1
        }
      } else {
        for position in 0..<entries { place(chunk[position], &earliest) }
      }
      let following = ChunkPool<Event>.next(of: chunk)
      chunks.release(chunk)
      if isLast { break }
      chunk = following
    }
    guard let earliest else { fatalError("the minimum of bucket \(index) belongs to no live entry") }
    return earliest
  }

  /// Keeps the first entry that is due now, and stores any other.
  @inlinable
  @inline(__always)
  mutating func place(_ entry: Entry, _ earliest: inout Entry?) {
    if entry.time == clock && earliest == nil {
      earliest = entry
    } else {
      push(entry)
    }
  }

  /// Drops the cancelled entries of all buckets.
  ///
  /// O(n).
  @inlinable
  mutating func removeDead(_ slots: borrowing CancellationSlots, dead: inout Int) {
    for index in 0..<Self.bucketCount where cancelled[index] != 0 { removeDead(in: index, slots, dead: &dead) }
  }

  /// Drops the cancelled entries of one occupied bucket, keeps the order of the others, and finds their minimum.
  @inlinable
  mutating func removeDead(in index: Int, _ slots: borrowing CancellationSlots, dead: inout Int) {
    let bucket = buckets[index]
    var readChunk = bucket.head
    var readPosition = Int(bucket.headIndex)
    var writeChunk = bucket.head
    var writePosition = 0
    var minimum = Int64.max
    var kept = false
    while true {
      let isLast = readChunk == bucket.tail
      let end = isLast ? Int(bucket.tailCount) : ChunkPool<Event>.chunkCapacity
      var live = slots.liveMask(readChunk + readPosition, count: end &- readPosition)
      dead -= end &- readPosition &- live.nonzeroBitCount
      while live != 0 {
        let entry = readChunk[readPosition &+ live.trailingZeroBitCount]
        live &= live &- 1
        if writePosition == ChunkPool<Event>.chunkCapacity {
          writeChunk = ChunkPool<Event>.next(of: writeChunk)
          writePosition = 0
        }
        writeChunk[writePosition] = entry
        writePosition += 1
        kept = true
        if entry.time < minimum { minimum = entry.time }
      }
      if isLast { break }
      readChunk = ChunkPool<Event>.next(of: readChunk)
      readPosition = 0
    }
    var surplus = kept ? (writeChunk == bucket.tail ? nil : ChunkPool<Event>.next(of: writeChunk)) : bucket.head
    while let chunk = surplus {
      surplus = chunk == bucket.tail ? nil : ChunkPool<Event>.next(of: chunk)
      chunks.release(chunk)
    }
    guard kept else { return markEmpty(index) }
    cancelled[index] = 0
    buckets[index] = Bucket(
      head: bucket.head, tail: writeChunk, headIndex: 0, tailCount: Int32(writePosition), minimum: minimum)
    doubtful[index &>> 6] &= ~(1 &<< UInt64(truncatingIfNeeded: index & 63))
  }
}
