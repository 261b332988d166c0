// A title as a session sees it: a shared ladder, the cut into segments, and real sizes where they are known.

public import SimEngine

/// A title as a session sees it.
///
/// Borrowed like the views inside it.
public struct TitleView: BitwiseCopyable {
  /// The qualities.
  public var ladder: LadderView
  /// Playing time of every segment but the last; the longest where they differ.
  public var segmentDuration: SimDuration
  /// Number of segments, at least 1.
  public var segmentCount: Int
  /// Playing time of the title.
  public var duration: SimDuration
  /// Real segment sizes, if known.
  public var sizes: SegmentSizes?
  /// Where every segment starts, `segmentCount` of them, if segments differ.
  private var starts: UnsafePointer<SimDuration>?

  /// A title of `duration` cut into segments of the ladder's duration, the last one shorter.
  /// - Precondition: the duration is positive.
  public init(
    ladder: LadderView, segmentDuration: SimDuration, duration: SimDuration, sizes: SegmentSizes? = nil
  ) {
    precondition(duration > .zero && segmentDuration > .zero, "a title lasts longer than zero")
    self.ladder = ladder
    self.segmentDuration = segmentDuration
    self.duration = duration
    segmentCount = Int(
      (duration.nanoseconds + segmentDuration.nanoseconds - 1) / segmentDuration.nanoseconds)
    self.sizes = sizes
  }

  /// A title whose segments start at `starts`, ascending from zero, which the caller keeps alive.
  /// - Precondition: there is a segment, and it ends after it starts.
  public init(
    ladder: LadderView, starts: UnsafeBufferPointer<SimDuration>, duration: SimDuration, sizes: SegmentSizes? = nil
  ) {
    precondition(!starts.isEmpty && duration > starts[starts.count - 1], "a title has a segment")
    self.ladder = ladder
    self.duration = duration
    self.sizes = sizes
    self.starts = starts.baseAddress
    segmentCount = starts.count
    var longest = duration - starts[starts.count - 1]
    for index in 1..<max(1, starts.count) { longest = max(longest, starts[index] - starts[index - 1]) }
    segmentDuration = longest
  }

  /// Media time at which a segment starts.
  public func start(ofSegment segment: Int) -> SimDuration {
    starts.map { $0[segment] } ?? segmentDuration * Int64(segment)
  }

  /// Playing time of a segment.
  public func duration(ofSegment segment: Int) -> SimDuration {
    if let starts {
      return (segment == segmentCount - 1 ? duration : starts[segment + 1]) - starts[segment]
    }
    return segment == segmentCount - 1 ? duration - segmentDuration * Int64(segment) : segmentDuration
  }

  /// Size of a segment in bytes, at least 1: from the table, else bitrate times its playing time.
  public func bytes(segment: Int, quality: Int) -> Int64 {
    let bits =
      sizes?.bits(segment: segment, quality: quality)
      ?? ladder.bitrateKbps(quality) * duration(ofSegment: segment).milliseconds
    return max(1, Int64((bits / 8).rounded()))
  }

  /// The segment that holds a media time.
  public func segment(at mediaTime: SimDuration) -> Int {
    guard let starts else {
      return min(segmentCount - 1, max(0, Int(mediaTime.nanoseconds / segmentDuration.nanoseconds)))
    }
    var low = 0
    var high = segmentCount - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= mediaTime { low = middle } else { high = middle - 1 }
    }
    return low
  }
}
