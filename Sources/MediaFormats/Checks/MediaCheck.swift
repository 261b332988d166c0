import TextFormats

/// Cross-checks a manifest with the fragments on disk: files, ranges, codecs, durations, starts, gaps, bandwidths.
///
/// Declared and real values differ a little in real files, so differences are judged against the length of a sample
/// and reported with both numbers, never asserted.
public struct MediaCheck {
  /// Column names of the findings table.
  public static let columns = ["severity", "check", "representation", "segment", "place", "message"]

  /// Findings in the order of the manifest.
  public private(set) var findings: [MediaFinding] = []
  let folder: LocalResources
  private var boxStarts: [String: Set<UInt64>] = [:]

  /// True if there is an error among the findings.
  public var hasErrors: Bool { findings.contains { $0.severity == .error } }

  /// The findings as rows of the table.
  public var rows: [[String]] {
    findings.map {
      [
        $0.severity.rawValue, $0.check.rawValue, $0.representation, $0.segment.map { "\($0)" } ?? "", $0.place,
        $0.message,
      ]
    }
  }

  /// Checks a manifest on disk.
  ///
  /// - Throws: `FileError` or `InputError` if the manifest itself, its playlists or its indexes cannot be read.
  public init(manifest path: String) throws {
    folder = LocalResources(manifest: path)
    let presentation = try Presentation(manifest: path)
    checkPlaylists(presentation, manifest: path)
    for track in presentation.tracks where track.kind != .subtitles {
      for representation in track.representations { checkRepresentation(representation, track, presentation) }
    }
    if findings.isEmpty, presentation.tracks.allSatisfy({ $0.representations.allSatisfy(\.segments.isEmpty) }) {
      report(.warning, .manifest, Representation(id: "", bandwidth: 0), nil, path, "the manifest lists no segments")
    }
  }

  mutating func report(
    _ severity: MediaFinding.Severity, _ check: MediaFinding.Check, _ representation: Representation, _ segment: Int?,
    _ place: String, _ message: String
  ) {
    findings.append(
      MediaFinding(
        severity: severity, check: check, representation: representation.id, segment: segment, place: place,
        message: message))
  }

  private mutating func checkRepresentation(
    _ representation: Representation, _ track: PresentationTrack, _ presentation: Presentation
  ) {
    var measured: [MeasuredSegment] = []
    var initializations: [ResourceRange: MediaFile?] = [:]
    for (index, segment) in representation.segments.enumerated() {
      var initialization: MediaFile?
      if representation.smooth != nil {
        initialization = smoothInitialization(representation, segment, isFirst: index == 0)
      } else if let resource = segment.initialization ?? representation.initialization {
        if let known = initializations[resource] {
          initialization = known
        } else {
          initialization = checkInitialization(resource, representation, track)
          initializations[resource] = initialization
        }
      }
      if let result = measure(segment, index, representation, track, initialization) {
        measured.append(result)
        if index == 0, representation.initialization == nil, representation.smooth == nil {
          compareDescription(result.track, representation, folder.display(segment.resource))
        }
      }
    }
    checkDeclaredTimeline(representation)
    let isLast = { (index: Int) in index == representation.segments.count - 1 }
    for result in measured { compareTimes(result, representation, isLast: isLast(result.index)) }
    compareNeighbours(measured, representation)
    compareBandwidth(measured, representation, presentation.format)
  }

  // MARK: Initialisation

  private mutating func checkInitialization(
    _ resource: ResourceRange, _ representation: Representation, _ track: PresentationTrack
  ) -> MediaFile? {
    let place = folder.display(resource)
    checkRange(resource, representation, nil)
    do {
      let media = try folder.media(resource)
      guard media.movie != nil else {
        report(.error, .media, representation, nil, place, "the initialisation segment has no moov")
        return media
      }
      if let description = media.tracks.first(where: { track.kind == .metadata || $0.kind == track.kind }) {
        compareDescription(description, representation, place)
      } else {
        report(.error, .media, representation, nil, place, "the moov has no \(track.kind.rawValue) track")
      }
      return media
    } catch {
      reportUnreadable(error, representation, nil, place)
      return nil
    }
  }

  private mutating func smoothInitialization(
    _ representation: Representation, _ segment: Segment, isFirst: Bool
  ) -> MediaFile? {
    do {
      let trackID = folder.trackID(of: segment.resource) ?? 1
      return try MediaFile(MediaBytes(try SmoothInitialization.bytes(representation, trackID: trackID)))
    } catch {
      if isFirst { report(.error, .codecs, representation, nil, "CodecPrivateData", error.message) }
      return nil
    }
  }

  private mutating func reportUnreadable(
    _ error: any Error, _ representation: Representation, _ segment: Int?, _ place: String
  ) {
    switch error {
    case let error as FileError:
      let what = error.operation == .find ? "the file is missing" : "the file cannot be read: \(error.reason)"
      report(.error, .file, representation, segment, place, what)
    case let error as InputError:
      for finding in error.diagnostics {
        var precise = place
        if let offset = finding.place.byteOffset { precise += " byte \(offset)" }
        if let path = finding.place.path, !path.isEmpty { precise += " (\(path))" }
        report(.error, .media, representation, segment, precise, finding.message)
      }
    default: report(.error, .media, representation, segment, place, "\(error)")
    }
  }

