/// Names one cancellable event of an ``EventQueue`` until it happens or is cancelled.
///
/// A handle may be kept for ever: once its event is gone it matches nothing, and cancelling it again does no harm.
@frozen
public struct EventHandle: BitwiseCopyable, Hashable, Sendable {
  @usableFromInline let slot: UInt32
  @usableFromInline let generation: UInt32

  @inlinable
  init(slot: UInt32, generation: UInt32) {
    self.slot = slot
    self.generation = generation
  }

  /// The handle of no event: what a model stores while it has nothing pending.
  @inlinable
  public static var none: EventHandle { EventHandle(slot: .max, generation: .max) }
}

/// Which data structure holds the pending events; both give the same order of events.
public enum QueueBacking: String, CaseIterable, Sendable {
  /// A monotone radix heap: the fast one.
  case radix
  /// A 4-ary heap on (time, sequence): the plain one that the fast one is checked against.
  case heap
}

/// One pending event as both structures store it: 32 bytes for a 16-byte event.
@frozen
@usableFromInline
struct PendingEvent<Event: BitwiseCopyable>: BitwiseCopyable {
  @usableFromInline var time: Int64
  @usableFromInline var event: Event
  /// Cancellation slot; that of `CancellationSlots.permanent` for an event that nobody can cancel.
  @usableFromInline var slot: UInt32
  @usableFromInline var generation: UInt32

  @inlinable
  init(time: Int64, event: Event, handle: EventHandle) {
    self.time = time
    self.event = event
    slot = handle.slot
    generation = handle.generation
  }
}
