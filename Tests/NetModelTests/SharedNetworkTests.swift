import NetModel
import SimEngine
import Testing

/// Weighted max-min by definition: raise the level to the next link or cap, freeze, start again.
private func slowRates(
  capacities: [Double], flows: [(path: [Int], weight: Double, cap: Double)]
) -> [Double] {
  var rates = [Double](repeating: 0, count: flows.count)
  var frozen = [Bool](repeating: false, count: flows.count)
  while let _ = frozen.firstIndex(of: false) {
    var level = Double.infinity
    for (link, capacity) in capacities.enumerated() {
      let crossing = flows.indices.filter { flows[$0].path.contains(link) }
      let open = crossing.filter { !frozen[$0] }
      guard !open.isEmpty else { continue }
      let taken = crossing.filter { frozen[$0] }.reduce(0) { $0 + rates[$1] }
      level = min(level, max(0, capacity - taken) / open.reduce(0) { $0 + flows[$1].weight })
    }
    for index in flows.indices where !frozen[index] { level = min(level, flows[index].cap / flows[index].weight) }
    // Whoever cannot rise above the level freezes at it.
    let wasFrozen = frozen
    for index in flows.indices where !wasFrozen[index] {
      let atCap = flows[index].cap / flows[index].weight <= level * (1 + 1e-12)
      let atLink = flows[index].path.contains { link in
        let crossing = flows.indices.filter { flows[$0].path.contains(link) }
        let taken = crossing.reduce(0) { $0 + (wasFrozen[$1] ? rates[$1] : level * flows[$1].weight) }
        return taken >= capacities[link] * (1 - 1e-12)
      }
      guard atCap || atLink else { continue }
      frozen[index] = true
      rates[index] = level * flows[index].weight
    }
  }
  return rates
}

@Suite("Shared network") struct SharedNetworkTests {
  @Test("rates on random topologies are those of progressive filling by definition", arguments: UInt64(1)...60)
  func random(seed: UInt64) {
    var numbers = SeededNumbers(seed: seed)
    var network = SharedNetwork()
    var capacities = (0..<Int.random(in: 1...8, using: &numbers)).map { _ in
      Int.random(in: 0..<10, using: &numbers) == 0 ? 0 : Double.random(in: 1e6...1e8, using: &numbers).rounded()
    }
    for capacity in capacities { _ = network.addLink(capacity: BitRate(bitsPerSecond: capacity)) }
    var flows: [(id: FlowID, spec: (path: [Int], weight: Double, cap: Double))] = []
    for step in 0..<60 {
      switch Int.random(in: 0..<10, using: &numbers) {
      case 0..<6:
        let path = capacities.indices.shuffled(using: &numbers).prefix(Int.random(in: 1...4, using: &numbers))
        let weight = Bool.random(using: &numbers) ? 1 : Double.random(in: 0.1...5, using: &numbers)
        let cap = Bool.random(using: &numbers) ? Double.infinity : Double.random(in: 1e5...5e7, using: &numbers)
        let route = network.addRoute(path: Array(path), weight: weight, cap: BitRate(bitsPerSecond: cap))
        for _ in 0..<Int.random(in: 1...3, using: &numbers) {
          let id = network.startFlow(bytes: 1 << 30, route: route, owner: 0, at: .zero)
          flows.append((id, (Array(path), weight, cap)))
        }
      case 6..<8:
        guard let index = flows.indices.randomElement(using: &numbers) else { continue }
        #expect(network.cancel(flows.remove(at: index).id, at: .zero) == 0)
      default:
        let link = Int.random(in: capacities.indices, using: &numbers)
        capacities[link] = Double.random(in: 0...1e8, using: &numbers).rounded()
        network.setCapacity(BitRate(bitsPerSecond: capacities[link]), ofLink: link, at: .zero)
      }
      let expected = slowRates(capacities: capacities, flows: flows.map(\.spec))
      for (flow, expected) in zip(flows, expected) {
        let rate = network.rate(of: flow.id)?.bitsPerSecond ?? -1
        #expect(abs(rate - expected) <= 1e-9 * expected + 1e-6, "seed \(seed) step \(step)")
      }
    }
  }

