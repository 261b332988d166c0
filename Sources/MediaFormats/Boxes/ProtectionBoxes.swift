// Boxes of protected media: ISO/IEC 14496-12 section 8.12, ISO/IEC 23001-7 (common encryption), and the PIFF forms.

/// `frma`: the sample entry type before protection (ISO/IEC 14496-12 section 8.12.2).
public struct OriginalFormatBox: BoxFields {
  /// For example `avc1`.
  public var format: FourCC = "avc1"
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.code("data_format", &format)
  }
}

/// `schm`: the protection scheme (section 8.12.5).
public struct SchemeTypeBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  /// `cenc`, `cbcs`, `piff`, ...
  public var scheme: FourCC = "cenc"
  /// Version of the scheme.
  public var schemeVersion: UInt32 = 0x0001_0000
  var location = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    try coder.code("scheme_type", &scheme)
    try coder.integer("scheme_version", &schemeVersion)
    if flags & 1 != 0 { try coder.rest("scheme_uri", &location) }
  }
}

/// `tenc`: default encryption of a track (ISO/IEC 23001-7 section 8.2).
///
/// The PIFF extended type has the fields of version 0 with a 24-bit algorithm.
public struct TrackEncryptionBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var reserved: UInt8 = 0
  /// Encrypted and clear 16-byte blocks of the pattern, four bits each (version 1).
  public var pattern: UInt8 = 0
  /// 1 where samples are encrypted.
  public var isProtected: UInt8 = 1
  /// Bytes of the per-sample vector: 0, 8 or 16.
  public var vectorSize: UInt8 = 8
  /// Key identifier, 16 bytes.
  public var keyID = ByteField.owned([UInt8](repeating: 0, count: 16))
  var constantVectorSize: UInt8 = 0
  var constantVector = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.integer("reserved", &reserved)
    try coder.integer("pattern", &pattern)
    try coder.integer("default_isProtected", &isProtected)
    try coder.integer("default_Per_Sample_IV_Size", &vectorSize)
    guard vectorSize == 0 || vectorSize == 8 || vectorSize == 16 else {
      throw coder.refuse(.value, "default_Per_Sample_IV_Size is \(vectorSize), but only 0, 8 and 16 exist")
    }
    try coder.bytes("default_KID", &keyID, count: 16)
    if isProtected == 1, vectorSize == 0 {
      try coder.integer("default_constant_IV_size", &constantVectorSize)
      try coder.bytes("default_constant_IV", &constantVector, count: Int(constantVectorSize))
    }
  }
}

/// `senc`: vectors and subsample ranges of a fragment's samples (ISO/IEC 23001-7 section 7.2).
///
/// How long a vector is stands in `tenc`, so the entries are checked where the track is known.
public struct SampleEncryptionBox: BoxFields {
  var version: UInt8 = 0
  /// Bit 1: subsample ranges follow each vector.
  ///
  /// Bit 0 (PIFF): the algorithm is overridden here.
  public var flags: UInt32 = 0
  var algorithm: UInt32 = 0
  var vectorSize: UInt8 = 0
  var keyID = ByteField.empty
  /// Samples.
  public var count: UInt32 = 0
  var entries = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    if flags & 1 != 0 {
      try coder.integer("AlgorithmID", &algorithm, width: 3)
      try coder.integer("IV_size", &vectorSize)
      try coder.bytes("KID", &keyID, count: 16)
    }
    try coder.integer("sample_count", &count)
    let room = coder.remaining
    if coder.isDecoding, flags & 2 != 0, Int(count) > room / 2 {
      coder.violation("senc lists \(count) samples in \(room) bytes")
    }
    try coder.rest("samples", &entries)
  }
}

/// `saiz`: sizes of per-sample auxiliary information (ISO/IEC 14496-12 section 8.7.8).
struct AuxiliarySizesBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var type: FourCC = "cenc"
  var parameter: UInt32 = 0
  var defaultSize: UInt8 = 0
  var count: UInt32 = 0
  var entries = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags)
    if flags & 1 != 0 {
      try coder.code("aux_info_type", &type)
      try coder.integer("aux_info_type_parameter", &parameter)
    }
    try coder.integer("default_sample_info_size", &defaultSize)
    try coder.integer("sample_count", &count)
    if defaultSize == 0 { try coder.table("sample_info_size", &entries, count: count, stride: 1) }
  }
}

/// `saio`: where per-sample auxiliary information lies (section 8.7.9).
struct AuxiliaryOffsetsBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  var type: FourCC = "cenc"
  var parameter: UInt32 = 0
  var count: UInt32 = 0
  var entries = ByteField.empty
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    if flags & 1 != 0 {
      try coder.code("aux_info_type", &type)
      try coder.integer("aux_info_type_parameter", &parameter)
    }
    try coder.integer("entry_count", &count)
    try coder.table("offset", &entries, count: count, stride: version == 1 ? 8 : 4)
  }
}

/// `pssh`: data for one protection system (ISO/IEC 23001-7 section 8.1).
public struct ProtectionSystemBox: BoxFields {
  var version: UInt8 = 0
  var flags: UInt32 = 0
  /// System identifier, 16 bytes.
  public var systemID = ByteField.owned([UInt8](repeating: 0, count: 16))
  var keyCount: UInt32 = 0
  var keyIDs = ByteField.empty
  var dataSize: UInt32 = 0
  /// Opaque data of the system.
  public var data = ByteField.empty
  /// An empty box.
  public init() {}
  /// Visits the fields.
  public mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError) {
    try coder.versionAndFlags(&version, &flags, latest: 1)
    try coder.bytes("SystemID", &systemID, count: 16)
    if version >= 1 {
      try coder.integer("KID_count", &keyCount)
      try coder.table("KID", &keyIDs, count: keyCount, stride: 16)
    }
    try coder.integer("DataSize", &dataSize)
    try coder.table("Data", &data, count: dataSize, stride: 1)
  }
}
