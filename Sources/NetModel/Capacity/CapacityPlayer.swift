// Whatever changes the capacity of a link over time, behind one face.

public import SimEngine

/// A capacity over time: constant, recorded or random.
public enum CapacityPlayer: Sendable {
  /// Never changes.
  case constant(BitRate)
  /// A trace, played again and again.
  case trace(TracePlayer)
  /// A Markov-modulated capacity.
  case markov(MarkovPlayer)

  /// The present capacity.
  public var capacity: BitRate {
    switch self {
    case .constant(let capacity): capacity
    case .trace(let player): player.capacity
    case .markov(let player): player.capacity
    }
  }

  /// When the capacity changes next; `.distantFuture` if it never does.
  public var nextChange: SimTime {
    switch self {
    case .constant: .distantFuture
    case .trace(let player): player.nextChange
    case .markov(let player): player.nextChange
    }
  }

  /// Enters the next period; to be called at `nextChange`.
  public mutating func step() {
    switch self {
    case .constant: break
    case .trace(var player):
      player.step()
      self = .trace(player)
    case .markov(var player):
      player.step()
      self = .markov(player)
    }
  }
}
