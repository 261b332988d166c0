import PlayerModel
public import SimEngine

/// One line of sessions.csv: what a viewer asked for and what came of it.
public struct SessionRecord: Sendable {
  /// How a session ended.
  public enum Ending: String, Sendable {
    /// The viewer had seen enough.
    case watched
    /// The viewer gave up before the first frame.
    case leftAtStartup = "left_at_startup"
    /// The viewer gave up during a stall.
    case leftInStall = "left_in_stall"
    /// The viewer gave up waiting for media after a jump.
    case leftAfterJump = "left_after_jump"
    /// The run ended first.
    case active
  }

  /// Edge site at which the viewer arrived.
  public var site: Int
  /// `regular` or `premiere`.
  public var process: String
  /// Number of the session within its arrival process at its site, from 1.
  public var number: UInt64
  /// Arrival.
  public var arrivedAt: SimTime
  /// Title.
  public var title: Int
  /// Index of the access class in the scenario.
  public var accessClass: Int
  /// Name of the device class.
  public var device: String
  /// Codec of the video.
  public var codec: String
  /// Jumps within the title.
  public var seeks: Int
  /// Round-trip time to the edge.
  public var roundTrip: SimDuration
  /// Media time at which the stream started.
  public var offset: SimDuration
  /// From arrival to the first frame, if there was one.
  public var startupDelay: SimDuration?
  /// Media time played.
  public var played: SimDuration
  /// Stalls.
  public var stalls: Int
  /// Time stalled.
  public var stalled: SimDuration
  /// Time-weighted nominal bit rate of what was played, if anything was.
  public var meanBitrateKbps: Double?
  /// Changes of quality between played segments.
  public var switches: Int
  /// Bytes received, whether played or not.
  public var receivedBytes: Int64
  /// How it ended.
  public var ending: Ending

  init(_ session: ViewerSession, ending: Ending, catalog: Catalog, devices: [DeviceClass]) {
    let counted = session.counted
    site = Int(session.home)
    process = Int(session.title) == catalog.premiereTitle ? "premiere" : "regular"
    number = session.number
    arrivedAt = session.arrivedAt
    title = Int(session.title)
    accessClass = Int(session.accessClass)
    device = devices[Int(session.device)].name
    codec = catalog.codecNames[Int(session.codec)]
    seeks = Int(session.seeks)
    roundTrip = session.roundTrip
    offset = catalog.mediaTime(segments: Int(session.firstSegment))
    startupDelay = session.buffer.startupDelay
    played = counted.play
    stalls = Int(counted.stalls)
    stalled = counted.stall
    meanBitrateKbps = session.statistics.meanBitrateKbps(playTime: counted.play)
    switches = Int(session.statistics.switches)
    receivedBytes = session.statistics.receivedBytes
    self.ending = ending
  }
}
