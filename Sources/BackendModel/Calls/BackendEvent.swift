public import SimEngine

/// The timers of all parts of the back end: the owner hands each one to the part that it names.
public enum BackendEvent: BitwiseCopyable, Hashable, Sendable {
  /// For ``Gateway/handle(_:_:_:)``.
  case gateway(Gateway.Timer)
  /// For ``RelationalStore/handle(_:_:_:)``.
  case relational(RelationalStore.Timer)
  /// For ``HistoryStore/handle(_:_:_:)``.
  case history(HistoryStore.Timer)
  /// For ``ObjectStore/handle(_:_:)``.
  case objects(ObjectStore.Timer)
  /// For ``SearchCluster/handle(_:_:_:)``.
  case search(SearchCluster.Timer)
}

/// The pending timers of a back end.
///
/// One queue serves all parts; its clock is the time at which parts are called.
public typealias BackendQueue = EventQueue<BackendEvent>

/// How a call ended.
public enum CallOutcome: UInt8, BitwiseCopyable, Hashable, Sendable, CaseIterable {
  /// It was answered.
  case served
  /// A queue was full.
  case rejected
  /// The answer did not come in time.
  case timedOut
  /// The part is down, or too few of its nodes are up.
  case unavailable
  /// The caller was over its rate.
  case rateLimited
  /// The circuit breaker did not let it through.
  case circuitOpen

  /// The name in results: `timed_out`.
  public var name: String {
    switch self {
    case .served: "served"
    case .rejected: "rejected"
    case .timedOut: "timed_out"
    case .unavailable: "unavailable"
    case .rateLimited: "rate_limited"
    case .circuitOpen: "circuit_open"
    }
  }
}

/// The answer to a call.
public struct BackendReply: BitwiseCopyable, Hashable, Sendable {
  /// The caller's own number.
  public var ticket: UInt64
  /// How it ended.
  public var outcome: CallOutcome
  /// When the answer reaches the caller: now, or a network delay later.
  public var at: SimTime

  /// An answer.
  public init(ticket: UInt64, outcome: CallOutcome, at: SimTime) {
    self.ticket = ticket
    self.outcome = outcome
    self.at = at
  }
}
