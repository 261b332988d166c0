/// One finding of the cross-check between a manifest and the media that it names.
public struct MediaFinding: Hashable, Sendable {
  /// How much it matters.
  public enum Severity: String, Sendable, Comparable {
    /// Odd, and harmless.
    case note
    /// Players cope, or some do not.
    case warning
    /// Playback breaks.
    case error

    private var rank: Int {
      switch self {
      case .note: 0
      case .warning: 1
      case .error: 2
      }
    }

    /// Notes before warnings before errors.
    public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
  }

  /// What was checked.
  public enum Check: String, Sendable {
    /// The resource exists and can be read.
    case file
    /// The bytes are media with samples of the right kind.
    case media
    /// A byte range begins and ends where boxes do.
    case range
    /// The codec names agree.
    case codecs
    /// The picture size agrees.
    case size
    /// The declared duration is the real one.
    case duration
    /// The declared start is the real one.
    case start
    /// Nothing is missing between neighbours.
    case gap
    /// Neighbours do not cover the same time.
    case overlap
    /// Declared bits a second hold.
    case bandwidth
    /// A segment begins with a sync sample.
    case sync
    /// A count or limit in the manifest holds.
    case manifest
  }

  /// How much it matters.
  public var severity: Severity
  /// What was checked.
  public var check: Check
  /// Representation, or empty for the whole presentation.
  public var representation: String
  /// Position of the segment; `nil` for the whole representation.
  public var segment: Int?
  /// File, with byte offset or range where that helps.
  public var place: String
  /// What was found, with the numbers.
  public var message: String
}
