import TextFormats

/// A media file or segment, read: its boxes, tracks with samples, fragments, indexes, events, and what is odd.
///
/// Reading visits headers and tables once and never the payload, so it takes time in proportion to the number of
/// boxes and samples, not to the size of the file.
public struct MediaFile: Sendable {
  /// How faults are treated that many tolerant players swallow.
  public enum Mode: Sendable {
    /// They are listed in `diagnostics`.
    case lenient
    /// They are refused.
    case strict
  }

  /// The bytes that were read.
  public let bytes: MediaBytes
  /// All boxes.
  public let tree: BoxTree
  /// The movie of this file, or of the initialisation segment; `nil` for a lone segment.
  public private(set) var movie: MediaMovie?
  /// Tracks of the movie, then tracks known only from fragments.
  public private(set) var tracks: [MediaTrack] = []
  /// Fragments in file order.
  public private(set) var fragments: [MovieFragment] = []
  /// Segment indexes in file order.
  public private(set) var indexes: [SegmentIndex] = []
  /// Event messages in file order.
  public private(set) var events: [EventMessage] = []
  /// Random access points that the file lists at its end (`mfra`), in file order.
  public private(set) var randomAccessPoints: [RandomAccessPoint] = []
  /// Findings in file order of their discovery.
  public private(set) var diagnostics: [MediaDiagnostic] = []

  /// Reads a file or a part of one.
  ///
  /// - Parameters:
  ///   - bytes: the file; offsets are always counted from its start.
  ///   - range: the part to read, all of it by default.
  ///   - initialization: the initialisation segment of a media segment; its tracks and defaults are used.
  /// - Throws: `MediaError` where reading cannot go on.
  public init(
    _ bytes: MediaBytes, range: Range<Int>? = nil, initialization: MediaFile? = nil
  ) throws(MediaError) {
    self.bytes = bytes
    let range = (range ?? 0..<bytes.count).clamped(to: 0..<bytes.count)
    guard !range.isEmpty else { throw MediaError(.notMedia, at: range.lowerBound, "there are no bytes") }
    var scanner = BoxScanner(bytes)
    try scanner.scan(range)
    tree = scanner.tree
    guard !tree.records.isEmpty else { throw MediaError(.notMedia, at: range.lowerBound, "there is no box") }
    var validator = BoxValidator(source: bytes, tree: tree, log: scanner.log)
    try validator.validate()
    var log = validator.log

    movie = initialization?.movie
    tracks = initialization?.tracks ?? []
    for index in tracks.indices {
      tracks[index].samples = SampleTable()
      tracks[index].movieSampleCount = 0
    }
    // One walk over the top level; only fragments and payload are many.
    let special = tree.roots(where: { $0 != "moof" && $0 != "mdat" })
    let movies = special.filter { tree.records[$0].type == "moov" }
    if let root = movies.first {
      var reader = MovieReader(source: bytes, tree: tree, root: root, log: log)
      (movie, tracks) = try reader.read()
      log = reader.log
    }
    for root in movies.dropFirst() {
      log.violation(at: tree.records[root].offset, path: "moov", "a second moov; the first one counts")
    }
    var reader = FragmentReader(bytes, tree, tracks: tracks, hasMovie: movie != nil, log: log)
    tracks = []
    try reader.read()
    tracks = reader.tracks
    fragments = reader.fragments
    log = reader.log
    for root in special {
      switch tree.records[root].type {
      case "sidx": indexes.append(try SegmentIndex(bytes, tree, root))
      case "emsg": events.append(try EventMessage(bytes, tree, root))
      case "mfra": randomAccessPoints += RandomAccessPoint.all(bytes, tree, root)
      default: break
      }
    }
    if !randomAccessPoints.isEmpty {
      let starts = Set(fragments.map(\.offset))
      for point in randomAccessPoints where !starts.contains(Int(clamping: point.fragmentOffset)) {
        log.report(.remark, at: point.entryOffset, path: "mfra/tfra", "no moof begins at byte \(point.fragmentOffset)")
      }
    }
    try SegmentIndex.check(indexes, fileSize: bytes.count, &log)
    diagnostics = log.all
  }

  /// Maps and reads a file, with the errors of an input.
  ///
  /// - Throws: `FileError`, or `InputError` with byte offset and box path; in strict mode it lists all violations.
  public init(path: String, initialization: MediaFile? = nil, mode: Mode = .lenient) throws {
    let bytes = try MediaBytes(path: path)
    do {
      try self.init(bytes, initialization: initialization)
    } catch {
      throw error.inputError(source: path)
    }
    let violations = diagnostics.filter { $0.severity == .violation }
    if mode == .strict, !violations.isEmpty {
      throw InputError(
        violations.map {
          InputDiagnostic(
            place: InputPlace(source: path, byteOffset: UInt64(max(0, $0.offset)), path: $0.path), message: $0.message)
        })
    }
  }
}
