// Boxes of the movie and its tracks: ISO/IEC 14496-12 sections 4.3 (file type) and 8.2 to 8.6 (movie structure).

/// `ftyp`, `styp`: which specifications the file follows (section 4.3).
public struct FileTypeBox: BoxFields {
  /// The best use.
  public var majorBrand: FourCC = "isom"
  /// Informative version of the major brand.
  public var minorVersion: UInt32 = 0
  /// Compatible brands, four bytes each.
  public var compatibleBrands = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.code("major_brand", &majorBrand)
    try coder.integer("minor_version", &minorVersion)
    if coder.isDecoding, coder.remaining % 4 != 0 { coder.violation("the brand list is not a multiple of 4 bytes") }
    try coder.rest("compatible_brands", &compatibleBrands)
  }
}

/// `mvhd`: the movie's clock (section 8.2.2).
public struct MovieHeaderBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var creationTime: UInt64 = 0
  var modificationTime: UInt64 = 0
  /// Ticks a second of movie time.
  public var timescale: UInt32 = 1000
  /// Length in movie ticks; all ones means unknown.
  public var duration: UInt64 = 0
  var rate: UInt32 = 0x0001_0000
  var volume: UInt16 = 0x0100
  var reserved = ByteField.owned([UInt8](repeating: 0, count: 10))
  var matrix = ByteField.owned(identityMatrix)
  var predefined = ByteField.owned([UInt8](repeating: 0, count: 24))
  /// An identifier that no track uses yet.
  public var nextTrackID: UInt32 = 2
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    let wide = version == 1
    try coder.integer("creation_time", &creationTime, wide: wide)
    try coder.integer("modification_time", &modificationTime, wide: wide)
    try coder.integer("timescale", &timescale)
    try coder.integer("duration", &duration, wide: wide)
    try coder.integer("rate", &rate)
    try coder.integer("volume", &volume)
    try coder.bytes("reserved", &reserved, count: 10)
    try coder.bytes("matrix", &matrix, count: 36)
    try coder.bytes("pre_defined", &predefined, count: 24)
    try coder.integer("next_track_ID", &nextTrackID)
    if timescale == 0 { coder.violation("mvhd timescale is 0") }
  }
}

/// The unity transformation in 16.16 and 2.30 fixed point.
let identityMatrix: [UInt8] = [
  0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0,
]

/// `tkhd`: a track's identity and place on the screen (section 8.3.2).
public struct TrackHeaderBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 3
  var creationTime: UInt64 = 0
  var modificationTime: UInt64 = 0
  /// Identifier, not zero, unique in the movie.
  public var trackID: UInt32 = 1
  var reserved1: UInt32 = 0
  /// Length in movie ticks; all ones means unknown.
  public var duration: UInt64 = 0
  var reserved2: UInt64 = 0
  var layer: UInt16 = 0
  var alternateGroup: UInt16 = 0
  var volume: UInt16 = 0
  var reserved3: UInt16 = 0
  var matrix = ByteField.owned(identityMatrix)
  /// Width on the screen, 16.16 fixed point pixels.
  public var width: UInt32 = 0
  /// Height on the screen, 16.16 fixed point pixels.
  public var height: UInt32 = 0
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    let wide = version == 1
    try coder.integer("creation_time", &creationTime, wide: wide)
    try coder.integer("modification_time", &modificationTime, wide: wide)
    try coder.integer("track_ID", &trackID)
    try coder.integer("reserved", &reserved1)
    try coder.integer("duration", &duration, wide: wide)
    try coder.integer("reserved", &reserved2)
    try coder.integer("layer", &layer)
    try coder.integer("alternate_group", &alternateGroup)
    try coder.integer("volume", &volume)
    try coder.integer("reserved", &reserved3)
    try coder.bytes("matrix", &matrix, count: 36)
    try coder.integer("width", &width)
    try coder.integer("height", &height)
    if trackID == 0 { coder.violation("track_ID is 0") }
  }
  /// True if the duration field says unknown.
  var isDurationUnknown: Bool { duration == (version == 1 ? UInt64.max : UInt64(UInt32.max)) }
}

