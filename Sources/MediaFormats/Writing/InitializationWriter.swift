/// Writes initialisation segments: `ftyp` and a `moov` without samples (ISO/IEC 14496-12 section 8.8).
///
/// The same description gives the same bytes: no dates, no names of tools.
public enum InitializationWriter {
  /// Ticks a second of movie time.
  static let movieTimescale: UInt32 = 1000

  /// The bytes of an initialisation segment.
  ///
  /// - Throws: `MediaError` if a value does not fit its field.
  public static func bytes(_ tracks: [TrackDescription]) throws(MediaError) -> [UInt8] {
    var builder = BoxBuilder()
    var type = FileTypeBox()
    type.majorBrand = "iso6"
    var brands = PackedEntries()
    for brand: FourCC in ["iso6", "cmfc", "mp41"] { brands.append32(brand.code) }
    type.compatibleBrands = brands.field
    try builder.box("ftyp", type)
    var header = MovieHeaderBox()
    header.timescale = movieTimescale
    header.nextTrackID = (tracks.map(\.id).max() ?? 0) &+ 1
    try builder.box("moov") { (movie: inout BoxBuilder) throws(MediaError) in
      try movie.box("mvhd", header)
      for track in tracks { try writeTrack(track, &movie) }
      try movie.box("mvex") { (extends: inout BoxBuilder) throws(MediaError) in
        for track in tracks {
          var defaults = TrackExtendsBox()
          defaults.trackID = track.id
          try extends.box("trex", defaults)
        }
      }
    }
    return builder.bytes
  }

  private static func writeTrack(_ track: TrackDescription, _ movie: inout BoxBuilder) throws(MediaError) {
    var header = TrackHeaderBox()
    header.trackID = track.id
    header.volume = track.kind == .audio ? 0x0100 : 0
    header.width = UInt32(clamping: track.width) << 16
    header.height = UInt32(clamping: track.height) << 16
    var media = MediaHeaderBox()
    media.timescale = track.timescale
    media.language = packed(track.language)
    try movie.box("trak") { (trak: inout BoxBuilder) throws(MediaError) in
      try trak.box("tkhd", header)
      try trak.box("mdia") { (mdia: inout BoxBuilder) throws(MediaError) in
        try mdia.box("mdhd", media)
        try mdia.box("hdlr", handler(track.kind))
        try mdia.box("minf") { (minf: inout BoxBuilder) throws(MediaError) in
          switch track.kind {
          case .video: try minf.box("vmhd", VideoMediaHeaderBox())
          case .audio: try minf.box("smhd", SoundMediaHeaderBox())
          case .subtitles: try minf.box("sthd", BareFullBox())
          case .metadata: try minf.box("nmhd", BareFullBox())
          }
          try minf.box("dinf") { (dinf: inout BoxBuilder) throws(MediaError) in
            try dinf.box("dref", EntryListBox()) { (dref: inout BoxBuilder) throws(MediaError) in
              try dref.box("url ", DataLocationBox())
            }
          }
          try writeTables(track, &minf)
        }
      }
    }
  }

  /// Sample tables that are present, as they must be, and empty.
  private static func writeTables(_ track: TrackDescription, _ minf: inout BoxBuilder) throws(MediaError) {
    try minf.box("stbl") { (stbl: inout BoxBuilder) throws(MediaError) in
      try stbl.box("stsd", EntryListBox()) { (stsd: inout BoxBuilder) throws(MediaError) in
        stsd.raw(track.sampleEntry)
      }
      try stbl.box("stts", TimeToSampleBox())
      try stbl.box("stsc", SampleToChunkBox())
      try stbl.box("stsz", SampleSizeBox())
      try stbl.box("stco", ChunkOffsetBox())
    }
  }

  private static func handler(_ kind: MediaKind) -> HandlerBox {
    var box = HandlerBox()
    let name: String
    switch kind {
    case .video: (box.handler, name) = ("vide", "VideoHandler")
    case .audio: (box.handler, name) = ("soun", "SoundHandler")
    case .subtitles: (box.handler, name) = ("subt", "SubtitleHandler")
    case .metadata: (box.handler, name) = ("meta", "MetadataHandler")
    }
    box.name = .owned(Array(name.utf8) + [0])
    return box
  }

  /// Three letters of 5 bits; `und` where the text is not three lower-case letters.
  private static func packed(_ language: String) -> UInt16 {
    let letters = Array(language.utf8)
    guard letters.count == 3, letters.allSatisfy({ $0 >= 0x60 && $0 < 0x80 }) else { return MediaHeaderBox().language }
    return letters.reduce(0) { $0 << 5 | UInt16($1 - 0x60) }
  }
}
