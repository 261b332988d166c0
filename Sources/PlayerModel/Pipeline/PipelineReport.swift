// What a pipeline run leaves behind: the stages it went through, and where every frame went.

internal import TextFormats
public import SimEngine

/// A stage that a component reached.
public struct PipelineStage: Sendable, Equatable {
  /// When, from the moment the file was set.
  public var time: SimTime
  /// `player`, `source`, `video`, `audio` or `renderer`.
  public var component: String
  /// The stage, for example `Executing`.
  public var stage: String
  /// More about it, may be empty.
  public var detail: String
}

/// Where the frames of a track went.
public struct FrameCounters: Sendable, Equatable {
  /// `video` or `audio`.
  public var track: String
  /// Codec name (RFC 6381).
  public var codec: String
  /// Units read from the source.
  public var demuxed = 0
  /// Units dropped before decoding because the renderer was late and no other picture refers to them.
  public var droppedBeforeDecode = 0
  /// Units given up inside the codec by a flush.
  public var flushedInput = 0
  /// Units decoded.
  public var decoded = 0
  /// Frames shown or written to the audio sink.
  public var rendered = 0
  /// Frames that came too late.
  public var droppedLate = 0
  /// Frames before the target of a jump, or before the start of the presentation.
  public var skipped = 0
  /// Decoded frames given up by a flush.
  public var flushedOutput = 0

  /// Decoded frames that were not rendered.
  public var dropped: Int { droppedLate + skipped + flushedOutput }

  /// Whether every unit and every frame is accounted for.
  public var isConserved: Bool {
    decoded == rendered + dropped && demuxed == decoded + droppedBeforeDecode + flushedInput
  }
}

/// A pipeline run.
public struct PipelineReport: Sendable, Equatable {
  /// Every stage in order of time.
  public internal(set) var stages: [PipelineStage] = []
  /// A row a track.
  public internal(set) var counters: [FrameCounters] = []
  /// From starting playback to the first frame; `nil` if there was none.
  public internal(set) var firstFrame: SimDuration?
  /// When playback was started: everything was prepared; `nil` if it never was.
  public internal(set) var startedAt: SimTime?
  /// Time spent waiting for the network after playback began.
  public internal(set) var bufferingTime = SimDuration.zero
  /// Why the run failed; `nil` if it did not.
  public internal(set) var failure: String?

  /// Columns of `stageRows`.
  public static let stageColumns = ["t_ms", "component", "stage", "detail"]
  /// The stages as text.
  public var stageRows: [[String]] {
    stages.map {
      [NumberText.shortest(Double($0.time.nanoseconds) / 1e6), $0.component, $0.stage, $0.detail]
    }
  }

  /// Columns of `counterRows`.
  public static let counterColumns = [
    "track", "codec", "demuxed", "dropped_before_decode", "flushed_input", "decoded", "rendered", "dropped",
    "dropped_late", "skipped", "flushed_output",
  ]
  /// The counters as text.
  public var counterRows: [[String]] {
    counters.map {
      [
        $0.track, $0.codec, "\($0.demuxed)", "\($0.droppedBeforeDecode)", "\($0.flushedInput)", "\($0.decoded)",
        "\($0.rendered)", "\($0.dropped)", "\($0.droppedLate)", "\($0.skipped)", "\($0.flushedOutput)",
      ]
    }
  }
}
