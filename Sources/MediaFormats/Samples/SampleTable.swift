/// A column of values in which equal neighbours are stored once.
public struct RunColumn<Value: Equatable & Sendable>: Sendable {
  /// First row of each run, ascending.
  public private(set) var starts: [Int] = []
  /// Value of each run.
  public private(set) var values: [Value] = []

  /// Sets the value of all rows from `row` on; `row` never decreases.
  @inline(__always)
  mutating func append(_ value: Value, from row: Int) {
    if let last = values.last, last == value { return }
    if let start = starts.last, start == row {
      values[values.count - 1] = value
      return
    }
    starts.append(row)
    values.append(value)
  }

  /// The value of a row; O(log runs).
  public func value(at row: Int) -> Value? {
    let run = lastIndex(in: starts, notAbove: row)
    return run < 0 ? nil : values[run]
  }
}

/// Index of the last element that is at most `value`, or -1; O(log n).
func lastIndex(in sorted: [Int], notAbove value: Int) -> Int {
  var low = 0
  var high = sorted.count
  while low < high {
    let middle = (low + high) / 2
    if sorted[middle] <= value { low = middle + 1 } else { high = middle }
  }
  return low - 1
}

/// Where a sample comes from: which fragment, which sample entry.
public struct SampleOrigin: Equatable, Sendable {
  /// 1-based number of the `moof` in its file; 0 for the tables of the `moov`.
  public var fragment: Int
  /// 0-based index of the sample entry.
  public var description: Int
}

/// One sample, assembled from the columns of a table.
public struct MediaSample: Equatable, Sendable {
  /// Decode time, media ticks; edit lists are not applied.
  public var decodeTime: Int64
  /// Decode time plus composition offset, media ticks.
  public var compositionTime: Int64
  /// Media ticks.
  public var duration: UInt32
  /// Bytes.
  public var size: UInt32
  /// True if decoding can start here.
  public var isSync: Bool
  /// First byte in the file; negative where a broken file points before its start.
  public var offset: Int64
  /// Fragment and sample entry.
  public var origin: SampleOrigin
}

/// The samples of one track as columns, one fact a column, equal neighbours stored once.
///
/// A constant run costs the same for one sample as for four billion, and a table of a million samples with varied
/// sizes takes 4 bytes a sample for the sizes and little else.
public struct SampleTable: Sendable {
  /// A stretch of samples whose decode times follow each other at one distance.
  struct TimeRun: Equatable, Sendable {
    var decodeTime: Int64
    var duration: UInt32
  }
  /// A stretch of sizes: all equal, or consecutive entries of `storedSizes`.
  struct SizeRun: Equatable, Sendable {
    var constant: UInt32
    var storedStart: Int
  }

  /// Number of samples.
  public private(set) var count = 0
  private(set) var timeStarts: [Int] = []
  private(set) var timeRuns: [TimeRun] = []
  private(set) var sizeStarts: [Int] = []
  private(set) var sizeRuns: [SizeRun] = []
  private(set) var storedSizes: [UInt32] = []
  /// First sample of each stretch that is contiguous in the file, and its offset.
  private(set) var extentStarts: [Int] = []
  private(set) var extentOffsets: [Int64] = []
  private(set) var compositionOffsets = RunColumn<Int32>()
  private(set) var syncs = RunColumn<Bool>()
  private(set) var origins = RunColumn<SampleOrigin>()
  /// Sum of all durations, media ticks.
  public private(set) var totalDuration: Int64 = 0
  /// Sum of all sizes, bytes.
  public private(set) var totalBytes: Int64 = 0
  private var nextDecodeTime: Int64 = 0
  private var nextOffset: Int64 = 0

  /// Decode time after the last sample, media ticks.
  public var endDecodeTime: Int64 { nextDecodeTime }

  /// An empty table.
  public init() {}

  /// Where the next sample begins in time.
  mutating func seek(toDecodeTime time: Int64) { nextDecodeTime = time }

  /// Where the next sample begins in the file.
  mutating func seek(toOffset offset: Int64) {
    if offset != nextOffset || extentStarts.isEmpty {
      if extentStarts.last == count {
        extentOffsets[extentOffsets.count - 1] = offset
      } else {
        extentStarts.append(count)
        extentOffsets.append(offset)
      }
      nextOffset = offset
    }
  }

