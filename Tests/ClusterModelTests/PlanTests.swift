import ClusterModel
import SimEngine
import Testing
import TextFormats

@Suite("Slot plans")
struct PlanTests {
  @Test("fewer than three masters are refused", arguments: [-1, 0, 2, 16385])
  func refusals(masters: Int) {
    #expect(throws: PlanRefusal.self) { try SlotAllocation.ranges(masters: masters) }
  }

  @Test("any number of masters share all slots without gap", arguments: [3, 4, 17, 100, 333, 1000, 4097])
  func coverage(masters: Int) throws {
    let ranges = try SlotAllocation.ranges(masters: masters)
    #expect(ranges.count == masters)
    #expect(ranges.flatMap(Array.init) == Array(0..<16384))
  }

  @Test("a reshard moves what was asked, from every source by its share, lowest slots first")
  func reshard() throws {
    var layout = try ClusterLayout(masters: 3)
    let plan = try SlotPlan(resharding: layout.owners, count: 100, to: 2, from: [0, 1])
    #expect(plan.moves.count == 100)
    #expect(plan.ranges.map(\.slots) == [0...48, 5461...5511])
    plan.apply(to: &layout.owners)
    #expect(layout.owners.map(\.slots.count) == [5412, 5411, 5561])
  }

  @Test("impossible reshards are refused with the reason")
  func reshardRefusals() throws {
    let owners = try ClusterLayout(masters: 3).owners
    #expect(throws: PlanRefusal.self) { try SlotPlan(resharding: owners, count: 0, to: 0) }
    #expect(throws: PlanRefusal.self) { try SlotPlan(resharding: owners, count: 10_924, to: 0) }
    #expect(throws: PlanRefusal.self) { try SlotPlan(resharding: owners, count: 1, to: 0, from: [0]) }
    #expect(throws: PlanRefusal.self) { try SlotPlan(resharding: owners, count: 1, to: 0, from: [1, 1]) }
  }

  @Test("while nobody owns some slots, a rebalance never takes from a master that has none", arguments: [1, 2, 3])
  func rebalanceWithoutCoverage(lost: Int) throws {
    var owners = try ClusterLayout(masters: 5).owners
    for index in 0..<lost { owners[index].slots = SlotSet() }
    var rule = SlotPlan.BalanceRule(masters: 5)
    rule.weights[0] = 0
    rule.usesEmptyMasters = true
    let plan = try SlotPlan(rebalancing: owners, by: rule)
    #expect(plan.moves.allSatisfy { !owners[$0.source].slots.isEmpty && $0.destination != 0 })
  }

  @Test("a rebalance leaves every master within one slot of its weighted share, and a second one moves nothing")
  func rebalance() throws {
    var random = RandomStream(StreamKey(seed: 3, replication: 0, entity: "test", purpose: "plans"))
    for _ in 0..<60 {
      let masters = 3 + random.below(8)
      var owners = try ClusterLayout(masters: masters).owners
      for _ in 0..<4 {
        let to = random.below(masters)
        try SlotPlan(resharding: owners, count: 1 + random.below(900), to: to).apply(to: &owners)
      }
      var rule = SlotPlan.BalanceRule(masters: masters)
      for index in rule.weights.indices { rule.weights[index] = Float(1 + random.below(3)) }
      rule.thresholdPercent = 0.001
      let total = rule.weights.reduce(0, +)
      let plan = try SlotPlan(rebalancing: owners, by: rule)
      plan.apply(to: &owners)
      #expect(owners.reduce(0) { $0 + $1.slots.count } == 16384)
      #expect(Set(plan.moves.map(\.slot)).count == plan.moves.count, "a slot moves at most once")
      for (owner, weight) in zip(owners, rule.weights) {
        let share = 16384 / Double(total) * Double(weight)
        #expect(abs(Double(owner.slots.count) - share) <= Double(masters))
      }
      rule.thresholdPercent = 2
      #expect(try SlotPlan(rebalancing: owners, by: rule).moves.isEmpty)
    }
  }

  @Test("a drained master may leave, one that serves slots may not")
  func leaving() throws {
    var layout = try ClusterLayout(masters: 4)
    #expect(throws: PlanRefusal.self) { try layout.remove("0") }
    try SlotPlan(draining: 0, of: layout.owners).apply(to: &layout.owners)
    try layout.remove("0")
    #expect(layout.owners.map(\.name) == ["1", "2", "3"])
    try layout.add("0")
    #expect(throws: PlanRefusal.self) { try layout.add("0") }
  }

  @Test(
    "a layout file that cannot be is refused with the place",
    arguments: [
      (#"{"nodes":[{"id":"a","slots":[[0,9]]},{"id":"b","slots":[[9,16383]]}]}"#, "served twice"),
      (#"{"nodes":[{"id":"a","slots":[[0,9]]},{"id":"b","slots":[[11,16383]]}]}"#, "nobody serves 1"),
      (#"{"nodes":[{"id":"a","slots":[[0,16384]]}]}"#, "no range"),
      (#"{"nodes":[{"id":"a","slots":[[7,3]]}]}"#, "backwards"),
      (#"{"nodes":[{"id":"a","slots":[]},{"id":"a","slots":[]}]}"#, "already"),
      (#"{"nodes":[{"id":"a","slot":[]}]}"#, "no key"), (#"{"nodes":3}"#, "not an array"), ("[]", "object"),
    ])
  func badLayouts(text: String, reason: String) throws {
    let text = try JSONText(parsing: text, source: "state.json")
    do {
      _ = try ClusterLayout(text)
      Issue.record("accepted")
    } catch {
      #expect("\(error)".contains(reason))
      #expect("\(error)".hasPrefix("state.json:1:"))
    }
  }
}
