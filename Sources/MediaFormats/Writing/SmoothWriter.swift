/// Writes client manifests of Smooth Streaming ([MS-SSTR] section 2.2.2).
public enum SmoothWriter {
  /// The manifest of a presentation as text.
  ///
  /// All representations of a track share its timeline.
  ///
  /// - Throws: `MediaError` if a representation has no CodecPrivateData, or a time is not a whole number of the
  ///   track's ticks.
  public static func text(_ presentation: Presentation) throws(MediaError) -> String {
    let timescale = SmoothManifest.defaultTimescale
    let duration = presentation.isLive ? 0 : Self.ticks(presentation.duration ?? .zero, timescale)
    var xml = XMLText()
    try xml.element(
      "SmoothStreamingMedia",
      [
        "MajorVersion": "2", "MinorVersion": "2", "TimeScale": "\(timescale)", "Duration": "\(duration)",
        "IsLive": presentation.isLive ? "TRUE" : nil,
      ]
    ) { (root: inout XMLText) throws(MediaError) in
      for track in presentation.tracks { try write(track, &root) }
    }
    return xml.text
  }

  private static func ticks(_ time: RationalTime, _ timescale: Int64) -> Int64 {
    Int64(clamping: Int128(time.ticks) * Int128(timescale) / Int128(time.timescale))
  }

  private static func write(_ track: PresentationTrack, _ xml: inout XMLText) throws(MediaError) {
    guard let first = track.representations.first, let quality = first.smooth else {
      throw MediaError(.missing, at: 0, "cannot write: track \(track.name) has no Smooth Streaming description")
    }
    let times = try TimelineRuns(first.segments, origin: .zero, timescale: quality.timescale)
    let type = track.kind == .subtitles ? "text" : track.kind.rawValue
    let name = track.name.isEmpty ? type : track.name
    try xml.element(
      "StreamIndex",
      [
        "Type": type, "Name": name, "Language": track.language.isEmpty ? nil : track.language,
        "TimeScale": "\(quality.timescale)", "Chunks": "\(first.segments.count)",
        "QualityLevels": "\(track.representations.count)",
        "Url": "QualityLevels({bitrate})/Fragments(\(name)={start time})",
      ]
    ) { (stream: inout XMLText) throws(MediaError) in
      for (index, representation) in track.representations.enumerated() {
        try write(representation, index, &stream)
      }
      for run in times.runs {
        try stream.element(
          "c", ["t": "\(run.time)", "d": "\(run.duration)", "r": run.count > 1 ? "\(run.count)" : nil])
      }
    }
  }

  private static func write(
    _ representation: Representation, _ index: Int, _ xml: inout XMLText
  ) throws(MediaError) {
    guard let quality = representation.smooth else {
      throw MediaError(.missing, at: 0, "cannot write: \(representation.id) has no Smooth Streaming description")
    }
    let isSound = quality.samplingRate > 0
    try xml.element(
      "QualityLevel",
      [
        "Index": "\(index)", "Bitrate": "\(representation.bandwidth)", "FourCC": quality.fourCC,
        "MaxWidth": representation.width.map { "\($0)" }, "MaxHeight": representation.height.map { "\($0)" },
        "SamplingRate": isSound ? "\(quality.samplingRate)" : nil, "Channels": isSound ? "\(quality.channels)" : nil,
        "BitsPerSample": isSound ? "\(quality.bitsPerSample)" : nil,
        "AudioTag": isSound && quality.fourCC.hasPrefix("AAC") ? "255" : nil,
        "CodecPrivateData": quality.codecPrivateData.map { hexadecimalText(of: $0) }.joined(),
      ])
  }
}
