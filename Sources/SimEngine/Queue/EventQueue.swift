/// The pending events of a simulation and its clock.
///
///     var queue = EventQueue<ShopEvent>()
///     queue.schedule(.arrival(customer: 0), after: .seconds(1.5))
///     let closing = queue.scheduleCancellable(.closing, at: .seconds(3600))
///     while let event = queue.popNext(before: .seconds(7200)) {
///       // queue.now is the time of `event`
///     }
///
/// Events are small values (an enum of at most 16 bytes is best). They leave in order of time, and first in, first out
/// at one time. Cancelled events leave no trace: they never move the clock.
///
/// - Complexity: `schedule` O(1); `popNext` amortised O(1) for each base-256 digit of the delay (see `RadixHeap`);
///   `cancel` amortised O(1). With ``QueueBacking/heap`` `schedule` and `popNext` are O(log n).
/// - Important: Scheduling before `now`, or a model that handles more than ``instantLimit`` events without time
///   passing, is a defect of the model and ends the process with a message that names the event.
@frozen
public struct EventQueue<Event: BitwiseCopyable>: ~Copyable {
  /// The data structure in use.
  public let backing: QueueBacking
  /// The most events that may happen at one instant: a model that exceeds it loops without time passing.
  public var instantLimit = 10_000_000

  @usableFromInline var radix: RadixHeap<Event>
  @usableFromInline var heap: QuaternaryHeap<Event>
  @usableFromInline var slots = CancellationSlots()
  @usableFromInline var clock: Int64 = 0
  /// Entries that are stored, and how many of them were cancelled.
  @usableFromInline var stored = 0
  @usableFromInline var dead = 0
  @usableFromInline var eventsThisInstant = 0

  /// An empty queue at time zero.
  @inlinable
  public init(backing: QueueBacking = .radix) {
    self.backing = backing
    radix = RadixHeap()
    heap = QuaternaryHeap(capacity: backing == .heap ? 1024 : 0)
  }

  /// The time of the event taken out last; zero at first.
  @inlinable
  public var now: SimTime { SimTime(nanoseconds: clock) }

  /// How many events are pending; cancelled ones do not count.
  ///
  /// O(1).
  @inlinable
  public var count: Int { stored &- dead }

  /// Whether nothing is pending.
  ///
  /// O(1).
  @inlinable
  public var isEmpty: Bool { stored == dead }

  /// Adds an event due at `time`, which must not be before ``now``.
  ///
  /// O(1).
  @inlinable
  public mutating func schedule(_ event: Event, at time: SimTime) {
    insert(event, at: time, handle: CancellationSlots.permanent)
  }

  /// Adds an event due `delay` after ``now``; the delay must not be negative.
  ///
  /// O(1).
  @inlinable
  public mutating func schedule(_ event: Event, after delay: SimDuration) {
    insert(event, at: now + delay, handle: CancellationSlots.permanent)
  }

  /// Adds an event due at `time` that ``cancel(_:)`` can take back.
  ///
  /// Amortised O(1).
  @inlinable
  public mutating func scheduleCancellable(_ event: Event, at time: SimTime) -> EventHandle {
    let handle = slots.take(time: time.nanoseconds)
    insert(event, at: time, handle: handle)
    return handle
  }

  /// Adds an event due `delay` after ``now`` that ``cancel(_:)`` can take back.
  ///
  /// Amortised O(1).
  @inlinable
  public mutating func scheduleCancellable(_ event: Event, after delay: SimDuration) -> EventHandle {
    scheduleCancellable(event, at: now + delay)
  }

  @inlinable
  mutating func insert(_ event: Event, at time: SimTime, handle: EventHandle) {
    guard time.nanoseconds >= clock else { refuse(event, at: time) }
    let entry = PendingEvent(time: time.nanoseconds, event: event, handle: handle)
    stored &+= 1
    if backing == .radix { radix.push(entry) } else { heap.push(entry) }
  }

