// A queue behind a reference: `#expect` captures its operands, and an EventQueue cannot be copied.
import SimEngine

final class QueueUnderTest {
  private var queue: EventQueue<UInt64>

  init(backing: QueueBacking = .radix, instantLimit: Int = 10_000_000) {
    queue = EventQueue(backing: backing)
    queue.instantLimit = instantLimit
  }

  var now: SimTime { queue.now }
  var count: Int { queue.count }
  var isEmpty: Bool { queue.isEmpty }
  func nextTime() -> SimTime? { queue.nextTime() }
  func schedule(_ id: UInt64, at time: SimTime) { queue.schedule(id, at: time) }
  func schedule(_ id: UInt64, after delay: SimDuration) { queue.schedule(id, after: delay) }
  func scheduleCancellable(_ id: UInt64, at time: SimTime) -> EventHandle { queue.scheduleCancellable(id, at: time) }
  func scheduleCancellable(_ id: UInt64, after delay: SimDuration) -> EventHandle {
    queue.scheduleCancellable(id, after: delay)
  }
  @discardableResult func cancel(_ handle: EventHandle) -> Bool { queue.cancel(handle) }
  func isPending(_ handle: EventHandle) -> Bool { queue.isPending(handle) }
  func popNext(before limit: SimTime) -> UInt64? { queue.popNext(before: limit) }
  func popNext(through limit: SimTime) -> UInt64? { queue.popNext(through: limit) }
}
