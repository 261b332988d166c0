import TextFormats

/// A bitrate ladder as it lies on disk: for every representation the real size and the real duration of every
/// segment, measured from the fragments, whatever the manifest declares.
///
/// A player that trusts the declared bandwidth under-buffers on variable bit rate; one that reads this table does not.
public struct MediaLadder: Sendable {
  /// One segment as measured.
  public struct Segment: Hashable, Sendable {
    /// Bytes on the wire: the file, or the byte range.
    public var bytes: Int
    /// Sum of the sample durations of the representation's track.
    public var duration: RationalTime
    /// Sum of the durations before it.
    public var start: RationalTime

    /// A segment.
    public init(bytes: Int, duration: RationalTime, start: RationalTime) {
      self.bytes = bytes
      self.duration = duration
      self.start = start
    }
  }

  /// One representation.
  public struct Representation: Sendable {
    /// Identifier in the manifest.
    public var id: String
    /// Codec names (RFC 6381).
    public var codecs: String
    /// Declared bits a second.
    public var bandwidth: Int
    /// Pixels; 0 for audio.
    public var width: Int
    /// Pixels; 0 for audio.
    public var height: Int
    /// What it holds.
    public var kind: MediaKind
    /// Bytes of the initialisation segment; 0 if there is none.
    public var initializationBytes: Int
    /// Segments in order of time.
    public var segments: [Segment]

    /// Sum of the measured durations.
    public var duration: RationalTime {
      guard let last = segments.last else { return .zero }
      return last.start.adding(last.duration) ?? last.start
    }

    /// Sum of the segment sizes.
    public var bytes: Int { segments.reduce(0) { $0 + $1.bytes } }

    /// Mean bits a second of the segments, rounded down; 0 if there are none.
    public var measuredBandwidth: Int {
      let length = duration
      guard length.ticks > 0 else { return 0 }
      return Int(clamping: Int128(bytes) * 8 * Int128(length.timescale) / Int128(length.ticks))
    }
  }

  /// All representations in the order of the manifest.
  public let representations: [Representation]

  /// Video representations, lowest declared bandwidth first.
  public var video: [Representation] { sorted(.video) }

  /// Audio representations, lowest declared bandwidth first.
  public var audio: [Representation] { sorted(.audio) }

  private func sorted(_ kind: MediaKind) -> [Representation] {
    let matching = representations.filter { $0.kind == kind }
    // Sorting indices by (bandwidth, position) keeps equal bandwidths in manifest order.
    let order = matching.indices.map { (matching[$0].bandwidth, $0) }.sorted { $0 < $1 }
    return order.map { matching[$0.1] }
  }

  /// Reads the manifest and the segment files beside it.
  ///
  /// - Throws: `FileError` for files that cannot be read; `InputError` for a manifest or media that cannot be
  ///   understood, and for a segment without a single sample of its track.
  public init(manifest path: String) throws {
    let presentation = try Presentation(manifest: path)
    let folder = LocalResources(manifest: path)
    var files = SegmentFiles(manifest: path)
    var list: [Representation] = []
    for track in presentation.tracks where track.kind != .subtitles {
      for representation in track.representations {
        let measured = try Self.measure(representation, track.kind, &files, folder)
        // The same representation in a later period continues the earlier one.
        if let index = list.firstIndex(where: { $0.id == measured.id && $0.kind == measured.kind }) {
          let offset = list[index].duration
          list[index].segments += measured.segments.map {
            Segment(bytes: $0.bytes, duration: $0.duration, start: $0.start.adding(offset) ?? $0.start)
          }
        } else {
          list.append(measured)
        }
      }
    }
    guard list.contains(where: { !$0.segments.isEmpty }) else {
      throw InputError(InputPlace(source: path), "the manifest lists no segments")
    }
    representations = list
  }

  private static func measure(
    _ declared: MediaFormats.Representation, _ kind: MediaKind, _ files: inout SegmentFiles, _ folder: LocalResources
  ) throws -> Representation {
    var result = Representation(
      id: declared.id, codecs: declared.codecs, bandwidth: declared.bandwidth, width: declared.width ?? 0,
      height: declared.height ?? 0, kind: kind, initializationBytes: 0, segments: [])
    var start = RationalTime.zero
    for segment in declared.segments {
      if result.initializationBytes == 0, let resource = segment.initialization ?? declared.initialization,
        let size = try? folder.size(of: resource)
      {
        result.initializationBytes = size
      }
      let media = try files.media(segment, of: declared)
      guard let track = Self.track(of: media, kind), let duration = track.duration else {
        throw InputError(
          InputPlace(source: try folder.path(segment.resource.url)),
          "representation \(declared.id): the segment has no \(kind.rawValue) sample with a known duration")
      }
      if kind == .metadata { result.kind = track.kind }
      if result.codecs.isEmpty { result.codecs = track.codec }
      result.segments.append(
        Segment(bytes: try folder.size(of: segment.resource), duration: duration, start: start))
      guard let next = start.adding(duration) else {
        throw InputError(InputPlace(source: declared.id), "the durations add up beyond 64 bits")
      }
      start = next
    }
    return result
  }
}

extension MediaLadder {
  /// The track that a representation is about; a playlist that does not say what it holds means pictures before sound.
  private static func track(of media: MediaFile, _ kind: MediaKind) -> MediaTrack? {
    let present = media.tracks.filter { $0.samples.count > 0 }
    if kind != .metadata { return present.first { $0.kind == kind } }
    return present.first { $0.kind == .video } ?? present.first { $0.kind == .audio } ?? present.first
  }
}

extension LocalResources {
  /// Bytes of a resource, or of the part of it that is meant.
  func size(of resource: ResourceRange) throws -> Int {
    if let range = resource.range { return range.count }
    return try map(resource.url).count
  }
}
