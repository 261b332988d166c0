// A session as ITU-T P.1203 describes it: what was heard, what was seen, and where it stalled.

/// The input of P.1203: audio (I.11), video (I.13), stalls (I.23) and the viewing device (I.GEN).
public struct P1203Session: Sendable, Equatable {
  /// A stretch of audio.
  public struct AudioSegment: Sendable, Equatable {
    /// Playing time in seconds.
    public var durationSeconds: Double
    /// Codec.
    public var codec: P1203Curves.AudioCodec
    /// Bitrate in kbit/s.
    public var kbps: Double

    /// A stretch; units as in the properties.
    public init(durationSeconds: Double, codec: P1203Curves.AudioCodec, kbps: Double) {
      self.durationSeconds = durationSeconds
      self.codec = codec
      self.kbps = kbps
    }
  }

  /// A stretch of video.
  public struct VideoSegment: Sendable, Equatable {
    /// Playing time in seconds.
    public var durationSeconds: Double
    /// Bitrate in kbit/s.
    public var kbps: Double
    /// Pixels of a coded frame.
    public var pixels: Double
    /// Frames a second.
    public var framesPerSecond: Double
    /// Identifier of the representation; segments that tell it average their bitrate over 20 s.
    public var representation: String?

    /// A stretch; units as in the properties.
    public init(
      durationSeconds: Double, kbps: Double, pixels: Double, framesPerSecond: Double, representation: String? = nil
    ) {
      self.durationSeconds = durationSeconds
      self.kbps = kbps
      self.pixels = pixels
      self.framesPerSecond = framesPerSecond
      self.representation = representation
    }
  }

  /// A stall.
  public struct Stall: Sendable, Equatable {
    /// Media time at which it happened, in seconds; 0 is the initial loading.
    public var positionSeconds: Double
    /// Length in seconds.
    public var lengthSeconds: Double

    /// A stall; units as in the properties.
    public init(positionSeconds: Double, lengthSeconds: Double) {
      self.positionSeconds = positionSeconds
      self.lengthSeconds = lengthSeconds
    }
  }

  /// What was heard; may be empty.
  public var audio: [AudioSegment]
  /// What was seen.
  public var video: [VideoSegment]
  /// Where it stalled, in order.
  public var stalls: [Stall]
  /// Pixels of the display.
  public var displayPixels: Double
  /// Whether the display is held in the hand.
  public var isHandheld: Bool

  /// A session; units as in the properties.
  public init(
    audio: [AudioSegment], video: [VideoSegment], stalls: [Stall], displayPixels: Double, isHandheld: Bool
  ) {
    self.audio = audio
    self.video = video
    self.stalls = stalls
    self.displayPixels = displayPixels
    self.isHandheld = isHandheld
  }
}

extension P1203Session {
  /// Scores of every second of audio (O.21).
  public func audioScores(fast: Bool = false) -> [Double] {
    perSecond(audio.map { (duration: $0.durationSeconds, rate: 100.0) }, fast: fast) { index, _ in
      P1203Curves.audio(audio[index].codec, kbps: audio[index].kbps)
    }
  }

  /// Scores of every second of video (O.22).
  public func videoScores(fast: Bool = false) -> [Double] {
    let frames = video.map { (duration: $0.durationSeconds, rate: $0.framesPerSecond) }
    return perSecond(frames, fast: fast) { index, time in
      let segment = video[index]
      let score = P1203Curves.video(
        kbps: time.map { meanKbps(of: index, at: $0) } ?? segment.kbps, pixels: segment.pixels,
        displayPixels: displayPixels, framesPerSecond: segment.framesPerSecond)
      return isHandheld && !fast ? P1203Curves.handheld(score) : score
    }
  }

  /// Bitrate around a time within one representation, for segments that name it.
  private func meanKbps(of index: Int, at time: Double) -> Double {
    guard let representation = video[index].representation else { return video[index].kbps }
    var first = index
    while first > 0, video[first - 1].representation == representation { first -= 1 }
    var last = index
    while last + 1 < video.count, video[last + 1].representation == representation { last += 1 }
    var start = video[..<first].reduce(0) { $0 + $1.durationSeconds }
    var kbit = 0.0
    var seconds = 0.0
    for segment in video[first...last] {
      let overlap = min(start + segment.durationSeconds, time + 10) - max(start, time - 10)
      if overlap > 0 {
        kbit += segment.kbps * overlap
        seconds += overlap
      }
      start += segment.durationSeconds
    }
    return seconds > 0 ? kbit / seconds : video[index].kbps
  }

  /// One score a second: the score of the last frame that begins before the second is over.
  ///
  /// Frame times are sums of rounded frame durations, as the reference software has them; it decides which segment a
  /// second near a border belongs to. `fast` repeats each segment's score for its whole seconds instead.
  private func perSecond(
    _ segments: [(duration: Double, rate: Double)], fast: Bool, score: (Int, Double?) -> Double
  ) -> [Double] {
    if fast {
      return segments.indices.flatMap { index in
        [Double](repeating: score(index, nil), count: Int(segments[index].duration.rounded(.down)))
      }
    }
    // The end of the last frame; a sum of rounded frame durations may fall just short of a whole second.
    var total = 0.0
    for segment in segments {
      for _ in 0..<Int((segment.duration * segment.rate).rounded(.down)) { total += 1 / segment.rate }
    }
    let whole = total.rounded(.down)
    let seconds = total - whole > 0.99 ? Int(whole) + 1 : Int(whole)
    var scores: [Double] = []
    scores.reserveCapacity(seconds)
    var dts = 0.0
    var current = -1
    var currentDts = 0.0
    for (index, segment) in segments.enumerated() {
      for _ in 0..<Int((segment.duration * segment.rate).rounded(.down)) {
        // The frame before this one is the last of every second that ends at or before it.
        while current >= 0, scores.count < seconds, dts >= Double(scores.count + 1) {
          scores.append(score(current, currentDts))
        }
        current = index
        currentDts = dts
        dts += 1 / segment.rate
      }
    }
    while current >= 0, scores.count < seconds { scores.append(score(current, currentDts)) }
    return scores
  }
}
