// Common Media Client Data (CTA-5004): what a player tells the CDN with every request.

public import SimEngine

/// The CMCD keys of one request, version 1.
///
/// Throughputs are rounded to 100 kbit/s, buffer lengths and deadlines to 100 ms, as the specification asks; keys are sorted,
/// joined by commas; true flags stand bare and false ones are left out; strings are quoted.
public struct CMCD: Sendable, Equatable {
  /// What kind of object is requested (`ot`).
  public enum ObjectType: String, Sendable {
    /// A manifest.
    case manifest = "m"
    /// Audio.
    case audio = "a"
    /// Video.
    case video = "v"
    /// Audio and video in one.
    case muxed = "av"
    /// An initialisation segment.
    case initialization = "i"
  }
  /// How the title is packaged (`sf`).
  public enum Format: String, Sendable {
    /// MPEG-DASH.
    case dash = "d"
    /// HTTP Live Streaming.
    case hls = "h"
    /// Smooth Streaming.
    case smooth = "s"
    /// Something else.
    case other = "o"
  }

  /// Bitrate of the object in kbit/s (`br`).
  public var bitrateKbps: Double?
  /// Playing time of the object in milliseconds (`d`).
  public var durationMs: Double?
  /// Kind of object (`ot`).
  public var objectType: ObjectType?
  /// Highest bitrate of the ladder in kbit/s (`tb`).
  public var topBitrateKbps: Double?
  /// Media in the buffer in milliseconds (`bl`).
  public var bufferMs: Double?
  /// Time until the buffer runs dry, divided by the playback rate, in milliseconds (`dl`).
  public var deadlineMs: Double?
  /// Measured throughput in kbit/s (`mtp`).
  public var throughputKbps: Double?
  /// Path of the next object, relative to this one (`nor`).
  public var nextObject: String?
  /// Byte range of the next request (`nrr`), for example `0-4095`.
  public var nextRange: String?
  /// Whether the object is needed for startup, after a jump or a stall (`su`).
  public var isStartup = false
  /// Whether the player stalled since the last request (`bs`).
  public var hasStarved = false
  /// Throughput that the player asks for, in kbit/s (`rtp`).
  public var requestedKbps: Double?
  /// Identifier of the title, at most 64 characters (`cid`).
  public var contentID: String?
  /// Playback rate (`pr`), left out if 1.
  public var playbackRate = 1.0
  /// Packaging (`sf`).
  public var format: Format?
  /// Identifier of the session, a UUID (`sid`).
  public var sessionID: String?
  /// Whether the title is live (`st`); `nil` to say nothing.
  public var isLive: Bool?

  /// Nothing to tell.
  public init() {}

  /// How many times the current bitrate a player asks for, unless told otherwise; dash.js uses 5.
  public static let requestedThroughputFactor = 5.0

  /// Where the keys travel: the four header fields of the specification.
  public enum Field: String, CaseIterable, Sendable {
    /// Keys that change with the object.
    case object = "CMCD-Object"
    /// Keys that change with the request.
    case request = "CMCD-Request"
    /// Keys that change over time.
    case status = "CMCD-Status"
    /// Keys that stay.
    case session = "CMCD-Session"
  }

  /// The keys and values, sorted by key, with the header field each belongs to.
  public var pairs: [(key: String, value: String?, field: Field)] {
    var pairs: [(key: String, value: String?, field: Field)] = []
    func add(_ key: String, _ value: String?, _ field: Field) {
      if let value { pairs.append((key, value, field)) }
    }
    add("bl", bufferMs.map { Self.hundreds($0) }, .request)
    add("br", bitrateKbps.map { Self.whole($0) }, .object)
    if hasStarved { pairs.append(("bs", nil, .status)) }
    add("cid", contentID.map { Self.quoted(String($0.prefix(64))) }, .session)
    add("d", durationMs.map { Self.whole($0) }, .object)
    add("dl", deadlineMs.map { Self.hundreds($0) }, .request)
    add("mtp", throughputKbps.map { Self.hundreds($0) }, .request)
    add("nor", nextObject.map { Self.quoted(Self.percentEncoded($0)) }, .request)
    add("nrr", nextRange.map { Self.quoted($0) }, .request)
    add("ot", objectType?.rawValue, .object)
    add("pr", playbackRate == 1 ? nil : "\(playbackRate)", .session)
    add("rtp", requestedKbps.map { Self.hundreds($0) }, .status)
    add("sf", format?.rawValue, .session)
    add("sid", sessionID.map { Self.quoted($0) }, .session)
    add("st", isLive.map { $0 ? "l" : "v" }, .session)
    if isStartup { pairs.append(("su", nil, .request)) }
    add("tb", topBitrateKbps.map { Self.whole($0) }, .object)
    return pairs
  }

