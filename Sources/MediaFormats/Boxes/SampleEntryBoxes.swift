// Sample entries and the codec configuration boxes inside them.

/// `avc1`, `hvc1`, `av01`, ...: a visual sample entry up to its child boxes (ISO/IEC 14496-12 section 12.1.3).
public struct VisualSampleEntry: BoxFields {
  var reserved = ByteField.owned([UInt8](repeating: 0, count: 6))
  var dataReferenceIndex: UInt16 = 1
  var predefined = ByteField.owned([UInt8](repeating: 0, count: 16))
  /// Coded width, pixels.
  public var width: UInt16 = 0
  /// Coded height, pixels.
  public var height: UInt16 = 0
  var horizontalResolution: UInt32 = 0x0048_0000
  var verticalResolution: UInt32 = 0x0048_0000
  var reserved2: UInt32 = 0
  var frameCount: UInt16 = 1
  var compressorName = ByteField.owned([UInt8](repeating: 0, count: 32))
  var depth: UInt16 = 0x18
  var predefined2: UInt16 = 0xFFFF
  /// An empty entry.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.bytes("reserved", &reserved, count: 6)
    try coder.integer("data_reference_index", &dataReferenceIndex)
    try coder.bytes("pre_defined", &predefined, count: 16)
    try coder.integer("width", &width)
    try coder.integer("height", &height)
    try coder.integer("horizresolution", &horizontalResolution)
    try coder.integer("vertresolution", &verticalResolution)
    try coder.integer("reserved", &reserved2)
    try coder.integer("frame_count", &frameCount)
    try coder.bytes("compressorname", &compressorName, count: 32)
    try coder.integer("depth", &depth)
    try coder.integer("pre_defined", &predefined2)
  }
}

/// `mp4a`, `Opus`, `ac-3`, ...: an audio sample entry up to its child boxes (section 12.2.3).
///
/// QuickTime versions 1 and 2 append fields of their own; `extension` holds them.
public struct AudioSampleEntry: BoxFields {
  var reserved = ByteField.owned([UInt8](repeating: 0, count: 6))
  var dataReferenceIndex: UInt16 = 1
  /// 0 in ISO files; 1 or 2 in QuickTime files.
  var version: UInt16 = 0
  var revisionAndVendor = ByteField.owned([UInt8](repeating: 0, count: 6))
  /// Channels as the entry declares them; the codec configuration may know better.
  public var channelCount: UInt16 = 2
  /// Bits a sample.
  public var sampleSize: UInt16 = 16
  var predefined: UInt16 = 0
  var reserved2: UInt16 = 0
  /// Hertz, 16.16 fixed point.
  public var sampleRate: UInt32 = 0
  /// QuickTime fields after the ISO ones.
  var quickTimeExtension = ByteField.empty
  /// An empty entry.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.bytes("reserved", &reserved, count: 6)
    try coder.integer("data_reference_index", &dataReferenceIndex)
    try coder.integer("version", &version)
    try coder.bytes("revision_and_vendor", &revisionAndVendor, count: 6)
    try coder.integer("channelcount", &channelCount)
    try coder.integer("samplesize", &sampleSize)
    try coder.integer("pre_defined", &predefined)
    try coder.integer("reserved", &reserved2)
    try coder.integer("samplerate", &sampleRate)
    try coder.rest("quicktime_extension", &quickTimeExtension)
  }
}

/// Any other sample entry: reserved bytes, the data reference, and format-specific bytes (section 8.5.2.2).
struct OtherSampleEntry: BoxFields {
  var reserved = ByteField.owned([UInt8](repeating: 0, count: 6))
  var dataReferenceIndex: UInt16 = 1
  var specific = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.bytes("reserved", &reserved, count: 6)
    try coder.integer("data_reference_index", &dataReferenceIndex)
    try coder.rest("specific", &specific)
  }
}

