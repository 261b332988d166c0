/// Writes HLS playlists (RFC 8216).
public enum HLSWriter {
  /// A media playlist as text.
  ///
  /// Durations are exact where they are finite decimals, else rounded down to nanoseconds.
  ///
  /// The target duration is raised to the longest rounded segment if the playlist says less.
  public static func text(_ playlist: HLSMediaPlaylist) -> String {
    var lines = ["#EXTM3U", "#EXT-X-VERSION:\(max(playlist.version, minimumVersion(playlist)))"]
    let longest = playlist.segments.map { rounded($0.duration) }.max() ?? 0
    lines.append("#EXT-X-TARGETDURATION:\(max(playlist.targetDuration, longest))")
    lines.append("#EXT-X-MEDIA-SEQUENCE:\(playlist.mediaSequence)")
    if playlist.discontinuitySequence > 0 {
      lines.append("#EXT-X-DISCONTINUITY-SEQUENCE:\(playlist.discontinuitySequence)")
    }
    if !playlist.playlistType.isEmpty { lines.append("#EXT-X-PLAYLIST-TYPE:\(playlist.playlistType)") }
    if playlist.hasIndependentSegments { lines.append("#EXT-X-INDEPENDENT-SEGMENTS") }
    var map: ResourceRange?
    for segment in playlist.segments {
      if segment.isDiscontinuity { lines.append("#EXT-X-DISCONTINUITY") }
      if let initialization = segment.initialization, initialization != map {
        var line = "#EXT-X-MAP:URI=\"\(initialization.url)\""
        if let range = initialization.range { line += ",BYTERANGE=\"\(range.count)@\(range.lowerBound)\"" }
        lines.append(line)
        map = initialization
      }
      lines.append("#EXTINF:\(DecimalText.seconds(segment.duration)),")
      if let range = segment.resource.range { lines.append("#EXT-X-BYTERANGE:\(range.count)@\(range.lowerBound)") }
      lines.append(segment.resource.url)
    }
    if playlist.isEnded { lines.append("#EXT-X-ENDLIST") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The media playlist of a representation.
  public static func playlist(_ representation: Representation, isEnded: Bool = true) -> HLSMediaPlaylist {
    var playlist = HLSMediaPlaylist()
    playlist.isEnded = isEnded
    playlist.playlistType = isEnded ? "VOD" : ""
    playlist.segments = representation.segments.map { segment in
      var copy = segment
      copy.initialization = segment.initialization ?? representation.initialization
      return copy
    }
    return playlist
  }

  /// A master playlist as text.
  public static func text(_ playlist: HLSMasterPlaylist) -> String {
    var lines = ["#EXTM3U", "#EXT-X-VERSION:\(max(playlist.version, 6))"]
    for rendition in playlist.renditions {
      var line = "#EXT-X-MEDIA:TYPE=\(rendition.type),GROUP-ID=\"\(rendition.group)\",NAME=\"\(rendition.name)\""
      if !rendition.language.isEmpty { line += ",LANGUAGE=\"\(rendition.language)\"" }
      line += ",DEFAULT=\(rendition.isDefault ? "YES" : "NO")"
      if let uri = rendition.uri { line += ",URI=\"\(uri)\"" }
      lines.append(line)
    }
    for variant in playlist.variants {
      var line = "#EXT-X-STREAM-INF:BANDWIDTH=\(variant.bandwidth)"
      if let mean = variant.averageBandwidth { line += ",AVERAGE-BANDWIDTH=\(mean)" }
      if !variant.codecs.isEmpty { line += ",CODECS=\"\(variant.codecs)\"" }
      if let width = variant.width, let height = variant.height { line += ",RESOLUTION=\(width)x\(height)" }
      if !variant.frameRate.isEmpty { line += ",FRAME-RATE=\(variant.frameRate)" }
      if !variant.audioGroup.isEmpty { line += ",AUDIO=\"\(variant.audioGroup)\"" }
      lines.append(line)
      lines.append(variant.uri)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// EXT-X-MAP for media segments needs version 6, byte ranges version 4 (RFC 8216 section 7).
  private static func minimumVersion(_ playlist: HLSMediaPlaylist) -> Int {
    if playlist.segments.contains(where: { $0.initialization != nil }) { return 6 }
    return playlist.segments.contains { $0.resource.range != nil } ? 4 : 3
  }

  /// Seconds rounded to the nearest whole, halves up.
  static func rounded(_ duration: RationalTime) -> Int {
    Int((Int128(duration.ticks) * 2 + Int128(duration.timescale)) / (Int128(duration.timescale) * 2))
  }
}
