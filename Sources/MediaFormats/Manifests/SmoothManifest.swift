import TextFormats

/// Reads client manifests of Smooth Streaming ([MS-SSTR] section 2.2.2) into a `Presentation`.
struct SmoothManifest {
  static let defaultTimescale: Int64 = 10_000_000
  private var presentation = Presentation(format: .smooth)
  private var timescale = Self.defaultTimescale
  /// Length in `timescale` ticks; 0 means unknown.
  private var duration: Int64 = 0

  static func parse(_ bytes: [UInt8], source: String) throws(InputError) -> Presentation {
    let root = try XMLParser.parse(bytes, source: source)
    guard root.name == "SmoothStreamingMedia" else {
      throw root.error("the root element is \(root.name), not SmoothStreamingMedia")
    }
    var manifest = SmoothManifest()
    try manifest.read(root)
    return manifest.presentation
  }

  private mutating func read(_ root: XMLNode) throws(InputError) {
    timescale = try root.timescale("TimeScale") ?? Self.defaultTimescale
    presentation.isLive = root["IsLive"]?.lowercased() == "true"
    duration = try root.ticks("Duration") ?? 0
    if duration > 0 { presentation.duration = RationalTime(ticks: duration, timescale: timescale) }
    let streams = root.all("StreamIndex")
    guard !streams.isEmpty else { throw root.error("there is no StreamIndex") }
    for stream in streams { presentation.tracks.append(try readStream(stream)) }
  }

  private func readStream(_ stream: XMLNode) throws(InputError) -> PresentationTrack {
    let type = stream["Type"] ?? ""
    var track: PresentationTrack
    switch type.lowercased() {
    case "video": track = PresentationTrack(kind: .video)
    case "audio": track = PresentationTrack(kind: .audio)
    case "text": track = PresentationTrack(kind: .subtitles)
    default: throw stream.error("@Type = \"\(type.prefix(40))\"", suggestion: "video, audio or text")
    }
    track.name = stream["Name"] ?? type
    track.language = stream["Language"] ?? ""
    track.declaredSegmentCount = try stream.unsigned("Chunks").map { Int(clamping: $0) }
    guard let template = stream["Url"] else { throw stream.error("@Url is missing") }
    let scale = try stream.timescale("TimeScale") ?? timescale
    let builder = try timeline(stream, scale)
    for (position, level) in stream.all("QualityLevel").enumerated() {
      var representation = try readLevel(level, position, track, scale)
      let naming = try SmoothTemplate(
        template, bandwidth: representation.bandwidth, attributes: customAttributes(level), node: stream)
      representation.segments = SegmentSequence(
        SegmentSequence.Timeline(
          runs: builder.runs, timescale: scale, origin: .zero, startNumber: 0, template: naming))
      track.representations.append(representation)
    }
    guard !track.representations.isEmpty else { throw stream.error("there is no QualityLevel") }
    return track
  }

  private func readLevel(
    _ level: XMLNode, _ position: Int, _ track: PresentationTrack, _ scale: Int64
  ) throws(InputError) -> Representation {
    guard let bitrate = try level.unsigned("Bitrate") else { throw level.error("@Bitrate is missing") }
    let index = try level.unsigned("Index") ?? UInt64(position)
    var quality = SmoothQuality()
    quality.timescale = scale
    quality.fourCC = level["FourCC"] ?? (level["AudioTag"] == "255" ? "AACL" : "")
    quality.language = track.language
    quality.lengthFieldSize = try small(level, "NALUnitLengthField") ?? 4
    quality.samplingRate = try small(level, "SamplingRate") ?? 0
    quality.channels = try small(level, "Channels") ?? 0
    quality.bitsPerSample = try small(level, "BitsPerSample") ?? 16
    quality.codecPrivateData = try hexadecimal(level, "CodecPrivateData")
    var representation = Representation(
      id: "\(track.name)-\(index)", bandwidth: Int(clamping: bitrate), codecs: quality.fourCC)
    representation.width = try small(level, level["MaxWidth"] == nil ? "Width" : "MaxWidth")
    representation.height = try small(level, level["MaxHeight"] == nil ? "Height" : "MaxHeight")
    representation.smooth = quality
    return representation
  }

  private func small(_ node: XMLNode, _ attribute: String) throws(InputError) -> Int? {
    guard let value = try node.unsigned(attribute) else { return nil }
    guard value <= UInt64(Int32.max) else { throw node.error("@\(attribute) = \(value) is too large") }
    return Int(value)
  }

