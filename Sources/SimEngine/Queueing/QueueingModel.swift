/// The queueing systems that the engine is checked on: all have closed forms.
public enum QueueingModel: String, CaseIterable, Sendable {
  /// Poisson arrivals, exponential service, one server.
  case mm1 = "M/M/1"
  /// Deterministic service.
  case md1 = "M/D/1"
  /// c servers.
  case mmc = "M/M/c"
  /// Service with any mean and squared coefficient of variation.
  case mg1 = "M/G/1"
  /// The same, all customers served at once in equal shares.
  case mg1ProcessorSharing = "M/G/1-PS"
  /// c servers and nowhere to wait (Erlang B).
  case mgcc = "M/G/c/c"
  /// One server, at most K customers in the system.
  case mm1k = "M/M/1/K"

  /// Whether customers may wait without limit, so that a load of one or more never settles.
  public var isUnlimited: Bool { self != .mgcc && self != .mm1k }

  /// Whether the number of servers may be chosen.
  public var takesServers: Bool { self == .mmc || self == .mgcc }

  /// Whether the squared coefficient of variation of the service may be chosen.
  public var takesServiceVariability: Bool { self == .mg1 || self == .mg1ProcessorSharing || self == .mgcc }
}

/// Why a queueing system cannot be simulated.
public enum QueueingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The queue grows without bound.
  case unstable(model: QueueingModel, load: Double)
  /// A parameter is missing or out of range.
  case invalid(parameter: String, reason: String)

  /// The reason in words.
  public var description: String {
    switch self {
    case .unstable(let model, let load):
      "\(model.rawValue) has no steady state at rho = \(load): work arrives "
        + (load > 1 ? "faster than" : "as fast as")
        + " the servers can do it, so the queue grows without bound; lower the arrival rate below the total "
        + "service rate, add servers, or use a finite model (M/M/1/K, M/G/c/c)"
    case .invalid(let parameter, let reason): "\(parameter) \(reason)"
    }
  }
}

/// The measures of a queueing system, each with its interval where the replications give one.
///
/// `nil` where the model has no such thing: nobody waits under processor sharing or without waiting room.
public struct QueueingResult: Hashable, Sendable {
  /// The mean number in the system.
  public var inSystem: Estimate
  /// The mean number waiting.
  public var waiting: Estimate?
  /// The mean time in the system of those admitted, in the unit of 1 / rate.
  public var sojourn: Estimate
  /// The mean waiting time of those admitted, in the unit of 1 / rate.
  public var wait: Estimate?
  /// The share of those admitted that has to wait.
  public var delayProbability: Estimate?
  /// The share of arrivals that is turned away.
  public var lossProbability: Estimate
}
