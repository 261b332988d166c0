// What happened in a session, as its viewer saw it: the one record that every quality figure is folded from.

public import SimEngine

/// Something that the viewer of a session saw or did.
public enum SessionEvent: Sendable, Equatable, BitwiseCopyable {
  /// The viewer asked to play.
  case playRequested
  /// The first frame was shown.
  case firstFrame
  /// A segment of this bitrate began to play.
  case segmentStarted(kbps: Double)
  /// The buffer ran dry.
  case stallBegan
  /// Playback went on after a stall.
  case stallEnded
  /// The viewer jumped.
  case seekBegan
  /// Playback went on after a jump.
  case seekEnded
  /// The viewer paused.
  case paused
  /// The viewer played on.
  case resumed
  /// The session failed for good.
  case failed
  /// The viewer left before the end.
  case left
  /// The title was over.
  case ended
}

/// An event and when it happened.
public struct SessionRecord: Sendable, Equatable, BitwiseCopyable {
  /// When.
  public var time: SimTime
  /// What.
  public var event: SessionEvent

  /// An event at a time.
  public init(_ event: SessionEvent, at time: SimTime) {
    self.time = time
    self.event = event
  }
}

/// How a session ended, in the terms of CTA-2066 (streaming quality of experience events).
public enum SessionOutcome: String, Sendable, CaseIterable, BitwiseCopyable {
  /// Still running at the end of the log.
  case running
  /// Played to the end.
  case completed
  /// Left while watching.
  case abandoned
  /// Exit before video start: left before the first frame without a failure.
  case exitBeforeVideoStart = "ebvs"
  /// Video start failure: failed before the first frame.
  case videoStartFailure = "vsf"
  /// Video playback failure: failed after the first frame.
  case videoPlaybackFailure = "vpf"
}

/// Quality figures of a session, folded from its events.
///
/// Waiting after a jump and pauses count as neither play nor stall ("connection-induced" rebuffering only).
public struct SessionQoE: Sendable, Equatable {
  /// From the request to play to the first frame; `nil` if there was none.
  public private(set) var startup: SimDuration?
  /// Time played.
  public private(set) var playTime = SimDuration.zero
  /// Time stalled.
  public private(set) var stallTime = SimDuration.zero
  /// Stalls.
  public private(set) var stallCount = 0
  /// Time waited after jumps.
  public private(set) var seekTime = SimDuration.zero
  /// Segments that began to play.
  public private(set) var segments = 0
  /// Changes of bitrate between segments in a row.
  public private(set) var switches = 0
  /// How it ended.
  public private(set) var outcome = SessionOutcome.running
  /// Sums over the segments that the Yin models need.
  public private(set) var linearGain = 0.0
  /// Sum of |bitrate change| in Mbit/s.
  public private(set) var linearChange = 0.0
  /// Sum of `ln(R / lowest)`.
  public private(set) var logGain = 0.0
  /// Sum of |change of ln R|.
  public private(set) var logChange = 0.0
  /// Sum of the HD scores.
  public private(set) var hdGain = 0.0
  /// Sum of |change of HD score|.
  public private(set) var hdChange = 0.0

  private enum State { case idle, starting, playing, stalled, seeking, paused, over }
  private let lowestKbps: Double
  private var state = State.idle
  private var since = SimTime.zero
  private var kbps = 0.0
  private var kbit = 0.0

  /// Folds a log.
  ///
  /// - Parameters:
  ///   - log: events in order of time.
  ///   - lowestKbps: lowest bitrate of the ladder, the reference of the logarithmic model, positive.
  /// - Complexity: O(events).
  public init(folding log: some Sequence<SessionRecord>, lowestKbps: Double = 300) {
    precondition(lowestKbps > 0, "the lowest bitrate is positive")
    self.lowestKbps = lowestKbps
    for record in log { take(record) }
  }

  /// Stalled share of the time that should have been played, 0 if there was none.
  public var rebufferRatio: Double {
    let total = playTime + stallTime
    return total > .zero ? stallTime / total : 0
  }

