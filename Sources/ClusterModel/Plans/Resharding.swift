// Moving a number of slots to one master, and evening out all masters, as redis-cli plans both.

extension SlotPlan {
  /// Moves `count` slots to `destination`, from every source in proportion to what it serves.
  ///
  /// Sources are taken by descending number of slots (ties in their order). The first gives the ceiling of its share,
  /// the others the floor, each its lowest slots first; shares are computed in single precision, and it ends at
  /// `count` slots. Floors may make it a few slots fewer.
  /// - Parameter sources: Positions of the masters to take from; all but the destination if `nil`.
  /// - Throws: `PlanRefusal` for a destination among the sources, a source named twice, no source, no slots to move,
  ///   or more slots than the sources have.
  public init(
    resharding owners: [SlotOwner], count: Int, to destination: Int, from sources: [Int]? = nil
  ) throws(PlanRefusal) {
    let sources = sources ?? owners.indices.filter { $0 != destination && !owners[$0].slots.isEmpty }
    guard !sources.isEmpty else { throw PlanRefusal("there is no master to take slots from") }
    guard !sources.contains(destination) else {
      throw PlanRefusal("\(owners[destination].name) cannot be source and destination at once")
    }
    for (position, source) in sources.enumerated() where sources[..<position].contains(source) {
      throw PlanRefusal("\(owners[source].name) is named twice as a source")
    }
    guard count > 0 else { throw PlanRefusal("there are no slots to move: \(count)") }
    let available = sources.reduce(0) { $0 + owners[$1].slots.count }
    guard count <= available else {
      throw PlanRefusal("\(count) slots cannot be moved: the sources serve \(available)")
    }
    self.init()
    append(count, of: owners, from: sources, to: destination)
  }

  private mutating func append(_ count: Int, of owners: [SlotOwner], from sources: [Int], to destination: Int) {
    let sizes = sources.map { (source: $0, slots: owners[$0].slots.count) }
    let total = sizes.reduce(0) { $0 + $1.slots }
    var left = count
    // The sort is stable, as merge sort is where redis-cli runs.
    for (position, entry) in sizes.stablySorted(by: { $0.slots > $1.slots }).enumerated() {
      let share = Float(count) / Float(total) * Float(entry.slots)
      var most = min(Int(share.rounded(position == 0 ? .up : .down)), left)
      left -= most
      for range in owners[entry.source].slots.ranges {
        for slot in range.prefix(most) {
          moves.append(SlotMove(slot: slot, source: entry.source, destination: destination))
          most -= 1
        }
      }
    }
  }

  /// How a rebalance weighs the masters.
  public struct BalanceRule: Sendable {
    /// The weight of each master; a weight of zero drains it.
    public var weights: [Float]
    /// Whether masters without slots take part.
    public var usesEmptyMasters = false
    /// Masters nearer than this to what they should have are content; nothing moves if all are.
    public var thresholdPercent: Float = 2

    /// Equal weights.
    public init(masters: Int) { weights = [Float](repeating: 1, count: masters) }
  }

  /// Evens out the masters by their weights.
  ///
  /// Every master should have the whole part of 16384 / total weight x weight. The slots left over by that rounding are
  /// granted to those that have too few or just enough, in order. Then the neediest and the richest are paired until
  /// nobody needs anything; each pair moves the lowest slots first.
  /// - Throws: `PlanRefusal` when the weights do not fit or all are zero.
  public init(rebalancing owners: [SlotOwner], by rule: BalanceRule) throws(PlanRefusal) {
    guard rule.weights.count == owners.count, rule.weights.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      throw PlanRefusal("every master needs a weight that is not negative")
    }
    self.init()
    let involved = owners.indices.filter { rule.usesEmptyMasters || !owners[$0].slots.isEmpty }
    let totalWeight = involved.reduce(Float(0)) { $0 + rule.weights[$1] }
    guard totalWeight > 0 else { throw PlanRefusal("all weights are zero: nobody would serve the slots") }

    var balances = involved.map { owner in
      let expected = Int(Float(HashSlot.count) / totalWeight * rule.weights[owner])
      return (owner: owner, surplus: owners[owner].slots.count - expected, expected: expected)
    }
    guard balances.contains(where: { Self.isOff($0.surplus + $0.expected, $0.expected, rule.thresholdPercent) })
    else { return }

    var excess = balances.reduce(0) { $0 + $1.surplus }
    while excess > 0, balances.contains(where: { $0.surplus <= 0 }) {
      for index in balances.indices where balances[index].surplus <= 0 && excess > 0 {
        balances[index].surplus -= 1
        excess -= 1
      }
    }
    balances = balances.stablySorted { $0.surplus < $1.surplus }

    var state = owners
    var needy = 0
    var rich = balances.count - 1
    // While nobody owns some slots, everybody may have fewer than expected, and there is nothing to give.
    while needy < rich, balances[needy].surplus < 0, balances[rich].surplus > 0 {
      let count = min(abs(balances[needy].surplus), abs(balances[rich].surplus))
      if count > 0 {
        var step = SlotPlan()
        step.append(count, of: state, from: [balances[rich].owner], to: balances[needy].owner)
        step.apply(to: &state)
        moves += step.moves
      }
      balances[needy].surplus += count
      balances[rich].surplus -= count
      if balances[needy].surplus == 0 { needy += 1 }
      if balances[rich].surplus == 0 { rich -= 1 }
    }
  }

  private static func isOff(_ slots: Int, _ expected: Int, _ thresholdPercent: Float) -> Bool {
    guard thresholdPercent > 0 else { return false }
    guard slots > 0 else { return expected > 1 }
    return Float((100 - 100 * Double(expected) / Double(slots)).magnitude) > thresholdPercent
  }

  /// Drains a master before it leaves the cluster: a rebalance with its weight at zero.
  /// - Throws: `PlanRefusal` when no other master could take its slots.
  public init(draining master: Int, of owners: [SlotOwner]) throws(PlanRefusal) {
    var rule = BalanceRule(masters: owners.count)
    rule.weights[master] = 0
    try self.init(rebalancing: owners, by: rule)
  }
}

extension Array {
  /// The elements in order, equal ones as they were.
  fileprivate func stablySorted(by areInOrder: (Element, Element) -> Bool) -> [Element] {
    enumerated().sorted { left, right in
      if areInOrder(left.element, right.element) { return true }
      return !areInOrder(right.element, left.element) && left.offset < right.offset
    }.map(\.element)
  }
}
