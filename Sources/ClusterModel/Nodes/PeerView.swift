// What one node believes about another: two records, because the timer and gossip look only at the first.

/// What a node believes about another node's condition.
struct NodeFlags: OptionSet, BitwiseCopyable {
  let rawValue: UInt16

  /// It is a member: its name is known.
  static let known = NodeFlags(rawValue: 1)
  /// Suspected: PFAIL.
  static let suspected = NodeFlags(rawValue: 2)
  /// Agreed to have failed: FAIL.
  static let failed = NodeFlags(rawValue: 4)
  /// It is to be introduced to us: its first message is a MEET.
  static let introduces = NodeFlags(rawValue: 8)
  /// A master that had replicas once, so replicas may migrate to it.
  static let migrateTo = NodeFlags(rawValue: 16)

  /// Suspected or failed.
  static let unwell: NodeFlags = [.suspected, .failed]
}

/// The connection that a node opened to another one.
enum LinkState: UInt8, BitwiseCopyable {
  case down
  case connecting
  case up
}

/// Clocks of a link, in milliseconds of the node's clock: all that heartbeats look at, 32 bytes.
struct PeerClock: BitwiseCopyable {
  /// When the pending ping was sent; 0 if none is pending.
  var pingSent: Int64 = 0
  /// When it last answered, or was said to.
  var pongReceived: Int64 = 0
  /// When anything last came from it.
  var dataReceived: Int64 = 0
  var flags: NodeFlags = []
  var link = LinkState.down
  /// Number of the message that named it last.
  var namedIn: UInt32 = 0
}

/// The rest of what a node believes about another one.
struct PeerBelief: BitwiseCopyable {
  /// Its master, or -1 if it is one.
  var master: Int32 = -1
  /// Slots that it serves in the view of this node.
  var slotCount: Int32 = 0
  /// The claim that equals its slots in this view; -1 if that must be found out.
  var cleanClaim: Int32 = -1
  /// Counts the links opened to it.
  var linkGeneration: UInt32 = 0
  var configEpoch: Int64 = 0
  var offset: Int64 = 0
  /// When the link was opened, was agreed failed, got a vote for its replicas, lost its last replica: milliseconds.
  var linkSince: Int64 = 0
  var failedSince: Int64 = 0
  var votedAt: Int64 = -.max / 2
  var orphanedSince: Int64 = 0
  /// Until when a message without an answer keeps the next one waiting; nanoseconds.
  var unacknowledgedUntil: Int64 = 0
  /// Arrival of the last message sent over the link, and of the last answer; nanoseconds.
  var lastArrival: Int64 = 0
  var lastAnswerArrival: Int64 = 0
}

/// A master's word that a node does not answer.
struct FailureReport: BitwiseCopyable {
  var subject: Int32
  var reporter: Int32
  /// Milliseconds.
  var time: Int64
}
