/// The segments of a representation, listed one by one or generated from timeline runs on demand.
///
/// A repeat count in a manifest costs nothing until somebody walks the segments, and then no memory.
public struct SegmentSequence: RandomAccessCollection, Sendable {
  /// Most segments of one representation: a week of two-second segments.
  ///
  /// More is refused as hostile.
  public static let limit = 302_400

  /// Equal segments in a row.
  struct Run: Equatable, Sendable {
    /// Start of the first one, media ticks.
    var time: Int64
    /// Media ticks each.
    var duration: Int64
    var count: Int
    /// Position of the first one in the sequence.
    var firstIndex: Int
  }

  /// Runs on a media timeline with the URLs that they expand to.
  struct Timeline: Sendable {
    var runs: [Run] = []
    /// Media ticks a second.
    var timescale: Int64
    /// Presentation time of media tick 0.
    var origin: RationalTime
    /// Number of the first segment.
    var startNumber: UInt64
    var template: any SegmentNaming
    /// Length of the last segment where it is not a whole number of ticks.
    var lastDuration: RationalTime?
    var count: Int { runs.last.map { $0.firstIndex + $0.count } ?? 0 }

    func segment(at index: Int) -> Segment {
      var low = 0
      var high = runs.count
      while low < high {
        let middle = (low + high) / 2
        if runs[middle].firstIndex <= index { low = middle + 1 } else { high = middle }
      }
      let run = runs[low - 1]
      let time = run.time &+ Int64(index - run.firstIndex) &* run.duration
      let start = RationalTime(ticks: time, timescale: timescale)
      return Segment(
        resource: ResourceRange(url: template.url(number: startNumber &+ UInt64(index), time: time)),
        start: start.adding(origin) ?? start, duration: duration(of: run, at: index))
    }

    private func duration(of run: Run, at index: Int) -> RationalTime {
      if let lastDuration, index == count - 1 { return lastDuration }
      return RationalTime(ticks: run.duration, timescale: timescale)
    }
  }

  private enum Storage: Sendable {
    case listed([Segment])
    case timeline(Timeline)
  }
  private let storage: Storage

  /// Segments listed one by one.
  public init(_ segments: [Segment]) { storage = .listed(segments) }

  init(_ timeline: Timeline) { storage = .timeline(timeline) }

  /// Position of the first segment.
  public var startIndex: Int { 0 }

  /// Number of segments.
  public var endIndex: Int {
    switch storage {
    case .listed(let segments): segments.count
    case .timeline(let timeline): timeline.count
    }
  }

  /// The segment at a position; O(log runs).
  public subscript(index: Int) -> Segment {
    switch storage {
    case .listed(let segments): return segments[index]
    case .timeline(let timeline):
      precondition(index >= 0 && index < timeline.count, "segment index out of range")
      return timeline.segment(at: index)
    }
  }

  /// The runs that the segments come from; `nil` if they are listed.
  var timeline: Timeline? {
    if case .timeline(let timeline) = storage { return timeline }
    return nil
  }
}

/// Makes segment URLs from numbers and times.
protocol SegmentNaming: Sendable {
  /// URL of a segment, relative to the manifest.
  func url(number: UInt64, time: Int64) -> String
}

/// Builds timeline runs with checked arithmetic.
struct TimelineBuilder {
  private(set) var runs: [SegmentSequence.Run] = []
  private(set) var count = 0
  /// Media tick after the last segment.
  private(set) var end: Int64 = 0

  /// What a manifest may get wrong here.
  enum Fault: Error {
    /// A segment without duration.
    case emptySegment
    /// More segments than `SegmentSequence.limit`.
    case tooMany(Int)
    /// A time beyond 63 bits.
    case overflow
  }

  mutating func append(time: Int64, duration: Int64, count added: Int) throws(Fault) {
    guard duration > 0 else { throw .emptySegment }
    guard added >= 0, added <= SegmentSequence.limit - count else { throw .tooMany(added) }
    guard added > 0 else { return }
    let (length, overflow1) = duration.multipliedReportingOverflow(by: Int64(added))
    let (end, overflow2) = time.addingReportingOverflow(length)
    guard !overflow1, !overflow2 else { throw .overflow }
    if let last = runs.last, last.duration == duration, time == self.end {
      runs[runs.count - 1].count += added
    } else {
      runs.append(SegmentSequence.Run(time: time, duration: duration, count: added, firstIndex: count))
    }
    count += added
    self.end = end
  }
}