  /// Takes back a pending event, also one that is due now.
  ///
  /// Amortised O(1): once more than half of the stored entries are cancelled, they are dropped together.
  ///
  /// - Returns: Whether the event was still pending.
  @inlinable
  @discardableResult
  public mutating func cancel(_ handle: EventHandle) -> Bool {
    guard slots.isPending(handle) else { return false }
    if backing == .radix { radix.noteCancellation(at: slots.time(of: handle.slot)) }
    slots.release(handle.slot)
    dead &+= 1
    if dead > 64 && dead > stored &- dead { rebuild() }
    return true
  }

  /// Whether the handle's event is still pending.
  ///
  /// O(1).
  @inlinable
  public func isPending(_ handle: EventHandle) -> Bool { slots.isPending(handle) }

  /// When the next event is due, or `nil` if nothing is pending.
  ///
  /// It drops cancelled events that it meets; the clock stays, and earlier events may still be scheduled afterwards.
  @inlinable
  public mutating func nextTime() -> SimTime? {
    let before = dead
    if backing == .radix {
      let time = radix.nextTime(slots, dead: &dead)
      stored &-= before &- dead
      return time.map(SimTime.init(nanoseconds:))
    }
    discardDeadTop()
    return heap.count > 0 ? SimTime(nanoseconds: heap.first.time) : nil
  }

  /// Moves ``now`` to `time` without an event, for a model whose clock is also moved by other queues.
  ///
  /// `time` must lie neither before ``now`` nor after the next pending event.
  @inlinable
  public mutating func advance(to time: SimTime) {
    guard time.nanoseconds > clock else {
      precondition(time.nanoseconds == clock, "the clock of a queue does not go back")
      return
    }
    precondition(nextTime().map { time <= $0 } ?? true, "the clock of a queue does not jump over events")
    clock = time.nanoseconds
    eventsThisInstant = 0
  }

  /// Takes out the next event if it is due strictly before `limit`, and moves ``now`` to its time.
  ///
  /// Otherwise the queue and ``now`` stay as they are.
  @inlinable
  public mutating func popNext(before limit: SimTime) -> Event? {
    pop(through: limit.nanoseconds &- 1)
  }

  /// Takes out the next event if it is due at or before `limit`, and moves ``now`` to its time.
  @inlinable
  public mutating func popNext(through limit: SimTime) -> Event? {
    pop(through: limit.nanoseconds)
  }

  @inlinable
  mutating func pop(through limit: Int64) -> Event? {
    let entry: PendingEvent<Event>
    if backing == .radix {
      let before = dead
      let next = radix.pop(through: limit, slots, dead: &dead)
      stored &-= before &- dead
      guard let next else { return nil }
      entry = next
    } else {
      discardDeadTop()
      guard heap.count > 0, heap.first.time <= limit else { return nil }
      entry = heap.popFirst()
    }
    stored &-= 1
    if entry.slot != CancellationSlots.permanent.slot { slots.release(entry.slot) }
    if entry.time == clock {
      eventsThisInstant &+= 1
      if eventsThisInstant > instantLimit { refuseEndlessInstant(entry.event) }
    } else {
      clock = entry.time
      eventsThisInstant = 1
    }
    return entry.event
  }

  @inlinable
  mutating func discardDeadTop() {
    while heap.count > 0, !slots.isLive(slot: heap.first.slot, generation: heap.first.generation) {
      _ = heap.popFirst()
      dead &-= 1
      stored &-= 1
    }
  }

  @inlinable
  @inline(never)
  mutating func rebuild() {
    let before = dead
    if backing == .radix {
      radix.removeDead(slots, dead: &dead)
    } else {
      heap.removeDead(slots)
      dead = 0
    }
    stored &-= before &- dead
  }

  @inlinable
  @inline(never)
  func refuse(_ event: Event, at time: SimTime) -> Never {
    fatalError("\(event) is scheduled at \(time), before the clock at \(now)")
  }

  @inlinable
  @inline(never)
  func refuseEndlessInstant(_ event: Event) -> Never {
    fatalError("more than \(instantLimit) events at \(now) without time passing; the last one is \(event)")
  }
}

extension EventQueue: @unchecked Sendable where Event: Sendable {
  // The storage is owned by the queue alone, and a noncopyable queue has one owner at a time.
}
