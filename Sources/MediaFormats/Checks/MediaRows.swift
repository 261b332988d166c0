// Rows of the `simrun media` tables. Each table names its columns once; a row is a list of texts in that order.

/// The samples of a file, one row a sample, track after track; rows are made on demand.
public struct SampleRows: Sequence, Sendable {
  /// Column names.
  public static let columns = [
    "track", "index", "dts", "cts", "duration", "size", "sync", "offset", "desc_index", "moof_number",
  ]
  private let file: MediaFile

  /// Rows of a file that was read.
  public init(_ file: MediaFile) { self.file = file }

  /// Rows of a file on disk.
  ///
  /// - Throws: `FileError`, or `InputError` with byte offset and box path.
  public init(path: String, initialization: String? = nil) throws {
    let first = try initialization.map { try MediaFile(path: $0) }
    file = try MediaFile(path: path, initialization: first)
  }

  /// Walks the rows.
  public func makeIterator() -> Iterator { Iterator(file.tracks) }

  /// Walks the samples of one track after the other.
  public struct Iterator: IteratorProtocol {
    private var tracks: ArraySlice<MediaTrack>
    private var cursor: SampleCursor?
    private var index = 0

    fileprivate init(_ tracks: [MediaTrack]) {
      self.tracks = tracks[...]
      cursor = tracks.first?.samples.samples
    }

    /// The next row.
    public mutating func next() -> [String]? {
      while let track = tracks.first {
        if let sample = cursor?.next() {
          defer { index += 1 }
          return [
            "\(track.id)", "\(index)", "\(sample.decodeTime)", "\(sample.compositionTime)", "\(sample.duration)",
            "\(sample.size)", sample.isSync ? "1" : "0", "\(sample.offset)", "\(sample.origin.description)",
            "\(sample.origin.fragment)",
          ]
        }
        tracks = tracks.dropFirst()
        cursor = tracks.first?.samples.samples
        index = 0
      }
      return nil
    }
  }
}

/// The measured ladder of a manifest, one row a segment.
public enum LadderRows {
  /// Column names.
  public static let columns = ["representation", "bandwidth_bps", "segment", "duration_s", "bytes"]

  /// All rows, in the order of the manifest.
  ///
  /// - Throws: `FileError` or `InputError`, as `MediaLadder` does.
  public static func rows(manifest path: String) throws -> [[String]] {
    try MediaLadder(manifest: path).representations.flatMap { representation in
      representation.segments.enumerated().map { index, segment in
        [
          representation.id, "\(representation.bandwidth)", "\(index)", "\(segment.duration.seconds)",
          "\(segment.bytes)",
        ]
      }
    }
  }
}