  private func hexadecimal(_ node: XMLNode, _ attribute: String) throws(InputError) -> [UInt8] {
    let digits = Array((node[attribute] ?? "").trimmed.utf8)
    var bytes: [UInt8] = []
    guard digits.count % 2 == 0 else { throw node.error("@\(attribute) has an odd number of hexadecimal digits") }
    for start in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(decoding: digits[start..<start + 2], as: UTF8.self), radix: 16) else {
        throw node.error("@\(attribute) has something other than hexadecimal digits at \(start)")
      }
      bytes.append(byte)
    }
    return bytes
  }

  /// `Name=Value` pairs for `{CustomAttributes}`, joined by commas.
  private func customAttributes(_ level: XMLNode) -> String {
    let list = level.first("CustomAttributes")?.all("Attribute") ?? []
    return list.map { "\($0["Name"] ?? "")=\($0["Value"] ?? "")" }.joined(separator: ",")
  }

  /// Expands `c` elements (section 2.2.2.6): `t` defaults to the end of the chunk before, `d` to the distance to the
  /// next `t` or to the end of the presentation, and `r` counts all repetitions, the first included.
  private func timeline(_ stream: XMLNode, _ scale: Int64) throws(InputError) -> TimelineBuilder {
    var builder = TimelineBuilder()
    let chunks = stream.all("c")
    var next: Int64? = 0
    for (index, chunk) in chunks.enumerated() {
      let repeats = try chunk.unsigned("r") ?? 1
      guard repeats > 0 else { throw chunk.error("@r = 0; it counts all repetitions, so 1 is the least") }
      guard let time = try chunk.ticks("t") ?? next else {
        throw chunk.error("neither @t nor the duration of the chunk before it is known")
      }
      var duration = try chunk.ticks("d")
      if duration == nil {
        let end = index + 1 < chunks.count ? try chunks[index + 1].ticks("t") : presentationEnd(scale)
        if let end {
          let (span, overflow) = end.subtractingReportingOverflow(time)
          guard !overflow, span > 0, UInt64(span) % repeats == 0 else {
            throw chunk.error("@d is missing, and the chunks do not fit between \(time) and \(end)")
          }
          duration = Int64(UInt64(span) / repeats)
        } else if index + 1 < chunks.count {
          throw chunk.error("neither @d nor the @t of the next chunk is known")
        } else if presentation.isLive {
          // The newest chunk of a live stream may not know its end yet.
          duration = builder.runs.last?.duration
        }
      }
      guard let duration else { throw chunk.error("@d is missing, and the end of the presentation is unknown") }
      do {
        try builder.append(time: time, duration: duration, count: Int(clamping: repeats))
      } catch {
        switch error {
        case .emptySegment: throw chunk.error("the chunk has no duration")
        case .tooMany: throw chunk.error("@r = \(repeats) makes more than \(SegmentSequence.limit) chunks")
        case .overflow: throw chunk.error("the chunks end beyond 63 bits of ticks")
        }
      }
      next = builder.end
    }
    return builder
  }

  private func presentationEnd(_ scale: Int64) -> Int64? {
    guard duration > 0 else { return nil }
    return Int64(exactly: Int128(duration) * Int128(scale) / Int128(timescale))
  }
}

/// A chunk URL template: text with `{bitrate}`, `{start time}` and `{CustomAttributes}` ([MS-SSTR] 2.2.2.4).
struct SmoothTemplate: SegmentNaming {
  private enum Part: Sendable {
    case text(String)
    case time
  }
  private var parts: [Part] = []

  init(_ text: String, bandwidth: Int, attributes: String, node: XMLNode) throws(InputError) {
    var rest = Substring(text)
    while let open = rest.firstIndex(of: "{") {
      if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
      guard let close = rest[open...].firstIndex(of: "}") else { throw node.error("@Url has an unpaired {") }
      switch rest[rest.index(after: open)..<close] {
      case "bitrate", "Bitrate": parts.append(.text("\(bandwidth)"))
      case "start time", "start_time": parts.append(.time)
      case "CustomAttributes": parts.append(.text(attributes))
      case let name:
        throw node.error(
          "@Url names {\(name.prefix(40))}, which does not exist", suggestion: "{bitrate} or {start time}")
      }
      rest = rest[rest.index(after: close)...]
    }
    if !rest.isEmpty { parts.append(.text(String(rest))) }
  }

  func url(number: UInt64, time: Int64) -> String {
    var text = ""
    for part in parts {
      switch part {
      case .text(let literal): text += literal
      case .time: text += "\(time)"
      }
    }
    return text
  }
}

extension PresentationTrack {
  /// Adds the chunks that a live fragment announces (`tfrf`), so that the manifest need not be loaded again.
  ///
  /// Chunks that the timeline already holds are skipped.
  public mutating func extend(with fragment: TrackFragment) {
    for row in representations.indices {
      guard var timeline = representations[row].segments.timeline else { continue }
      for next in fragment.smoothNext {
        guard let time = Int64(exactly: next.time), let duration = Int64(exactly: next.duration), duration > 0 else {
          continue
        }
        let last = timeline.runs.last
        let lastTime = last.map { $0.time &+ Int64($0.count - 1) &* $0.duration } ?? -1
        guard time > lastTime, timeline.count < SegmentSequence.limit, time <= Int64.max - duration else { continue }
        timeline.runs.append(
          SegmentSequence.Run(time: time, duration: duration, count: 1, firstIndex: timeline.count))
      }
      representations[row].segments = SegmentSequence(timeline)
    }
  }
}
