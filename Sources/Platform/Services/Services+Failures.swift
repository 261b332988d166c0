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
    scenario.failures.filter { $0.component.isService }.map { failure in
      let from = scenario.moment(failure.at)
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
  /// A failure begins: with something left the part goes on more slowly, with nothing left it dies.
  mutating func begin(_ planned: ServiceFailure, at now: SimTime) {
    let failure = planned.failure
    guard failure.remaining == 0 else {
      report(now, failure, "becomes slow")
      slowDown(failure, to: 1 / failure.remaining, at: now)
      return
    }
    report(now, failure, "fails")
    switch failure.component {
    case .gateway: gateway.crash(&timers, &doorReplies)
    case .relationalPrimary: relational.failPrimary(&timers, &answers)
    case .storeNode:
      for node in entities(of: failure, count: history.settings.nodes) { history.failNode(node, &timers, &answers) }
    case .searchShard:
      for shard in entities(of: failure, count: search.settings.shards) {
        for replica in 0..<search.settings.replicas {
          search.failReplica(shard: shard, replica: replica, &timers, &answers)
        }
      }
    case .edgeLink, .edgeCache, .edgeServer, .edgeSite, .regionalCache, .origin, .originLink, .workers: break
    }
  }

  /// A failure ends.
  mutating func end(_ planned: ServiceFailure, at now: SimTime) {
    let failure = planned.failure
    guard failure.remaining == 0 else {
      report(now, failure, "recovers")
      slowDown(failure, to: 1, at: now)
      return
    }
    report(now, failure, "returns")
    switch failure.component {
    case .relationalPrimary: relational.returnNode(at: now)
    case .storeNode:
      for node in entities(of: failure, count: history.settings.nodes) { history.returnNode(node, &timers) }
    case .searchShard:
      for shard in entities(of: failure, count: search.settings.shards) {
        for replica in 0..<search.settings.replicas { search.returnReplica(shard: shard, replica: replica) }
      }
    // A gateway has restarted at once; only its calls are lost.
    case .gateway, .edgeLink, .edgeCache, .edgeServer, .edgeSite, .regionalCache, .origin, .originLink, .workers: break
    }
  }

  private mutating func slowDown(_ failure: FailureSettings, to factor: Double, at now: SimTime) {
    switch failure.component {
    case .gateway: gateway.slowDown(to: factor, at: now, ramp: failure.ramp)
    case .relationalPrimary: relational.slowDown(to: factor, at: now, ramp: failure.ramp)
    case .storeNode:
      for node in entities(of: failure, count: history.settings.nodes) {
        history.slowDown(node: node, to: factor, at: now, ramp: failure.ramp)
      }
    case .searchShard:
      for shard in entities(of: failure, count: search.settings.shards) {
        search.slowDown(shard: shard, to: factor, at: now, ramp: failure.ramp)
      }
    case .edgeLink, .edgeCache, .edgeServer, .edgeSite, .regionalCache, .origin, .originLink, .workers: break
    }
  }

  /// The numbers that a failure concerns; a slice with fewer nodes has the failure of node n at node n modulo their
  /// number.
  private func entities(of failure: FailureSettings, count: Int) -> [Int] {
    guard !failure.which.isEmpty else { return Array(0..<count) }
    var numbers: [Int] = []
    for number in failure.which where !numbers.contains(number % count) { numbers.append(number % count) }
    return numbers
  }

  private mutating func report(_ now: SimTime, _ failure: FailureSettings, _ what: String) {
    incidents.append(ServiceIncident(at: now, component: failure.component.rawValue, what: what))
  }
}
