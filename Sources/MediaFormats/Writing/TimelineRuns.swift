/// The times of listed segments on one clock, equal ones in a row counted: what `S` and `c` elements write.
struct TimelineRuns {
  struct Run: Equatable {
    var time: Int64
    var duration: Int64
    var count: Int
  }

  /// Ticks a second.
  let timescale: Int64
  private(set) var runs: [Run] = []

  /// - Parameter origin: presentation time of tick 0.
  /// - Throws: `MediaError` if no clock of 32 bits counts all times exactly.
  init(_ segments: SegmentSequence, origin: RationalTime, timescale fixed: Int64? = nil) throws(MediaError) {
    let tooFine = MediaError(.overflow, at: 0, "cannot write: the segment times need more than 2^32 ticks a second")
    var scale = fixed ?? 1
    if fixed == nil {
      for segment in segments {
        for time in [segment.start.subtracting(origin), segment.duration] {
          guard let time else { throw tooFine }
          scale = Self.leastCommonMultiple(scale, time.timescale)
          guard scale <= Int64(UInt32.max) else { throw tooFine }
        }
      }
    }
    timescale = scale
    for segment in segments {
      guard let start = segment.start.subtracting(origin), let time = Self.ticks(start, scale),
        let duration = Self.ticks(segment.duration, scale)
      else { throw tooFine }
      if let last = runs.last, last.duration == duration, last.time + Int64(last.count) * duration == time {
        runs[runs.count - 1].count += 1
      } else {
        runs.append(Run(time: time, duration: duration, count: 1))
      }
    }
  }

  private static func leastCommonMultiple(_ a: Int64, _ b: Int64) -> Int64 {
    var (x, y) = (a, b)
    while y != 0 { (x, y) = (y, x % y) }
    let (product, overflow) = (a / x).multipliedReportingOverflow(by: b)
    return overflow ? Int64.max : product
  }

  private static func ticks(_ time: RationalTime, _ timescale: Int64) -> Int64? {
    let scaled = Int128(time.ticks) * Int128(timescale)
    guard scaled % Int128(time.timescale) == 0 else { return nil }
    return Int64(exactly: scaled / Int128(time.timescale))
  }
}
