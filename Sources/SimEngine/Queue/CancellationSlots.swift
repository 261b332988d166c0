/// The generations by which pending events are cancelled in O(1).
///
/// A cancellable event owns a slot while it is pending. Cancelling or delivering it advances the slot's generation, so
/// that the entry still stored in the queue, and every handle still held by a model, no longer matches. The slot is
/// free at once; a slot whose generation is used up is retired, so that no stale handle can ever match again.
@frozen
@usableFromInline
struct CancellationSlots: ~Copyable {
  @frozen
  @usableFromInline
  struct Slot: BitwiseCopyable {
    /// When the event is due; tells the queue where to look when it is cancelled.
    @usableFromInline var time: Int64
    @usableFromInline var generation: UInt32
    @usableFromInline var nextFree: UInt32

    @inlinable
    init(time: Int64, generation: UInt32, nextFree: UInt32) {
      self.time = time
      self.generation = generation
      self.nextFree = nextFree
    }
  }

  @usableFromInline var slots: UnsafeMutablePointer<Slot>
  @usableFromInline var capacity: Int
  @usableFromInline var used = 0
  @usableFromInline var firstFree: UInt32 = CancellationSlots.noSlot

  /// The slot number of events that cannot be cancelled; it also ends the list of free slots.
  @inlinable
  static var noSlot: UInt32 { .max }

  @inlinable
  init() {
    capacity = 16
    slots = .allocate(capacity: capacity)
  }

  @inlinable
  deinit { slots.deallocate() }

  /// Takes a slot for an event due at `time`.
  ///
  /// Amortised O(1).
  @inlinable
  mutating func take(time: Int64) -> EventHandle {
    if firstFree != Self.noSlot {
      let slot = firstFree
      firstFree = slots[Int(slot)].nextFree
      slots[Int(slot)].time = time
      return EventHandle(slot: slot, generation: slots[Int(slot)].generation)
    }
    if used == capacity { grow() }
    let slot = UInt32(used)
    slots[used] = Slot(time: time, generation: 0, nextFree: Self.noSlot)
    used += 1
    return EventHandle(slot: slot, generation: 0)
  }

  @inlinable
  @inline(never)
  mutating func grow() {
    // The last number is reserved; 2^32 - 1 pending cancellable events would need 137 GB of entries.
    guard capacity < Int(UInt32.max) else { fatalError("more than 2^32 cancellable events are pending") }
    let larger = UnsafeMutablePointer<Slot>.allocate(capacity: min(capacity * 2, Int(UInt32.max)))
    larger.update(from: slots, count: used)
    slots.deallocate()
    slots = larger
    capacity = min(capacity * 2, Int(UInt32.max))
  }

  /// Whether the handle's event is still pending.
  @inlinable
  func isPending(_ handle: EventHandle) -> Bool {
    Int(handle.slot) < used && slots[Int(handle.slot)].generation == handle.generation
  }

  /// Whether a stored entry was not cancelled.
  @inlinable
  func isLive(slot: UInt32, generation: UInt32) -> Bool {
    slot == Self.noSlot || slots[Int(slot)].generation == generation
  }

  /// Ends the current use of a slot.
  ///
  /// O(1).
  @inlinable
  mutating func release(_ slot: UInt32) {
    let index = Int(slot)
    slots[index].generation += 1
    guard slots[index].generation != .max else { return }  // Retired.
    slots[index].nextFree = firstFree
    firstFree = slot
  }
}
