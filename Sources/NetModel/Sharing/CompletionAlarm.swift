// The one pending event of a network.

public import SimEngine

/// Decides when the owner of a network has to schedule an event for its next completion.
///
///     case .link:
///       guard alarm.rings(at: queue.now) else { return }
///       while let flow = link.popCompleted(at: queue.now) { ... }
///     ...
///     if let time = alarm.move(to: link.nextCompletion) { queue.schedule(.link, at: time) }
///
/// An event that was scheduled for a time which has since moved back is left in the queue: it finds that the alarm does
/// not ring, or comes in time to be the new one. That is cheaper than cancelling, because most moves are forward.
@frozen
public struct CompletionAlarm: Hashable, Sendable, BitwiseCopyable {
  /// When the alarm rings, `.distantFuture` while it is not set.
  @usableFromInline var time = SimTime.distantFuture

  /// An alarm that is not set.
  @inlinable
  public init() {}

  /// Call after every change of the network; the time to schedule an event at, if one is needed.
  @inlinable
  public mutating func move(to completion: SimTime?) -> SimTime? {
    guard let completion, completion < time else { return nil }
    time = completion
    return completion
  }

  /// Call in the event; whether there is something to do.
  ///
  /// The alarm is not set afterwards.
  @inlinable
  public mutating func rings(at now: SimTime) -> Bool {
    guard now == time else { return false }
    time = .distantFuture
    return true
  }
}
