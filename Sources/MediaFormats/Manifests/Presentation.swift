/// A presentation as a manifest describes it: tracks that play together, representations to choose from, and segments
/// with exact times.
///
/// DASH, HLS and Smooth Streaming all read into this one shape.
public struct Presentation: Sendable {
  /// The manifest format.
  public enum Format: String, Sendable {
    /// MPEG-DASH (ISO/IEC 23009-1).
    case dash
    /// HTTP Live Streaming (RFC 8216).
    case hls
    /// Smooth Streaming ([MS-SSTR]).
    case smooth
  }

  /// The manifest format.
  public var format: Format
  /// True if the presentation still grows.
  public var isLive = false
  /// Length; `nil` where it is unknown.
  public var duration: RationalTime?
  /// Tracks in the order of the manifest; a DASH period starts new ones.
  public var tracks: [PresentationTrack] = []

  /// An empty presentation.
  public init(format: Format) { self.format = format }
}

/// Representations of the same content, of which a player plays one at a time.
public struct PresentationTrack: Sendable {
  /// What the track holds.
  public var kind: MediaKind
  /// Name in the manifest: a Smooth stream name, or an HLS group.
  public var name = ""
  /// Language tag; empty where none is given.
  public var language = ""
  /// Start of the enclosing period.
  public var periodStart = RationalTime.zero
  /// Number of segments that the manifest states beside the timeline (Smooth Streaming `Chunks`).
  public var declaredSegmentCount: Int?
  /// The choices, in the order of the manifest.
  public var representations: [Representation] = []

  /// A track without representations.
  public init(kind: MediaKind) { self.kind = kind }
}

/// Bytes that a URL names, relative to the manifest: all of a resource, or a range of it.
public struct ResourceRange: Hashable, Sendable {
  /// Reference relative to the manifest, or absolute.
  public var url: String
  /// Byte range, end excluded; `nil` means all of it.
  public var range: Range<UInt64>?

  /// A resource or a part of one.
  public init(url: String, range: Range<UInt64>? = nil) {
    self.url = url
    self.range = range
  }
}

/// One encoding of a track.
public struct Representation: Sendable {
  /// Identifier in the manifest.
  public var id: String
  /// Declared bits a second: a mean in most DASH manifests, a peak in HLS, nominal in Smooth.
  public var bandwidth: Int
  /// Declared mean bits a second, where the manifest tells it apart (HLS).
  public var averageBandwidth: Int?
  /// Codec names (RFC 6381), or the FourCC of Smooth Streaming.
  public var codecs: String
  /// Pixels; `nil` where unknown.
  public var width: Int?
  /// Pixels; `nil` where unknown.
  public var height: Int?
  /// Frames a second as the manifest writes it.
  public var frameRate = ""
  /// Initialisation segment; `nil` for self-initialising media and for Smooth Streaming.
  public var initialization: ResourceRange?
  /// Smooth Streaming: what the initialisation segment is made from.
  public var smooth: SmoothQuality?
  /// HLS: the playlist that lists the segments, where a master playlist named it.
  public var playlist: HLSChild?
  /// Bytes of a segment index that is still to be read (DASH `indexRange`).
  public var index: ResourceRange?
  /// Segments in order of time.
  public var segments: SegmentSequence

  /// A representation without segments.
  public init(id: String, bandwidth: Int, codecs: String = "") {
    self.id = id
    self.bandwidth = bandwidth
    self.codecs = codecs
    segments = SegmentSequence([])
  }
}

/// One segment.
public struct Segment: Hashable, Sendable {
  /// Its bytes.
  public var resource: ResourceRange
  /// Start on the presentation timeline.
  public var start: RationalTime
  /// Length as the manifest declares it.
  public var duration: RationalTime
  /// Its initialisation segment where it differs from the representation's (HLS).
  public var initialization: ResourceRange?
  /// True if timestamps or encoding may jump here (HLS).
  public var isDiscontinuity = false

  /// A segment.
  public init(resource: ResourceRange, start: RationalTime, duration: RationalTime) {
    self.resource = resource
    self.start = start
    self.duration = duration
  }
}