/// `mdhd`: a track's clock and language (section 8.4.2).
public struct MediaHeaderBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var creationTime: UInt64 = 0
  var modificationTime: UInt64 = 0
  /// Ticks a second of media time.
  public var timescale: UInt32 = 1000
  /// Length in media ticks; all ones means unknown.
  public var duration: UInt64 = 0
  /// Three 5-bit letters, each offset by 0x60; `und` by default.
  public var language: UInt16 = 0x55C4
  var quality: UInt16 = 0
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    let wide = version == 1
    try coder.integer("creation_time", &creationTime, wide: wide)
    try coder.integer("modification_time", &modificationTime, wide: wide)
    try coder.integer("timescale", &timescale)
    try coder.integer("duration", &duration, wide: wide)
    try coder.integer("language", &language)
    try coder.integer("pre_defined", &quality)
    if timescale == 0 { coder.violation("mdhd timescale is 0") }
  }
  /// ISO 639-2/T code, for example `und`.
  public var languageText: String {
    var text = ""
    for shift: UInt16 in [10, 5, 0] {
      text.unicodeScalars.append(Unicode.Scalar(UInt8((language >> shift) & 31) + 0x60))
    }
    return text
  }
}

/// `hdlr`: what kind of media a track holds (section 8.4.3).
public struct HandlerBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  /// Zero, or the QuickTime component type (`mhlr`, `dhlr`).
  var predefined: FourCC = FourCC(0)
  /// `vide`, `soun`, `text`, `subt`, `meta`, ...
  public var handler: FourCC = "vide"
  var reserved = ByteField.owned([UInt8](repeating: 0, count: 12))
  /// Name for people: zero-terminated, or a Pascal string in QuickTime files; may be absent.
  public var name = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.code("pre_defined", &predefined)
    try coder.code("handler_type", &handler)
    try coder.bytes("reserved", &reserved, count: 12)
    try coder.rest("name", &name)
  }
}

/// `vmhd`: video media header (section 12.1.2).
struct VideoMediaHeaderBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 1
  var graphicsMode: UInt16 = 0
  var opColor = ByteField.owned([UInt8](repeating: 0, count: 6))
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.integer("graphicsmode", &graphicsMode)
    try coder.bytes("opcolor", &opColor, count: 6)
  }
}

/// `smhd`: sound media header (section 12.2.2).
struct SoundMediaHeaderBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var balance: UInt16 = 0
  var reserved: UInt16 = 0
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.integer("balance", &balance)
    try coder.integer("reserved", &reserved)
  }
}

/// `nmhd`, `sthd`, `mfhd`-less full boxes without fields of their own.
struct BareFullBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
  }
}

/// `stsd`, `dref`: a counted list whose entries are boxes (sections 8.5.2, 8.7.2).
struct EntryListBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var entryCount: UInt32 = 1
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.integer("entry_count", &entryCount)
  }
}

/// `url `, `urn `: where media data lies; flag 1 means in the same file (section 8.7.2).
struct DataLocationBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 1
  var location = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.rest("location", &location)
  }
}

/// `elst`: how media time maps to movie time (section 8.6.6).
public struct EditListBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var count: UInt32 = 0
  var entries = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.integer("entry_count", &count)
    try coder.table("edits", &entries, count: count, stride: version == 1 ? 20 : 12)
  }
}

/// `mehd`: length of a fragmented movie in movie ticks (section 8.8.2).
public struct MovieExtendsHeaderBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  /// Length in movie ticks.
  public var fragmentDuration: UInt64 = 0
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.integer("fragment_duration", &fragmentDuration, wide: version == 1)
  }
}

/// `trex`: defaults of a track's fragments (section 8.8.3).
public struct TrackExtendsBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  /// The track.
  public var trackID: UInt32 = 1
  /// 1-based sample entry.
  public var sampleDescriptionIndex: UInt32 = 1
  /// Media ticks.
  public var sampleDuration: UInt32 = 0
  /// Bytes.
  public var sampleSize: UInt32 = 0
  /// Sample flags (section 8.8.3.1).
  public var sampleFlags: UInt32 = 0
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.integer("track_ID", &trackID)
    try coder.integer("default_sample_description_index", &sampleDescriptionIndex)
    try coder.integer("default_sample_duration", &sampleDuration)
    try coder.integer("default_sample_size", &sampleSize)
    try coder.integer("default_sample_flags", &sampleFlags)
  }
}
