import ClusterModel
import Testing
import TextFormats

@Suite("Plans of redis-cli", .enabled(if: Reference.isPresent, "\(Reference.absence)"))
struct PlanGoldenTests {
  @Test("new clusters get redis-cli's ranges")
  func allocation() throws {
    let rows = try Reference.rows("create_allocation.csv", ["masters", "node_index", "role", "slots_or_master_index"])
    #expect(!rows.isEmpty)
    for row in rows where row[2] == "master" {
      let range = try SlotAllocation.ranges(masters: #require(Int(row[0])))[#require(Int(row[1]))]
      #expect("\(range.lowerBound)-\(range.upperBound)" == row[3], "\(row)")
    }
  }

  /// One recorded change: who served what before, and what moved.
  private struct Recorded {
    var name: String
    var owners: [SlotOwner]
    var moved: [SlotMoveRange]
  }

  private func recorded() throws -> [Recorded] {
    let text = try JSONText(readingFile: Reference.folder + "/reshard_rebalance.json")
    func integers(_ node: JSONNode?) -> [Int] {
      guard case .array(let items)? = node?.content else { return [] }
      return items.compactMap { if case .number(let number) = $0.content { number.integer.map(Int.init) } else { nil } }
    }
    guard case .array(let items) = text.root.content else { return [] }
    return items.compactMap { item in
      guard case .text(let name)? = item["name"]?.content, case .object(let before)? = item["before"]?.content,
        case .array(let moved)? = item["moved_ranges_slotfrom_slotto_src_dst"]?.content
      else { return nil }
      let owners = before.map { member in
        guard case .array(let ranges) = member.value.content else { return SlotOwner(name: member.key) }
        return SlotOwner(name: member.key, slots: SlotSet(ranges.map { integers($0)[0]...integers($0)[1] }))
      }
      return Recorded(
        name: name, owners: owners,
        moved: moved.map(integers).map { SlotMoveRange(slots: $0[0]...$0[1], source: $0[2], destination: $0[3]) })
    }
  }

  private func plan(_ recorded: Recorded) throws -> SlotPlan {
    let owners = recorded.owners
    var rule = SlotPlan.BalanceRule(masters: owners.count)
    switch recorded.name {
    case "reshard_1000_all_to_node0": return try SlotPlan(resharding: owners, count: 1000, to: 0)
    case "reshard_100_node1_to_node2": return try SlotPlan(resharding: owners, count: 100, to: 2, from: [1])
    case "reshard_7_all_to_node1": return try SlotPlan(resharding: owners, count: 7, to: 1)
    case "rebalance_weights_2_1_1": rule.weights[0] = 2
    case let name where name.hasPrefix("scale_out"): rule.usesEmptyMasters = true
    case let name where name.hasPrefix("scale_in"): rule.weights[0] = 0
    default: break
    }
    return try SlotPlan(rebalancing: owners, by: rule)
  }

  @Test("reshards are redis-cli's to the slot; rebalances take as many slots from the same masters")
  func changes() throws {
    let cases = try recorded()
    #expect(cases.count == 12)
    for recorded in cases {
      let ranges = try plan(recorded).ranges
      if recorded.name.hasPrefix("reshard") { #expect(ranges == recorded.moved, "\(recorded.name)") }
      func count(_ ranges: [SlotMoveRange], by end: KeyPath<SlotMoveRange, Int>) -> [Int] {
        recorded.owners.indices.map { owner in
          ranges.reduce(0) { $0 + ($1[keyPath: end] == owner ? $1.slots.count : 0) }
        }
      }
      #expect(count(ranges, by: \.source) == count(recorded.moved, by: \.source), "\(recorded.name)")
      // Who gets the odd slot, and which of those that lack equally many gets which, is decided by the order of random
      // node ids there.
      for (ours, theirs) in zip(
        count(ranges, by: \.destination).sorted(), count(recorded.moved, by: \.destination).sorted())
      {
        #expect(abs(ours - theirs) <= 1, "\(recorded.name)")
      }
    }
  }
}