/// `avcC`: decoder configuration of AVC (ISO/IEC 14496-15 section 5.3.3.1).
public struct AVCConfigurationBox: BoxFields {
  var configurationVersion: UInt8 = 1
  /// profile_idc.
  public var profile: UInt8 = 0
  /// Constraint flags.
  public var compatibility: UInt8 = 0
  /// level_idc.
  public var level: UInt8 = 0
  /// Six reserved ones, then the NAL unit length size less one.
  var lengthSize: UInt8 = 0xFF
  /// Three reserved ones, then the number of sequence parameter sets.
  var sequenceSetCount: UInt8 = 0xE0
  /// Sequence parameter sets.
  public var sequenceSets: [ByteField] = []
  var pictureSetCount: UInt8 = 0
  /// Picture parameter sets.
  public var pictureSets: [ByteField] = []
  /// Chroma format and bit depths of the high profiles; absent in many files.
  var highProfile = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.integer("configurationVersion", &configurationVersion)
    try coder.integer("AVCProfileIndication", &profile)
    try coder.integer("profile_compatibility", &compatibility)
    try coder.integer("AVCLevelIndication", &level)
    try coder.integer("lengthSizeMinusOne", &lengthSize)
    if lengthSize & 3 == 2 { coder.violation("lengthSizeMinusOne 2 is reserved") }
    try coder.integer("numOfSequenceParameterSets", &sequenceSetCount)
    try Self.visitSets("sequenceParameterSet", &sequenceSets, count: sequenceSetCount & 31, &coder)
    try coder.integer("numOfPictureParameterSets", &pictureSetCount)
    try Self.visitSets("pictureParameterSet", &pictureSets, count: pictureSetCount, &coder)
    try coder.rest("high_profile", &highProfile)
  }

  private static func visitSets<C: FieldCoder>(
    _ name: StaticString, _ sets: inout [ByteField], count: UInt8, _ coder: inout C
  ) throws(MediaError) {
    if coder.isDecoding { sets = [ByteField](repeating: .empty, count: Int(count)) }
    guard sets.count == Int(count) else { throw coder.refuse(.count, "\(name) count does not match") }
    for index in sets.indices {
      var length = UInt16(clamping: sets[index].count)
      try coder.integer("length", &length)
      try coder.bytes(name, &sets[index], count: Int(length))
    }
  }
}

/// `hvcC`: decoder configuration of HEVC; parameter set arrays stay opaque (ISO/IEC 14496-15 section 8.3.3.1).
public struct HEVCConfigurationBox: BoxFields {
  var configurationVersion: UInt8 = 1
  /// Two bits profile space, one bit tier, five bits profile.
  public var profileByte: UInt8 = 0
  /// Compatibility flags, most significant first.
  public var compatibility: UInt32 = 0
  /// Six bytes of constraint flags.
  public var constraints: UInt64 = 0
  /// general_level_idc.
  public var level: UInt8 = 0
  var rest = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.integer("configurationVersion", &configurationVersion)
    try coder.integer("general_profile", &profileByte)
    try coder.integer("general_profile_compatibility_flags", &compatibility)
    try coder.integer("general_constraint_indicator_flags", &constraints, width: 6)
    try coder.integer("general_level_idc", &level)
    try coder.rest("arrays", &rest)
  }
}

/// `av1C`: decoder configuration of AV1 (AV1 codec ISO media file format binding, section 2.3).
public struct AV1ConfigurationBox: BoxFields {
  var marker: UInt8 = 0x81
  /// Three bits profile, five bits level.
  public var profileAndLevel: UInt8 = 0
  /// Tier, bit depth, monochrome and chroma bits.
  public var format: UInt8 = 0
  var delay: UInt8 = 0
  var configuration = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.integer("marker_and_version", &marker)
    try coder.integer("seq_profile_and_level", &profileAndLevel)
    try coder.integer("format", &format)
    try coder.integer("presentation_delay", &delay)
    try coder.rest("configOBUs", &configuration)
  }
}

/// `vpcC`: decoder configuration of VP8 and VP9 (VP codec ISO media file format binding).
public struct VPConfigurationBox: BoxFields {
  var version: UInt8 = 1
  var flags: UInt32 = 0
  /// Profile.
  public var profile: UInt8 = 0
  /// Level, ten times the number.
  public var level: UInt8 = 0
  /// Four bits depth, three bits subsampling, one bit range.
  public var format: UInt8 = 0
  var color = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.integer("profile", &profile)
    try coder.integer("level", &level)
    try coder.integer("format", &format)
    try coder.rest("colour_and_initialization", &color)
  }
}

/// `esds`: MPEG-4 elementary stream descriptor; the descriptors are read by `ElementaryStreamDescriptor`.
public struct ElementaryStreamBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var descriptor = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.rest("ES_descriptor", &descriptor)
  }
}

/// `btrt`: buffer size and bit rates (ISO/IEC 14496-12 section 8.5.2.2).
public struct BitRateBox: BoxFields {
  var bufferSize: UInt32 = 0
  /// Bits a second, largest over any second.
  public var maximumBitrate: UInt32 = 0
  /// Bits a second over the whole track.
  public var averageBitrate: UInt32 = 0
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.integer("bufferSizeDB", &bufferSize)
    try coder.integer("maxBitrate", &maximumBitrate)
    try coder.integer("avgBitrate", &averageBitrate)
  }
}

/// `pasp`: shape of a pixel (section 12.1.4).
struct PixelAspectRatioBox: BoxFields {
  var horizontal: UInt32 = 1
  var vertical: UInt32 = 1
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.integer("hSpacing", &horizontal)
    try coder.integer("vSpacing", &vertical)
  }
}

/// `colr`: colour space, by number or by profile (section 12.1.5).
struct ColorInformationBox: BoxFields {
  var kind: FourCC = "nclx"
  var values = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.code("colour_type", &kind)
    try coder.rest("values", &values)
  }
}
