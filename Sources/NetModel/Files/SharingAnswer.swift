// What `simrun network share` and `simrun network transfer` answer.

import SimEngine

extension SharingProblem {
  /// Weighted max-min fair rates in kbit/s, in the order of `flows`.
  public func rates() -> [Double] {
    var filling = WaterFilling()
    for link in links { _ = filling.addLink(capacity: link.capacityKbps) }
    for flow in flows {
      let route = filling.addRoute(path: flow.path, weight: flow.weight, cap: flow.capKbps ?? .infinity)
      filling.setMembers(1, of: route)
    }
    filling.fill()
    var rates = [Double](repeating: 0, count: flows.count)
    for share in filling.shares { rates[Int(share.route)] = share.rate }
    return rates
  }

  /// When each flow has its last bit, in seconds, in the order of `flows`; `nil`: never.
  ///
  /// Rates change at every start and completion; times are whole nanoseconds, rounded up. The problem must have been
  /// read with `timed`; a flow without size is complete when it starts.
  public func completionsSeconds() -> [Double?] {
    var network = SharedNetwork()
    for link in links { _ = network.addLink(capacity: BitRate(kbps: link.capacityKbps)) }
    var routes: [RouteKey: Int] = [:]
    var queue = EventQueue<Event>()
    var alarm = CompletionAlarm()
    var completions = [Double?](repeating: nil, count: flows.count)
    for (index, flow) in flows.enumerated() {
      queue.schedule(.start(UInt32(truncatingIfNeeded: index)), at: .seconds(flow.startSeconds ?? 0))
    }
    while let event = queue.popNext(through: .distantFuture) {
      switch event {
      case .start(let index):
        let flow = flows[Int(index)]
        let key = RouteKey(path: flow.path, weight: flow.weight, capKbps: flow.capKbps)
        let route =
          routes[key]
          ?? network.addRoute(
            path: flow.path, weight: flow.weight, cap: flow.capKbps.map { BitRate(kbps: $0) } ?? .unlimited)
        routes[key] = route
        let quanta = Int64(((flow.sizeKbit ?? 0) * Double(125 << Quanta.shift)).rounded())
        _ = network.startFlow(quanta: quanta, route: route, owner: index, at: queue.now)
      case .link:
        guard alarm.rings(at: queue.now) else { continue }
        while let done = network.popCompleted(at: queue.now) { completions[Int(done.owner)] = queue.now.seconds }
      }
      if let next = alarm.move(to: network.nextCompletion) { queue.schedule(.link, at: next) }
    }
    return completions
  }

  private enum Event: BitwiseCopyable {
    case start(UInt32)
    case link
  }

  /// Flows that are alike share a route.
  private struct RouteKey: Hashable {
    var path: [Int]
    var weight: Double
    var capKbps: Double?
  }
}
