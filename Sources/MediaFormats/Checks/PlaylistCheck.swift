import TextFormats

extension MediaCheck {
  /// Checks that need the manifest alone: HLS target durations and the advisory counts of Smooth Streaming.
  mutating func checkPlaylists(_ presentation: Presentation, manifest path: String) {
    switch presentation.format {
    case .hls:
      var paths = presentation.tracks.flatMap { track in
        track.kind == .subtitles ? [] : track.representations.compactMap { $0.playlist?.uri }
      }.compactMap { try? folder.path($0) }
      if paths.isEmpty { paths = [path] }
      for path in paths { checkTargetDuration(path) }
    case .smooth: checkChunkCounts(presentation, path)
    case .dash: break
    }
  }

  /// No segment, rounded to whole seconds, may last longer than the target (RFC 8216 section 4.3.3.1).
  private mutating func checkTargetDuration(_ path: String) {
    guard let bytes = try? MediaBytes(path: path),
      let playlist = try? HLSMediaPlaylist(text: bytes.copy(0..<bytes.count), source: path)
    else { return }
    for (index, segment) in playlist.segments.enumerated()
    where HLSWriter.rounded(segment.duration) > playlist.targetDuration {
      report(
        .error, .manifest, Representation(id: path, bandwidth: 0), index, playlist.places[index].description,
        "the segment lasts \(DecimalText.seconds(segment.duration)) s, EXT-X-TARGETDURATION is \(playlist.targetDuration)"
      )
    }
  }

  private mutating func checkChunkCounts(_ presentation: Presentation, _ path: String) {
    for track in presentation.tracks {
      guard let declared = track.declaredSegmentCount, let first = track.representations.first,
        declared != first.segments.count
      else { continue }
      report(
        .warning, .manifest, first, nil, path,
        "@Chunks is \(declared), the timeline has \(first.segments.count) chunks")
    }
  }
}
