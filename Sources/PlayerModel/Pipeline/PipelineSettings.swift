// Constants of the media pipeline, and what a scenario may change about it.

public import SimEngine

/// Constants of Android 7.0's NuPlayer, its renderer, its sources and ACodec; the comments name the component.
public enum PipelineConstants {
  /// NuPlayer: delay of another scan while a decoder cannot be made yet.
  public static let scanSourcesRetry = SimDuration.milliseconds(100)
  /// Decoder: delay of another request while the source has no access unit.
  public static let requestInputRetry = SimDuration.milliseconds(10)
  /// Renderer: a frame later than this is not shown.
  public static let videoTooLate = SimDuration.milliseconds(40)
  /// Decoder: later than this, units that no other frame refers to are dropped before they are decoded.
  public static let inputDropLate = SimDuration.milliseconds(100)
  /// Renderer: a frame earlier than this is looked at again after the same span.
  public static let timeJump = SimDuration.milliseconds(500)
  /// Renderer: the span after which a frame is looked at again while no clock runs.
  public static let clockRetry = SimDuration.milliseconds(10)
  /// Renderer: vertical syncs by which a frame is handed over early.
  public static let vsyncsEarly: Int64 = 2
  /// Renderer: least distance of two updates of the audio clock.
  public static let audioClockUpdate = SimDuration.milliseconds(20)
  /// Media clock: a step back smaller than this is ignored.
  public static let anchorFluctuation = SimDuration.milliseconds(10)
  /// Audio sink: length of its buffer.
  public static let audioSinkBuffer = SimDuration.milliseconds(500)
  /// Source: how often the buffered media is looked at.
  public static let bufferingPoll = SimDuration.seconds(1)
  /// Source: less buffered media than this pauses playback.
  public static let bufferingLow = SimDuration.seconds(2)
  /// Source: more buffered media than this ends preparing.
  public static let bufferingPrepared = SimDuration.seconds(5)
  /// Source: more buffered media than this resumes playback.
  public static let bufferingResume = SimDuration.seconds(15)
  /// ACodec: output buffers beyond what decoder and display need.
  public static let extraOutputBuffers = 3
  /// Frames that the display keeps.
  public static let undequeuedBuffers = 2
}

/// What a pipeline is run with.
///
/// The service times are assumptions, meant to be set from measurements.
public struct PipelineSettings: Sendable, Equatable {
  /// A jump of the viewer.
  public struct Seek: Sendable, Equatable {
    /// When the viewer jumps, after playback was started.
    public var after: SimDuration
    /// Media time jumped to, from the start of the title.
    public var target: SimDuration

    /// A jump.
    public init(after: SimDuration, target: SimDuration) {
      self.after = after
      self.target = target
    }
  }

  /// Time to decode a picture, apart from its size.
  public var pictureBase = SimDuration.milliseconds(1)
  /// Time to decode a megapixel of H.264; other codecs by their factors.
  public var perMegapixel = SimDuration.milliseconds(3)
  /// Cost of a picture relative to H.264; `nil` for what is usual of its codec.
  public var pictureFactor: Double?
  /// Time to decode an audio unit.
  public var audioUnit = SimDuration.microseconds(300)
  /// Time to allocate a codec, and to move it from Loaded to Idle and from Idle to Executing.
  public var codecTransition = SimDuration.milliseconds(5)
  /// Time until the codec has flushed its ports.
  public var flush = SimDuration.milliseconds(5)
  /// Display refresh period.
  public var vsync = SimDuration.nanoseconds(16_666_667)
  /// When the application provides a surface; before that video decoders cannot be made.
  public var surfaceReady = SimDuration.zero
  /// Rate at which the file arrives in kbit/s; `nil` for a local file.
  public var networkKbps: Double?
  /// Jumps in order of time.
  public var seeks: [Seek] = []

  /// A local file on a phone with hardware decoders.
  public init() {}

  /// Cost of a picture of another codec relative to H.264, by the RFC 6381 name or the common one.
  public static func codecFactor(_ codec: String) -> Double {
    switch codec.prefix(4) {
    case "hvc1", "hev1", "dvh1", "dvhe", "h265", "hevc": 1.5
    case "vp09", "vp08", "vp9": 1.4
    case "av01", "av1": 2
    default: 1
    }
  }

  /// Whether a codec is H.264, whose units tell whether others refer to them.
  static func isAVC(_ codec: String) -> Bool { codec.hasPrefix("avc") || codec == "h264" }
}
