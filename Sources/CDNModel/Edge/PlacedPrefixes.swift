/// The first segments of files, kept at a site for good: a viewer of any of these titles starts without a fetch, and
/// what follows has time to come (Sen, Rexford, Towsley, Proxy prefix caching for multimedia streams, INFOCOM 1999).
public struct PlacedPrefixes: Sendable {
  /// Segments at the beginning of a file that are kept.
  public let segments: Int
  @usableFromInline var files = PlacedTitles()

  /// No prefixes.
  public init() { segments = 0 }

  /// The prefixes of as many files as fit into a capacity, in the order given; files that do not fit are passed over.
  public init(segments: Int, filling capacityBytes: Int64, files: [(file: SegmentKey, prefixBytes: Int64)]) {
    self.segments = segments
    for (file, bytes) in files where bytes <= capacityBytes - self.files.storedBytes {
      self.files.place(file, bytes: bytes)
    }
  }

  /// Bytes of the prefixes.
  public var storedBytes: Int64 { files.storedBytes }
  /// Files whose prefix is kept.
  public var fileCount: Int { files.fileCount }

  /// Whether a segment is kept.
  @inlinable @inline(__always)
  public func contains(_ key: SegmentKey) -> Bool { key.segment < segments && files.contains(key) }
}
