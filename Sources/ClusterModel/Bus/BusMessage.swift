// Messages of the cluster bus and their real sizes.

/// What a bus message is for.
public enum BusMessageKind: UInt8, BitwiseCopyable, CaseIterable, Sendable {
  /// Are you there? Carries gossip.
  case ping
  /// The answer; also told to all after a promotion.
  case pong
  /// A ping to a node that does not know the sender.
  case meet
  /// A node has failed by agreement.
  case fail
  /// Somebody else serves the slots you claim.
  case update
  /// A replica asks for votes.
  case authRequest
  /// A vote.
  case authAck
  /// A replica asks its master to hand over.
  case handoverStart

  /// The name that tables use.
  public var label: String {
    switch self {
    case .ping: "ping"
    case .pong: "pong"
    case .meet: "meet"
    case .fail: "fail"
    case .update: "update"
    case .authRequest: "auth-req"
    case .authAck: "auth-ack"
    case .handoverStart: "mfstart"
    }
  }
}

/// Bytes of messages as Redis 7.0 lays them out.
enum BusSizes {
  /// Every message begins with it: epochs, offset, name, slots (2048 bytes), flags.
  static let header = 2256
  /// One node in a gossip section.
  static let gossipEntry = 104
  static let fail = header + 40
  static let update = header + 2096
}

/// What a message says about one node.
struct GossipEntry: BitwiseCopyable {
  /// When it last answered the sender, in whole seconds: that is all the wire format has room for, and it ties the
  /// heartbeats of all nodes to the boundaries of seconds.
  var pongSeconds: UInt32
  var node: UInt16
  var flags: NodeFlags
}

/// A message on its way, or a free place for one.
struct BusMessage: BitwiseCopyable {
  var kind = BusMessageKind.ping
  /// Whether it travels back over the link that the receiver opened.
  var isAnswer = false
  var isPaused = false
  var forcesVote = false
  var sender: Int32 = 0
  var receiver: Int32 = 0
  var linkGeneration: UInt32 = 0
  /// The sender's master, or -1.
  var master: Int32 = -1
  /// Slots of the sender, or of its master.
  var claim: Int32 = 0
  var currentEpoch: Int64 = 0
  var configEpoch: Int64 = 0
  var offset: Int64 = 0
  /// The node that a FAIL or UPDATE is about.
  var subject: Int32 = -1
  var subjectEpoch: Int64 = 0
  var subjectClaim: Int32 = -1
  var entryCount: Int32 = 0
  var entryCapacity: Int32 = 0
  var entries: UnsafeMutablePointer<GossipEntry>?

  var bytes: Int {
    switch kind {
    case .ping, .pong, .meet: BusSizes.header + Int(entryCount) * BusSizes.gossipEntry
    case .fail: BusSizes.fail
    case .update: BusSizes.update
    case .authRequest, .authAck, .handoverStart: BusSizes.header
    }
  }
}

/// All messages on their way, in places that are used again.
struct MessageSlab: ~Copyable {
  private(set) var messages: UnsafeMutablePointer<BusMessage>
  private var capacity: Int
  private var used = 0
  private var free: [UInt32] = []

  init() {
    capacity = 256
    messages = .allocate(capacity: capacity)
    messages.initialize(repeating: BusMessage(), count: capacity)
  }

  deinit {
    for index in 0..<capacity { messages[index].entries?.deallocate() }
    messages.deallocate()
  }

  /// A free place; it keeps the room for entries that it had.
  mutating func take() -> UInt32 {
    if let place = free.popLast() { return place }
    if used == capacity { grow() }
    used += 1
    return UInt32(used - 1)
  }

  mutating func release(_ place: UInt32) { free.append(place) }

  /// Places that were ever in use.
  var count: Int { used }

  /// Makes room for so many entries.
  func reserve(_ count: Int, at place: UInt32) {
    let message = messages + Int(place)
    guard Int(message.pointee.entryCapacity) < count else { return }
    message.pointee.entries?.deallocate()
    let room = max(8, count * 3 / 2)
    message.pointee.entries = .allocate(capacity: room)
    message.pointee.entryCapacity = Int32(room)
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<BusMessage>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: messages, count: capacity)
    (larger + capacity).initialize(repeating: BusMessage(), count: capacity)
    messages.deallocate()
    messages = larger
    capacity *= 2
  }
}

/// Messages and bytes of each kind.
public struct BusTraffic: Sendable {
  /// Messages by kind.
  public private(set) var messages = [Int64](repeating: 0, count: BusMessageKind.allCases.count)
  /// Bytes by kind.
  public private(set) var bytes = [Int64](repeating: 0, count: BusMessageKind.allCases.count)

  /// Messages of a kind.
  public func messages(_ kind: BusMessageKind) -> Int64 { messages[Int(kind.rawValue)] }
  /// Bytes of a kind.
  public func bytes(_ kind: BusMessageKind) -> Int64 { bytes[Int(kind.rawValue)] }
  /// Messages of all kinds.
  public var totalMessages: Int64 { messages.reduce(0, +) }
  /// Bytes of all kinds.
  public var totalBytes: Int64 { bytes.reduce(0, +) }

  mutating func count(_ kind: BusMessageKind, _ size: Int) {
    messages[Int(kind.rawValue)] += 1
    bytes[Int(kind.rawValue)] += Int64(size)
  }

  mutating func add(_ kind: BusMessageKind, messages: Int64, bytes: Int64) {
    self.messages[Int(kind.rawValue)] += messages
    self.bytes[Int(kind.rawValue)] += bytes
  }
}
