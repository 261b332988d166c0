// What happened in a cluster: the rows of cluster_events.csv.

public import SimEngine

/// One happening, as the log of the node it happened on would tell it.
public struct ClusterEventRecord: Sendable, Equatable {
  /// What kinds of happenings there are.
  public enum Kind: String, Sendable, CaseIterable {
    /// A node suspects another: PFAIL.
    case suspected
    /// A node declares another as failed: enough masters told it so.
    case declaredFailed = "declared-failed"
    /// A node is told that another has failed.
    case toldFailed = "told-failed"
    /// A failed node is taken as well again.
    case recovered
    /// A node considers the cluster as down.
    case stateDown = "state-down"
    /// A node considers the cluster as up.
    case stateUp = "state-up"
    /// A replica will ask for votes; `value` is the delay in milliseconds.
    case electionScheduled = "election-scheduled"
    /// A replica asks for votes; `value` is the epoch.
    case electionStarted = "election-started"
    /// A master votes for the subject; `value` is the epoch.
    case voteGranted = "vote-granted"
    /// A master refuses its vote to the subject.
    case voteDenied = "vote-denied"
    /// A replica has won; `value` is the epoch.
    case electionWon = "election-won"
    /// A new master answers clients.
    case serving
    /// A node becomes the subject's replica.
    case becameReplica = "became-replica"
    /// A replica leaves its master for the subject, which has none.
    case replicaMigrated = "replica-migrated"
    /// Two masters had one epoch; the node takes a new one, `value`.
    case epochCollision = "epoch-collision"
    /// A manual failover is asked for; the subject is the master.
    case handoverRequested = "handover-requested"
    /// A manual failover is given up.
    case handoverTimedOut = "handover-timed-out"
    /// Acknowledged writes of the node are lost: `value` of them, superseded by the subject's data.
    case writesLost = "writes-lost"
    /// A fault: the process is killed, frozen, goes on, is started again; links are cut and heal.
    case killed
    /// See `killed`.
    case frozen
    /// See `killed`.
    case thawed
    /// See `killed`.
    case restarted
    /// See `killed`.
    case partitioned
    /// See `killed`.
    case healed
    /// A long command keeps the process from all others; it is done.
    case blocked
    /// See `blocked`.
    case unblocked
    /// A node starts and meets the subject; a node leaves for good.
    case joined
    /// See `joined`.
    case left
    /// Masters are to join or to leave: `value` of them; a node refused a step; all slots are where they should be.
    case reshardStarted = "reshard-started"
    /// See `reshardStarted`; `value` is the number of slots moved.
    case reshardStopped = "reshard-stopped"
    /// See `reshardStarted`; `value` is the number of slots moved.
    case reshardFinished = "reshard-finished"
    /// A slot's new owner is told to all; `value` is the slot.
    case slotAssigned = "slot-assigned"
  }

  /// When.
  public var time: SimTime
  /// On which node.
  public var node: Int
  /// What.
  public var kind: Kind
  /// About which node, if any.
  public var subject: Int?
  /// A number that goes with it; see `Kind`.
  public var value: Int64
  /// Why, where that is not plain.
  public var reason: String
}

extension ClusterEventRecord.Kind {
  /// Whether other slots may be served after it.
  var mayChangeCoverage: Bool {
    switch self {
    case .stateDown, .stateUp, .electionWon, .serving, .becameReplica, .killed, .frozen, .thawed, .restarted, .left,
      .blocked, .unblocked, .handoverRequested, .epochCollision:
      true
    default: false
    }
  }
}

extension Cluster {
  mutating func note(
    _ kind: ClusterEventRecord.Kind, _ node: Int, about subject: Int? = nil, value: Int64 = 0, reason: String = ""
  ) {
    guard recordsEvents else { return }
    events.append(
      ClusterEventRecord(time: now, node: node, kind: kind, subject: subject, value: value, reason: reason))
  }

  /// Forgets what happened so far; counters stay.
  public mutating func clearEvents() { events.removeAll(keepingCapacity: true) }
}