  private mutating func compareDescription(
    _ track: MediaTrack, _ representation: Representation, _ place: String
  ) {
    let declared = representation.codecs.split(separator: ",").map { $0.trimmed }
    if !declared.isEmpty, !track.codec.isEmpty,
      !declared.contains(where: { CodecNames.agree($0, track.codec, track.sampleEntry) })
    {
      report(
        .error, .codecs, representation, nil, place, "declared \(representation.codecs), the media is \(track.codec)")
    }
    if let size = track.size, let width = representation.width, let height = representation.height,
      size != (width, height)
    {
      report(
        .warning, .size, representation, nil, place,
        "declared \(width)x\(height), the media is \(size.width)x\(size.height)")
    }
  }

  // MARK: Segments

  private mutating func measure(
    _ segment: Segment, _ index: Int, _ representation: Representation, _ track: PresentationTrack,
    _ initialization: MediaFile?
  ) -> MeasuredSegment? {
    let place = folder.display(segment.resource)
    do {
      checkRange(segment.resource, representation, index)
      let media = try folder.media(segment.resource, initialization: initialization)
      for violation in media.diagnostics where violation.severity == .violation {
        report(
          .warning, .media, representation, index, "\(place) byte \(violation.offset) (\(violation.path))",
          violation.message)
      }
      guard let found = media.tracks.first(where: { $0.samples.count > 0 && Self.matches($0, track) }) else {
        report(.error, .media, representation, index, place, "no samples of a \(track.kind.rawValue) track")
        return nil
      }
      guard let timescale = found.timescale, timescale > 0 else {
        if initialization != nil { report(.error, .media, representation, index, place, "the timescale is unknown") }
        return nil
      }
      if found.kind == .video, let first = found.samples.samples.first(where: { _ in true }), !first.isSync {
        report(.warning, .sync, representation, index, place, "the first sample is not a sync sample")
      }
      return MeasuredSegment(
        index: index, declared: segment, place: place, track: found, media: media,
        bytes: try folder.size(of: segment.resource))
    } catch {
      reportUnreadable(error, representation, index, place)
      return nil
    }
  }

  private static func matches(_ found: MediaTrack, _ track: PresentationTrack) -> Bool {
    track.kind == .metadata || found.kind == track.kind || (found.kind == .metadata && found.timescale == nil)
  }

  /// A range must begin at a top-level box and end before one, or at the end of the file.
  private mutating func checkRange(_ resource: ResourceRange, _ representation: Representation, _ segment: Int?) {
    guard let range = resource.range, let starts = topLevelBoxes(resource.url) else { return }
    for (bound, what) in [(range.lowerBound, "begins"), (range.upperBound, "ends")] where !starts.contains(bound) {
      report(
        .error, .range, representation, segment, folder.display(resource),
        "the byte range \(what) at \(bound), where no box \(what == "begins" ? "does" : "ends")")
    }
  }

  /// Offsets at which the boxes of a file begin, and its length.
  private mutating func topLevelBoxes(_ url: String) -> Set<UInt64>? {
    if let known = boxStarts[url] { return known }
    guard let bytes = try? folder.map(url) else { return nil }
    var scanner = BoxScanner(bytes)
    try? scanner.scan(0..<bytes.count)
    var starts: Set<UInt64> = [UInt64(bytes.count)]
    for root in scanner.tree.roots { starts.insert(UInt64(scanner.tree.records[root].offset)) }
    boxStarts[url] = starts
    return starts
  }
}

/// A segment with what was measured in it.
struct MeasuredSegment {
  let index: Int
  let declared: Segment
  let place: String
  let track: MediaTrack
  let media: MediaFile
  let bytes: Int

  /// Sum of the sample durations.
  var duration: RationalTime { track.duration ?? .zero }

  /// Length of the longest sample: the tolerance for times.
  var sampleDuration: RationalTime {
    let longest = track.samples.timeRuns.map(\.duration).max() ?? 0
    return RationalTime(ticks: Int64(longest), timescale: Int64(max(1, track.timescale ?? 1)))
  }

  /// Decode time of the first sample where the fragment states it: by `tfdt`, or by Smooth Streaming's `tfxd`.
  var start: RationalTime? {
    guard let timescale = track.timescale, timescale > 0 else { return nil }
    for fragment in media.fragments {
      for part in fragment.tracks where part.trackID == track.id && !part.rows.isEmpty {
        if part.decodeTime != nil { return RationalTime(ticks: part.startDecodeTime, timescale: Int64(timescale)) }
        guard let time = part.smoothTime?.time, let ticks = Int64(exactly: time) else { return nil }
        return RationalTime(ticks: ticks, timescale: Int64(timescale))
      }
    }
    return nil
  }
}
