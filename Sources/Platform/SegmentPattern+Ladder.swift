public import MediaFormats
import SimEngine
public import TextFormats

extension SegmentPattern {
  /// Takes the pattern from a real ladder: the sizes of its whole video segments and of the audio beside them.
  ///
  /// A shorter last segment is left out, since titles repeat the pattern. Audio is taken position by position from the
  /// lowest audio representation; it is sent together with the video segment of the same position.
  ///
  /// - Parameter source: the manifest's name, for errors.
  /// - Throws: `InputError` if there is no video, or renditions do not cut at the same times.
  public init(ladder: MediaLadder, source: String) throws(InputError) {
    let place = InputPlace(source: source)
    let video = ladder.video
    guard let lowest = video.first, let first = lowest.segments.first else {
      throw InputError(place, "the manifest has no video segments")
    }
    guard let segmentNs = first.duration.nanoseconds, segmentNs > 0 else {
      throw InputError(place, "the first video segment of representation \(lowest.id) has no usable duration")
    }
    let whole = lowest.segments.prefix { $0.duration == first.duration }.count
    guard whole >= lowest.segments.count - 1 else {
      throw InputError(
        place,
        "segment \(whole + 1) of representation \(lowest.id) lasts \(lowest.segments[whole].duration) s, the first "
          + "\(first.duration) s: a catalog needs segments of one length, but for the last")
    }
    for representation in video {
      let matching = representation.segments.prefix { $0.duration == first.duration }.count
      guard matching >= whole else {
        throw InputError(
          place, "representation \(representation.id) cuts at other times than representation \(lowest.id)",
          suggestion: "players change quality at segment borders, so all video must share them")
      }
    }
    let audio = ladder.audio.first?.segments ?? []
    self.init(
      segmentDuration: SimDuration(nanoseconds: segmentNs),
      videoBytes: video.map { $0.segments.prefix(whole).map { Int64($0.bytes) } },
      audioBytes: (0..<whole).map { $0 < audio.count ? Int64(audio[$0].bytes) : 0 },
      pictures: video.map { PictureSize(width: $0.width, height: $0.height) })
  }
}
