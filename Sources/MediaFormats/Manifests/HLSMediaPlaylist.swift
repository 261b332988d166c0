public import TextFormats

/// A media playlist (RFC 8216 section 4.3.3): the segments of one rendition.
public struct HLSMediaPlaylist: Sendable {
  /// EXT-X-VERSION, 1 if absent.
  public var version = 1
  /// EXT-X-TARGETDURATION, seconds: no rounded segment duration is above it.
  public var targetDuration = 0
  /// Number of the first segment.
  public var mediaSequence: UInt64 = 0
  /// Number of the first discontinuity.
  public var discontinuitySequence: UInt64 = 0
  /// `VOD`, `EVENT`, or empty.
  public var playlistType = ""
  /// True if every segment can be decoded alone.
  public var hasIndependentSegments = false
  /// True if no segment will be added.
  public var isEnded = false
  /// Segments, URLs relative to the playlist.
  public var segments: [Segment] = []
  /// Places of the segments' URI lines, in the same order; empty for playlists that were made.
  public private(set) var places: [InputPlace] = []

  /// An empty playlist.
  public init() {}

  /// Reads playlist text.
  ///
  /// - Throws: `InputError` with the line.
  public init(text bytes: [UInt8], source: String) throws(InputError) {
    var reader = Reader()
    for line in try HLSLine.lines(bytes, source: source) { try reader.read(line) }
    self = try reader.finish(source)
  }

  /// State between tags and the URI that they apply to.
  private struct Reader {
    var playlist = HLSMediaPlaylist()
    var hasTarget = false
    var duration: RationalTime?
    var range: (length: UInt64, offset: UInt64?)?
    var map: ResourceRange?
    var isDiscontinuity = false
    var start = RationalTime.zero
    /// Resource and end of the last byte range, for ranges that give only a length.
    var previous: (url: String, end: UInt64)?

    mutating func read(_ line: HLSLine) throws(InputError) {
      switch line.content {
      case .tag(let name, let value): try readTag(String(name), value, line)
      case .uri(let uri): try readSegment(String(uri), line)
      }
    }

    private mutating func readTag(_ name: String, _ value: Substring, _ line: HLSLine) throws(InputError) {
      switch name {
      case "EXT-X-VERSION": playlist.version = Int(clamping: try Self.integer(value, line))
      case "EXT-X-TARGETDURATION":
        playlist.targetDuration = Int(clamping: try Self.integer(value, line))
        hasTarget = true
      case "EXT-X-MEDIA-SEQUENCE": playlist.mediaSequence = try Self.integer(value, line)
      case "EXT-X-DISCONTINUITY-SEQUENCE": playlist.discontinuitySequence = try Self.integer(value, line)
      case "EXT-X-PLAYLIST-TYPE": playlist.playlistType = value.trimmed
      case "EXT-X-INDEPENDENT-SEGMENTS": playlist.hasIndependentSegments = true
      case "EXT-X-ENDLIST": playlist.isEnded = true
      case "EXT-X-DISCONTINUITY": isDiscontinuity = true
      case "EXTINF":
        let number = value.prefix { $0 != "," }.trimmed
        guard let parsed = RationalTime(decimal: number) else {
          throw line.error("EXTINF:\(number.prefix(40)) is not a duration in seconds")
        }
        duration = parsed
      case "EXT-X-BYTERANGE": range = try Self.byteRange(value.trimmed, line)
      case "EXT-X-MAP":
        let attributes = try HLSAttributes(value, line)
        guard let uri = attributes["URI"] else { throw line.error("EXT-X-MAP has no URI") }
        var part: Range<UInt64>?
        if let text = attributes["BYTERANGE"] {
          let parsed = try Self.byteRange(text, line)
          part = try Self.range(parsed.length, from: parsed.offset ?? 0, line)
        }
        map = ResourceRange(url: uri, range: part)
      case "EXT-X-STREAM-INF", "EXT-X-MEDIA":
        throw line.error("\(name) belongs to a master playlist, not to one with segments")
      default: break
      }
    }

    private mutating func readSegment(_ uri: String, _ line: HLSLine) throws(InputError) {
      guard let duration else { throw line.error("the URI has no EXTINF before it") }
      guard playlist.segments.count < SegmentSequence.limit else {
        throw line.error("more than \(SegmentSequence.limit) segments")
      }
      var part: Range<UInt64>?
      if let range {
        let offset: UInt64
        if let given = range.offset {
          offset = given
        } else if let previous, previous.url == uri {
          offset = previous.end
        } else {
          throw line.error(
            "EXT-X-BYTERANGE has no offset, and no range of \"\(uri.prefix(80))\" comes before it",
            suggestion: "length@offset")
        }
        let bytes = try Self.range(range.length, from: offset, line)
        part = bytes
        previous = (uri, bytes.upperBound)
      } else {
        previous = nil
      }
      var segment = Segment(resource: ResourceRange(url: uri, range: part), start: start, duration: duration)
      segment.initialization = map
      segment.isDiscontinuity = isDiscontinuity
      playlist.segments.append(segment)
      playlist.places.append(line.place)
      guard let next = start.adding(duration) else { throw line.error("the durations add up beyond 64 bits") }
      start = next
      self.duration = nil
      self.range = nil
      isDiscontinuity = false
    }

    func finish(_ source: String) throws(InputError) -> HLSMediaPlaylist {
      guard hasTarget else {
        throw InputError(InputPlace(source: source, line: 1, column: 1), "EXT-X-TARGETDURATION is missing")
      }
      return playlist
    }

    private static func integer(_ text: Substring, _ line: HLSLine) throws(InputError) -> UInt64 {
      guard let value = UInt64(text.trimmed) else {
        throw line.error("\"\(text.prefix(40))\" is not a decimal integer")
      }
      return value
    }

    /// `length[@offset]`.
    private static func byteRange(
      _ text: String, _ line: HLSLine
    ) throws(InputError) -> (length: UInt64, offset: UInt64?) {
      let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
      guard let length = UInt64(parts[0]), length > 0 else {
        throw line.error("\"\(text.prefix(60))\" is not a byte range", suggestion: "length@offset")
      }
      guard parts.count == 2 else { return (length, nil) }
      guard let offset = UInt64(parts[1]) else {
        throw line.error("\"\(text.prefix(60))\" is not a byte range", suggestion: "length@offset")
      }
      return (length, offset)
    }

    private static func range(
      _ length: UInt64, from offset: UInt64, _ line: HLSLine
    ) throws(InputError) -> Range<UInt64> {
      let (end, overflow) = offset.addingReportingOverflow(length)
      guard !overflow, end <= UInt64(Int64.max) else {
        throw line.error("the byte range \(length)@\(offset) ends beyond 63 bits")
      }
      return offset..<end
    }
  }
}
