public import CDNModel
public import PlayerModel
public import SimEngine

/// One line of cmcd.csv: a request as the log of an edge site has it, with what the player told.
///
/// Plain numbers, because a run may have millions; texts are made when the table is written.
public struct RequestRecord: Sendable {
  /// What the edge made of a request.
  public enum Outcome: BitwiseCopyable, Sendable, Equatable {
    /// The cache's answer: a hit, or a miss and why.
    case cache(EdgeOutcome)
    /// The site was lost; the session went on at another one.
    case steered
    /// The site was lost, and there was no other.
    case unanswered

    /// The name in the table.
    public var name: String {
      switch self {
      case .cache(let outcome): outcome.name
      case .steered: "steered"
      case .unanswered: "unanswered"
      }
    }
  }

  /// Where the bytes came from.
  public enum Source: UInt8, BitwiseCopyable, Sendable {
    /// Nobody sent any.
    case none
    /// Memory of a cache server.
    case memory
    /// Its disk.
    case disk
    /// Its disk, after the tier above said that nothing had changed.
    case confirmation
    /// The tier above, asked for this request.
    case fetch
    /// A question or a fetch that was under way for somebody else.
    case coalesced

    /// The name in the table; empty for `none`.
    public var name: String { self == .none ? "" : "\(self)" }
  }

  /// How a request ended.
  public enum Ending: UInt8, BitwiseCopyable, Sendable {
    /// The run ended first.
    case inFlight
    /// The last byte was sent.
    case completed
    /// The player gave it up, lost its connection or left.
    case givenUp
    /// Nobody answered.
    case turnedAway

    /// The name in the table.
    public var name: String {
      switch self {
      case .inFlight: "in_flight"
      case .completed: "completed"
      case .givenUp: "given_up"
      case .turnedAway: "turned_away"
      }
    }
  }

  /// The session that a request belongs to.
  public struct Session: BitwiseCopyable, Sendable, Equatable {
    /// Edge site at which the viewer arrived.
    public let home: UInt32
    /// Number of the arrival process at that site.
    public let process: UInt8
    let replication: UInt16
    /// Number of the session within it, from 1.
    public let number: UInt64

    /// The identifier that the player tells, the same at every site.
    ///
    /// Version 8 of RFC 9562: home site, process, replication and number stand in it, all hexadecimal.
    public var identifier: String {
      func digits(_ value: UInt64, _ count: Int) -> String {
        let text = String(value & (1 << UInt64(4 * count) - 1), radix: 16)
        return String(repeating: "0", count: count - text.utf8.count) + text
      }
      return [
        digits(UInt64(home), 8), digits(UInt64(process), 4), "8" + digits(UInt64(replication), 3), "8000",
        digits(number, 12),
      ].joined(separator: "-")
    }
  }

  /// Who asks.
  public let session: Session
  /// The site that was asked.
  public let site: UInt32
  /// Server of the site that took the request; `nil` where none did.
  public let server: UInt8?
  /// What was asked for.
  public let key: SegmentKey
  /// Whether the title has a segment after this one.
  public let hasNext: Bool
  /// Bytes of the segment.
  public let bytes: Int64
  /// Media time of the segment.
  public let duration: SimDuration
  /// Round trip between player and edge.
  public let roundTrip: SimDuration
  /// When the request reached the edge.
  public let at: SimTime
  /// What the player knew when it sent the request.
  public let state: PlayerTelemetry
  /// What the edge made of it.
  public let outcome: Outcome
  /// Where the bytes came from.
  public internal(set) var source = Source.none
  /// When the edge sent the first byte, if it did.
  public internal(set) var firstByteAt: SimTime?
  /// When the edge sent the last byte that it sent, or heard that nobody waited any more.
  public internal(set) var endedAt: SimTime?
  /// Bytes of the segment that were sent.
  public internal(set) var sentBytes: Int64 = 0
  /// How it ended.
  public internal(set) var ending = Ending.inFlight

  /// The keys that the player told (CTA-5004).
  ///
  /// Objects are named `TITLE/REPRESENTATION/SEGMENT.m4s`; the next one is told relative to that, as the player expects
  /// it before its rule has chosen: in the same representation. Video and its audio come in one object.
  public var cmcd: CMCD {
    var keys = CMCD(state: state, segmentDuration: duration)
    keys.objectType = .muxed
    keys.contentID = "title-\(key.title)"
    keys.sessionID = session.identifier
    keys.format = .dash
    keys.nextObject = hasNext ? "\(key.segment + 1).m4s" : nil
    return keys
  }
}
