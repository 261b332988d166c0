import BackendModel
import SimEngine

// Where positions are kept: in the cluster where there is one, and in the history store behind it. This is the only
// place of the services that knows.

extension ServicesState {
  /// Asks for the position of a member; the answer carries the attempt's ticket.
  mutating func readPosition(_ attempt: Gateway.Attempt, member: Int, at now: SimTime) {
    guard let cluster else { return history.read(attempt.ticket, member: member, &timers, &answers) }
    send(.offset(OffsetCommand(token: attempt.ticket, key: UInt64(member), isWrite: false)), to: cluster, at: now)
  }

  /// Writes the position of a member over the one that is there.
  mutating func writePosition(_ attempt: Gateway.Attempt, member: Int, at now: SimTime) {
    guard let cluster else {
      return history.write(attempt.ticket, member: member, appendsRow: false, &timers, &answers)
    }
    send(.offset(OffsetCommand(token: attempt.ticket, key: UInt64(member), isWrite: true)), to: cluster, at: now)
  }

  /// The cluster has answered, or its client gave up: then the history still knows where the viewer was.
  mutating func clusterAnswered(_ attempt: UInt64, member: UInt32, isWrite: Bool, isServed: Bool) {
    if isServed || isWrite {
      gateway.returned(Gateway.Attempt(ticket: attempt), isServed ? .served : .unavailable, &timers, &actions)
    } else {
      history.read(attempt, member: Int(member), &timers, &answers)
    }
  }
}