  mutating func setOrigin(_ origin: SampleOrigin) { origins.append(origin, from: count) }

  mutating func reserve(_ samples: Int) { storedSizes.reserveCapacity(storedSizes.count + samples) }

  /// Appends samples that share all values.
  ///
  /// - Returns: `false` if a sum leaves 63 bits; the table then ends before them.
  @inline(__always)
  mutating func append(
    count samples: Int, duration: UInt32, size: UInt32, compositionOffset: Int32, isSync: Bool
  ) -> Bool {
    guard samples > 0 else { return true }
    let (bytes, overflow1) = Int64(samples).multipliedReportingOverflow(by: Int64(size))
    let (ticks, overflow2) = Int64(samples).multipliedReportingOverflow(by: Int64(duration))
    let (endTime, overflow3) = nextDecodeTime.addingReportingOverflow(ticks)
    let (endOffset, overflow4) = nextOffset.addingReportingOverflow(bytes)
    let (durations, overflow5) = totalDuration.addingReportingOverflow(ticks)
    let (sizes, overflow6) = totalBytes.addingReportingOverflow(bytes)
    guard !(overflow1 || overflow2 || overflow3 || overflow4 || overflow5 || overflow6) else { return false }
    appendTime(duration)
    appendSize(size, samples)
    compositionOffsets.append(compositionOffset, from: count)
    syncs.append(isSync, from: count)
    count += samples
    nextDecodeTime = endTime
    nextOffset = endOffset
    totalDuration = durations
    totalBytes = sizes
    return true
  }

  @inline(__always)
  private mutating func appendTime(_ duration: UInt32) {
    if let last = timeRuns.last, let start = timeStarts.last, last.duration == duration {
      let expected = last.decodeTime &+ Int64(count - start) &* Int64(duration)
      if expected == nextDecodeTime { return }
    }
    timeStarts.append(count)
    timeRuns.append(TimeRun(decodeTime: nextDecodeTime, duration: duration))
  }

  /// A varied size is stored; a run of more than one sample is kept as a run.
  @inline(__always)
  private mutating func appendSize(_ size: UInt32, _ samples: Int) {
    if samples == 1 {
      if let last = sizeRuns.last, let start = sizeStarts.last, last.storedStart >= 0,
        last.storedStart + (count - start) == storedSizes.count
      {
        storedSizes.append(size)
        return
      }
      sizeStarts.append(count)
      sizeRuns.append(SizeRun(constant: 0, storedStart: storedSizes.count))
      storedSizes.append(size)
    } else {
      if let last = sizeRuns.last, last.storedStart < 0, last.constant == size { return }
      sizeStarts.append(count)
      sizeRuns.append(SizeRun(constant: size, storedStart: -1))
    }
  }

  /// Appends a stretch of samples from big-endian sizes, all other columns set by the caller's runs.
  mutating func appendColumns(
    sizes: SizeColumn, rows: Range<Int>, duration: UInt32, compositionOffset: Int32, isSync: Bool
  ) -> Bool {
    switch sizes {
    case .constant(let size):
      return append(
        count: rows.count, duration: duration, size: size, compositionOffset: compositionOffset, isSync: isSync)
    case .listed(let list):
      for row in rows {
        guard
          append(
            count: 1, duration: duration, size: list.value(at: row), compositionOffset: compositionOffset,
            isSync: isSync)
        else { return false }
      }
      return true
    }
  }
}

/// Sample sizes of a progressive track before they enter a table.
enum SizeColumn {
  case constant(UInt32)
  case listed(PackedSizes)

  /// Big-endian sizes of 4, 8, 16 or 32 bits in the file.
  struct PackedSizes {
    let source: MediaBytes
    let offset: Int
    let bits: Int

    @inline(__always)
    func value(at row: Int) -> UInt32 {
      switch bits {
      case 32: return source.load(offset + row * 4, as: UInt32.self)
      case 16: return UInt32(source.load(offset + row * 2, as: UInt16.self))
      case 8: return UInt32(source.load(offset + row, as: UInt8.self))
      default:
        let pair = source.load(offset + row / 2, as: UInt8.self)
        return UInt32(row % 2 == 0 ? pair >> 4 : pair & 15)
      }
    }
  }
}
