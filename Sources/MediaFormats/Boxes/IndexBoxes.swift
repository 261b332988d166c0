// Boxes between fragments: index, events, clock (ISO/IEC 14496-12 section 8.16, ISO/IEC 23009-1 section 5.10.3.3).

/// `sidx`: sizes and durations of the following segments or indexes (section 8.16.3).
public struct SegmentIndexBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  /// Track whose times are meant.
  public var referenceID: UInt32 = 1
  /// Ticks a second.
  public var timescale: UInt32 = 1
  /// Presentation time of the first sample, ticks.
  public var earliestPresentationTime: UInt64 = 0
  /// Bytes from the end of this box to the first reference.
  public var firstOffset: UInt64 = 0
  var reserved: UInt16 = 0
  var count: UInt16 = 0
  /// 12 bytes a reference: type and size, duration, stream access point.
  var references = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.integer("reference_ID", &referenceID)
    try coder.integer("timescale", &timescale)
    try coder.integer("earliest_presentation_time", &earliestPresentationTime, wide: version == 1)
    try coder.integer("first_offset", &firstOffset, wide: version == 1)
    try coder.integer("reserved", &reserved)
    try coder.integer("reference_count", &count)
    try coder.table("references", &references, count: count, stride: 12)
    if timescale == 0 { coder.violation("sidx timescale is 0") }
  }
}

/// `emsg`: an event on the timeline (ISO/IEC 23009-1 section 5.10.3.3).
public struct EventMessageBox: BoxFields {
  /// 0: time relative to the segment, 1: absolute.
  public var version: UInt8 = 0
  var flags: UInt32 = 0
  /// Scheme identifier.
  public var scheme = ByteField.empty
  /// Value in the scheme.
  public var value = ByteField.empty
  /// Ticks a second.
  public var timescale: UInt32 = 1
  /// Ticks after the segment's start (version 0).
  public var presentationTimeDelta: UInt32 = 0
  /// Ticks on the presentation timeline (version 1).
  public var presentationTime: UInt64 = 0
  /// Ticks; all ones means unknown.
  public var duration: UInt32 = 0
  /// Identifier in the scheme.
  public var identifier: UInt32 = 0
  /// Opaque message.
  public var message = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    if version == 0 {
      try coder.terminated("scheme_id_uri", &scheme)
      try coder.terminated("value", &value)
      try coder.integer("timescale", &timescale)
      try coder.integer("presentation_time_delta", &presentationTimeDelta)
      try coder.integer("event_duration", &duration)
      try coder.integer("id", &identifier)
    } else {
      try coder.integer("timescale", &timescale)
      try coder.integer("presentation_time", &presentationTime)
      try coder.integer("event_duration", &duration)
      try coder.integer("id", &identifier)
      try coder.terminated("scheme_id_uri", &scheme)
      try coder.terminated("value", &value)
    }
    try coder.rest("message_data", &message)
    if timescale == 0 { coder.violation("emsg timescale is 0") }
  }
}

/// `prft`: wall clock of the encoder at a media time (ISO/IEC 14496-12 section 8.16.5).
public struct ProducerReferenceTimeBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  /// The track.
  public var trackID: UInt32 = 1
  /// NTP timestamp, 32.32 fixed point seconds since 1900.
  public var clock: UInt64 = 0
  /// Media ticks of the track.
  public var mediaTime: UInt64 = 0
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.integer("reference_track_ID", &trackID)
    try coder.integer("ntp_timestamp", &clock)
    try coder.integer("media_time", &mediaTime, wide: version == 1)
  }
}

/// `meta`: untimed metadata (ISO/IEC 14496-12 section 8.11.1).
///
/// A full box in ISO files, a plain one in QuickTime files; the header is absent where a child box starts at once.
struct MetadataBox: BoxFields {
  var header = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.rest("version_and_flags", &header)
  }
}
