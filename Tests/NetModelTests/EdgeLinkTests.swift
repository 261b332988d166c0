import NetModel
import SimEngine
import Testing

private func seconds(_ value: Double) -> SimTime { SimTime(nanoseconds: Int64(value * 1e9)) }

@Suite("Edge link") struct EdgeLinkTests {
  @Test("two flows that overlap halve the link while they do")
  func overlap() {
    var link = EdgeLink(capacity: BitRate(kbps: 10_000), classCaps: [.unlimited])
    let first = link.startFlow(bytes: 1_250_000, capClass: 0, owner: 7, at: .zero)
    #expect(link.nextCompletion == seconds(1))
    let second = link.startFlow(bytes: 1_250_000, capClass: 0, owner: 8, at: seconds(0.5))
    #expect(link.nextCompletion == seconds(1.5))
    #expect(link.delivered(first, at: seconds(1)) == 937_500)
    #expect(link.popCompleted(at: seconds(1)) == nil)
    #expect(link.popCompleted(at: seconds(1.5)) == CompletedFlow(id: first, owner: 7))
    #expect(link.popCompleted(at: seconds(1.5)) == nil)
    #expect(link.nextCompletion == seconds(2))
    #expect(link.popCompleted(at: seconds(2))?.id == second)
    #expect(link.nextCompletion == nil)
    #expect(link.completedBytes == 2_500_000)
    #expect(link.activeFlows == 0)
  }

  @Test("a flow below the fair share leaves the rest to the others")
  func capBelowShare() {
    var link = EdgeLink(
      capacity: BitRate(mbps: 12), classCaps: [.unlimited, BitRate(mbps: 2), BitRate(mbps: 20)])
    let slow = link.startFlow(bytes: 1_000_000, capClass: 1, owner: 0, at: .zero)
    let free = link.startFlow(bytes: 1_000_000, capClass: 0, owner: 1, at: .zero)
    let fast = link.startFlow(bytes: 1_000_000, capClass: 2, owner: 2, at: .zero)
    #expect(link.rate(of: slow)?.kbps.rounded() == 2000)
    #expect(link.rate(of: free)?.kbps.rounded() == 5000)
    #expect(link.rate(of: fast)?.kbps.rounded() == 5000)
  }

  @Test("an empty flow is complete at once, even on a dead link")
  func zeroSize() {
    var link = EdgeLink(capacity: .zero, classCaps: [BitRate(mbps: 1)])
    _ = link.startFlow(bytes: 100, capClass: 0, owner: 1, at: .zero)
    #expect(link.nextCompletion == nil)
    let empty = link.startFlow(bytes: 0, capClass: 0, owner: 2, at: seconds(3))
    #expect(link.nextCompletion == seconds(3))
    #expect(link.popCompleted(at: seconds(3)) == CompletedFlow(id: empty, owner: 2))
    #expect(link.popCompleted(at: seconds(3)) == nil)
    #expect(link.nextCompletion == nil)
  }

  @Test("a flow waits out a failure and goes on where it was")
  func failure() {
    var link = EdgeLink(capacity: BitRate(mbps: 8), classCaps: [.unlimited])
    let flow = link.startFlow(bytes: 2_000_000, capClass: 0, owner: 1, at: .zero)
    link.setCapacity(.zero, at: seconds(1))
    #expect(link.nextCompletion == nil)
    #expect(link.delivered(flow, at: seconds(50)) == 1_000_000)
    link.setCapacity(BitRate(mbps: 4), at: seconds(100))
    #expect(link.nextCompletion == seconds(102))
    #expect(link.carriedBytes(at: seconds(101)) == 1_500_000)
  }

  @Test("a completion between two nanoseconds is told at the later one")
  func roundsUp() {
    var link = EdgeLink(capacity: BitRate(bitsPerSecond: 3e9), classCaps: [.unlimited])
    _ = link.startFlow(bytes: 1, capClass: 0, owner: 1, at: .zero)  // 8 bit at 3 bit/ns: 2.67 ns
    #expect(link.nextCompletion == SimTime(nanoseconds: 3))
  }

  @Test("ids of completed and cancelled flows are stale, also when their slot is used again")
  func staleIDs() {
    var link = EdgeLink(capacity: BitRate(mbps: 8), classCaps: [.unlimited])
    let first = link.startFlow(bytes: 1_000_000, capClass: 0, owner: 1, at: .zero)
    #expect(link.cancel(first, at: seconds(0.25)) == 250_000)
    #expect(link.cancel(first, at: seconds(0.25)) == nil)
    let second = link.startFlow(bytes: 1_000_000, capClass: 0, owner: 2, at: seconds(0.25))
    #expect(link.nextCompletion == seconds(1.25))
    let third = link.startFlow(bytes: 0, capClass: 0, owner: 3, at: seconds(0.25))
    #expect(link.isActive(first) == false)
    #expect(link.isActive(second) == true)
    #expect(link.extend(first, by: 10, at: seconds(0.25)) == false)
    #expect(link.delivered(first, at: seconds(0.25)) == nil)
    #expect(link.popCompleted(at: seconds(0.25))?.id == third)
    #expect(link.cancelledBytes == 250_000)
    #expect(link.isActive(.none) == false)
  }

