// One node: what it knows of itself. What it believes of others is in `PeerClock` and `PeerBelief`.

import SimEngine

/// Whether a process runs.
enum ProcessState: UInt8, BitwiseCopyable {
  case running
  /// Stopped by a signal, or busy with one long command: it neither reads nor sends, its connections stay open.
  case frozen
  case dead
}

/// The state of one node's process.
struct ClusterNode {
  /// 40 hexadecimal digits in Redis; here 64 bits, of which only order and equality matter.
  var name: UInt64 = 0
  var process = ProcessState.running
  /// Why it is frozen: a signal stopped it, one long command keeps it from all others, or both.
  var isStopped = false
  var isBlocked = false
  /// Counts starts of the process, so that timers of an earlier one are not taken for its own.
  var incarnation: UInt16 = 0
  /// Whether it was taken out of the cluster for good.
  var hasLeft = false
  /// When the process started, in milliseconds.
  var startedAt: Int64 = 0
  /// How often the timer rang.
  var ticks: Int64 = 0

  // MARK: The cluster as it sees it

  var currentEpoch: Int64 = 0
  var lastVoteEpoch: Int64 = 0
  /// Whether it considers the cluster as up.
  var isStateOK = true
  /// Masters with slots.
  var size = 0
  /// Slots that nobody serves.
  var unassigned = 0
  /// When it last could not reach most masters, in milliseconds.
  var minoritySeenAt: Int64 = 0
  /// Bound slots whose owner stopped claiming them.
  var unclaimed: SlotSet?
  /// Open slots: where they go to, where they come from.
  var migrating: [OpenSlot] = []
  var importing: [OpenSlot] = []
  var reports = FailureReports()
  /// Nodes that were forgotten, and until when they may not come back by gossip.
  var forgotten: [(node: Int, until: Int64)] = []
  var requiresFullCoverage = true
  var allowsReadsWhenDown = false

  // MARK: Heartbeats

  /// Suspects, as counted by the last tick and as they are.
  var suspectsAtTick = 0
  var suspects = 0
  /// Links that are not there.
  var linksDown = 0
  /// No peer needs the timer's attention before this time in milliseconds.
  var attentionAt: Int64 = 0
  /// Whether roles or conditions of others changed since replica migration last looked, and the master without replicas
  /// that this node should then go to; -1 if it should stay.
  var mayHaveOrphans = true
  var orphan: Int32 = -1
  /// What came while it was frozen, and when.
  var messagesHeld: [HeldMessage] = []
  /// Whether state and election are to be looked at once the current message is dealt with.
  var updatesState = false
  var handlesElection = false
  var handlesHandover = false

  // MARK: Elections

  var election = ElectionState()
  var handover = HandoverState()

  // MARK: Replication

  var replication = ReplicationState()
  var keyspace = Keyspace()
  /// Until when clients' writes are held back, in milliseconds.
  var writesPausedUntil: Int64 = 0
}

/// A message in the socket of a process that does not read, and since when it is there.
struct HeldMessage: BitwiseCopyable {
  var place: UInt32
  var since: SimTime
}

/// A slot on its way, and the node at the other end.
struct OpenSlot: BitwiseCopyable {
  var slot: Int32
  var peer: Int32
}

/// A replica's candidacy: `failover_auth_*` in Redis.
struct ElectionState: BitwiseCopyable {
  /// When to ask for votes, in milliseconds; long ago at first.
  var time: Int64 = -.max / 4
  var votes = 0
  var isSent = false
  var rank = 0
  var epoch: Int64 = 0
}

/// A manual failover under way: `mf_*` in Redis.
struct HandoverState: BitwiseCopyable {
  /// When it is given up, in milliseconds; 0 if none is under way.
  var end: Int64 = 0
  /// The replica that asked, on the master's side.
  var replica: Int32 = -1
  /// The master's offset once it paused writes, on the replica's side; -1 before.
  var masterOffset: Int64 = -1
  var mayStart = false
}
