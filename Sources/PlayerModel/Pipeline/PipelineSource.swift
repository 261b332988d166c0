// What the pipeline plays: a file told apart, taken apart, and ordered into access units.

internal import MediaFormats
internal import SimEngine
internal import TextFormats

/// One access unit of a track.
struct AccessUnit {
  /// Presentation time.
  var pts: SimDuration
  var duration: SimDuration
  /// Bytes of the unit.
  var bytes: Int64
  /// Bytes from the start of the file up to the end of this unit: what must have arrived.
  var endByte: Int64
  var isSync: Bool
  /// Whether another picture may refer to this one.
  var isReference: Bool
  /// Pixels of the picture; 0 for audio.
  var pixels: Double
}

/// A track with a decoder.
struct PipelineTrack {
  var kind: MediaKind
  var codec: String
  var units: [AccessUnit]
  /// How many pictures a decoder must hold before the next one in presentation order is certain.
  var reorderDepth: Int
}

/// Why nothing plays.
struct PipelineFailure: Error {
  /// Component that gave up.
  var component: String
  var reason: String
}

/// A file ready to be played.
struct PipelineSource {
  /// What the sniffers said, surest first.
  var claims: String
  var tracks: [PipelineTrack]
  /// Tracks without a decoder, and why.
  var ignored: [String]
  var bytes: Int64
  var duration: SimDuration

  /// Codecs with a decoder, by the first four characters of their RFC 6381 names.
  private static let decoders: Set<String> = [
    "avc1", "avc3", "hvc1", "hev1", "av01", "vp09", "vp08", "mp4v", "mp4a", "ac-3", "ec-3", "opus", "Opus", "fLaC",
    "flac",
    ".mp3",
  ]

  /// Most units of a track: two days of 25 pictures a second.
  ///
  /// A few bytes of a damaged file can claim billions.
  private static let mostUnits = 5_000_000

  /// Opens, sniffs and takes apart a file, a fragment with its initialisation segment, or a presentation.
  init(path: String, initialization: String?) throws(PipelineFailure) {
    if initialization == nil, let media = try? MediaBytes(path: path),
      Presentation.isManifest(head: media.copy(0..<min(64, media.count)))
    {
      try self.init(manifest: path)
    } else {
      try self.init(file: path, initialization: initialization)
    }
  }

  private init(file path: String, initialization: String?) throws(PipelineFailure) {
    let file: MediaFile
    do {
      let bytes = try MediaBytes(path: path)
      let found = ContainerSniffer.claims(bytes)
      claims = found.map { "\($0.container.rawValue) \($0.confidence)" }.joined(separator: "; ")
      // A media segment alone begins with moof; the initialisation segment has told the container.
      let container = try initialization.map { ContainerSniffer.container(try MediaBytes(path: $0)) } ?? found.first
      guard let container else {
        throw PipelineFailure(component: "source", reason: "no extractor recognises the file")
      }
      guard container.container == .mp4 || container.container == .fragmentedMP4 else {
        throw PipelineFailure(
          component: "source", reason: "no extractor for \(container.container.rawValue): only ISO base media is played"
        )
      }
      let head = try initialization.map { try MediaFile(path: $0) }
      file = try MediaFile(path: path, initialization: head)
      self.bytes = Int64(bytes.count)
    } catch let failure as PipelineFailure {
      throw failure
    } catch {
      throw PipelineFailure(component: "source", reason: "\(error)")
    }
    guard file.movie != nil else {
      throw PipelineFailure(
        component: "source", reason: "a media segment: it plays with its initialisation segment, or from its manifest")
    }
    tracks = []
    ignored = []
    duration = .zero
    for kind in [MediaKind.video, .audio] {
      // The first track of each kind that can be decoded, as the extractor's client selects them.
      for track in file.tracks where track.kind == kind && !tracks.contains(where: { $0.kind == kind }) {
        if let reason = Self.obstacle(track) {
          ignored.append("\(kind.rawValue) track \(track.id): \(reason)")
        } else {
          tracks.append(try Self.units(of: track, in: file))
        }
      }
    }
    try finish()
  }

  /// Makes sure that something can be played, and measures it.
  private mutating func finish() throws(PipelineFailure) {
    guard !tracks.isEmpty else {
      throw PipelineFailure(
        component: "source",
        reason: ignored.isEmpty ? "there is no audio and no video" : ignored.joined(separator: "; "))
    }
    let ends = tracks.flatMap { $0.units.map { $0.pts + $0.duration } }
    let starts = tracks.flatMap { $0.units.map(\.pts) }
    duration = max(.zero, (ends.max() ?? .zero) - (starts.min() ?? .zero))
  }

  /// Takes apart a presentation: its best video representation and its best audio representation, segment by segment.
  ///
  /// A playlist that does not say what it holds, and one whose pictures and sound come together, are taken for both.
  private init(manifest path: String) throws(PipelineFailure) {
    claims = "presentation 1.0"
    tracks = []
    ignored = []
    bytes = 0
    duration = .zero
    do {
      let presentation = try Presentation(manifest: path)
      claims = "presentation \(presentation.format.rawValue) 1.0"
      var files = SegmentFiles(manifest: path)
      for kind in [MediaKind.video, .audio] {
        let own = presentation.tracks.filter { $0.kind == kind }.flatMap(\.representations)
        let others = presentation.tracks.filter { [.video, .metadata].contains($0.kind) }.flatMap(\.representations)
        guard let best = (own.isEmpty ? others : own).max(by: { $0.bandwidth < $1.bandwidth }) else { continue }
        try append(best, kind, isNeeded: !own.isEmpty, from: &files)
      }
    } catch let failure as PipelineFailure {
      throw failure
    } catch {
      throw PipelineFailure(component: "source", reason: "\(error)")
    }
    interleave()
    try finish()
  }

