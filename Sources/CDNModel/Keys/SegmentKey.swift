/// The name of one cached object of the video platform, packed into 58 bits: `title | representation | segment`.
///
/// A key can also stand for a whole file (one representation of a title) or for a whole title, so that caches and
/// fetch tables work at any of the three granularities. The six high bits are always zero; tables may keep their
/// own flags there.
@frozen
public struct SegmentKey: Hashable, Sendable, BitwiseCopyable, Comparable {
  /// The packed value: title in bits 30..<58, representation in 24..<30, segment in 0..<24.
  public let rawValue: UInt64

  /// Number of distinct titles that a key can name.
  public static let titleLimit = 1 << 28
  /// Number of representations of a title; the highest number is kept for whole-title keys.
  public static let representationLimit = (1 << 6) - 1
  /// Number of segments of a file; the highest number is kept for whole-file keys.
  public static let segmentLimit = (1 << 24) - 1

  /// The key with a packed value below 2^58.
  @inlinable
  public init(rawValue: UInt64) {
    precondition(rawValue >> 58 == 0, "a segment key has 58 bits")
    self.rawValue = rawValue
  }

  /// The key of one segment (0-based) of one representation of a title.
  @inlinable
  public init(title: Int, representation: Int, segment: Int) {
    precondition(title >= 0 && title < SegmentKey.titleLimit, "title out of range")
    precondition(representation >= 0 && representation < SegmentKey.representationLimit, "representation out of range")
    precondition(segment >= 0 && segment < SegmentKey.segmentLimit, "segment out of range")
    rawValue =
      UInt64(truncatingIfNeeded: title) << 30 | UInt64(truncatingIfNeeded: representation) << 24
      | UInt64(truncatingIfNeeded: segment)
  }

  /// The key of a whole file: every segment of one representation.
  @inlinable
  public static func wholeFile(title: Int, representation: Int) -> SegmentKey {
    SegmentKey(rawValue: SegmentKey(title: title, representation: representation, segment: 0).rawValue | 0xFF_FFFF)
  }

  /// The key of a whole title: every representation and segment.
  @inlinable
  public static func wholeTitle(_ title: Int) -> SegmentKey {
    SegmentKey(rawValue: SegmentKey(title: title, representation: 0, segment: 0).rawValue | 0x3FFF_FFFF)
  }

  /// The title.
  @inlinable
  public var title: Int { Int(truncatingIfNeeded: rawValue >> 30) }
  /// The representation, or 63 for a whole-title key.
  @inlinable
  public var representation: Int { Int(truncatingIfNeeded: rawValue >> 24 & 0x3F) }
  /// The 0-based segment, or 2^24 - 1 for a whole-file or whole-title key.
  @inlinable
  public var segment: Int { Int(truncatingIfNeeded: rawValue & 0xFF_FFFF) }
  /// Whether the key stands for all segments of a file or title.
  @inlinable
  public var isWhole: Bool { rawValue & 0xFF_FFFF == 0xFF_FFFF }

  /// The key of the file that holds this segment.
  @inlinable
  public var file: SegmentKey { SegmentKey(rawValue: rawValue | 0xFF_FFFF) }
  /// The key of the title that holds this segment.
  @inlinable
  public var wholeTitle: SegmentKey { SegmentKey(rawValue: rawValue | 0x3FFF_FFFF) }

  /// Orders by title, then representation, then segment.
  @inlinable
  public static func < (left: SegmentKey, right: SegmentKey) -> Bool { left.rawValue < right.rawValue }
}

extension SegmentKey: CustomStringConvertible {
  /// `title/representation/segment`, with `*` for "all".
  public var description: String {
    let representationText = representation == SegmentKey.representationLimit ? "*" : "\(representation)"
    return "\(title)/\(representationText)/\(isWhole ? "*" : "\(segment)")"
  }
}
