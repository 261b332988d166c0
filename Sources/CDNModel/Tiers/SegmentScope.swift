/// At which granularity a cache keeps video, and how much of a file.
public enum SegmentScope: Sendable, Equatable {
  /// Each segment for itself.
  case segment
  /// The first `count` segments of each file for themselves; later ones are passed through. Prefix caching hides the
  /// startup delay of many titles with little storage (Sen, Rexford, Towsley: Proxy prefix caching for multimedia
  /// streams, INFOCOM 1999).
  case prefix(count: Int)
  /// Whole files.
  case file
  /// Whole titles.
  case title

  /// The key under which a segment is kept, nil if it is passed through.
  @inlinable
  public func key(for segment: SegmentKey) -> SegmentKey? {
    switch self {
    case .segment: segment
    case .prefix(let count): segment.isWhole || segment.segment < count ? segment : nil
    case .file: segment.file
    case .title: segment.wholeTitle
    }
  }
}

/// Which segments to fetch ahead of a viewer.
public struct SegmentPrefetch: Sendable, Equatable {
  /// Segments ahead of the one asked for; 0 fetches nothing ahead.
  public var depth: Int

  /// A prefetch of some segments ahead.
  public init(depth: Int) {
    precondition(depth >= 0, "a depth is not negative")
    self.depth = depth
  }

  /// The segments to fetch after a request, nearest first; `segments` is the number of segments of the file.
  public func targets(after request: SegmentKey, segments: Int) -> [SegmentKey] {
    if request.isWhole { return [] }
    let last = min(request.segment + depth, segments - 1)
    return stride(from: request.segment + 1, through: last, by: 1).map {
      SegmentKey(title: request.title, representation: request.representation, segment: $0)
    }
  }
}
