/// A movie fragment (`moof`): per track, which samples it adds and where their bytes lie.
public struct MovieFragment: Sendable {
  /// First byte of the `moof`.
  public let offset: Int
  /// Bytes of the `moof`.
  public let size: Int
  /// Sequence number; 0 if the header is missing.
  public internal(set) var sequenceNumber: UInt32 = 0
  /// One entry a `traf`, in file order.
  public internal(set) var tracks: [TrackFragment] = []
}

/// The part of one track in one fragment (`traf`).
public struct TrackFragment: Sendable {
  /// One `trun`, as its header declares it.
  public struct Run: Equatable, Sendable {
    /// Flags of the box.
    public var flags: UInt32
    /// Version of the box.
    public var version: UInt8
    /// Samples.
    public var count: UInt32
    /// Declared data offset; 0 if absent.
    public var dataOffset: Int32
    /// Flags of the first sample; 0 if absent.
    public var firstSampleFlags: UInt32
  }

  /// track_ID.
  public internal(set) var trackID: UInt32
  /// Flags of the header.
  public internal(set) var flags: UInt32
  /// Explicit base of data offsets; 0 if absent.
  public internal(set) var baseDataOffset: UInt64
  /// Decode time that the fragment declares, media ticks.
  public internal(set) var decodeTime: UInt64?
  /// Version of the box that declares it.
  public internal(set) var decodeTimeVersion: UInt8?
  /// Runs in file order.
  public internal(set) var runs: [Run] = []
  /// Rows of the samples in the track's table.
  public internal(set) var rows: Range<Int>
  /// Decode time of the first sample, media ticks.
  public internal(set) var startDecodeTime: Int64
  /// Decode time after the last sample, media ticks.
  public internal(set) var endDecodeTime: Int64
  /// Sum of durations, media ticks.
  public internal(set) var duration: Int64
  /// Sum of sizes.
  public internal(set) var bytes: Int64
  /// First byte of the first sample.
  public internal(set) var firstOffset: Int64?
  /// Smooth Streaming: absolute time and duration, ticks of the stream.
  public internal(set) var smoothTime: (time: UInt64, duration: UInt64)?
  /// Smooth Streaming: times and durations of the next fragments.
  public internal(set) var smoothNext: [(time: UInt64, duration: UInt64)] = []
}
