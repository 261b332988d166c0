// The files that the verb `play` takes, told apart by their content.

internal import MediaFormats
internal import SimEngine
internal import TextFormats

extension PlayTitle {
  /// Playing time of a chunk where a table of sizes does not tell it, in milliseconds: Pensieve's 4 s.
  public static let assumedSegmentMs = 4000.0

  /// Reads a title from a file: Sabre's movie JSON, a DASH, HLS or Smooth manifest, or a table of chunk sizes.
  ///
  /// - Parameter segmentMs: playing time of a chunk for tables of sizes, in milliseconds.
  /// - Throws: `FileError` and `InputError`.
  public init(path: String, segmentMs: Double = assumedSegmentMs) throws {
    let bytes = try InputFile.bytes(path)
    if Presentation.isManifest(head: bytes) {
      try self.init(manifest: path)
    } else if bytes.first(where: { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }) == UInt8(ascii: "{") {
      try self.init(sabreMovie: bytes, source: path)
    } else {
      try self.init(chunkBytes: bytes, source: path, segmentMs: segmentMs)
    }
  }

  /// Reads the video ladder of a manifest with the real sizes and durations of the segments beside it.
  ///
  /// Representations with the same bandwidth count once; all must be cut into the same number of segments.
  init(manifest path: String) throws {
    let ladder = try MediaLadder(manifest: path)
    var representations: [MediaLadder.Representation] = []
    for var candidate in ladder.video.isEmpty ? ladder.audio : ladder.video where !candidate.segments.isEmpty {
      // A playlist of one rendition does not say: what its segments have counts.
      if candidate.bandwidth == 0 { candidate.bandwidth = candidate.measuredBandwidth }
      if candidate.bandwidth > 0, candidate.bandwidth > representations.last?.bandwidth ?? 0 {
        representations.append(candidate)
      }
    }
    let place = InputPlace(source: path)
    guard let lowest = representations.first else {
      throw InputError(place, "no representation has segments and a bandwidth")
    }
    for representation in representations where representation.segments.count != lowest.segments.count {
      throw InputError(
        place,
        "representation \(representation.id) has \(representation.segments.count) segments, \(lowest.id) has "
          + "\(lowest.segments.count): a player cannot switch between them")
    }
    let bitrates = representations.map { Double($0.bandwidth) / 1000 }
    let durations = lowest.segments.map { Double($0.duration.ticks) * 1000 / Double($0.duration.timescale) }
    let borders = lowest.segments.map(\.start) + [lowest.duration]
    let starts = borders.compactMap { SimDuration(checkingTicks: $0.ticks, timescale: $0.timescale) }
    guard let longest = durations.max(), durations.allSatisfy({ $0 >= 1 }), longest <= 1e7,
      starts.count == borders.count
    else {
      throw InputError(place, "a segment lasts between a millisecond and three hours")
    }
    var sizes: [Double] = []
    for index in lowest.segments.indices {
      for representation in representations { sizes.append(Double(max(1, representation.segments[index].bytes)) * 8) }
    }
    if let finding =
      (Self.ladderFindings(bitrates, at: place)
      + Self.sizeFindings(count: sizes.count, columns: bitrates.count, at: place)).first
    {
      throw InputError([finding])
    }
    self.init(
      source: path, segmentMs: longest, bitratesKbps: bitrates, sizesBits: sizes,
      starts: durations.allSatisfy { $0 == longest } ? [] : starts)
  }
}

extension RecordedNetwork {
  /// Reads a trace from a file; see `init(bytes:source:)`.
  /// - Throws: `FileError` and `InputError`.
  public init(path: String) throws { try self.init(bytes: try InputFile.bytes(path), source: path) }
}
