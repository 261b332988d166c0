/// What a track holds.
public enum MediaKind: String, Sendable, Hashable {
  /// Pictures.
  case video
  /// Sound.
  case audio
  /// Subtitles and captions.
  case subtitles
  /// Anything else.
  case metadata

  /// The kind that a handler stands for (ISO/IEC 14496-12 section 8.4.3).
  init(handler: FourCC) {
    switch handler {
    case "vide": self = .video
    case "soun": self = .audio
    case "subt", "sbtl", "text", "clcp": self = .subtitles
    default: self = .metadata
    }
  }
}

/// One edit: a stretch of movie time and the media that fills it (ISO/IEC 14496-12 section 8.6.6).
public struct MediaEdit: Equatable, Sendable {
  /// Length, movie ticks; 0 in fragmented files means all of the media.
  public var segmentDuration: UInt64
  /// First media tick, or -1 for an empty stretch.
  public var mediaTime: Int64
  /// Playback rate, 16.16 fixed point; 0 holds one picture.
  public var rate: Int32
}

/// Defaults for the fragments of a track (`trex`).
struct FragmentDefaults: Sendable {
  var description = 0
  var duration: UInt32 = 0
  var size: UInt32 = 0
  var flags: UInt32 = 0
}

/// One track: its description, and the samples found in the file that was read.
public struct MediaTrack: Sendable {
  /// track_ID.
  public internal(set) var id: UInt32
  /// What it holds.
  public internal(set) var kind: MediaKind
  /// Codec name (RFC 6381) of the first sample entry; protection removed.
  public internal(set) var codec: String
  /// Type of the first sample entry as it stands, `encv` where it is protected.
  public internal(set) var sampleEntry: FourCC
  /// Media ticks a second; `nil` where no initialisation segment was given.
  public internal(set) var timescale: UInt32?
  /// Declared length, media ticks; all ones means unknown.
  public internal(set) var declaredDuration: UInt64
  /// Declared length in the movie, movie ticks; all ones means unknown.
  public internal(set) var movieDuration: UInt64
  /// ISO 639-2/T code.
  public internal(set) var language: String
  /// Coded width and height, pixels; video only.
  public internal(set) var size: (width: Int, height: Int)?
  /// Channels, hertz, and bits a sample as the sample entry declares them; audio only.
  public internal(set) var audio: (channels: Int, sampleRate: Int, sampleBits: Int)?
  /// Edit list; empty where there is none.
  public internal(set) var edits: [MediaEdit]
  /// Bytes of a per-sample encryption vector, where the track is protected.
  public internal(set) var vectorSize: Int?
  /// Samples in file order.
  public internal(set) var samples = SampleTable()
  /// Number of samples that the `moov` itself lists.
  public internal(set) var movieSampleCount = 0
  var defaults = FragmentDefaults()

  /// A track known only from its fragments.
  init(id: UInt32) {
    self.id = id
    kind = .metadata
    codec = ""
    sampleEntry = FourCC(0)
    declaredDuration = 0
    movieDuration = 0
    language = "und"
    edits = []
  }

  /// Sum of the sample durations in seconds; `nil` without a usable timescale.
  public var duration: RationalTime? {
    guard let timescale, timescale > 0 else { return nil }
    return RationalTime(ticks: samples.totalDuration, timescale: Int64(timescale))
  }
}