  @Test("a flow that is extended before it ends is as one flow of the whole size")
  func extended() {
    var link = EdgeLink(capacity: BitRate(mbps: 8), classCaps: [.unlimited])
    let flow = link.startFlow(bytes: 1000, capClass: 0, owner: 1, at: .zero)
    let other = link.startFlow(bytes: 500_000, capClass: 0, owner: 2, at: .zero)
    #expect(link.nextCompletion == seconds(0.002))
    #expect(link.extend(flow, by: 999_000, at: seconds(0.001)) == true)
    #expect(link.nextCompletion == seconds(1))
    #expect(link.popCompleted(at: seconds(1))?.id == other)
    #expect(link.nextCompletion == seconds(1.5))
    #expect(link.popCompleted(at: seconds(1.5))?.id == flow)
    #expect(link.completedBytes == 1_500_000)
  }
}

@Suite("Edge link against an obvious model") struct EdgeLinkOracleTests {
  @Test("rates, progress and completions agree on random operations", arguments: UInt64(1)...40)
  func agrees(seed: UInt64) {
    var numbers = SeededNumbers(seed: seed)
    let caps = (0..<Int.random(in: 1...6, using: &numbers)).map { _ in
      Int.random(in: 0..<5, using: &numbers) == 0 ? Double.infinity : Double.random(in: 1e5...5e7, using: &numbers)
    }
    var slow = SlowEdge(capacityBps: Double.random(in: 1e6...2e8, using: &numbers))
    var link = EdgeLink(
      capacity: BitRate(bitsPerSecond: slow.capacityBps), classCaps: caps.map(BitRate.init(bitsPerSecond:)))
    var completedBytes: Int64 = 0

    for step in 0..<400 {
      let pause = Int64.random(in: 0...40_000_000, using: &numbers)
      let until = slow.nowNanoseconds + (Int.random(in: 0..<4, using: &numbers) == 0 ? 0 : pause)
      while let due = link.nextCompletion, due.nanoseconds <= until {
        if let expected = slow.nextCompletion() {
          #expect(abs(Double(due.nanoseconds) - expected) <= 2 + 1e-9 * expected, "seed \(seed) step \(step)")
        }
        slow.advance(to: due.nanoseconds)
        while let done = link.popCompleted(at: due) {
          guard let index = slow.flows.firstIndex(where: { $0.id == done.id }) else {
            Issue.record("seed \(seed) step \(step): completed a flow that is not there")
            return
          }
          let flow = slow.flows[index]
          #expect(flow.owner == done.owner)
          #expect(abs(flow.remainingBytes) <= 1 + 1e-9 * flow.sizeBytes, "seed \(seed) step \(step)")
          completedBytes += Int64(flow.sizeBytes)
          slow.flows.remove(at: index)
        }
      }
      slow.advance(to: until)
      let now = SimTime(nanoseconds: until)
      switch Int.random(in: 0..<12, using: &numbers) {
      case 0..<6:
        let capClass = caps.indices.randomElement(using: &numbers) ?? 0
        let bytes = Int.random(in: 0..<20, using: &numbers) == 0 ? 0 : Int64.random(in: 1...400_000, using: &numbers)
        let owner = UInt32(step)
        let id = link.startFlow(bytes: bytes, capClass: capClass, owner: owner, at: now)
        slow.flows.append(
          .init(
            id: id, owner: owner, capBps: caps[capClass], sizeBytes: Double(bytes), remainingBytes: Double(bytes)))
      case 6:
        guard let index = slow.flows.indices.randomElement(using: &numbers) else { continue }
        let flow = slow.flows.remove(at: index)
        let bytes = link.cancel(flow.id, at: now)
        #expect(abs(Double(bytes ?? -1) - (flow.sizeBytes - flow.remainingBytes)) <= 1.01)
      case 7:
        guard let index = slow.flows.indices.randomElement(using: &numbers) else { continue }
        slow.flows[index].sizeBytes += 50_000
        slow.flows[index].remainingBytes += 50_000
        #expect(link.extend(slow.flows[index].id, by: 50_000, at: now) == true)
      case 8:
        slow.capacityBps =
          Int.random(in: 0..<4, using: &numbers) == 0 ? 0 : Double.random(in: 1e6...2e8, using: &numbers)
        link.setCapacity(BitRate(bitsPerSecond: slow.capacityBps), at: now)
      default:
        for (flow, rate) in zip(slow.flows, slow.rates()) {
          let fast = link.rate(of: flow.id)?.bitsPerSecond ?? -1
          #expect(abs(fast - rate) <= 1e-9 * rate, "seed \(seed) step \(step)")
          let delivered = Double(link.delivered(flow.id, at: now) ?? -1)
          #expect(abs(delivered - (flow.sizeBytes - flow.remainingBytes)) <= 1.01, "seed \(seed) step \(step)")
        }
        #expect(abs(Double(link.carriedBytes(at: now)) - slow.carriedBytes) <= 1000)
      }
      #expect(link.activeFlows == slow.flows.count)
    }
    #expect(link.completedBytes == completedBytes)
  }
}

