// What was watched: bitrate over time, switches, bytes. Folded while a session runs, in constant space.

public import SimEngine

/// The picture quality of a session, counted for what was PLAYED, not for what was downloaded.
///
/// The qualities of the buffered segments wait in an inline queue (up to 25 segments of up to 32 qualities); a longer
/// buffer counts its oldest segment as played early. Segments are taken to have the nominal duration, except the last.
/// 64 bytes.
public struct PlaybackStatistics: BitwiseCopyable, Sendable, Equatable {
  private var queue: UInt128 = 0
  /// Media time at which the head of the queue ends.
  private var headEnd: SimDuration = .zero
  /// Media time up to which the sums are exact.
  private var accounted: SimDuration
  /// Sum of bitrate times playing time, in kbit.
  public private(set) var playedKbit = 0.0
  /// Bytes received, abandoned requests included.
  public private(set) var receivedBytes: Int64 = 0
  /// Sum of |bitrate change| between consecutive played segments, in kbit/s.
  public private(set) var switchMagnitudeKbps: Float = 0
  /// Quality changes between consecutive played segments.
  public private(set) var switches: UInt16 = 0
  private var queued: UInt8 = 0
  /// Quality of the segment played last, `UInt8.max` before the first.
  private var lastPlayed: UInt8 = .max

  /// Most qualities a ladder may have here.
  public static let largestLadder = 32
  static let queueCapacity = 25

  /// Nothing watched yet, from media time `offset` on.
  public init(offset: SimDuration = .zero) { accounted = offset }

  /// Bytes arrived, kept or not.
  public mutating func received(bytes: Int64) { receivedBytes += bytes }

  /// A segment was put into the buffer; it ends at media time `end`.
  ///
  /// - Precondition: `quality` is below 32, and segments come in order.
  public mutating func buffered(
    quality: Int, end: SimDuration, segmentDuration: SimDuration, ladder: LadderView
  ) {
    precondition(quality < Self.largestLadder, "a session counts at most 32 qualities")
    if Int(queued) == Self.queueCapacity { played(to: headEnd, segmentDuration: segmentDuration, ladder: ladder) }
    if queued == 0 { headEnd = end }
    queue |= UInt128(UInt8(quality)) << (5 * UInt128(queued))
    queued += 1
  }

  /// Playback has reached media time `playhead`.
  ///
  /// - Complexity: O(segments finished since the last call).
  public mutating func played(to playhead: SimDuration, segmentDuration: SimDuration, ladder: LadderView) {
    while accounted < playhead, queued > 0 {
      let quality = UInt8(truncatingIfNeeded: queue & 31)
      let kbps = ladder.bitrateKbps(Int(quality))
      if quality != lastPlayed {
        if lastPlayed != .max {
          switches &+= 1
          switchMagnitudeKbps += Float(abs(kbps - ladder.bitrateKbps(Int(lastPlayed))))
        }
        lastPlayed = quality
      }
      let stop = min(playhead, headEnd)
      playedKbit += kbps * (stop - accounted).seconds
      accounted = stop
      if stop == headEnd {
        queue >>= 5
        queued -= 1
        headEnd += segmentDuration
      }
    }
  }

  /// The viewer jumped out of the buffer to media time `target`: what was buffered is never watched.
  public mutating func sought(to target: SimDuration) {
    queue = 0
    queued = 0
    accounted = target
  }

  /// The viewer jumped forward inside the buffer: what lies between is not watched.
  public mutating func skipped(to target: SimDuration, segmentDuration: SimDuration) {
    while queued > 0, headEnd <= target {
      queue >>= 5
      queued -= 1
      headEnd += segmentDuration
    }
    accounted = target
  }

  /// Time-weighted mean bitrate in kbit/s over `playTime`, `nil` if nothing was played.
  public func meanBitrateKbps(playTime: SimDuration) -> Double? {
    playTime > .zero ? playedKbit / playTime.seconds : nil
  }
}
