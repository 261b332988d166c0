public import TextFormats

/// A master playlist (RFC 8216 section 4.3.4): variants to choose from, and renditions that go with them.
public struct HLSMasterPlaylist: Sendable {
  /// EXT-X-STREAM-INF and its URI.
  public struct Variant: Hashable, Sendable {
    /// Playlist, relative to the master.
    public var uri: String
    /// Peak bits a second.
    public var bandwidth: Int
    /// Mean bits a second.
    public var averageBandwidth: Int?
    /// Codec names.
    public var codecs = ""
    /// Pixels.
    public var width: Int?
    /// Pixels.
    public var height: Int?
    /// Frames a second, as written.
    public var frameRate = ""
    /// Group of the sound, empty if it is muxed in.
    public var audioGroup = ""

    /// A variant.
    public init(uri: String, bandwidth: Int) {
      self.uri = uri
      self.bandwidth = bandwidth
    }
  }

  /// EXT-X-MEDIA.
  public struct Rendition: Hashable, Sendable {
    /// `AUDIO`, `VIDEO`, `SUBTITLES` or `CLOSED-CAPTIONS`.
    public var type: String
    /// Group identifier.
    public var group: String
    /// Name for people.
    public var name: String
    /// Playlist, relative to the master; `nil` if the variant holds it.
    public var uri: String?
    /// Language tag.
    public var language = ""
    /// True if players choose it unless told otherwise.
    public var isDefault = false

    /// A rendition.
    public init(type: String, group: String, name: String) {
      self.type = type
      self.group = group
      self.name = name
    }
  }

  /// EXT-X-VERSION, 1 if absent.
  public var version = 1
  /// Variants in the order of the playlist.
  public var variants: [Variant] = []
  /// Renditions in the order of the playlist.
  public var renditions: [Rendition] = []

  /// An empty playlist.
  public init() {}

  /// True if a playlist's text is a master playlist: it names variants or renditions.
  static func isMaster(_ lines: [HLSLine]) -> Bool {
    lines.contains {
      guard case .tag(let name, _) = $0.content else { return false }
      return name == "EXT-X-STREAM-INF" || name == "EXT-X-MEDIA" || name == "EXT-X-I-FRAME-STREAM-INF"
    }
  }

  /// Reads playlist text.
  ///
  /// - Throws: `InputError` with the line.
  public init(text bytes: [UInt8], source: String) throws(InputError) {
    var pending: (variant: Variant, line: HLSLine)?
    for line in try HLSLine.lines(bytes, source: source) {
      switch line.content {
      case .uri(let uri):
        guard var (variant, _) = pending else { throw line.error("the URI has no EXT-X-STREAM-INF before it") }
        variant.uri = String(uri)
        variants.append(variant)
        pending = nil
      case .tag(let name, let value):
        if let (_, line) = pending, name == "EXT-X-STREAM-INF" {
          throw line.error("EXT-X-STREAM-INF is not followed by a URI")
        }
        switch name {
        case "EXT-X-VERSION":
          guard let number = Int(value.trimmed) else { throw line.error("EXT-X-VERSION is not a number") }
          version = number
        case "EXT-X-STREAM-INF": pending = (try Self.variant(HLSAttributes(value, line), line), line)
        case "EXT-X-MEDIA": renditions.append(try Self.rendition(HLSAttributes(value, line), line))
        case "EXTINF": throw line.error("EXTINF belongs to a media playlist, not to a master playlist")
        default: break
        }
      }
    }
    if let (_, line) = pending { throw line.error("EXT-X-STREAM-INF is not followed by a URI") }
  }

  private static func variant(_ attributes: HLSAttributes, _ line: HLSLine) throws(InputError) -> Variant {
    guard let bandwidth = try attributes.integer("BANDWIDTH") else {
      throw line.error("EXT-X-STREAM-INF has no BANDWIDTH")
    }
    var variant = Variant(uri: "", bandwidth: bandwidth)
    variant.averageBandwidth = try attributes.integer("AVERAGE-BANDWIDTH")
    variant.codecs = attributes["CODECS"] ?? ""
    if let size = try attributes.resolution("RESOLUTION") { (variant.width, variant.height) = size }
    variant.frameRate = attributes["FRAME-RATE"] ?? ""
    variant.audioGroup = attributes["AUDIO"] ?? ""
    return variant
  }

  private static func rendition(_ attributes: HLSAttributes, _ line: HLSLine) throws(InputError) -> Rendition {
    guard let type = attributes["TYPE"] else { throw line.error("EXT-X-MEDIA has no TYPE") }
    guard ["AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"].contains(type) else {
      throw line.error(
        "EXT-X-MEDIA has TYPE \(type.prefix(40))", suggestion: "AUDIO, VIDEO, SUBTITLES, CLOSED-CAPTIONS")
    }
    guard let group = attributes["GROUP-ID"] else { throw line.error("EXT-X-MEDIA has no GROUP-ID") }
    guard let name = attributes["NAME"] else { throw line.error("EXT-X-MEDIA has no NAME") }
    var rendition = Rendition(type: type, group: group, name: name)
    rendition.uri = attributes["URI"]
    rendition.language = attributes["LANGUAGE"] ?? ""
    rendition.isDefault = attributes["DEFAULT"] == "YES"
    return rendition
  }
}
