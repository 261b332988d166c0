import TextFormats

/// Where decoding of a real title can start: the decode times of its sync samples, from the samples themselves.
///
/// A manifest says where segments begin; only the samples say where keyframes are inside them.
public struct KeyframeTimes: Sendable, Equatable {
  /// Decode times of the keyframes since the first sample, ascending.
  public let times: [RationalTime]
  /// Sum of the sample durations.
  public let duration: RationalTime

  /// Reads a media file, or a manifest with the files beside it, of which the video of the lowest declared bandwidth
  /// counts.
  ///
  /// - Throws: `FileError` for files that cannot be read; `InputError` for media that cannot be understood, that has
  ///   no video, or whose video does not begin with a keyframe.
  public init(path: String) throws {
    let bytes = try MediaBytes(path: path)
    // Manifests say what they are at once; media would be copied for nothing.
    let isManifest = ManifestFormat(bytes.copy(0..<min(bytes.count, 4_096))) != nil
    var reader = KeyframeReader(source: path)
    if isManifest {
      let representation = try Self.lowestVideo(of: path)
      var files = SegmentFiles(manifest: path)
      for segment in representation.segments { try reader.read(try files.media(segment, of: representation)) }
    } else {
      try reader.read(try MediaFile(path: path))
    }
    guard let first = reader.times.first, first.ticks == 0 else {
      throw InputError(
        InputPlace(source: path),
        reader.duration.ticks == 0 ? "there is no video in it" : "it begins without a keyframe")
    }
    times = reader.times
    duration = reader.duration
  }

  private static func lowestVideo(of path: String) throws -> Representation {
    let presentation = try Presentation(manifest: path)
    var lowest: Representation?
    for track in presentation.tracks where track.kind == .video {
      for representation in track.representations where representation.bandwidth < lowest?.bandwidth ?? .max {
        lowest = representation
      }
    }
    guard let lowest else { throw InputError(InputPlace(source: path), "the manifest lists no video") }
    return lowest
  }
}

/// Joins the keyframes of one file after the other.
private struct KeyframeReader {
  let source: String
  var times: [RationalTime] = []
  var duration = RationalTime.zero

  mutating func read(_ file: MediaFile) throws(InputError) {
    guard let track = file.tracks.first(where: { $0.kind == .video && $0.samples.count > 0 }) else { return }
    guard let timescale = track.timescale, timescale > 0 else {
      throw InputError(InputPlace(source: source), "the video has no timescale")
    }
    var ticks: Int64 = 0
    for sample in track.samples.samples {
      if sample.isSync, let time = duration.adding(RationalTime(ticks: ticks, timescale: Int64(timescale))) {
        times.append(time)
      }
      ticks += Int64(sample.duration)
    }
    guard let end = duration.adding(RationalTime(ticks: ticks, timescale: Int64(timescale))) else {
      throw InputError(InputPlace(source: source), "the durations add up beyond 64 bits")
    }
    duration = end
  }
}
