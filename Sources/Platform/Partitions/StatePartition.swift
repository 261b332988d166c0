import SimEngine

/// What a component is made of: its state, and what that does with time and messages.
protocol ComponentState: ~Copyable {
  /// The record of every event so far.
  var log: EventLog { get }
  /// See `PlatformPartition`.
  static var eventKinds: (component: String, names: [(UInt8, String)]) { get }
  /// Time of the earliest pending event, `.distantFuture` where there is none.
  mutating func nextEventTime() -> SimTime
  /// Handles every pending event strictly before `limit`, in order.
  mutating func run(before limit: SimTime)
  /// See `PlatformPartition`.
  mutating func receive(_ message: PlatformMessage)
  /// See `PlatformPartition`.
  mutating func takeOutbox(_ body: (PlatformMessage) -> Void)
  /// Ends the observation at the end of the run.
  mutating func finish(at end: SimTime) -> ComponentResults
}

/// A component as a partition of a run.
///
/// Its state is one struct, so that one exclusive access covers a whole window.
final class StatePartition<State: ComponentState & ~Copyable>: PlatformComponent {
  private var state: State

  init(_ state: consuming State) { self.state = state }

  var nextEventTime: SimTime { state.nextEventTime() }
  var log: EventLog { state.log }
  static var eventKinds: (component: String, names: [(UInt8, String)]) { State.eventKinds }
  func run(before limit: SimTime) { state.run(before: limit) }
  func receive(_ message: PlatformMessage) { state.receive(message) }
  func takeOutbox(_ body: (PlatformMessage) -> Void) { state.takeOutbox(body) }
  func finish(at end: SimTime) -> ComponentResults { state.finish(at: end) }
}
