// The sample tables of progressive files: ISO/IEC 14496-12 sections 8.6 and 8.7. Entries stay in the file; the boxes
// only check that the counts fit.

/// `stts`: runs of sample durations (section 8.6.1.2).
struct TimeToSampleBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var count: UInt32 = 0
  /// Pairs of sample count and duration in media ticks, 32 bits each.
  var entries = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.integer("entry_count", &count)
    try coder.table("runs", &entries, count: count, stride: 8)
  }
}

/// `ctts`: runs of composition offsets (section 8.6.1.3).
///
/// Version 0 is unsigned on paper, but QuickTime and ffmpeg write negative offsets in it, and no real offset needs the
/// top bit; both versions are read as signed.
struct CompositionOffsetBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var count: UInt32 = 0
  /// Pairs of sample count and offset in media ticks, 32 bits each.
  var entries = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.integer("entry_count", &count)
    try coder.table("runs", &entries, count: count, stride: 8)
  }
}

/// `stsc`: how many samples each chunk holds (section 8.7.4).
struct SampleToChunkBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var count: UInt32 = 0
  /// First chunk (1-based), samples a chunk, sample entry (1-based), 32 bits each.
  var entries = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.integer("entry_count", &count)
    try coder.table("runs", &entries, count: count, stride: 12)
  }
}

/// `stsz`: sample sizes in bytes, one for all or a table (section 8.7.3.2).
struct SampleSizeBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var constantSize: UInt32 = 0
  var count: UInt32 = 0
  var entries = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.integer("sample_size", &constantSize)
    try coder.integer("sample_count", &count)
    if constantSize == 0 { try coder.table("entry_size", &entries, count: count, stride: 4) }
  }
}

/// `stz2`: sample sizes of 4, 8 or 16 bits (section 8.7.3.3).
struct CompactSampleSizeBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var reserved: UInt32 = 0
  var fieldBits: UInt8 = 16
  var count: UInt32 = 0
  var entries = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.integer("reserved", &reserved, width: 3)
    try coder.integer("field_size", &fieldBits)
    try coder.integer("sample_count", &count)
    guard fieldBits == 4 || fieldBits == 8 || fieldBits == 16 else {
      throw coder.refuse(.value, "stz2 field_size is \(fieldBits), but only 4, 8 and 16 exist")
    }
    let bytes = (UInt64(count) * UInt64(fieldBits) + 7) / 8
    try coder.table("entry_size", &entries, count: bytes, stride: 1)
  }
}

/// `stco`: chunk offsets of 32 bits (section 8.7.5).
struct ChunkOffsetBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var count: UInt32 = 0
  var entries = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.integer("entry_count", &count)
    try coder.table("chunk_offset", &entries, count: count, stride: 4)
  }
}

/// `co64`: chunk offsets of 64 bits (section 8.7.5).
struct LargeChunkOffsetBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var count: UInt32 = 0
  var entries = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.integer("entry_count", &count)
    try coder.table("chunk_offset", &entries, count: count, stride: 8)
  }
}

/// `stss`: numbers of the sync samples, 1-based (section 8.6.2).
struct SyncSampleBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var count: UInt32 = 0
  var entries = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.integer("entry_count", &count)
    try coder.table("sample_number", &entries, count: count, stride: 4)
  }
}

/// `sdtp`: dependency hints, one byte a sample (section 8.6.4).
struct SampleDependencyBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var entries = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.rest("dependencies", &entries)
  }
}

/// `sbgp`: which samples belong to which group (section 8.9.2).
struct SampleToGroupBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var groupingType: FourCC = "roll"
  var parameter: UInt32 = 0
  var count: UInt32 = 0
  var entries = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.code("grouping_type", &groupingType)
    if version == 1 { try coder.integer("grouping_type_parameter", &parameter) }
    try coder.integer("entry_count", &count)
    try coder.table("runs", &entries, count: count, stride: 8)
  }
}

/// `sgpd`: descriptions of sample groups; entries are opaque here (section 8.9.3).
struct SampleGroupDescriptionBox: BoxFields {
  var version: UInt8 = 1
  var flags: UInt32 = 0
  var groupingType: FourCC = "roll"
  var defaultLength: UInt32 = 0
  var defaultDescriptionIndex: UInt32 = 0
  var count: UInt32 = 0
  var entries = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 2)
    try coder.code("grouping_type", &groupingType)
    if version == 1 { try coder.integer("default_length", &defaultLength) }
    if version >= 2 { try coder.integer("default_sample_description_index", &defaultDescriptionIndex) }
    try coder.integer("entry_count", &count)
    try coder.rest("entries", &entries)
  }
}
