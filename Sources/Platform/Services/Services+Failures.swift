import BackendModel
import SimEngine

// What breaks in the services during the run.

/// One failure of the scenario that concerns the services.
struct ServiceFailure: Sendable {
  let failure: FailureSettings
  let from: SimTime
  let to: SimTime

  /// The failures of a scenario that concern the services, in the order of the scenario.
  static func all(of scenario: Scenario) -> [ServiceFailure] {
    scenario.failures.filter { $0.what.isService }.map { failure in
      let from = SimTime.zero + scenario.sinceStart(failure.at)
      return ServiceFailure(failure: failure, from: from, to: from + failure.duration)
    }
  }
}

/// Something that happened to the services: a line of service_events.csv.
struct ServiceIncident: Sendable {
  var at: SimTime
  var component: String
  var what: String
}

extension ServicesState {
  /// A failure begins: with a slowdown the part goes on slowly, without one it dies.
  mutating func begin(_ failure: ServiceFailure, at now: SimTime) {
    let what = failure.failure
    report(now, what.what, what.slowdown > 1 ? "becomes \(what.slowdown) times slower" : "fails")
    if what.slowdown > 1 {
      slowDown(what, to: what.slowdown, at: now)
      return
    }
    switch what.what {
    case .gateway: gateway.crash(&timers, &doorReplies)
    case .relationalPrimary: relational.failPrimary(&timers, &answers)
    case .storeNode:
      for node in parts(of: history.settings.nodes, what) { history.failNode(node, &timers, &answers) }
    case .searchShard:
      for replica in parts(of: search.settings.replicas, what) {
        search.failReplica(shard: what.index % search.settings.shards, replica: replica, &timers, &answers)
      }
    default: break
    }
  }

  /// A failure ends.
  mutating func end(_ failure: ServiceFailure, at now: SimTime) {
    let what = failure.failure
    report(now, what.what, what.slowdown > 1 ? "recovers" : "returns")
    if what.slowdown > 1 {
      slowDown(what, to: 1, at: now)
      return
    }
    switch what.what {
    case .relationalPrimary: relational.returnNode(at: now)
    case .storeNode:
      for node in parts(of: history.settings.nodes, what) { history.returnNode(node, &timers) }
    case .searchShard:
      for replica in parts(of: search.settings.replicas, what) {
        search.returnReplica(shard: what.index % search.settings.shards, replica: replica)
      }
    default: break
    }
  }

  private mutating func slowDown(_ what: FailureSettings, to factor: Double, at now: SimTime) {
    switch what.what {
    case .gateway: gateway.slowDown(to: factor, at: now, ramp: what.ramp)
    case .relationalPrimary: relational.slowDown(to: factor, at: now, ramp: what.ramp)
    case .storeNode:
      for node in parts(of: history.settings.nodes, what) {
        history.slowDown(node: node, to: factor, at: now, ramp: what.ramp)
      }
    case .searchShard:
      search.slowDown(shard: what.index % search.settings.shards, to: factor, at: now, ramp: what.ramp)
    default: break
    }
  }

  /// The numbers of the parts that a failure concerns: a share of all, from its index on, at least one.
  private func parts(of count: Int, _ what: FailureSettings) -> [Int] {
    let broken = max(1, Int((Double(count) * what.share).rounded()))
    let first = what.what == .searchShard ? 0 : what.index
    return (0..<broken).map { (first + $0) % count }
  }

  private mutating func report(_ now: SimTime, _ component: FailureSettings.Component, _ what: String) {
    incidents.append(ServiceIncident(at: now, component: component.rawValue, what: what))
  }
}
