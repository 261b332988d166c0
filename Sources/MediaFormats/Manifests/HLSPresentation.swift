import TextFormats

/// Playlists as a `Presentation`.
enum HLSPresentation {
  static func parse(_ bytes: [UInt8], source: String) throws(InputError) -> Presentation {
    guard HLSMasterPlaylist.isMaster(try HLSLine.lines(bytes, source: source)) else {
      return media(try HLSMediaPlaylist(text: bytes, source: source), source: source)
    }
    return master(try HLSMasterPlaylist(text: bytes, source: source))
  }

  /// One track with one representation, named after the playlist file.
  static func media(_ playlist: HLSMediaPlaylist, source: String) -> Presentation {
    var presentation = Presentation(format: .hls)
    presentation.isLive = !playlist.isEnded && playlist.playlistType != "VOD"
    presentation.duration = playlist.segments.last.flatMap { $0.start.adding($0.duration) }
    var track = PresentationTrack(kind: .metadata)
    var representation = Representation(id: source.split(separator: "/").last.map(String.init) ?? source, bandwidth: 0)
    representation.initialization = playlist.segments.first?.initialization
    representation.segments = SegmentSequence(playlist.segments)
    track.representations = [representation]
    presentation.tracks = [track]
    return presentation
  }

  /// Variants are one track; every group of renditions is another.
  ///
  /// Segments come from the child playlists.
  static func master(_ playlist: HLSMasterPlaylist) -> Presentation {
    var presentation = Presentation(format: .hls)
    var main = PresentationTrack(kind: .video)
    for variant in playlist.variants {
      var representation = Representation(id: variant.uri, bandwidth: variant.bandwidth, codecs: variant.codecs)
      representation.averageBandwidth = variant.averageBandwidth
      (representation.width, representation.height) = (variant.width, variant.height)
      representation.frameRate = variant.frameRate
      representation.playlist = HLSChild(
        uri: variant.uri, role: variant.audioGroup.isEmpty ? "variant" : "variant audio=\(variant.audioGroup)")
      main.representations.append(representation)
    }
    if !playlist.variants.isEmpty, playlist.variants.allSatisfy({ $0.width == nil && isSound($0.codecs) }) {
      main.kind = .audio
    }
    if !main.representations.isEmpty { presentation.tracks.append(main) }
    for rendition in playlist.renditions {
      guard let uri = rendition.uri else { continue }
      let kind: MediaKind
      switch rendition.type {
      case "AUDIO": kind = .audio
      case "VIDEO": kind = .video
      default: kind = .subtitles
      }
      var representation = Representation(id: uri, bandwidth: 0)
      representation.playlist = HLSChild(uri: uri, role: "media \(rendition.type) \(rendition.group) \(rendition.name)")
      var track = PresentationTrack(kind: kind)
      track.name = rendition.group
      track.language = rendition.language
      track.representations = [representation]
      presentation.tracks.append(track)
    }
    return presentation
  }

  private static func isSound(_ codecs: String) -> Bool {
    !codecs.isEmpty
      && codecs.split(separator: ",").allSatisfy { name in
        ["mp4a", "ac-3", "ec-3", "opus", "Opus", "fLaC"].contains { name.trimmed.hasPrefix($0) }
      }
  }
}

/// A child playlist that a master playlist names.
public struct HLSChild: Hashable, Sendable {
  /// Relative to the master.
  public var uri: String
  /// What the master says about it, for people.
  public var role: String
}