  /// Bitrate weighted by the time it was on screen, in kbit/s; 0 if nothing was played.
  public var meanBitrateKbps: Double { playTime > .zero ? kbit / playTime.seconds : 0 }

  /// A Yin model over the session.
  public func score(_ model: YinModel) -> Double {
    let sums =
      switch model.gain {
      case .linear: (linearGain, linearChange)
      case .logarithmic: (logGain, logChange)
      case .hd: (hdGain, hdChange)
      }
    return sums.0 - model.smoothness * sums.1 - model.rebufferPenalty * stallTime.seconds
      - model.startupPenalty * (startup?.seconds ?? 0)
  }

  private mutating func take(_ record: SessionRecord) {
    guard state != .over else { return }
    let span = record.time - since
    switch state {
    case .playing:
      playTime += span
      kbit += kbps * span.seconds
    case .stalled: stallTime += span
    case .seeking: seekTime += span
    case .idle, .starting, .paused, .over: break
    }
    since = record.time
    switch record.event {
    case .playRequested: state = .starting
    case .firstFrame:
      startup = startup ?? span
      state = .playing
    case .segmentStarted(let next): begin(next)
    case .stallBegan:
      stallCount += 1
      state = .stalled
    case .stallEnded, .seekEnded, .resumed: state = .playing
    case .seekBegan: state = startup == nil ? .starting : .seeking
    case .paused: state = .paused
    case .failed: end(startup == nil ? .videoStartFailure : .videoPlaybackFailure)
    case .left: end(startup == nil ? .exitBeforeVideoStart : .abandoned)
    case .ended: end(.completed)
    }
  }

  private mutating func end(_ outcome: SessionOutcome) {
    self.outcome = outcome
    state = .over
  }

  private mutating func begin(_ next: Double) {
    let gain = YinModel.hdScore(kbps: next)
    linearGain += next / 1000
    logGain += DeterministicMath.log(next / lowestKbps)
    hdGain += gain
    if segments > 0 {
      if next != kbps { switches += 1 }
      linearChange += abs(next - kbps) / 1000
      logChange += abs(DeterministicMath.log(next / kbps))
      hdChange += abs(gain - YinModel.hdScore(kbps: kbps))
    }
    segments += 1
    kbps = next
  }
}

/// The linear family of quality models (Yin, Jindal, Sekar, Sinopoli, SIGCOMM 2015, section 3).
///
/// `sum q - smoothness * sum |dq| - rebuffer * stalled seconds - startup * startup seconds`.
public struct YinModel: Sendable, Equatable {
  /// What a segment is worth.
  public enum Gain: String, Sendable, CaseIterable {
    /// Its bitrate in Mbit/s.
    case linear
    /// `ln(R / lowest)`.
    case logarithmic
    /// Pensieve's table, which favours HD.
    case hd
  }
  /// What a segment is worth.
  public var gain: Gain
  /// Weight of a change.
  public var smoothness: Double
  /// Weight of a second stalled.
  public var rebufferPenalty: Double
  /// Weight of a second of startup.
  public var startupPenalty: Double

  /// A model.
  public init(gain: Gain, smoothness: Double = 1, rebufferPenalty: Double, startupPenalty: Double = 0) {
    self.gain = gain
    self.smoothness = smoothness
    self.rebufferPenalty = rebufferPenalty
    self.startupPenalty = startupPenalty
  }

  /// Pensieve's linear model: 4.3 a second stalled.
  public static let linear = YinModel(gain: .linear, rebufferPenalty: 4.3)
  /// Pensieve's logarithmic model: 2.66 a second stalled.
  public static let logarithmic = YinModel(gain: .logarithmic, rebufferPenalty: 2.66)
  /// Pensieve's HD model: 8 a second stalled.
  public static let hd = YinModel(gain: .hd, rebufferPenalty: 8)

  /// Pensieve's HD table over its ladder; a bitrate between two rungs scores like the lower one.
  public static func hdScore(kbps: Double) -> Double {
    let table: [(kbps: Double, score: Double)] = [
      (4300, 20), (2850, 15), (1850, 12), (1200, 3), (750, 2),
    ]
    for rung in table where kbps >= rung.kbps { return rung.score }
    return 1
  }
}
