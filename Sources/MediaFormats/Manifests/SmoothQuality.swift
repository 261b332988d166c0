/// What Smooth Streaming says about one quality level; the initialisation segment is made from it ([MS-SSTR]
/// section 2.2.2.5).
public struct SmoothQuality: Hashable, Sendable {
  /// Ticks a second of the stream.
  public var timescale: Int64 = 10_000_000
  /// `H264`, `AACL`, `HVC1`, ...
  public var fourCC = ""
  /// Decoder configuration: parameter sets with start codes, or an AudioSpecificConfig.
  public var codecPrivateData: [UInt8] = []
  /// Bytes of a NAL unit length.
  public var lengthFieldSize = 4
  /// Hertz; audio only.
  public var samplingRate = 0
  /// Channels; audio only.
  public var channels = 0
  /// Bits a sample; audio only.
  public var bitsPerSample = 16
  /// Language of the stream.
  public var language = ""

  /// An empty description.
  public init() {}
}
