/// What is known about box types: which carry fields, which carry boxes.
///
/// This is the one place that maps types to descriptions; anything absent here stays opaque bytes.
public enum BoxCatalog {
  /// Extended type of a `uuid` box.
  public typealias ExtendedType = [UInt8]

  /// PIFF sample encryption.
  static let piffSampleEncryption: ExtendedType = [
    0xA2, 0x39, 0x4F, 0x52, 0x5A, 0x9B, 0x4F, 0x14, 0xA2, 0x44, 0x6C, 0x42, 0x7C, 0x64, 0x8D, 0xF4,
  ]
  /// PIFF track encryption.
  static let piffTrackEncryption: ExtendedType = [
    0x89, 0x74, 0xDB, 0xCE, 0x7B, 0xE7, 0x4C, 0x51, 0x84, 0xF9, 0x71, 0x48, 0xF9, 0x88, 0x25, 0x54,
  ]
  /// Smooth Streaming fragment time.
  static let smoothFragmentTime: ExtendedType = [
    0x6D, 0x1D, 0x9B, 0x05, 0x42, 0xD5, 0x44, 0xE6, 0x80, 0xE2, 0x14, 0x1D, 0xAF, 0xF7, 0x57, 0xB2,
  ]
  /// Smooth Streaming next fragments.
  static let smoothNextFragments: ExtendedType = [
    0xD4, 0x80, 0x7E, 0xF2, 0xCA, 0x39, 0x46, 0x95, 0x8E, 0x54, 0x26, 0xCB, 0x9E, 0x46, 0xA7, 0x9F,
  ]

  /// The payload description of a type, or `nil` if its bytes are opaque.
  static func fields(for type: FourCC) -> (any BoxFields.Type)? { described[type.code] }

  /// The payload description of an extended type.
  static func fields(forExtended type: ExtendedType) -> (any BoxFields.Type)? {
    switch type {
    case piffSampleEncryption: SampleEncryptionBox.self
    case piffTrackEncryption: TrackEncryptionBox.self
    case smoothFragmentTime: SmoothFragmentTimeBox.self
    case smoothNextFragments: SmoothNextFragmentsBox.self
    default: nil
    }
  }

  /// True for faults in boxes that playback does not need: reported, never fatal.
  static func isAuxiliary(_ type: FourCC) -> Bool {
    switch type {
    case "senc", "saiz", "saio", "sbgp", "sgpd", "sdtp", "prft", "tfra", "mfro", "colr", "pasp", "btrt": true
    default: false
    }
  }

  /// True for boxes whose payload is boxes from the first byte on.
  @inline(__always)
  static func isContainer(_ type: FourCC) -> Bool {
    switch type.code {
    case 0x6D6F_6F76, 0x7472_616B, 0x6564_7473, 0x6D64_6961, 0x6D69_6E66, 0x6469_6E66, 0x7374_626C,  // moov .. stbl
      0x6D76_6578, 0x6D6F_6F66, 0x7472_6166, 0x6D66_7261, 0x7564_7461, 0x7369_6E66, 0x7363_6869:  // mvex .. schi
      true
    default: false
    }
  }

  /// Sample entries that are visual whatever their handler says.
  static let visualEntries: Set<UInt32> = codes(
    "avc1", "avc2", "avc3", "avc4", "hvc1", "hev1", "dvh1", "dvhe", "dva1", "dvav", "av01", "vp08", "vp09", "mp4v",
    "encv", "vvc1", "vvi1", "s263", "mjp2", "jpeg", "apch", "apcn", "apcs", "apco", "ap4h", "resv", "vc-1")
  /// Sample entries that are audio whatever their handler says.
  static let audioEntries: Set<UInt32> = codes(
    "mp4a", "enca", "ac-3", "ec-3", "ac-4", "Opus", "fLaC", "alac", "samr", "sawb", "dtsc", "dtsh", "dtsl", "dtse",
    "dtsx", "mha1", "mhm1", "sowt", "twos", "lpcm", "ipcm", "fpcm", ".mp3", "resa", "wma ", "owma", "mlpa")

  private static func codes(_ list: FourCC...) -> Set<UInt32> { Set(list.map(\.code)) }

  private static let described: [UInt32: any BoxFields.Type] = {
    let list: [(FourCC, any BoxFields.Type)] = [
      ("ftyp", FileTypeBox.self), ("styp", FileTypeBox.self), ("mvhd", MovieHeaderBox.self),
      ("tkhd", TrackHeaderBox.self), ("mdhd", MediaHeaderBox.self), ("hdlr", HandlerBox.self),
      ("vmhd", VideoMediaHeaderBox.self), ("smhd", SoundMediaHeaderBox.self), ("nmhd", BareFullBox.self),
      ("sthd", BareFullBox.self), ("dref", EntryListBox.self), ("stsd", EntryListBox.self),
      ("url ", DataLocationBox.self), ("urn ", DataLocationBox.self), ("elst", EditListBox.self),
      ("mehd", MovieExtendsHeaderBox.self), ("trex", TrackExtendsBox.self), ("stts", TimeToSampleBox.self),
      ("ctts", CompositionOffsetBox.self), ("stsc", SampleToChunkBox.self), ("stsz", SampleSizeBox.self),
      ("stz2", CompactSampleSizeBox.self), ("stco", ChunkOffsetBox.self), ("co64", LargeChunkOffsetBox.self),
      ("stss", SyncSampleBox.self), ("sdtp", SampleDependencyBox.self), ("sbgp", SampleToGroupBox.self),
      ("sgpd", SampleGroupDescriptionBox.self), ("mfhd", MovieFragmentHeaderBox.self),
      ("tfhd", TrackFragmentHeaderBox.self), ("tfdt", TrackFragmentDecodeTimeBox.self), ("trun", TrackRunBox.self),
      ("tfra", TrackFragmentRandomAccessBox.self), ("mfro", RandomAccessOffsetBox.self),
      ("avcC", AVCConfigurationBox.self), ("hvcC", HEVCConfigurationBox.self), ("av1C", AV1ConfigurationBox.self),
      ("vpcC", VPConfigurationBox.self), ("esds", ElementaryStreamBox.self), ("btrt", BitRateBox.self),
      ("pasp", PixelAspectRatioBox.self), ("colr", ColorInformationBox.self), ("frma", OriginalFormatBox.self),
      ("schm", SchemeTypeBox.self), ("tenc", TrackEncryptionBox.self), ("senc", SampleEncryptionBox.self),
      ("saiz", AuxiliarySizesBox.self), ("saio", AuxiliaryOffsetsBox.self), ("pssh", ProtectionSystemBox.self),
      ("sidx", SegmentIndexBox.self), ("emsg", EventMessageBox.self), ("prft", ProducerReferenceTimeBox.self),
      ("meta", MetadataBox.self),
    ]
    return Dictionary(list.map { ($0.0.code, $0.1) }, uniquingKeysWith: { first, _ in first })
  }()
}
