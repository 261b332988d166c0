import Glibc
public import TextFormats

extension Presentation {
  /// Reads a manifest file and what it needs from the files beside it: segment indexes and child playlists.
  ///
  /// - Throws: `FileError` for files that cannot be read, `InputError` with line and column, or byte offset and box
  ///   path, for ones that cannot be understood.
  public init(manifest path: String) throws {
    let text = try MediaBytes(path: path)
    self = try Presentation(text: text.copy(0..<text.count), source: path)
    let folder = LocalResources(manifest: path)
    try loadPlaylists(folder)
    try loadIndexes(folder)
  }

  /// Reads manifest text without touching any other file.
  ///
  /// - Throws: `InputError` with line and column.
  public init(text bytes: [UInt8], source: String) throws(InputError) {
    switch ManifestFormat(bytes) {
    case .dash: self = try DASHManifest.parse(bytes, source: source)
    case .hls: self = try HLSPresentation.parse(bytes, source: source)
    case .smooth: self = try SmoothManifest.parse(bytes, source: source)
    case .smoothServer:
      throw InputError(
        InputPlace(source: source, line: 1, column: 1),
        "this is the server's manifest of a Smooth Streaming presentation, which players never see",
        suggestion: "the client manifest (.ismc), or one of the media files (.ismv)")
    case nil:
      throw InputError(
        InputPlace(source: source, line: 1, column: 1), "this is neither a DASH, HLS nor Smooth Streaming manifest")
    }
  }

  /// Fills the segments of a master playlist's representations from their own playlists; subtitles stay unread.
  private mutating func loadPlaylists(_ folder: LocalResources) throws {
    for track in tracks.indices where tracks[track].kind != .subtitles {
      for row in tracks[track].representations.indices {
        guard let child = tracks[track].representations[row].playlist else { continue }
        let path = try folder.path(child.uri)
        let bytes = try folder.map(child.uri)
        let playlist = try HLSMediaPlaylist(text: bytes.copy(0..<bytes.count), source: path)
        let resolved = playlist.segments.map { $0.relocated(below: child.uri) }
        tracks[track].representations[row].segments = SegmentSequence(resolved)
        tracks[track].representations[row].initialization = resolved.first?.initialization
        if !playlist.isEnded, playlist.playlistType != "VOD" { isLive = true }
        if let last = resolved.last, let end = last.start.adding(last.duration) {
          duration = max(duration ?? .zero, end)
        }
      }
    }
  }

  mutating func loadIndexes(_ folder: LocalResources) throws {
    for track in tracks.indices {
      for row in tracks[track].representations.indices {
        guard let index = tracks[track].representations[row].index else { continue }
        let start = tracks[track].periodStart
        tracks[track].representations[row].segments = SegmentSequence(
          try folder.segments(indexedBy: index, periodStart: start))
      }
    }
  }
}

extension Segment {
  /// The segment with its URLs resolved against the playlist that names it.
  func relocated(below playlist: String) -> Segment {
    var copy = self
    copy.resource.url = RelativeReference.resolve(resource.url, against: playlist)
    if let url = initialization?.url {
      copy.initialization?.url = RelativeReference.resolve(url, against: playlist)
    }
    return copy
  }
}

extension Presentation {
  /// Whether a file that begins with these bytes is text that could be a manifest: XML or a playlist, with or without a
  /// byte order mark.
  public static func isManifest(head: [UInt8]) -> Bool {
    let first = head.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return [UInt8(ascii: "<"), UInt8(ascii: "#"), 0xEF, 0xFE, 0xFF].contains(first)
  }
}

/// The manifest formats, told apart by content.
enum ManifestFormat {
  case dash
  case hls
  case smooth
  /// What a server of Smooth Streaming reads: SMIL.
  case smoothServer

  /// Bytes that are looked at.
  private static let headBytes = 8192

  init?(_ bytes: [UInt8]) {
    let head = bytes.prefix(Self.headBytes)
    let text = String(decoding: head, as: UTF8.self).trimmed
    if text.hasPrefix("#EXT") {
      self = .hls
    } else if text.contains("<SmoothStreamingMedia") {
      self = .smooth
    } else if text.contains("<smil") {
      self = .smoothServer
    } else if text.contains("<MPD") || text.contains(":MPD") || text.hasPrefix("<") || text.hasPrefix("\u{FEFF}<") {
      self = .dash
    } else {
      return nil
    }
  }
}

/// The files around a manifest on disk.
struct LocalResources {
  /// Folder of the manifest, with a trailing slash, or empty.
  let folder: String

  init(manifest path: String) { folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "" }

  /// Path of a resource; remote references cannot be read.
  func path(_ url: String) throws(InputError) -> String {
    guard !RelativeReference.hasScheme(url), !url.hasPrefix("//") else {
      throw InputError(InputPlace(source: url), "a remote resource; only files beside the manifest are read")
    }
    return url.hasPrefix("/") ? url : folder + Self.decoded(url)
  }

  /// Percent-encoded bytes decoded where the reference has any.
  private static func decoded(_ url: String) -> String {
    guard url.contains("%") else { return url }
    var bytes: [UInt8] = []
    var rest = Array(url.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Maps a resource.
  func map(_ url: String) throws -> MediaBytes { try MediaBytes(path: try path(url)) }

  /// Reads a resource, or a part of it, as media.
  func media(_ resource: ResourceRange, initialization: MediaFile? = nil) throws -> MediaFile {
    let bytes = try map(resource.url)
    var range: Range<Int>?
    if let part = resource.range {
      guard part.upperBound <= UInt64(bytes.count) else {
        throw InputError(
          InputPlace(source: try path(resource.url), byteOffset: UInt64(bytes.count)),
          "the file ends before byte \(part.upperBound), where the range of the manifest ends")
      }
      range = Int(part.lowerBound)..<Int(part.upperBound)
    }
    do {
      return try MediaFile(bytes, range: range, initialization: initialization)
    } catch {
      throw error.inputError(source: try path(resource.url))
    }
  }

  /// Segments that a `sidx` in the file lists, indexes of indexes included.
  func segments(indexedBy index: ResourceRange, periodStart: RationalTime) throws -> [Segment] {
    let bytes = try map(index.url)
    let source = try path(index.url)
    let file: MediaFile
    do {
      file = try MediaFile(bytes)
    } catch {
      throw error.inputError(source: source)
    }
    let start = index.range.map { Int(clamping: $0.lowerBound) } ?? 0
    guard let top = file.indexes.first(where: { $0.offset >= start }), top.offset == start || index.range == nil else {
      throw InputError(
        InputPlace(source: source, byteOffset: UInt64(start)), "there is no sidx where @indexRange points")
    }
    let entries: [SegmentIndex.Entry]
    do {
      entries = try SegmentIndex.entries(of: top, among: file.indexes)
    } catch {
      throw error.inputError(source: source)
    }
    var segments: [Segment] = []
    for entry in entries {
      guard entry.timescale > 0, let time = Int64(exactly: entry.time) else {
        throw InputError(InputPlace(source: source, byteOffset: UInt64(top.offset)), "the sidx has unusable times")
      }
      let begin = RationalTime(ticks: time, timescale: Int64(entry.timescale))
      segments.append(
        Segment(
          resource: ResourceRange(
            url: index.url, range: UInt64(entry.range.lowerBound)..<UInt64(entry.range.upperBound)),
          start: begin.adding(periodStart) ?? begin,
          duration: RationalTime(ticks: Int64(entry.duration), timescale: Int64(entry.timescale))))
    }
    return segments
  }
}