  /// Lets the units of separate representations arrive in the order of their presentation.
  private mutating func interleave() {
    var next = tracks.map { _ in 0 }
    while true {
      var first: Int?
      for index in tracks.indices where next[index] < tracks[index].units.count {
        let pts = tracks[index].units[next[index]].pts
        if first.map({ pts < tracks[$0].units[next[$0]].pts }) ?? true { first = index }
      }
      guard let first else { return }
      bytes += tracks[first].units[next[first]].bytes
      tracks[first].units[next[first]].endByte = bytes
      next[first] += 1
    }
  }

  private mutating func append(
    _ representation: Representation, _ kind: MediaKind, isNeeded: Bool, from files: inout SegmentFiles
  ) throws {
    var whole = PipelineTrack(kind: kind, codec: "", units: [], reorderDepth: 0)
    for segment in representation.segments {
      let file = try files.media(segment, of: representation)
      guard let track = file.tracks.first(where: { $0.kind == kind && $0.samples.count > 0 }) else {
        if !isNeeded { return }
        throw PipelineFailure(
          component: "source", reason: "\(segment.resource.url) holds no \(kind.rawValue) that can be read")
      }
      if let obstacle = Self.obstacle(track) {
        ignored.append("\(kind.rawValue) representation \(representation.id): \(obstacle)")
        return
      }
      var part = try Self.units(of: track, in: file)
      if let start = SegmentFiles.start(of: file, segment, of: representation),
        let shift = SimDuration(checkingTicks: start.ticks, timescale: start.timescale),
        abs(shift.nanoseconds) < 1 << 60
      {
        for index in part.units.indices { part.units[index].pts += shift }
      }
      if whole.units.isEmpty {
        whole = part
      } else {
        whole.units += part.units
        whole.reorderDepth = max(whole.reorderDepth, part.reorderDepth)
      }
    }
    if !whole.units.isEmpty { tracks.append(whole) }
  }

  private static func obstacle(_ track: MediaTrack) -> String? {
    if track.sampleEntry == "encv" || track.sampleEntry == "enca" { return "it is encrypted and there is no key" }
    if track.samples.count == 0 { return "it has no samples" }
    if track.timescale ?? 0 == 0 { return "its timescale is unknown; an initialisation segment is needed" }
    guard decoders.contains(String(track.codec.prefix(4))) else { return "no decoder for '\(track.codec)'" }
    return nil
  }

  private static func units(of track: MediaTrack, in file: MediaFile) throws(PipelineFailure) -> PipelineTrack {
    guard track.samples.count <= mostUnits else {
      throw PipelineFailure(
        component: "source", reason: "\(track.samples.count) \(track.kind.rawValue) samples are more than \(mostUnits)")
    }
    let timescale = Int64(track.timescale ?? 1)
    let timeline = EditTimeline(
      track,
      movieTimescale: file.movie.map { $0.timescale == 0 ? UInt32(clamping: timescale) : $0.timescale }
        ?? UInt32(clamping: timescale))
    var units: [AccessUnit] = []
    units.reserveCapacity(min(track.samples.count, 1 << 20))
    let isAVC = PipelineSettings.isAVC(track.codec)
    let pixels = track.size.map { Double($0.width) * Double($0.height) } ?? 0
    for sample in track.samples.samples {
      let place = "\(track.kind.rawValue) sample \(units.count)"
      guard sample.offset >= 0, sample.offset <= Int64(file.bytes.count) - Int64(sample.size) else {
        throw PipelineFailure(component: "source", reason: "\(place) lies beyond the end of the file")
      }
      let time = timeline?.timestamp(of: sample) ?? RationalTime(ticks: sample.compositionTime, timescale: timescale)
      guard let pts = SimDuration(checkingTicks: time.ticks, timescale: time.timescale),
        let duration = SimDuration(checkingTicks: Int64(sample.duration), timescale: timescale),
        abs(pts.nanoseconds) < 1 << 60
      else { throw PipelineFailure(component: "source", reason: "\(place) has no usable time") }
      units.append(
        AccessUnit(
          pts: pts, duration: duration, bytes: Int64(sample.size), endByte: sample.offset + Int64(sample.size),
          isSync: sample.isSync, isReference: !isAVC || isReference(file.bytes, sample), pixels: pixels))
    }
    return PipelineTrack(
      kind: track.kind, codec: track.codec, units: units,
      reorderDepth: track.kind == .video ? reorderDepth(units) : 0)
  }

  /// nal_ref_idc of the first slice of a length-prefixed H.264 unit (ISO/IEC 14496-10 section 7.4.1).
  private static func isReference(_ bytes: MediaBytes, _ sample: MediaSample) -> Bool {
    var offset = Int(sample.offset)
    let end = offset + Int(sample.size)
    while offset + 5 <= end {
      let head = bytes.copy(offset..<offset + 5)
      guard head.count == 5 else { return true }
      let kind = head[4] & 31
      if kind == 1 || kind == 5 { return head[4] >> 5 & 3 != 0 }
      let length = head[..<4].reduce(0) { $0 << 8 | Int($1) }
      offset += 4 + length
    }
    return true
  }

  /// Most pictures that come before another one in decoding order and after it in presentation order.
  ///
  /// - Complexity: O(n * depth); decoders hold at most 16 pictures, so the search stops there.
  private static func reorderDepth(_ units: [AccessUnit]) -> Int {
    var depth = 0
    for index in units.indices {
      var later = 0
      for before in stride(from: index - 1, through: max(0, index - 16), by: -1)
      where units[before].pts > units[index].pts { later += 1 }
      depth = max(depth, later)
    }
    return depth
  }
}
