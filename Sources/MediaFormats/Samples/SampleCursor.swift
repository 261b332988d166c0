/// Walks the samples of a table in order; one step costs O(1).
public struct SampleCursor: Sequence, IteratorProtocol {
  private let table: SampleTable
  private var row: Int
  private let end: Int
  private var timeRun: Int
  private var sizeRun: Int
  private var extent: Int
  private var compositionRun: Int
  private var syncRun: Int
  private var originRun: Int
  private var offset: Int64

  init(_ table: SampleTable, rows: Range<Int>) {
    self.table = table
    row = rows.lowerBound
    end = rows.upperBound
    timeRun = lastIndex(in: table.timeStarts, notAbove: row)
    sizeRun = lastIndex(in: table.sizeStarts, notAbove: row)
    extent = lastIndex(in: table.extentStarts, notAbove: row)
    compositionRun = lastIndex(in: table.compositionOffsets.starts, notAbove: row)
    syncRun = lastIndex(in: table.syncs.starts, notAbove: row)
    originRun = lastIndex(in: table.origins.starts, notAbove: row)
    offset = extent < 0 ? 0 : table.extentOffsets[extent]
    if extent >= 0, table.extentStarts[extent] < row {
      offset += table.bytes(in: table.extentStarts[extent]..<row)
    }
  }

  /// The next sample, or `nil` at the end.
  public mutating func next() -> MediaSample? {
    guard row < end else { return nil }
    timeRun = Self.advance(timeRun, table.timeStarts, row)
    sizeRun = Self.advance(sizeRun, table.sizeStarts, row)
    compositionRun = Self.advance(compositionRun, table.compositionOffsets.starts, row)
    syncRun = Self.advance(syncRun, table.syncs.starts, row)
    originRun = Self.advance(originRun, table.origins.starts, row)
    if extent + 1 < table.extentStarts.count, table.extentStarts[extent + 1] <= row {
      extent += 1
      offset = table.extentOffsets[extent]
    }
    let time = table.timeRuns[timeRun]
    let decodeTime = time.decodeTime &+ Int64(row - table.timeStarts[timeRun]) &* Int64(time.duration)
    let sizes = table.sizeRuns[sizeRun]
    let size =
      sizes.storedStart < 0
      ? sizes.constant : table.storedSizes[sizes.storedStart + row - table.sizeStarts[sizeRun]]
    let sample = MediaSample(
      decodeTime: decodeTime,
      compositionTime: decodeTime &+ Int64(table.compositionOffsets.values[compositionRun]),
      duration: time.duration, size: size, isSync: table.syncs.values[syncRun], offset: offset,
      origin: table.origins.values[originRun])
    offset &+= Int64(size)
    row += 1
    return sample
  }

  @inline(__always)
  private static func advance(_ run: Int, _ starts: [Int], _ row: Int) -> Int {
    run + 1 < starts.count && starts[run + 1] <= row ? run + 1 : run
  }
}

extension SampleTable {
  /// All samples in order.
  public var samples: SampleCursor { SampleCursor(self, rows: 0..<count) }

  /// Some samples in order.
  public func samples(in rows: Range<Int>) -> SampleCursor { SampleCursor(self, rows: rows.clamped(to: 0..<count)) }

  /// Bytes of some samples; O(rows) where sizes vary, else O(runs).
  public func bytes(in rows: Range<Int>) -> Int64 {
    var total: Int64 = 0
    var row = rows.lowerBound
    var run = lastIndex(in: sizeStarts, notAbove: row)
    while row < rows.upperBound, run >= 0, run < sizeRuns.count {
      let runEnd = run + 1 < sizeStarts.count ? sizeStarts[run + 1] : count
      let stop = min(runEnd, rows.upperBound)
      let sizes = sizeRuns[run]
      if sizes.storedStart < 0 {
        total += Int64(stop - row) * Int64(sizes.constant)
      } else {
        let first = sizes.storedStart + row - sizeStarts[run]
        for index in first..<first + (stop - row) { total += Int64(storedSizes[index]) }
      }
      row = stop
      run += 1
    }
    return total
  }
}
