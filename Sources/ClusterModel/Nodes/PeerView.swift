// What one node believes about another: a word that every gossip entry looks at, and the rest.

/// What a node believes about another node's condition.
struct NodeFlags: OptionSet, BitwiseCopyable {
  let rawValue: UInt8

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

/// All that gossip needs to know about a peer, in one word: when it last answered, and its condition.
///
/// The gossip of a thousand nodes names two million nodes a second, in no order; a row of these words stays in the
/// processor's cache while a message is written or read.
struct PeerClock: BitwiseCopyable {
  /// From the lowest bit: 8 of flags, 2 of the link, one each for a pending ping and for reports; 48 of milliseconds.
  private var bits: UInt64 = 0

  private static let linkShift: UInt64 = 8
  private static let pingBit: UInt64 = 1 << 10
  private static let reportBit: UInt64 = 1 << 11
  private static let timeShift: UInt64 = 16
  private static let conditionMask: UInt64 = 0xFFFF
  /// Whatever makes an entry of gossip about the peer more than a matter of pongs.
  private static let heardMask: UInt64 = UInt64(NodeFlags.known.rawValue) | pingBit | reportBit
  private static let plainlyHeard = UInt64(NodeFlags.known.rawValue)

  /// When it last answered, or was said to; milliseconds.
  @inline(__always)
  var pongReceived: Int64 {
    get { Int64(bits &>> Self.timeShift) }
    set { bits = bits & Self.conditionMask | UInt64(newValue) &<< Self.timeShift }
  }

  @inline(__always)
  var flags: NodeFlags {
    get { NodeFlags(rawValue: UInt8(truncatingIfNeeded: bits)) }
    set { bits = bits & ~0xFF | UInt64(newValue.rawValue) }
  }

  @inline(__always)
  var link: LinkState {
    get { LinkState(rawValue: UInt8(bits &>> Self.linkShift & 3)) ?? .down }
    set { bits = bits & ~(3 &<< Self.linkShift) | UInt64(newValue.rawValue) &<< Self.linkShift }
  }

  /// Whether a ping to it is pending; `PeerBelief.pingSent` says since when.
  @inline(__always)
  var awaitsPong: Bool {
    get { bits & Self.pingBit != 0 }
    set { bits = newValue ? bits | Self.pingBit : bits & ~Self.pingBit }
  }

  /// Whether some master said that it does not answer.
  @inline(__always)
  var isReported: Bool {
    get { bits & Self.reportBit != 0 }
    set { bits = newValue ? bits | Self.reportBit : bits & ~Self.reportBit }
  }

  /// Whether it is known, owes no pong, and nobody reports it: then gossip that it is well concerns its pong alone.
  @inline(__always)
  var isPlainlyWell: Bool { bits & Self.heardMask == Self.plainlyHeard }
}

/// The rest of what a node believes about another one.
///
/// What every message looks at comes first.
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
  /// When the pending ping was sent (0 if none is pending), and when anything last came from it; milliseconds.
  var pingSent: Int64 = 0
  var dataReceived: Int64 = 0
  /// Arrival of the last message sent over the link, and of the last answer; nanoseconds.
  var lastArrival: Int64 = 0
  var lastAnswerArrival: Int64 = 0
  /// What Nagle's algorithm holds back on the link.
  var nagle = NagleQueue()
  /// When the link was opened, was agreed failed, got a vote for its replicas, lost its last replica: milliseconds.
  var linkSince: Int64 = 0
  var failedSince: Int64 = 0
  var votedAt: Int64 = -.max / 2
  var orphanedSince: Int64 = 0
}

/// Nagle's algorithm on a link that its opener sends small messages over (RFC 896), against a receiver that delays its
/// acknowledgements (RFC 1122 section 4.2.3.2).
///
/// While something is not acknowledged, all that follows waits, and then leaves together. An answer acknowledges at once
/// what it answers; what has no answer is acknowledged late.
struct NagleQueue: BitwiseCopyable {
  private enum Waiting: UInt8, BitwiseCopyable {
    case nothing
    /// Nothing among it is answered.
    case unanswered
    case answered
  }

  /// When what was sent last is acknowledged; nanoseconds.
  private var acknowledgedAt: Int64 = 0
  /// What waits for that moment.
  private var waiting = Waiting.nothing

  /// When a message leaves that is given to the link now; times in nanoseconds.
  mutating func departure(at now: Int64, isAnswered: Bool, acknowledgedAfter delay: Int64) -> Int64 {
    if now >= acknowledgedAt {
      if waiting == .unanswered { acknowledgedAt += delay }
      waiting = .nothing
    }
    if now < acknowledgedAt {
      if isAnswered { waiting = .answered } else if waiting == .nothing { waiting = .unanswered }
      return acknowledgedAt
    }
    if !isAnswered { acknowledgedAt = now + delay }
    return now
  }
}
