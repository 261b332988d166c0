// The slow, obvious pending-event set: a list of events, searched for the earliest on every step.
import SimEngine

struct SortedArrayOracle {
  struct Pending {
    var time: Int64
    var sequence: Int
    var id: UInt64
  }
  var pending: [Pending] = []
  var now: Int64 = 0
  var nextSequence = 0

  mutating func schedule(_ id: UInt64, at time: Int64) {
    pending.append(Pending(time: time, sequence: nextSequence, id: id))
    nextSequence += 1
  }

  mutating func cancel(_ id: UInt64) -> Bool {
    guard let index = pending.firstIndex(where: { $0.id == id }) else { return false }
    pending.remove(at: index)
    return true
  }

  var earliest: Pending? { pending.min { ($0.time, $0.sequence) < ($1.time, $1.sequence) } }

  mutating func popNext(through limit: Int64) -> UInt64? {
    guard let earliest, earliest.time <= limit else { return nil }
    _ = cancel(earliest.id)
    now = earliest.time
    return earliest.id
  }
}

/// Shapes of delays that have broken priority queues before.
enum DelayShape: String, CaseIterable, Sendable {
  /// Many exact ties, many of them now.
  case ties
  /// One nanosecond to a year in one schedule.
  case skewed
  /// About one second.
  case exponential
  /// One far cluster, and short steps.
  case bimodal

  func draw(_ stream: inout RandomStream) -> Int64 {
    switch self {
    case .ties: Int64(stream.below(4)) * 10
    case .skewed: Int64(1) << Int64(stream.below(55)) | Int64(stream.below(7))
    case .exponential: Int64(stream.exponential(mean: 1e9))
    case .bimodal: stream.chance(0.2) ? 5_000_000_000 + Int64(stream.below(3)) : Int64(stream.below(2_000_000))
    }
  }
}
