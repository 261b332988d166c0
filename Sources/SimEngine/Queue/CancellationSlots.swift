/// The generations by which pending events are cancelled in O(1).
///
/// A cancellable event owns a slot while it is pending. Cancelling or delivering it advances the slot's generation, so
/// that the entry still stored in the queue, and every handle still held by a model, no longer matches. The slot is
/// free at once; a slot whose generation is used up is retired, so that no stale handle can ever match again.
///
/// Each column has its own array: asking whether an entry is live touches four bytes of memory in random order, and the
/// rest is only read when an event is scheduled or cancelled. Slot 0 stands for all events that nobody can cancel: its
/// generation never changes, so that asking needs no branch and many entries can be asked at once (`liveMask`).
@frozen
@usableFromInline
struct CancellationSlots: ~Copyable {
  @usableFromInline var generations: UnsafeMutablePointer<UInt32>
  /// When the event of each slot is due: where the queue looks when it is cancelled.
  @usableFromInline var times: UnsafeMutablePointer<Int64>
  /// The free slots, last released on top.
  @usableFromInline var free: UnsafeMutablePointer<UInt32>
  @usableFromInline var capacity: Int
  /// Slots that were ever taken, slot 0 included.
  @usableFromInline var used = 1
  @usableFromInline var freeCount = 0

  /// What is stored with events that cannot be cancelled; no model ever sees this handle.
  @inlinable
  static var permanent: EventHandle { EventHandle(slot: 0, generation: 0) }

  @inlinable
  init() {
    capacity = 16
    generations = .allocate(capacity: capacity)
    generations[0] = 0
    times = .allocate(capacity: capacity)
    times[0] = 0
    free = .allocate(capacity: capacity)
  }

  @inlinable
  deinit {
    generations.deallocate()
    times.deallocate()
    free.deallocate()
  }

  /// Takes a slot for an event due at `time`.
  ///
  /// Amortised O(1).
  @inlinable
  mutating func take(time: Int64) -> EventHandle {
    if freeCount > 0 {
      freeCount &-= 1
      let slot = free[freeCount]
      times[Int(slot)] = time
      return EventHandle(slot: slot, generation: generations[Int(slot)])
    }
    if used == capacity { grow() }
    let slot = UInt32(used)
    generations[used] = 0
    times[used] = time
    used += 1
    return EventHandle(slot: slot, generation: 0)
  }

  @inlinable
  @inline(never)
  mutating func grow() {
    // The last number is reserved; 2^32 - 1 pending cancellable events would need 137 GB of entries.
    guard capacity < Int(UInt32.max) else { fatalError("more than 2^32 cancellable events are pending") }
    let larger = min(capacity * 2, Int(UInt32.max))
    Self.move(&generations, used, to: larger)
    Self.move(&times, used, to: larger)
    Self.move(&free, freeCount, to: larger)
    capacity = larger
  }

  @inlinable
  static func move<Element>(_ column: inout UnsafeMutablePointer<Element>, _ count: Int, to capacity: Int) {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
    larger.moveInitialize(from: column, count: count)
    column.deallocate()
    column = larger
  }

  /// Whether the handle's event is still pending.
  @inlinable
  func isPending(_ handle: EventHandle) -> Bool {
    Int(handle.slot) < used && generations[Int(handle.slot)] == handle.generation
  }

  /// Whether a stored entry was not cancelled.
  @inlinable
  func isLive(slot: UInt32, generation: UInt32) -> Bool {
    generations[Int(slot)] == generation
  }

  /// Which of the first `count` (at most 32) entries were not cancelled: one bit each, the first one lowest.
  ///
  /// The generations are read before anything depends on them, so their cache misses overlap.
  @inlinable
  func liveMask<Event>(_ entries: UnsafeMutablePointer<PendingEvent<Event>>, count: Int) -> UInt32 {
    var mask: UInt32 = 0
    for position in 0..<count {
      let isLive: UInt32 = generations[Int(entries[position].slot)] == entries[position].generation ? 1 : 0
      mask |= isLive &<< UInt32(truncatingIfNeeded: position)
    }
    return mask
  }

  /// When the event of a slot in use is due.
  @inlinable
  func time(of slot: UInt32) -> Int64 { times[Int(slot)] }

  /// Ends the current use of a slot in O(1).
  @inlinable
  mutating func release(_ slot: UInt32) {
    generations[Int(slot)] += 1
    guard generations[Int(slot)] != .max else { return }  // Retired.
    free[freeCount] = slot
    freeCount &+= 1
  }
}
