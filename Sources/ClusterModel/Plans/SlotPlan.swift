// What every plan comes to: masters with their slots, and slots that change hands.

/// A master and the slots that it serves, as plans see it.
public struct SlotOwner: Sendable, Equatable {
  /// Its name.
  public var name: String
  /// The slots that it serves.
  public var slots: SlotSet

  /// A master with its slots.
  public init(name: String, slots: SlotSet = SlotSet()) {
    self.name = name
    self.slots = slots
  }
}

/// One slot that changes hands; owners are positions in the list that the plan was made for.
public struct SlotMove: Sendable, Equatable {
  /// The slot's number.
  public var slot: Int
  /// Who serves it now.
  public var source: Int
  /// Who will serve it.
  public var destination: Int

  /// A slot with where it comes from and goes to.
  public init(slot: Int, source: Int, destination: Int) {
    self.slot = slot
    self.source = source
    self.destination = destination
  }
}

/// A run of neighbouring slots that make the same move.
public struct SlotMoveRange: Sendable, Equatable {
  /// The slots' numbers.
  public var slots: ClosedRange<Int>
  /// Who serves them now.
  public var source: Int
  /// Who will serve them.
  public var destination: Int

  /// A run of slots with where they come from and go to.
  public init(slots: ClosedRange<Int>, source: Int, destination: Int) {
    self.slots = slots
    self.source = source
    self.destination = destination
  }
}

/// Slots that change hands, in the order in which they are to be moved.
public struct SlotPlan: Sendable, Equatable {
  /// The moves in order.
  public var moves: [SlotMove] = []

  /// Nothing to move.
  public init() {}

  /// The moves as maximal ranges in the order of slots.
  public var ranges: [SlotMoveRange] {
    var ranges: [SlotMoveRange] = []
    for move in moves.sorted(by: { $0.slot < $1.slot }) {
      if let last = ranges.last, last.slots.upperBound == move.slot - 1, last.source == move.source,
        last.destination == move.destination
      {
        ranges[ranges.count - 1].slots = last.slots.lowerBound...move.slot
      } else {
        ranges.append(
          SlotMoveRange(slots: move.slot...move.slot, source: move.source, destination: move.destination))
      }
    }
    return ranges
  }

  /// Lets every move happen.
  public func apply(to owners: inout [SlotOwner]) {
    for move in moves {
      owners[move.source].slots.remove(move.slot)
      owners[move.destination].slots.insert(move.slot)
    }
  }
}

/// Why a plan cannot be made.
public struct PlanRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// The reason, as a phrase.
  public let description: String

  /// A refusal.
  public init(_ reason: String) { description = reason }
}
