/// Simulates a queueing system on the engine's stations: independent replications, each after a warm-up.
///
///     let study = try QueueingStudy(model: .mm1, arrivalRate: 0.9, serviceRate: 1)
///     let result = study.run(jobs: 2)          // result.sojourn.mean is near 10
///
/// A replication begins empty, lets the first tenth of its customers pass, and then measures: levels from the arrival
/// of the first measured customer to that of the last, times of the measured customers until all of them have left,
/// while others keep arriving behind them. Nothing is cut off at the end.
public struct QueueingStudy: Sendable {
  /// The system.
  public let model: QueueingModel
  /// Arrivals per unit of time.
  public let arrivalRate: Double
  /// Customers that one server serves per unit of time.
  public let serviceRate: Double
  /// Servers.
  public let servers: Int
  /// The most customers in the system, or `nil` for no limit.
  public let capacity: Int?
  /// The squared coefficient of variation of the service times.
  public let serviceSCV: Double
  /// Customers a replication, the warm-up included.
  public private(set) var customers: Int
  /// Independent replications.
  public let replications: Int
  /// The root of all random streams.
  public let seed: UInt64
  /// The pending-event set; the results do not depend on it.
  public var backing = QueueBacking.radix

  /// The load of each server: arrival rate / (servers x service rate).
  public var load: Double { arrivalRate / (Double(servers) * serviceRate) }

  /// A study; parameters that the model fixes may be left out.
  ///
  /// - Parameters:
  ///   - servers: For M/M/c and M/G/c/c; otherwise 1.
  ///   - capacity: For M/M/1/K; for M/G/c/c it equals the number of servers.
  ///   - serviceSCV: For M/G models; `nil` is 1.
  ///   - customers: At least 10; `nil` chooses by the load (see ``defaultCustomers``).
  ///   - replications: At least 1; one gives no intervals.
  /// - Throws: ``QueueingError/unstable(model:load:)`` at a load of one or more in a system without limit, and
  ///   ``QueueingError/invalid(parameter:reason:)`` for everything else that cannot be.
  public init(
    model: QueueingModel, arrivalRate: Double, serviceRate: Double, servers: Int? = nil, capacity: Int? = nil,
    serviceSCV: Double? = nil, customers: Int? = nil, replications: Int = 20, seed: UInt64 = 1
  ) throws(QueueingError) {
    self.model = model
    self.arrivalRate = arrivalRate
    self.serviceRate = serviceRate
    self.servers = servers ?? 1
    self.capacity = model == .mgcc ? capacity ?? servers : capacity
    self.serviceSCV = serviceSCV ?? (model == .md1 ? 0 : 1)
    self.replications = replications
    self.seed = seed
    self.customers = 0
    try check(servers: servers, customers: customers)
    self.customers = customers ?? defaultCustomers
  }

  private func check(servers given: Int?, customers: Int?) throws(QueueingError) {
    for (name, rate) in [("arrival rate", arrivalRate), ("service rate", serviceRate)] {
      guard rate > 0 && rate.isFinite else { throw .invalid(parameter: name, reason: "must be a positive number") }
    }
    let ratio = arrivalRate / serviceRate
    guard ratio > 1e-6 && ratio < 1e6 else {
      throw .invalid(parameter: "arrival rate", reason: "must be within a millionth and a million service rates")
    }
    if model.takesServers && given == nil {
      throw .invalid(parameter: "servers", reason: "are missing: \(model.rawValue) needs their number")
    }
    guard servers >= 1 && servers <= 1_000_000 else {
      throw .invalid(parameter: "servers", reason: "must be 1 to 1000000")
    }
    guard servers == 1 || model.takesServers else {
      throw .invalid(parameter: "servers", reason: "must be 1 in \(model.rawValue)")
    }
    try checkCapacity()
    guard serviceSCV >= 0 && serviceSCV <= 1e6 else {
      throw .invalid(parameter: "scv", reason: "must be 0 to 1000000")
    }
    guard model.takesServiceVariability || serviceSCV == (model == .md1 ? 0 : 1) else {
      throw .invalid(parameter: "scv", reason: "is fixed in \(model.rawValue)")
    }
    guard replications >= 1 else { throw .invalid(parameter: "replications", reason: "must be at least 1") }
    guard customers ?? 10 >= 10 && customers ?? 10 <= 1_000_000_000 else {
      throw .invalid(parameter: "customers", reason: "must be 10 to 1000000000")
    }
    if model.isUnlimited && load >= 1 { throw .unstable(model: model, load: load) }
  }

  private func checkCapacity() throws(QueueingError) {
    switch model {
    case .mm1k:
      guard let capacity, capacity >= 1, capacity <= 1_000_000_000 else {
        throw .invalid(parameter: "capacity", reason: "is missing or out of range: M/M/1/K needs K of at least 1")
      }
    case .mgcc:
      guard capacity == servers else {
        throw .invalid(parameter: "capacity", reason: "must equal the number of servers in M/G/c/c")
      }
    default:
      guard capacity == nil else {
        throw .invalid(parameter: "capacity", reason: "is unlimited in \(model.rawValue)")
      }
    }
  }

  /// Customers a replication when none are asked for: 2000 times the memory of the system, from 50 000 to 4 million.
  ///
  /// The memory of a queue grows like (1 + scv) / (2 (1 - rho)^2) customers. Many servers keep customers of their own
  /// in mind: c of them, and those of long services (1 + scv) times longer.
  public var defaultCustomers: Int {
    let slack = model.isUnlimited ? 1 - load : max(0.2, (1 - load).magnitude)
    let memory = (1 + serviceSCV) / (2 * slack * slack)
    let wanted = max(2000 * memory, 200 * Double(servers) * (1 + serviceSCV))
    return Int(min(max(wanted, 50_000), 4_000_000))
  }

  /// Runs all replications on up to `jobs` threads; the result does not depend on their number.
  public func run(jobs: Int = 1) -> QueueingResult {
    let rows = ReplicationPool.map(count: replications, jobs: jobs) { replication in
      QueueingRun(self, replication: replication).measure()
    }
    func estimate(_ value: (QueueingRun.Measures) -> Double) -> Estimate {
      // A replication in which everybody was turned away knows no times.
      Estimate(replications: rows.map(value).filter { !$0.isNaN })
    }
    let waits = model != .mg1ProcessorSharing && model != .mgcc
    return QueueingResult(
      inSystem: estimate(\.inSystem), waiting: waits ? estimate(\.waiting) : nil, sojourn: estimate(\.sojourn),
      wait: waits ? estimate(\.wait) : nil, delayProbability: waits ? estimate(\.delayed) : nil,
      lossProbability: estimate(\.lost))
  }
}
