// The buffer of a playing session: what is downloaded, what is played, and every stall in between, exact to the nanosecond.

public import SimEngine

/// Playback against a buffer, computed from the moments at which media arrives.
///
/// No event is needed when the buffer runs dry: the instant follows from the last arrival, and `advance(to:)` books the
/// stall afterwards. All times are exact; `playhead <= downloaded` always holds. 64 bytes.
///
///     starting --start threshold--> playing --dry--> stalled --resume threshold--> playing --title over--> ended
///                                    | ^ pause / resume, seek (buffer emptied) --> seeking --resume threshold-->
@frozen public struct PlaybackBuffer: BitwiseCopyable, Sendable, Equatable {
  /// What the viewer sees.
  public enum Phase: UInt8, BitwiseCopyable, Sendable {
    /// Nothing has been shown yet.
    case starting
    /// Media is playing.
    case playing
    /// The buffer ran dry during play.
    case stalled
    /// The viewer jumped and waits.
    case seeking
    /// The viewer paused.
    case paused
    /// The title was played to its end, or the viewer left.
    case ended
  }

  /// When `playheadAtAnchor` was exact; in a waiting phase, when the wait began.
  @usableFromInline var anchor: SimTime
  @usableFromInline var playheadAtAnchor: SimDuration
  /// Media time up to which everything from the playhead on has been downloaded.
  public private(set) var downloaded: SimDuration
  @usableFromInline var closedStallTime: SimDuration
  @usableFromInline var closedPlayTime: SimDuration
  /// Before the first frame the time of the play attempt, afterwards the startup delay, in nanoseconds.
  @usableFromInline var startNanoseconds: Int64
  @usableFromInline let startThresholdMs: UInt32
  @usableFromInline let resumeThresholdMs: UInt32
  @usableFromInline var closedStallCount: UInt32
  /// The phase since `anchor`; `phase(at:)` knows whether a playing buffer has run dry meanwhile.
  @usableFromInline var anchoredPhase: Phase
  @usableFromInline var flags: UInt8

  @usableFromInline static var hasStartedFlag: UInt8 { 1 }
  @usableFromInline static var holdsEndFlag: UInt8 { 2 }

  /// An empty buffer at the moment the viewer asked to play.
  ///
  /// - Parameters:
  ///   - time: the play attempt; the startup delay counts from here.
  ///   - offset: media time to start at (a resumed title starts there, not at zero).
  ///   - startThreshold: buffered media that starts playback, rounded to milliseconds; any segment does if it is zero.
  ///   - resumeThreshold: buffered media that ends a stall or a jump, likewise.
  /// - Precondition: the thresholds are not negative and below 49 days.
  public init(
    at time: SimTime, offset: SimDuration = .zero, startThreshold: SimDuration, resumeThreshold: SimDuration
  ) {
    anchor = time
    playheadAtAnchor = offset
    downloaded = offset
    closedStallTime = .zero
    closedPlayTime = .zero
    startNanoseconds = time.nanoseconds
    startThresholdMs = UInt32((startThreshold.nanoseconds + 500_000) / 1_000_000)
    resumeThresholdMs = UInt32((resumeThreshold.nanoseconds + 500_000) / 1_000_000)
    closedStallCount = 0
    anchoredPhase = .starting
    flags = 0
  }

  // MARK: Questions

  /// Whether a first frame was shown.
  public var hasStarted: Bool { flags & Self.hasStartedFlag != 0 }

  /// Whether the buffer holds the title up to its last segment.
  public var holdsEnd: Bool { flags & Self.holdsEndFlag != 0 }

  /// From the play attempt to the first frame; `nil` before it.
  public var startupDelay: SimDuration? { hasStarted ? SimDuration(nanoseconds: startNanoseconds) : nil }

  /// When playback runs out of media if nothing more arrives; `nil` unless playing.
  public var dryTime: SimTime? {
    anchoredPhase == .playing ? anchor + (downloaded - playheadAtAnchor) : nil
  }

  /// Media time of the frame on screen at `time`.
  /// - Precondition: `time` is not before the last change.
  public func playhead(at time: SimTime) -> SimDuration {
    guard anchoredPhase == .playing else { return playheadAtAnchor }
    return min(downloaded, playheadAtAnchor + elapsed(to: time))
  }

  /// Media in the buffer at `time`.
  public func level(at time: SimTime) -> SimDuration { downloaded - playhead(at: time) }

  /// What the viewer sees at `time`.
  public func phase(at time: SimTime) -> Phase {
    guard let dryTime else { return anchoredPhase }
    if holdsEnd { return time >= dryTime ? .ended : .playing }
    return time > dryTime ? .stalled : .playing
  }

  /// Time stalled up to `time`, a running stall included.
  ///
  /// Start-up, jumps and pauses are no stalls.
  public func stallTime(at time: SimTime) -> SimDuration {
    switch phase(at: time) {
    case .stalled:
      closedStallTime + (anchoredPhase == .stalled ? elapsed(to: time) : time - (dryTime ?? time))
    default: closedStallTime
    }
  }

  /// Stalls begun up to `time`.
  public func stallCount(at time: SimTime) -> Int {
    Int(closedStallCount) + (anchoredPhase == .playing && phase(at: time) == .stalled ? 1 : 0)
  }