@Suite("Edge link bookkeeping") struct EdgeLinkBookkeepingTests {
  @Test("flows that outlive a wave of cancellations are complete when their bytes are")
  func cancellations() {
    var link = EdgeLink(capacity: BitRate(mbps: 80), classCaps: [.unlimited])
    // Odd flows are cancelled at once; their entries are swept from the heap, not waited for.
    let sizes = (0..<1000).map { Int64(1 + $0 * 367 % 1000) * 1000 }
    let flows = (0..<1000).map { index in
      link.startFlow(bytes: sizes[index], capClass: 0, owner: UInt32(index), at: .zero)
    }
    for index in flows.indices where index % 2 == 1 { #expect(link.cancel(flows[index], at: .zero) == 0) }
    for index in flows.indices where index % 2 == 0 && index % 8 != 0 { link.cancel(flows[index], at: .zero) }
    var finished: [UInt32] = []
    while let time = link.nextCompletion {
      while let done = link.popCompleted(at: time) { finished.append(done.owner) }
    }
    let left = Array(stride(from: 0, to: 1000, by: 8))
    #expect(finished == left.sorted { sizes[$0] < sizes[$1] }.map { UInt32($0) })
    #expect(link.completedBytes == left.reduce(0) { $0 + sizes[$1] })
    #expect(link.activeFlows == 0)
  }

  @Test("bytes delivered are the sizes of completed flows, exactly, whatever happens in between")
  func conservation() {
    var numbers = SeededNumbers(seed: 5)
    let crowd = ConservedCrowd(operations: 100_000)
    var link = EdgeLink(capacity: BitRate(mbps: 90), classCaps: [BitRate(mbps: 2), BitRate(mbps: 9), .unlimited])
    let edge = crowd.run(on: &link, routes: 3, numbers: &numbers)
    #expect(edge.completedSizes == link.completedBytes)
    #expect(edge.completedSizes + edge.cancelledDelivered == edge.carried)
    #expect(edge.completed > 30_000)
    var network = SharedNetwork()
    _ = network.addLink(capacity: BitRate(mbps: 90))
    _ = network.addLink(capacity: BitRate(mbps: 20))
    _ = network.addRoute(path: [0])
    _ = network.addRoute(path: [1, 0], weight: 2.5)
    let general = crowd.run(on: &network, routes: 2, numbers: &numbers)
    #expect(general.completedSizes == network.completedBytes)
    #expect(general.completedSizes + general.cancelledDelivered == general.carried)
  }
}

/// Random operations whose bytes are counted apart from the network.
private struct ConservedCrowd {
  var operations: Int

  struct Ledger {
    var completed = 0
    var completedSizes: Int64 = 0
    var cancelledDelivered: Int64 = 0
    var carried: Int64 = 0
  }

  func run<Network: FlowNetwork & ~Copyable>(
    on network: inout Network, routes: Int, numbers: inout SeededNumbers
  ) -> Ledger {
    var ledger = Ledger()
    var sizes: [UInt32: (id: FlowID, bytes: Int64)] = [:]
    var now: Int64 = 0
    for step in 0..<operations {
      let until = now + Int64.random(in: 0...2_000_000, using: &numbers)
      while let due = network.nextCompletion, due.nanoseconds <= until {
        while let done = network.popCompleted(at: due) {
          ledger.completedSizes += sizes.removeValue(forKey: done.owner)?.bytes ?? 0
          ledger.completed += 1
        }
      }
      now = until
      let time = SimTime(nanoseconds: now)
      let owner = UInt32(step)
      switch Int.random(in: 0..<20, using: &numbers) {
      case 0..<12:
        let bytes = Int64.random(in: 0...20_000, using: &numbers)
        let route = Int.random(in: 0..<routes, using: &numbers)
        sizes[owner] = (network.startFlow(bytes: bytes, route: route, owner: owner, at: time), bytes)
      case 12..<14:
        let victim = UInt32(max(0, step - Int.random(in: 1...30, using: &numbers)))
        guard let flow = sizes.removeValue(forKey: victim) else { continue }
        ledger.cancelledDelivered += network.cancel(flow.id, at: time) ?? -1
      case 14:
        let capacity = BitRate(bitsPerSecond: Double.random(in: 5e7...1e8, using: &numbers))
        network.setCapacity(capacity, ofLink: 0, at: time)
      default:
        let later = UInt32(max(0, step - Int.random(in: 1...30, using: &numbers)))
        guard let flow = sizes[later] else { continue }
        if network.extend(flow.id, by: 1000, at: time) { sizes[later]?.bytes += 1000 }
      }
    }
    // A whole number of bytes is left only when nothing is in progress.
    while let due = network.nextCompletion {
      while let done = network.popCompleted(at: due) {
        ledger.completedSizes += sizes.removeValue(forKey: done.owner)?.bytes ?? 0
      }
      now = due.nanoseconds
    }
    ledger.carried = network.carriedBytes(byLink: 0, at: SimTime(nanoseconds: now))
    return ledger
  }
}
