// What a bitrate rule is asked and told. A rule is a small value; the session owns it and passes the shared ladder along.

/// A bitrate rule: which quality next, and whether to give up a running download.
///
/// A session calls `choose` before every request, `considerAbandon` while a request runs, `downloaded` when it is over,
/// and `waited` / `sought` when the session idles because its buffer is full or the viewer jumps.
/// Rules are values without references so that millions of sessions hold them inline.
public protocol AdaptationRule: BitwiseCopyable, Sendable {
  /// Quality of the next request, and how long to wait before sending it.
  mutating func choose(_ context: DecisionContext) -> Decision
  /// The lower quality that would replace the running download, or `nil` to let it run. Never changes the rule: an
  /// abandoned request is reported by `downloaded`.
  func considerAbandon(_ progress: DownloadProgress) -> Int?
  /// A request ended, completed or abandoned.
  mutating func downloaded(_ outcome: DownloadOutcome)
  /// The session idled because its buffer was full. A delay that the rule itself asked for is not reported.
  mutating func waited(milliseconds: Double)
  /// The viewer jumped; `segment` is the next one to request.
  mutating func sought(segment: Int)
}

extension AdaptationRule {
  /// By default no download is given up.
  public func considerAbandon(_ progress: DownloadProgress) -> Int? { nil }
  /// By default nothing is learnt from a request.
  public mutating func downloaded(_ outcome: DownloadOutcome) {}
  /// By default nothing is learnt from idling.
  public mutating func waited(milliseconds: Double) {}
  /// By default a jump changes nothing.
  public mutating func sought(segment: Int) {}
}

/// What a rule knows when it chooses.
public struct DecisionContext: BitwiseCopyable {
  /// Index of the segment to be requested, from 0.
  public var segment: Int
  /// Number of segments of the title; `Int.max` for a live stream without end.
  public var segmentCount: Int
  /// Media in the buffer, in milliseconds.
  public var levelMs: Double
  /// Estimated throughput in kbit/s.
  public var throughputKbps: Double
  /// Estimated time to the first byte in milliseconds.
  public var latencyMs: Double
  /// The title's ladder.
  public var ladder: LadderView
  /// Real segment sizes, if known.
  public var sizes: SegmentSizes?

  /// A context; units as in the properties.
  public init(
    segment: Int, segmentCount: Int, levelMs: Double, throughputKbps: Double, latencyMs: Double, ladder: LadderView,
    sizes: SegmentSizes? = nil
  ) {
    self.segment = segment
    self.segmentCount = segmentCount
    self.levelMs = levelMs
    self.throughputKbps = throughputKbps
    self.latencyMs = latencyMs
    self.ladder = ladder
    self.sizes = sizes
  }

  /// Size in bits of a segment at a quality: from the table, else bitrate times duration.
  public func bits(segment: Int, quality: Int) -> Double {
    if let sizes { return sizes.bits(segment: segment, quality: quality) }
    return ladder.bitrateKbps(quality) * ladder.segmentMs
  }
}

/// A rule's answer.
@frozen public struct Decision: BitwiseCopyable, Sendable, Equatable {
  /// The quality to request.
  public var quality: Int
  /// How long to wait before the request, in milliseconds, at least 0.
  public var delayMs: Double

  /// A decision.
  @inlinable public init(quality: Int, delayMs: Double = 0) {
    self.quality = quality
    self.delayMs = delayMs
  }
}

/// How far a running request has come.
public struct DownloadProgress: BitwiseCopyable {
  /// Quality of the running request.
  public var quality: Int
  /// Size of the segment in bits.
  public var sizeBits: Double
  /// Bits received so far.
  public var receivedBits: Double
  /// Time since the request was sent, in milliseconds.
  public var elapsedMs: Double
  /// Part of `elapsedMs` until the first byte.
  public var firstByteMs: Double
  /// Media in the buffer now, in milliseconds.
  public var levelMs: Double
  /// Estimated time to the first byte of another request, in milliseconds.
  public var latencyMs: Double
  /// The title's ladder.
  public var ladder: LadderView

  /// A progress report; units as in the properties.
  public init(
    quality: Int, sizeBits: Double, receivedBits: Double, elapsedMs: Double, firstByteMs: Double, levelMs: Double,
    latencyMs: Double, ladder: LadderView
  ) {
    self.quality = quality
    self.sizeBits = sizeBits
    self.receivedBits = receivedBits
    self.elapsedMs = elapsedMs
    self.firstByteMs = firstByteMs
    self.levelMs = levelMs
    self.latencyMs = latencyMs
    self.ladder = ladder
  }
}

/// How a request ended.
public struct DownloadOutcome: BitwiseCopyable {
  /// How a request can end.
  public enum Ending: BitwiseCopyable, Sendable, Equatable {
    /// All bits arrived.
    case completed
    /// The rule gave it up in favour of a lower quality.
    case abandoned(target: Int)
    /// A replacement that came too late was given up.
    case replacementDropped
  }
  /// Index of the segment.
  public var segment: Int
  /// Quality of the request.
  public var quality: Int
  /// Size of the segment in bits.
  public var sizeBits: Double
  /// Bits received.
  public var receivedBits: Double
  /// Time from request to end, in milliseconds.
  public var totalMs: Double
  /// Part of `totalMs` until the first byte.
  public var firstByteMs: Double
  /// Media in the buffer after the request, with the segment if it was kept, in milliseconds.
  public var levelMs: Double
  /// How it ended.
  public var ending: Ending
  /// Whether the request replaced a segment already in the buffer.
  public var isReplacement: Bool
  /// The title's ladder.
  public var ladder: LadderView

  /// An outcome; units as in the properties.
  public init(
    segment: Int, quality: Int, sizeBits: Double, receivedBits: Double, totalMs: Double, firstByteMs: Double,
    levelMs: Double, ending: Ending = .completed, isReplacement: Bool = false, ladder: LadderView
  ) {
    self.segment = segment
    self.quality = quality
    self.sizeBits = sizeBits
    self.receivedBits = receivedBits
    self.totalMs = totalMs
    self.firstByteMs = firstByteMs
    self.levelMs = levelMs
    self.ending = ending
    self.isReplacement = isReplacement
    self.ladder = ladder
  }
}
