import CDNModel
import NetModel
import PlayerModel
import SimEngine

/// Names a session in events: the slot may be reused, the generation tells whether it has been.
struct SessionRef: BitwiseCopyable, Equatable {
  var slot: UInt32
  var generation: UInt32
}

/// One viewer at the site: the plan, the player, and the request in flight.
struct ViewerSession: BitwiseCopyable {
  /// What the session is doing about its next segment.
  enum Phase: UInt8, BitwiseCopyable {
    /// The slot is free.
    case vacant
    /// The services have been asked and have not answered.
    case awaitingServices
    /// The cluster has been asked where the viewer left off.
    case awaitingOffset
    /// The next request is on its way to the edge, or waits for room in the buffer.
    case requesting
    /// The edge waits for the segment from the origin.
    case awaitingFetch
    /// The segment is on the edge link, or waits for acknowledgements to open the window.
    case downloading
    /// Everything that can be watched has arrived.
    case drained
  }

  var generation: UInt32
  var phase: Phase
  /// Arrival process that the session came from.
  var process: UInt8
  var isSampled: Bool
  /// The session is played again frame by frame when it ends.
  var isReplayed: Bool
  var accessClass: UInt8
  var device: UInt8
  /// The codec that device and title have in common.
  var codec: UInt8
  /// Whether cmcd.csv lists the session's requests.
  var isTold: Bool
  /// Jumps so far; timers that were set before the last one are void.
  var seeks: UInt16 = 0
  /// Quality of the request that is planned or in flight.
  var quality: Int8
  var title: UInt32
  var firstSegment: Int32
  /// The segment that is requested, or will be next.
  var nextSegment: Int32
  /// Stalls that the edge has been told of, where cmcd.csv lists the session's requests.
  var stallsTold: UInt32 = 0
  /// Number of the session within its arrival process, from 1.
  var number: UInt64
  var arrivedAt: SimTime
  var roundTrip: SimDuration
  /// Media time at which the viewer has seen enough.
  var departsAt: SimDuration
  var stallPatience: SimDuration

  /// When the player sent the request in flight.
  var requestedAt: SimTime
  /// When the edge began to send it.
  var firstByteAt: SimTime
  /// Number of the request within the session; its events name it, and are void once there is a later one.
  var requestNumber: UInt32
  /// The connection to the edge, warm from one segment to the next.
  var connection: TCPConnection
  /// The segment on its way over the connection.
  var transfer: TCPTransfer?
  /// Bytes on the wire of the transfer's windows that the link has sent, the present one aside.
  var sentWindowBytes: Int64
  var requestBytes: Int64
  /// Whether the edge had to fetch it.
  var isMiss: Bool
  /// What the player believed of the network when it chose.
  var forecast: DownloadForecast
  /// Server of the site that works on the request in flight, where there are several.
  var server = CacheAnswer.noServer
  /// The site at which the viewer arrived.
  var home: UInt32 = 0
  /// When the viewer gives up if the first frame has not been shown.
  var startupEnds = SimTime.zero

  /// The player.
  var rule: SessionRule
  var estimator: ThroughputEstimator
  var buffer: PlaybackBuffer
  var statistics: PlaybackStatistics
  /// Its dealings with the services.
  var services = SessionServices()
  /// What of its playback is already in the site's totals.
  var counted: CountedPlayback
}

/// What a player believes of its network: what it expects of the next download.
struct DownloadForecast: BitwiseCopyable {
  /// Zero before the first download.
  private var kbps: Float = 0
  private var latencyMs: Float = 0

  /// Nothing is known yet.
  init() {}

  init(_ estimator: ThroughputEstimator) {
    kbps = Float(estimator.throughputKbps ?? 0)
    latencyMs = Float(estimator.latencyMs)
  }

  /// Expected time from request to last byte; `nil` before the first download.
  func milliseconds(bytes: Int64) -> Double? {
    // Beyond an hour a belief is as good as none.
    guard kbps > 0 else { return nil }
    return min(3.6e6, Double(latencyMs) + Double(bytes) * 8 / Double(kbps))
  }
}

/// Playback of a session as far as it has been added to the site's totals.
struct CountedPlayback: BitwiseCopyable {
  var at: SimTime
  var play = SimDuration.zero
  var stall = SimDuration.zero
  var stalls: UInt32 = 0
}

/// The sessions of a site in one slab; free slots are reused, last freed first.
struct SessionTable: ~Copyable {
  private var slots: UnsafeMutablePointer<ViewerSession>
  private var generations: UnsafeMutablePointer<UInt32>
  private var capacity: Int
  private var used = 0
  private var free: [UInt32] = []
  /// Sessions at the site.
  private(set) var count = 0

  init() {
    capacity = 1_024
    slots = .allocate(capacity: capacity)
    generations = .allocate(capacity: capacity)
    generations.initialize(repeating: 0, count: capacity)
  }

  deinit {
    slots.deallocate()
    generations.deallocate()
  }

  /// The session in a slot; the pointer is good until the next `insert`.
  ///
  /// - Precondition: the slot has been taken before.
  func at(_ slot: UInt32) -> UnsafeMutablePointer<ViewerSession> {
    precondition(Int(slot) < used, "no such session")
    return slots + Int(slot)
  }

  /// Whether the session that an event names is still there.
  func isPresent(_ ref: SessionRef) -> Bool { generations[Int(ref.slot)] == ref.generation }

  /// The name of the session in a slot.
  func ref(_ slot: UInt32) -> SessionRef { SessionRef(slot: slot, generation: generations[Int(slot)]) }

  /// Takes a slot for a new session.
  mutating func insert(_ session: ViewerSession) -> SessionRef {
    let slot: UInt32
    if let reused = free.popLast() {
      slot = reused
    } else {
      if used == capacity { grow() }
      slot = UInt32(used)
      used += 1
    }
    (slots + Int(slot)).initialize(to: session)
    count += 1
    return SessionRef(slot: slot, generation: generations[Int(slot)])
  }

  /// Frees a slot; events that name the session find it gone.
  mutating func remove(_ slot: UInt32) {
    slots[Int(slot)].phase = .vacant
    generations[Int(slot)] &+= 1
    free.append(slot)
    count -= 1
  }

  /// Slots of the sessions at the site, in slot order.
  func presentSlots() -> [UInt32] { (0..<UInt32(used)).filter { slots[Int($0)].phase != .vacant } }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<ViewerSession>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: slots, count: used)
    slots.deallocate()
    slots = larger
    let largerGenerations = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity * 2)
    largerGenerations.moveInitialize(from: generations, count: capacity)
    (largerGenerations + capacity).initialize(repeating: 0, count: capacity)
    generations.deallocate()
    generations = largerGenerations
    capacity *= 2
  }
}
