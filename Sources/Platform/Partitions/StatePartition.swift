import SimEngine

/// What a partition is made of: its state, and what that does with time and messages.
///
/// The requirements that it shares with `PlatformPartition` mean the same.
protocol PartitionState: ~Copyable {
  /// What the partition found.
  associatedtype Results
  var log: EventLog { get }
  static var eventKinds: (component: String, names: [(UInt8, String)]) { get }
  /// Time of the earliest pending event, `.distantFuture` where there is none.
  mutating func nextEventTime() -> SimTime
  /// Handles every pending event strictly before `limit`, in order.
  mutating func run(before limit: SimTime)
  mutating func receive(_ message: PlatformMessage)
  mutating func takeOutbox(_ body: (PlatformMessage) -> Void)
  /// Ends the observation at the end of the run.
  mutating func finish(at end: SimTime) -> Results
}

/// A partition of a run around its state.
///
/// The class gives the state an address; that it is one struct gives every handler one exclusive access for a whole
/// window instead of one a property.
final class StatePartition<State: PartitionState & ~Copyable>: PlatformPartition {
  private var state: State

  init(_ state: consuming State) { self.state = state }

  var nextEventTime: SimTime { state.nextEventTime() }
  var log: EventLog { state.log }
  static var eventKinds: (component: String, names: [(UInt8, String)]) { State.eventKinds }
  func run(before limit: SimTime) { state.run(before: limit) }
  func receive(_ message: PlatformMessage) { state.receive(message) }
  func takeOutbox(_ body: (PlatformMessage) -> Void) { state.takeOutbox(body) }
  /// Ends the observation at the end of the run.
  func finish(at end: SimTime) -> State.Results { state.finish(at: end) }
}

extension StatePartition: PlatformComponent where State: ~Copyable, State.Results == ComponentResults {}