  @Test("a change recomputes its own component only")
  func components() {
    var network = SharedNetwork()
    let left = network.addRoute(path: [network.addLink(capacity: BitRate(mbps: 8))])
    let right = network.addRoute(path: [network.addLink(capacity: BitRate(mbps: 8))])
    let first = network.startFlow(bytes: 1_000_000, route: left, owner: 1, at: .zero)
    _ = network.startFlow(bytes: 3_000_000, route: right, owner: 2, at: .zero)
    _ = network.startFlow(bytes: 3_000_000, route: right, owner: 3, at: .seconds(0.5))
    #expect(network.nextCompletion == .seconds(1))
    #expect(network.popCompleted(at: .seconds(1))?.id == first)
    #expect(network.nextCompletion == .seconds(5.5))
    #expect(network.carriedBytes(byLink: 0, at: .seconds(2)) == 1_000_000)
    #expect(network.carriedBytes(byLink: 1, at: .seconds(2)) == 2_000_000)
  }

  @Test("an edge link and the general engine agree on random operations", arguments: UInt64(1)...20)
  func enginesAgree(seed: UInt64) {
    var numbers = SeededNumbers(seed: seed)
    let caps = (0..<Int.random(in: 1...6, using: &numbers)).map { _ in
      BitRate(bitsPerSecond: Double.random(in: 1e5...5e7, using: &numbers))
    }
    var edge = EdgeLink(capacity: BitRate(mbps: 50), classCaps: caps)
    var general = SharedNetwork()
    _ = general.addLink(capacity: BitRate(mbps: 50))
    for cap in caps { _ = general.addRoute(path: [0], cap: cap) }
    edge.replay(operations: 2000, numbers: &numbers, routes: caps.count, besides: &general)
  }
}

extension FlowNetwork where Self: ~Copyable {
  /// Does the same to two networks and expects the same of them, through the face that the platform sees.
  fileprivate mutating func replay<Other: FlowNetwork & ~Copyable>(
    operations: Int, numbers: inout SeededNumbers, routes: Int, besides other: inout Other
  ) {
    var now: Int64 = 0
    var flows: [(mine: FlowID, its: FlowID, owner: UInt32)] = []
    for step in 0..<operations {
      let until = now + Int64.random(in: 0...3_000_000, using: &numbers)
      while true {
        let (mine, its) = (nextCompletion?.nanoseconds ?? .max, other.nextCompletion?.nanoseconds ?? .max)
        #expect((mine == .max) == (its == .max) || abs(mine - its) < 5, "step \(step): \(mine) \(its)")
        // Either may be a few nanoseconds ahead; both are asked when both are due.
        guard max(mine, its) <= until else { break }
        let (first, second) = popAll(at: mine, other: &other, itsTime: its)
        #expect(first == second, "step \(step)")
        flows.removeAll { first.contains($0.owner) }
        now = max(mine, its)
      }
      // Neither clock may pass a completion of the other that lies just behind `until`.
      let limit = min(nextCompletion?.nanoseconds ?? .max, other.nextCompletion?.nanoseconds ?? .max)
      now = max(now, min(until, limit - 1))
      let time = SimTime(nanoseconds: now)
      switch Int.random(in: 0..<8, using: &numbers) {
      case 0..<4:
        let bytes = Int64.random(in: 1...100_000, using: &numbers)
        let route = Int.random(in: 0..<routes, using: &numbers)
        let owner = UInt32(step)
        flows.append(
          (
            startFlow(bytes: bytes, route: route, owner: owner, at: time),
            other.startFlow(bytes: bytes, route: route, owner: owner, at: time), owner
          ))
      case 4:
        guard let index = flows.indices.randomElement(using: &numbers) else { continue }
        let flow = flows.remove(at: index)
        let (mine, its) = (cancel(flow.mine, at: time) ?? -1, other.cancel(flow.its, at: time) ?? -2)
        #expect(abs(mine - its) <= 1)
      case 5:
        let capacity = BitRate(bitsPerSecond: Double.random(in: 1e6...1e8, using: &numbers))
        setCapacity(capacity, ofLink: 0, at: time)
        other.setCapacity(capacity, ofLink: 0, at: time)
      default:
        for flow in flows {
          let mine = rate(of: flow.mine)?.bitsPerSecond ?? -1
          let its = other.rate(of: flow.its)?.bitsPerSecond ?? -2
          #expect(abs(mine - its) <= 1e-9 * its, "step \(step)")
        }
      }
    }
  }

  private mutating func popAll<Other: FlowNetwork & ~Copyable>(
    at mine: Int64, other: inout Other, itsTime: Int64
  ) -> (Set<UInt32>, Set<UInt32>) {
    var (first, second): (Set<UInt32>, Set<UInt32>) = ([], [])
    while let done = popCompleted(at: SimTime(nanoseconds: mine)) { first.insert(done.owner) }
    while let done = other.popCompleted(at: SimTime(nanoseconds: itsTime)) { second.insert(done.owner) }
    return (first, second)
  }
}
