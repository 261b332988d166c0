// What is due when, beside commands.

import SimEngine

/// A step of an operation.
enum AgendaItem {
  /// An operation of the settings begins.
  case operation(Int)
  case restart(Int)
  case thaw(Int)
  case heal
  case speedUp(Int)
  /// A reshard takes its next step.
  case reshard(Int)
  /// A rolling restart comes to its next node.
  case roll(RollingRestart)
}

/// A rolling restart on its way.
struct RollingRestart {
  var nodes: [Int]
  var next = 0
  var downFor: SimDuration
  var every: SimDuration
  var handsOver: Bool
  /// Whether the present node has been asked to hand over.
  var hasHandedOver = false
}

/// A short list of what is due, in the order of time; of equal times in the order in which they were added.
struct StoreAgenda {
  private var items: [(at: SimTime, item: AgendaItem)] = []

  var nextTime: SimTime? { items.first?.at }

  mutating func add(_ item: AgendaItem, at time: SimTime) {
    let place = items.firstIndex { $0.at > time } ?? items.count
    items.insert((time, item), at: place)
  }

  mutating func removeFirst() -> AgendaItem { items.removeFirst().item }
}