  /// Time played up to `time`.
  public func playTime(at time: SimTime) -> SimDuration {
    guard let dryTime else { return closedPlayTime }
    return closedPlayTime + (min(time, dryTime) - anchor)
  }

  /// Since when the viewer has waited for media, in a stall that is booked or after a jump; `advance(to:)` books stalls.
  public var waitingSince: SimTime? { anchoredPhase == .stalled || anchoredPhase == .seeking ? anchor : nil }

  // MARK: What happens

  /// What changed when media arrived.
  @frozen public enum Transition: BitwiseCopyable, Sendable, Equatable {
    /// Nothing that the viewer sees.
    case none
    /// The first frame, after this delay.
    case started(after: SimDuration)
    /// A stall that began at `began` is over.
    case resumed(stallBegan: SimTime)
    /// A jump made at `began` is over.
    case sought(began: SimTime)
  }

  /// Books a dry buffer, if it ran dry before `time`, and answers when.
  ///
  /// Afterwards a stall is running, or the title is over if the buffer held its end. Everything else that happens books
  /// this first; calling it more often changes nothing.
  @discardableResult
  public mutating func advance(to time: SimTime) -> SimTime? {
    guard let dryTime else { return nil }
    switch phase(at: time) {
    case .stalled: closedStallCount += 1
    case .ended: break
    default: return nil
    }
    let next: Phase = holdsEnd ? .ended : .stalled
    closedPlayTime += dryTime - anchor
    playheadAtAnchor = downloaded
    anchor = dryTime
    anchoredPhase = next
    return dryTime
  }

  /// A segment arrived and extends the buffer by `duration`.
  ///
  /// The last segment starts or resumes playback whatever the thresholds say.
  /// - Precondition: the title is not over.
  @discardableResult
  public mutating func segmentArrived(
    duration: SimDuration, at time: SimTime, isLast: Bool = false
  ) -> Transition {
    advance(to: time)
    precondition(anchoredPhase != .ended, "media arrived after the end")
    assert(duration >= .zero)
    downloaded += duration
    if isLast { flags |= Self.holdsEndFlag }
    let levelNanoseconds = (downloaded - playheadAtAnchor).nanoseconds
    let thresholdMs = anchoredPhase == .starting ? startThresholdMs : resumeThresholdMs
    let suffices = holdsEnd || levelNanoseconds >= Int64(thresholdMs) * 1_000_000
    switch anchoredPhase {
    case .starting where suffices:
      let delay = SimDuration(nanoseconds: time.nanoseconds - startNanoseconds)
      startNanoseconds = delay.nanoseconds
      flags |= Self.hasStartedFlag
      play(from: time)
      return .started(after: delay)
    case .stalled where suffices:
      let began = anchor
      closedStallTime += time - began
      play(from: time)
      return .resumed(stallBegan: began)
    case .seeking where suffices:
      let began = anchor
      play(from: time)
      return .sought(began: began)
    default:
      return .none
    }
  }

  /// The viewer pauses; a running stall is closed.
  ///
  /// Answers whether there was anything to pause.
  @discardableResult
  public mutating func pause(at time: SimTime) -> Bool {
    advance(to: time)
    guard anchoredPhase == .playing || anchoredPhase == .stalled else { return false }
    close(at: time)
    anchoredPhase = .paused
    return true
  }

  /// The viewer plays on; with an empty buffer that is a new stall.
  public mutating func resume(at time: SimTime) {
    guard anchoredPhase == .paused else { return }
    play(from: time)
  }

  /// The viewer jumps to a media time.
  ///
  /// Answers whether the target was buffered, so that playback goes on at once; otherwise the buffer is empty and its
  /// next segment is the one that holds the target.
  ///
  /// A jump before the first frame stays part of the startup delay.
  @discardableResult
  public mutating func seek(to target: SimDuration, at time: SimTime) -> Bool {
    advance(to: time)
    let isBuffered = target >= playhead(at: time) && target < downloaded
    close(at: time)
    playheadAtAnchor = target
    if isBuffered { return true }
    downloaded = target
    flags &= ~Self.holdsEndFlag
    if anchoredPhase != .starting { anchoredPhase = .seeking }
    return false
  }

  /// The viewer leaves: stalls and play time are closed, the phase is `.ended`.
  ///
  /// A session that never started keeps `startupDelay == nil`.
  public mutating func leave(at time: SimTime) {
    advance(to: time)
    close(at: time)
    anchoredPhase = .ended
  }

  // MARK: Bookkeeping

  private func elapsed(to time: SimTime) -> SimDuration {
    assert(time >= anchor, "the past is booked")
    return time - anchor
  }

  private mutating func play(from time: SimTime) {
    anchor = time
    anchoredPhase = .playing
  }

  /// Moves the anchor to `time`, closing what was running since the old one.
  private mutating func close(at time: SimTime) {
    switch anchoredPhase {
    case .playing:
      closedPlayTime += elapsed(to: time)
      playheadAtAnchor = playhead(at: time)
      anchor = time
    case .stalled:
      closedStallTime += elapsed(to: time)
      anchor = time
    case .seeking, .paused: anchor = time
    case .starting, .ended: break
    }
  }
}
