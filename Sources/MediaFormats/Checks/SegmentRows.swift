/// The segments of a manifest, one row a segment; a master playlist gives a row a variant or rendition.
public enum SegmentRows {
  /// Column names; `start` and `duration` are exact fractions of seconds.
  public static let columns = [
    "rep", "bandwidth", "codecs", "width", "height", "init", "index", "url", "range", "start", "duration",
  ]

  /// All rows of a manifest on disk, segment indexes read from the files beside it.
  ///
  /// - Throws: `FileError` or `InputError`.
  public static func rows(manifest path: String) throws -> [[String]] {
    let text = try MediaBytes(path: path)
    var presentation = try Presentation(text: text.copy(0..<text.count), source: path)
    try presentation.loadIndexes(LocalResources(manifest: path))
    return rows(presentation)
  }

  /// All rows of a presentation; child playlists and segment indexes that were not loaded are not expanded.
  public static func rows(_ presentation: Presentation) -> [[String]] {
    var rows: [[String]] = []
    for track in presentation.tracks {
      for representation in track.representations {
        let head = [
          representation.id, "\(representation.bandwidth)", representation.codecs,
          representation.width.map { "\($0)" } ?? "", representation.height.map { "\($0)" } ?? "",
        ]
        if let child = representation.playlist, representation.segments.isEmpty {
          rows.append(head + [child.role, "", "", "", "", ""])
        }
        for (index, segment) in representation.segments.enumerated() {
          rows.append(
            head + [
              initialization(representation, segment, presentation.format), "\(index)", segment.resource.url,
              segment.resource.range.map { "\($0.lowerBound)-\($0.upperBound - 1)" } ?? "",
              segment.start.description, segment.duration.description,
            ])
        }
      }
    }
    return rows
  }

  /// The initialisation segment in the notation of the manifest: `file first-last` in DASH, `file length@offset` in HLS.
  private static func initialization(
    _ representation: Representation, _ segment: Segment, _ format: Presentation.Format
  ) -> String {
    if representation.smooth != nil { return "(from CodecPrivateData)" }
    guard let resource = segment.initialization ?? representation.initialization else { return "" }
    guard let range = resource.range else { return resource.url }
    return format == .hls
      ? "\(resource.url) \(range.count)@\(range.lowerBound)"
      : "\(resource.url) \(range.lowerBound)-\(range.upperBound - 1)"
  }
}
