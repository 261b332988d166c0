import BackendModel
import SimEngine

// Where positions are kept. This is the only place that knows: a cluster of key-value nodes in front of the history
// store answers here.

extension ServicesState {
  /// Asks for the position of a member; the answer carries the attempt's ticket.
  mutating func readPosition(_ attempt: Gateway.Attempt, member: Int) {
    history.read(attempt.ticket, member: member, &timers, &answers)
  }

  /// Writes the position of a member over the one that is there.
  mutating func writePosition(_ attempt: Gateway.Attempt, member: Int) {
    history.write(attempt.ticket, member: member, appendsRow: false, &timers, &answers)
  }
}
