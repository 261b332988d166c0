// Boxes of movie fragments: ISO/IEC 14496-12 section 8.8, and the Smooth Streaming timing boxes ([MS-SSTR] 2.2.4).

/// `mfhd`: sequence number of a fragment (section 8.8.5).
public struct MovieFragmentHeaderBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  /// Grows from fragment to fragment.
  public var sequenceNumber: UInt32 = 1
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.integer("sequence_number", &sequenceNumber)
  }
}

/// `tfhd`: the track and its defaults in one fragment (section 8.8.7).
public struct TrackFragmentHeaderBox: BoxFields {
  var version: UInt8 = 0
  /// Which fields are present, and the base rules (section 8.8.7.1).
  public var flags: UInt32 = Self.defaultBaseIsMoof
  /// The track.
  public var trackID: UInt32 = 1
  /// Base of data offsets, from the start of the file.
  public var baseDataOffset: UInt64 = 0
  /// 1-based sample entry.
  public var sampleDescriptionIndex: UInt32 = 0
  /// Media ticks.
  public var sampleDuration: UInt32 = 0
  /// Bytes.
  public var sampleSize: UInt32 = 0
  /// Sample flags (section 8.8.3.1).
  public var sampleFlags: UInt32 = 0

  static let hasBaseDataOffset: UInt32 = 0x1
  static let hasDescriptionIndex: UInt32 = 0x2
  static let hasDuration: UInt32 = 0x8
  static let hasSize: UInt32 = 0x10
  static let hasFlags: UInt32 = 0x20
  static let defaultBaseIsMoof: UInt32 = 0x2_0000

  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.integer("track_ID", &trackID)
    if flags & Self.hasBaseDataOffset != 0 { try coder.integer("base_data_offset", &baseDataOffset) }
    if flags & Self.hasDescriptionIndex != 0 {
      try coder.integer("sample_description_index", &sampleDescriptionIndex)
    }
    if flags & Self.hasDuration != 0 { try coder.integer("default_sample_duration", &sampleDuration) }
    if flags & Self.hasSize != 0 { try coder.integer("default_sample_size", &sampleSize) }
    if flags & Self.hasFlags != 0 { try coder.integer("default_sample_flags", &sampleFlags) }
  }
}

/// `tfdt`: decode time of a fragment's first sample (section 8.8.12).
public struct TrackFragmentDecodeTimeBox: BoxFields {
  var version: UInt8 = 1
  var flags: UInt32 = 0
  /// Media ticks.
  public var baseMediaDecodeTime: UInt64 = 0
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.integer("baseMediaDecodeTime", &baseMediaDecodeTime, wide: version == 1)
  }
}

/// `trun`: a run of samples (section 8.8.8).
public struct TrackRunBox: BoxFields {
  /// Version 1 makes composition offsets signed.
  public var version: UInt8 = 0
  /// Which fields are present (section 8.8.8.1).
  public var flags: UInt32 = 0
  /// Samples.
  public var count: UInt32 = 0
  /// Of the first sample, from the base that the track fragment header fixes.
  public var dataOffset: Int32 = 0
  /// Flags of the first sample where it differs from the rest.
  public var firstSampleFlags: UInt32 = 0
  /// Per-sample fields, `stride` bytes a sample.
  var entries = ByteField.empty

  static let hasDataOffset: UInt32 = 0x1
  static let hasFirstFlags: UInt32 = 0x4
  static let hasDuration: UInt32 = 0x100
  static let hasSize: UInt32 = 0x200
  static let hasFlags: UInt32 = 0x400
  static let hasCompositionOffset: UInt32 = 0x800

  /// Bytes a sample in the table: 4 for each of duration, size, flags and composition offset that is present.
  var stride: Int { (flags & 0xF00).nonzeroBitCount * 4 }

  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.integer("sample_count", &count)
    if flags & Self.hasDataOffset != 0 { try coder.signed("data_offset", &dataOffset) }
    if flags & Self.hasFirstFlags != 0 { try coder.integer("first_sample_flags", &firstSampleFlags) }
    try coder.table("samples", &entries, count: count, stride: stride)
  }
}

/// `tfra`: random access points of one track (section 8.8.10).
public struct TrackFragmentRandomAccessBox: BoxFields {
  var version: UInt8 = 1
  var flags: UInt32 = 0
  /// The track.
  public var trackID: UInt32 = 1
  /// Three 2-bit widths less one: traf, trun and sample numbers.
  var lengthSizes: UInt32 = 0
  var count: UInt32 = 0
  var entries = ByteField.empty
  /// Bytes an entry: time and moof offset of 4 or 8 bytes, then three numbers of 1 to 4 bytes.
  var stride: Int {
    let widths = Int(lengthSizes >> 4 & 3) + Int(lengthSizes >> 2 & 3) + Int(lengthSizes & 3) + 3
    return (version == 1 ? 16 : 8) + widths
  }
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.integer("track_ID", &trackID)
    try coder.integer("length_sizes", &lengthSizes)
    try coder.integer("number_of_entry", &count)
    try coder.table("entries", &entries, count: count, stride: stride)
  }
}

/// `mfro`: size of the enclosing `mfra`, at the very end of a file (section 8.8.11).
struct RandomAccessOffsetBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var size: UInt32 = 0
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.integer("size", &size)
  }
}

/// Extended type 6d1d9b05...: time and duration of a Smooth Streaming fragment ([MS-SSTR] 2.2.4.4).
public struct SmoothFragmentTimeBox: BoxFields {
  var version: UInt8 = 1
  var flags: UInt32 = 0
  /// Absolute time, ticks of the stream's timescale.
  public var time: UInt64 = 0
  /// Duration, ticks of the stream's timescale.
  public var duration: UInt64 = 0
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.integer("fragment_absolute_time", &time, wide: version == 1)
    try coder.integer("fragment_duration", &duration, wide: version == 1)
  }
}

/// Extended type d4807ef2...: times of the next fragments of a live stream ([MS-SSTR] 2.2.4.5).
///
/// The page prints a 4-byte count; files and other parsers have one byte.
public struct SmoothNextFragmentsBox: BoxFields {
  var version: UInt8 = 1
  var flags: UInt32 = 0
  var count: UInt8 = 0
  var entries = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.integer("fragment_count", &count)
    try coder.table("fragments", &entries, count: count, stride: version == 1 ? 16 : 8)
  }
}
