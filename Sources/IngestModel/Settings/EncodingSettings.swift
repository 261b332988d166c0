public import SimEngine
public import TextFormats

/// How a source is cut into chunks, and how many chunks one task takes.
public struct ChunkSettings: SettingsGroup, Equatable {
  /// No chunk may be longer than this, whatever the keyframes say.
  public static let limit = SimDuration.milliseconds(10_000)

  /// Length from which on the next keyframe ends a chunk.
  public var shortest = SimDuration.milliseconds(4_000)
  /// Length that a chunk should not exceed.
  public var longest = SimDuration.milliseconds(7_000)
  /// Mean distance of keyframes, where they are drawn.
  public var keyframeDistance = SimDuration.milliseconds(2_000)
  /// Coefficient of variation of that distance (lognormal).
  public var keyframeDistanceCV = 0.5
  /// A real media file or manifest whose keyframes all titles have; empty where they are drawn.
  public var media = ""
  /// Chunks that one task encodes.
  public var perTask = 15
  /// Share of the tasks that hold the highlights of a title, which go first.
  public var highlights = 0.05

  /// Chunks of 4 to 7 s.
  public init() {}

  /// The table of `ingest.chunks`.
  public static var settings: SettingsTable<ChunkSettings> {
    SettingsTable<ChunkSettings>("How a source is cut into chunks, and how many chunks one task takes.")
      .duration(
        "shortest", \.shortest.nanoseconds, 500_000_000...3_600_000_000_000,
        "Length from which on the next keyframe ends a chunk."
      )
      .duration(
        "longest", \.longest.nanoseconds, 500_000_000...3_600_000_000_000, "Length that a chunk should not exceed."
      )
      .duration(
        "keyframe_distance", \.keyframeDistance.nanoseconds, 10_000_000...600_000_000_000,
        "Mean distance of keyframes, where they are drawn."
      )
      .number("keyframe_distance_cv", \.keyframeDistanceCV, 0...3, "Spread of that distance (lognormal).")
      .text(
        "media", \.media,
        "Media file or manifest, relative to the scenario file, whose keyframes all titles have; empty: drawn."
      )
      .integer("per_task", \.perTask, 1...100_000, "Chunks that one task encodes.")
      .fraction("highlights", \.highlights, 0...1, "Share of a title's tasks that hold its highlights and go first.")
      .check { chunks, places in
        var findings: [InputDiagnostic] = []
        for (key, length) in [("shortest", chunks.shortest), ("longest", chunks.longest)] where length > limit {
          findings.append(
            places.finding(
              key, "a chunk of \(length) is longer than \(limit), the most that a chunk may last",
              suggestion: "chunks of 4 to 7 s are usual"))
        }
        if findings.isEmpty, chunks.shortest > chunks.longest {
          findings.append(places.finding("shortest", "more than 'longest', \(chunks.longest)"))
        }
        return findings
      }
  }
}

/// What is made of every chunk: each rendition in each codec.
public struct EncodingSettings: SettingsGroup, Equatable {
  /// Renditions.
  public var renditions: [RenditionSettings] = [RenditionSettings()]
  /// Codecs, each with all renditions.
  public var codecs: [CodecSettings] = [CodecSettings()]
  /// Processor time to join the chunks of one rendition, over the length of the title.
  public var assembleCPU = 0.01
  /// Processor time to package all renditions, over the length of the title.
  public var packageCPU = 0.02
  /// Time from a write to the object store to its first byte.
  public var storeLatency = SimDuration.milliseconds(30)
  /// Rate at which one worker writes to the object store.
  public var storeBitsPerSecond: Int64 = 1_000_000_000

  /// One rendition, one codec.
  public init() {}

  /// The table of `ingest.encoding`.
  public static var settings: SettingsTable<EncodingSettings> {
    SettingsTable<EncodingSettings>("What is made of every chunk: each rendition in each codec.")
      .list("renditions", \.renditions, 1...32, "Renditions.")
      .list("codecs", \.codecs, 1...16, "Codecs, each with all renditions.")
      .number(
        "assemble_cpu", \.assembleCPU, 0...100,
        "Processor time to join the chunks of one rendition, over the length of the title."
      )
      .number(
        "package_cpu", \.packageCPU, 0...100,
        "Processor time to package all renditions, over the length of the title."
      )
      .duration(
        "store_latency", \.storeLatency.nanoseconds, 0...60_000_000_000, "Latency of one write to the object store."
      )
      .bitRate(
        "store_rate", \.storeBitsPerSecond, 100_000...1_000_000_000_000,
        "Rate at which one worker writes to the object store.")
  }
}

/// One rendition: its rate and what it takes to make it.
public struct RenditionSettings: SettingsGroup, Equatable {
  /// Mean bit rate.
  public var bitsPerSecond: Int64 = 3_000_000
  /// Processor seconds of one core for a second of media, with a codec of cost 1.
  public var cpu = 6.0

  /// 3 Mbit/s.
  public init() {}

  /// The table of an element of `ingest.encoding.renditions`.
  public static var settings: SettingsTable<RenditionSettings> {
    SettingsTable<RenditionSettings>("One rendition: its rate and what it takes to make it.")
      .bitRate("rate", \.bitsPerSecond, 1_000...1_000_000_000, "Mean bit rate with a codec of rate 1.")
      .number("cpu", \.cpu, 0.001...1_000, "Processor seconds for a second of media with a codec of cost 1.")
      .required("rate", "cpu")
  }
}

/// One codec, compared with the one that the renditions are described with.
public struct CodecSettings: SettingsGroup, Equatable {
  /// Name.
  public var name = "h264"
  /// Factor on the processor time.
  public var cost = 1.0
  /// Factor on the bit rate.
  public var rate = 1.0

  /// The codec that others are compared with.
  public init() {}

  /// The table of an element of `ingest.encoding.codecs`.
  public static var settings: SettingsTable<CodecSettings> {
    SettingsTable<CodecSettings>("One codec, compared with the one that the renditions are described with.")
      .text("name", \.name, "Name.")
      .number("cost", \.cost, 0.001...1_000, "Factor on the processor time.")
      .number("rate", \.rate, 0.001...10, "Factor on the bit rate.")
      .required("name")
  }
}

/// From the last task to the catalog.
public struct PublishingSettings: SettingsGroup, Equatable {
  /// Checks and the entry into catalog and search.
  public var delay = SimDuration.milliseconds(30_000)

  /// Half a minute.
  public init() {}

  /// The table of `ingest.publishing`.
  public static var settings: SettingsTable<PublishingSettings> {
    SettingsTable<PublishingSettings>("From the last task to the catalog.")
      .duration(
        "delay", \.delay.nanoseconds, 0...86_400_000_000_000, "Checks and the entry into catalog and search.")
  }
}
