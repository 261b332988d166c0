// The renderer's clock and its audio sink.

internal import SimEngine

/// The media clock: media time as a function of real time, anchored by what the audio sink has played, or by the first
/// frame of a title without audio.
struct MediaClock {
  private(set) var anchor: (real: SimTime, media: SimDuration)?
  private var lastUpdate: SimTime?

  /// When a media time is due.
  func due(_ media: SimDuration) -> SimTime? { anchor.map { $0.real + (media - $0.media) } }

  /// Media time at `now`; `nil` while the clock does not run.
  func media(at now: SimTime) -> SimDuration? { anchor.map { $0.media + (now - $0.real) } }

  mutating func reset() {
    anchor = nil
    lastUpdate = nil
  }

  /// Anchors the clock at `media` now.
  ///
  /// Updates closer than 20 ms to the last one are ignored, and so are steps back by less than 10 ms.
  mutating func update(media: SimDuration, now: SimTime) {
    if let lastUpdate, now - lastUpdate < PipelineConstants.audioClockUpdate { return }
    if let anchor {
      let believed = anchor.media + (now - anchor.real)
      let back = believed - media
      if back > .zero, back < PipelineConstants.anchorFluctuation { return }
    }
    anchor = (now, media)
    lastUpdate = now
  }
}

/// The audio sink: half a second of PCM that plays out in real time.
struct AudioSink {
  private var pendingAt: (time: SimTime, pending: SimDuration) = (.zero, .zero)

  /// Audio written and not yet heard.
  func pending(_ now: SimTime) -> SimDuration { max(.zero, pendingAt.pending - (now - pendingAt.time)) }

  /// Whether a buffer of this length fits now; an empty sink takes any.
  func accepts(_ duration: SimDuration, now: SimTime) -> Bool {
    let pending = pending(now)
    return pending == .zero || pending + duration <= PipelineConstants.audioSinkBuffer
  }

  mutating func write(_ duration: SimDuration, now: SimTime) { pendingAt = (now, pending(now) + duration) }

  mutating func flush(now: SimTime) { pendingAt = (now, .zero) }

  /// Holds what is pending while playback is paused; `resume` lets it play on.
  mutating func hold(now: SimTime) -> SimDuration {
    let left = pending(now)
    pendingAt = (now, .zero)
    return left
  }

  mutating func resume(_ left: SimDuration, now: SimTime) { pendingAt = (now, left) }
}
