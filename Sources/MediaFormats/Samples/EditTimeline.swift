/// Maps media time to presentation time through an edit list (ISO/IEC 14496-12 section 8.6.6).
public struct EditTimeline: Sendable {
  /// One stretch of media on the presentation timeline.
  public struct Stretch: Equatable, Sendable {
    /// Where it begins on the presentation timeline, seconds.
    public var start: RationalTime
    /// First media tick.
    public var mediaTime: Int64
    /// Media ticks shown; `nil` means to the end of the media.
    public var mediaDuration: Int64?
    /// True if one picture is held (rate 0).
    public var isHeld: Bool
  }

  /// Stretches in order of presentation.
  public private(set) var stretches: [Stretch] = []
  /// Media ticks a second.
  public let timescale: Int64

  /// Prepares the mapping of a track; without edits, media time is presentation time.
  ///
  /// - Parameter movieTimescale: ticks a second of the edits' lengths.
  /// - Returns: `nil` if a timescale is 0 or a sum leaves 64 bits.
  public init?(_ track: MediaTrack, movieTimescale: UInt32) {
    guard let timescale = track.timescale, timescale > 0 else { return nil }
    self.timescale = Int64(timescale)
    guard !track.edits.isEmpty else {
      stretches = [Stretch(start: .zero, mediaTime: 0, mediaDuration: nil, isHeld: false)]
      return
    }
    guard movieTimescale > 0 else { return nil }
    var start = RationalTime.zero
    for edit in track.edits {
      guard let ticks = Int64(exactly: edit.segmentDuration) else { return nil }
      let length = RationalTime(ticks: ticks, timescale: Int64(movieTimescale))
      if edit.mediaTime >= 0 {
        // Zero length stands for all that follows, as fragmented files write it.
        let scaled = Int128(ticks) * Int128(timescale) / Int128(movieTimescale)
        guard let mediaTicks = Int64(exactly: scaled) else { return nil }
        stretches.append(
          Stretch(
            start: start, mediaTime: edit.mediaTime, mediaDuration: ticks == 0 ? nil : mediaTicks,
            isHeld: edit.rate == 0))
      }
      guard let next = start.adding(length) else { return nil }
      start = next
    }
  }

  /// Where a sample is presented: once a stretch that shows it, in order; empty if it is cut away.
  public func presentations(of sample: MediaSample) -> [RationalTime] {
    stretches.compactMap { stretch in
      let relative = sample.compositionTime &- stretch.mediaTime
      guard relative >= 0 || relative &+ Int64(sample.duration) > 0 else { return nil }
      if let length = stretch.mediaDuration, relative >= length { return nil }
      return RationalTime(ticks: relative, timescale: timescale).adding(stretch.start)
    }
  }

  /// Composition time of a sample moved to the presentation timeline by the first stretch, shown or not: what
  /// demultiplexers print as the presentation timestamp.
  public func timestamp(of sample: MediaSample) -> RationalTime? {
    guard let first = stretches.first else { return nil }
    let (relative, overflow) = sample.compositionTime.subtractingReportingOverflow(first.mediaTime)
    return overflow ? nil : RationalTime(ticks: relative, timescale: timescale).adding(first.start)
  }
}