  /// All keys as one text, the value of the query argument `CMCD` before percent-encoding.
  public var text: String { Self.joined(pairs) }

  /// The keys of one header field, empty if there are none.
  public func text(of field: Field) -> String { Self.joined(pairs.filter { $0.field == field }) }

  /// The query argument with its percent-encoded value.
  public var queryArgument: String { "CMCD=" + Self.percentEncoded(text) }

  private static func joined(_ pairs: [(key: String, value: String?, field: Field)]) -> String {
    pairs.map { pair in pair.value.map { "\(pair.key)=\($0)" } ?? pair.key }.joined(separator: ",")
  }

  private static func whole(_ value: Double) -> String { "\(Int64(min(max(value, 0), 1e15).rounded()))" }

  private static func hundreds(_ value: Double) -> String {
    "\(Int64((min(max(value, 0), 1e15) / 100).rounded()) * 100)"
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for character in text {
      if character == "\"" || character == "\\" { quoted.append("\\") }
      quoted.append(character)
    }
    return quoted + "\""
  }

  /// RFC 3986 section 2.1, everything but unreserved characters encoded.
  private static func percentEncoded(_ text: String) -> String {
    let hex = Array("0123456789ABCDEF")
    var encoded = ""
    for byte in text.utf8 {
      let isPlain =
        (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || byte == 0x2D || byte == 0x2E
        || byte == 0x5F || byte == 0x7E
      if isPlain {
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        encoded.append("%")
        encoded.append(hex[Int(byte >> 4)])
        encoded.append(hex[Int(byte & 15)])
      }
    }
    return encoded
  }
}

extension SegmentPlayer {
  /// The CMCD keys of a request for a segment of this session.
  ///
  /// - Parameters:
  ///   - hasStarved: whether the session stalled since the last request.
  public func cmcd(
    segment: Int, quality: Int, at now: SimTime, hasStarved: Bool, title: TitleView
  ) -> CMCD {
    var keys = CMCD(
      state: PlayerTelemetry(
        buffer: buffer, estimator: estimator, bitrateKbps: title.ladder.bitrateKbps(quality),
        topBitrateKbps: title.ladder.bitrateKbps(title.ladder.top), hasStarved: hasStarved, at: now),
      segmentDuration: title.duration(ofSegment: segment))
    keys.objectType = .video
    return keys
  }
}

/// What a player knows when it sends a request, as plain numbers: the part of the keys that changes with every request.
///
/// Kept in place of `CMCD` where there are millions of requests; 40 bytes.
@frozen public struct PlayerTelemetry: BitwiseCopyable, Sendable, Equatable {
  /// Media in the buffer.
  public let level: SimDuration
  /// Bitrate of the requested quality in kbit/s.
  public let bitrateKbps: Double
  /// Highest bitrate that the player could choose, in kbit/s.
  public let topBitrateKbps: Double
  /// Measured throughput in kbit/s; `nil` before the first download.
  public var throughputKbps: Double? { measuredKbps.isNaN ? nil : measuredKbps }
  private let measuredKbps: Double
  /// Whether no media is playing at that moment.
  public let isStartup: Bool
  /// Whether the player stalled since the last request.
  public let hasStarved: Bool

  /// The state of a player at `time`, which no part of it has been brought past.
  public init(
    buffer: PlaybackBuffer, estimator: ThroughputEstimator, bitrateKbps: Double, topBitrateKbps: Double,
    hasStarved: Bool, at time: SimTime
  ) {
    level = buffer.level(at: time)
    self.bitrateKbps = bitrateKbps
    self.topBitrateKbps = topBitrateKbps
    measuredKbps = estimator.throughputKbps ?? .nan
    isStartup = buffer.phase(at: time) != .playing
    self.hasStarved = hasStarved
  }
}

extension CMCD {
  /// The keys of a request for a segment of a title on demand; what the player does not know is left out.
  ///
  /// At playback rate 1 the deadline is the level of the buffer.
  public init(state: PlayerTelemetry, segmentDuration: SimDuration) {
    bitrateKbps = state.bitrateKbps
    durationMs = segmentDuration.milliseconds
    topBitrateKbps = state.topBitrateKbps
    bufferMs = state.level.milliseconds
    deadlineMs = state.level.milliseconds
    throughputKbps = state.throughputKbps
    requestedKbps = state.bitrateKbps * Self.requestedThroughputFactor
    isStartup = state.isStartup
    hasStarved = state.hasStarved
    isLive = false
  }
}
