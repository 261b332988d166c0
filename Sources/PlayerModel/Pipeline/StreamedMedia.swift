// A streaming session as the pipeline plays it again: segments with the moments at which they came.

internal import MediaFormats
public import SimEngine
public import TextFormats

/// The pictures of one segment in decoding order, taken from a real one.
public struct FramePattern: Sendable, Equatable {
  /// One picture.
  public struct Picture: Sendable, Equatable {
    /// Presentation time from the start of the segment.
    public var offset: SimDuration
    /// How long it is shown.
    public var duration: SimDuration
    /// Whether another picture may refer to it.
    public var isReference: Bool
    /// Whether decoding can begin with it.
    public var isSync: Bool
  }

  /// The pictures in decoding order; the first is a sync picture.
  public let pictures: [Picture]
  /// Pictures that a decoder must hold before the next one in presentation order is certain.
  public let reorderDepth: Int
  /// Length of an audio unit; `nil` where the media has no audio.
  public let audioUnit: SimDuration?

  /// The pictures of the first `segmentDuration` of a presentation's video.
  ///
  /// - Throws: `InputError` where the presentation cannot be played, or its video holds nothing in that time.
  public init(manifest path: String, segmentDuration: SimDuration) throws(InputError) {
    let source: PipelineSource
    do {
      source = try PipelineSource(path: path, initialization: nil)
    } catch {
      throw InputError(InputPlace(source: path), "\(error.component): \(error.reason)")
    }
    guard let video = source.tracks.first(where: { $0.kind == .video }), let first = video.units.first else {
      throw InputError(InputPlace(source: path), "there is no video whose frames could be replayed")
    }
    let start = video.units.reduce(first.pts) { min($0, $1.pts) }
    pictures = video.units.prefix { $0.pts - start < segmentDuration }.map {
      Picture(offset: $0.pts - start, duration: $0.duration, isReference: $0.isReference, isSync: $0.isSync)
    }
    reorderDepth = video.reorderDepth
    audioUnit = source.tracks.first { $0.kind == .audio }?.units.first?.duration
    guard first.isSync else {
      throw InputError(InputPlace(source: path), "its video does not begin with a keyframe")
    }
  }
}

/// One segment that came to a player.
public struct StreamedSegment: Sendable, Equatable {
  /// When its last byte came, from the press on play.
  public var arrivedAfter: SimDuration
  /// Bytes, audio included.
  public var bytes: Int64
  /// Millions of pixels of each picture.
  public var megapixels: Double

  /// A segment.
  public init(arrivedAfter: SimDuration, bytes: Int64, megapixels: Double) {
    self.arrivedAfter = arrivedAfter
    self.bytes = bytes
    self.megapixels = megapixels
  }
}

/// What came to the player of one session, segment after segment, and for how long its viewer watched.
public struct StreamedMedia: Sendable {
  /// Codec of the video: `h264`, `h265`, `vp9`, `av1`, or an RFC 6381 name.
  public var codec: String
  /// The pictures of every segment.
  public var pattern: FramePattern
  /// Media time of one segment.
  public var segmentDuration: SimDuration
  /// Segments in media order, without gaps.
  public var segments: [StreamedSegment]
  /// Media that starts playback, and media that ends a stall.
  public var startThreshold: SimDuration
  /// See `startThreshold`.
  public var resumeThreshold: SimDuration
  /// Whether the last segment ends the title.
  public var holdsEnd: Bool
  /// When the viewer left, from the press on play.
  public var watched: SimDuration

  /// A session.
  public init(
    codec: String, pattern: FramePattern, segmentDuration: SimDuration, segments: [StreamedSegment],
    startThreshold: SimDuration, resumeThreshold: SimDuration, holdsEnd: Bool, watched: SimDuration
  ) {
    self.codec = codec
    self.pattern = pattern
    self.segmentDuration = segmentDuration
    self.segments = segments
    self.startThreshold = startThreshold
    self.resumeThreshold = resumeThreshold
    self.holdsEnd = holdsEnd
    self.watched = watched
  }
}

/// When the bytes of a source are there, and what buffering does about it.
struct PipelineDelivery {
  /// Rate of a file that arrives evenly in kbit/s; `nil` for a local file and for segments.
  var kbps: Double?
  /// Segments with the bytes that have come once they are there.
  var steps: [(at: SimTime, bytes: Int64)] = []
  /// Media that ends preparing, pauses playback, and resumes it.
  var prepared = PipelineConstants.bufferingPrepared
  var low = PipelineConstants.bufferingLow
  var resume = PipelineConstants.bufferingResume
  /// Whether what comes last ends the title.
  var holdsEnd = true
  /// The step that is looked at; time only grows.
  private var reached = 0

  /// A file.
  init(kbps: Double?) { self.kbps = kbps }

  /// Segments.
  init(_ media: StreamedMedia) {
    var bytes: Int64 = 0
    steps = media.segments.map { segment in
      bytes += segment.bytes
      return (.zero + segment.arrivedAfter, bytes)
    }
    prepared = media.startThreshold
    low = .zero
    resume = media.resumeThreshold
    holdsEnd = media.holdsEnd
  }

  /// Whether playback may have to wait for bytes.
  var isStreamed: Bool { kbps != nil || !steps.isEmpty }

  /// Bytes that have come by `time`, which never goes back.
  mutating func bytes(at time: SimTime) -> Int64 {
    if let kbps {
      let bytes = time.seconds * kbps * 125
      return bytes < 1e18 ? Int64(bytes) : .max
    }
    guard !steps.isEmpty else { return .max }
    while reached < steps.count, steps[reached].at <= time { reached += 1 }
    return reached == 0 ? 0 : steps[reached - 1].bytes
  }

  /// Segments that have come by the time of the last question.
  var segmentsThere: Int { reached }
  /// When the next segment comes.
  var nextArrival: SimTime? { reached < steps.count ? steps[reached].at : nil }
}

extension PipelineSource {
  /// A session's segments: every one has the pictures of the pattern, and audio beside them.
  init(_ media: StreamedMedia) {
    claims = "segments 1.0"
    ignored = []
    var video = PipelineTrack(
      kind: .video, codec: media.codec, units: [], reorderDepth: media.pattern.reorderDepth)
    var audio = PipelineTrack(kind: .audio, codec: "mp4a.40.2", units: [], reorderDepth: 0)
    let isAVC = PipelineSettings.isAVC(media.codec)
    var end: Int64 = 0
    var nextAudio = SimDuration.zero
    for (index, segment) in media.segments.enumerated() {
      let start = SimDuration(nanoseconds: media.segmentDuration.nanoseconds * Int64(index))
      end += segment.bytes
      for picture in media.pattern.pictures {
        video.units.append(
          AccessUnit(
            pts: start + picture.offset, duration: picture.duration, bytes: 0, endByte: end, isSync: picture.isSync,
            isReference: picture.isReference || !isAVC, pixels: segment.megapixels * 1e6))
      }
      guard let unit = media.pattern.audioUnit else { continue }
      while nextAudio < start + media.segmentDuration {
        audio.units.append(
          AccessUnit(
            pts: nextAudio, duration: unit, bytes: 0, endByte: end, isSync: true, isReference: true, pixels: 0))
        nextAudio += unit
      }
    }
    tracks = audio.units.isEmpty ? [video] : [video, audio]
    bytes = end
    duration = SimDuration(nanoseconds: media.segmentDuration.nanoseconds * Int64(media.segments.count))
  }
}
