/// Writes DASH manifests (ISO/IEC 23009-1).
public enum DASHWriter {
  /// The manifest of a presentation as text.
  ///
  /// Segments that came from a number or time template are written as one; all others as a list. Every time goes into
  /// a SegmentTimeline and stays exact.
  ///
  /// - Throws: `MediaError` where a time cannot be counted on a 32-bit timescale.
  public static func text(
    _ presentation: Presentation, minimumBuffer: RationalTime = RationalTime(seconds: 8)
  ) throws(MediaError) -> String {
    var xml = XMLText()
    try xml.element(
      "MPD",
      [
        "xmlns": "urn:mpeg:dash:schema:mpd:2011", "profiles": "urn:mpeg:dash:profile:full:2011",
        "type": presentation.isLive ? "dynamic" : "static",
        "mediaPresentationDuration": presentation.isLive ? nil : presentation.duration.map(DASHDuration.text),
        "minBufferTime": DASHDuration.text(minimumBuffer),
      ]
    ) { (mpd: inout XMLText) throws(MediaError) in
      var rest = presentation.tracks[...]
      while let first = rest.first {
        let period = rest.prefix { $0.periodStart == first.periodStart }
        rest = rest.dropFirst(period.count)
        try mpd.element("Period", ["start": DASHDuration.text(first.periodStart)]) {
          (xml: inout XMLText) throws(MediaError) in
          for track in period { try write(track, &xml) }
        }
      }
    }
    return xml.text
  }

  private static func write(_ track: PresentationTrack, _ xml: inout XMLText) throws(MediaError) {
    let type: String
    switch track.kind {
    case .subtitles: type = "text"
    case .metadata: type = "application"
    default: type = track.kind.rawValue
    }
    try xml.element(
      "AdaptationSet",
      ["contentType": type, "lang": track.language.isEmpty ? nil : track.language, "segmentAlignment": "true"]
    ) { (set: inout XMLText) throws(MediaError) in
      for representation in track.representations {
        try set.element(
          "Representation",
          [
            "id": representation.id, "mimeType": "\(type)/mp4",
            "codecs": representation.codecs.isEmpty ? nil : representation.codecs,
            "bandwidth": "\(representation.bandwidth)", "width": representation.width.map { "\($0)" },
            "height": representation.height.map { "\($0)" },
            "frameRate": representation.frameRate.isEmpty ? nil : representation.frameRate,
          ]
        ) { (node: inout XMLText) throws(MediaError) in
          try writeSegments(representation, origin: track.periodStart, &node)
        }
      }
    }
  }

  private static func writeSegments(
    _ representation: Representation, origin: RationalTime, _ xml: inout XMLText
  ) throws(MediaError) {
    if let timeline = representation.segments.timeline, timeline.lastDuration == nil,
      let template = timeline.template as? DASHTemplate,
      let offset = ticks(of: timeline.origin, from: origin, timeline.timescale)
    {
      if !template.base.isEmpty { try xml.element("BaseURL", content: template.base) }
      try xml.element(
        "SegmentTemplate",
        [
          "timescale": "\(timeline.timescale)", "presentationTimeOffset": offset == 0 ? nil : "\(offset)",
          "startNumber": "\(timeline.startNumber)", "media": template.text,
        ]
      ) { (node: inout XMLText) throws(MediaError) in
        try writeInitialization(representation, base: template.base, &node)
        try writeTimeline(timeline.runs.map { ($0.time, $0.duration, $0.count) }, &node)
      }
      return
    }
    let times = try TimelineRuns(representation.segments, origin: origin)
    try xml.element("SegmentList", ["timescale": "\(times.timescale)"]) { (node: inout XMLText) throws(MediaError) in
      try writeInitialization(representation, base: "", &node)
      try writeTimeline(times.runs.map { ($0.time, $0.duration, $0.count) }, &node)
      for segment in representation.segments {
        try node.element(
          "SegmentURL", ["media": segment.resource.url, "mediaRange": segment.resource.range.map(closed)])
      }
    }
  }

  /// The presentation time offset that puts media tick 0 at `tickZero`.
  private static func ticks(of tickZero: RationalTime, from origin: RationalTime, _ timescale: Int64) -> Int64? {
    guard let difference = origin.subtracting(tickZero), difference >= .zero else { return nil }
    let scaled = Int128(difference.ticks) * Int128(timescale)
    guard scaled % Int128(difference.timescale) == 0 else { return nil }
    return Int64(exactly: scaled / Int128(difference.timescale))
  }

  /// A template's initialisation is already resolved against its base, so it is written from the manifest's folder.
  private static func writeInitialization(
    _ representation: Representation, base: String, _ xml: inout XMLText
  ) throws(MediaError) {
    guard let resource = representation.initialization ?? representation.segments.first?.initialization else { return }
    var url = resource.url
    if let slash = base.lastIndex(of: "/"), url.hasPrefix(base[...slash]) { url.removeFirst(base[...slash].count) }
    try xml.element("Initialization", ["sourceURL": url, "range": resource.range.map(closed)])
  }

  private static func closed(_ range: Range<UInt64>) -> String { "\(range.lowerBound)-\(range.upperBound - 1)" }

  private static func writeTimeline(
    _ runs: [(time: Int64, duration: Int64, count: Int)], _ xml: inout XMLText
  ) throws(MediaError) {
    try xml.element("SegmentTimeline") { (timeline: inout XMLText) throws(MediaError) in
      for run in runs {
        try timeline.element(
          "S", ["t": "\(run.time)", "d": "\(run.duration)", "r": run.count > 1 ? "\(run.count - 1)" : nil])
      }
    }
  }
}
