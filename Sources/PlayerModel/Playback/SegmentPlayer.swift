// A whole session as one value: rule, estimator, buffer and statistics, driven by whoever owns clock and network.
//
//   nextRequest --> .wait(until)                 the buffer is full: ask again then
//               --> .request(segment, quality)   send it (at `sendAt`), then tell `completed` or `abandoned`
//               --> .nothing                     every segment is there: play out

public import SimEngine

/// What a session wants to do next.
@frozen public enum SegmentAction: BitwiseCopyable, Sendable, Equatable {
  /// The buffer is full until then; ask again at that time.
  case wait(until: SimTime)
  /// Request this segment at this quality, no earlier than `sendAt`.
  case request(segment: Int, quality: Int, sendAt: SimTime)
  /// Every segment has been requested.
  case nothing
}

/// A playing session in at most 256 bytes.
public struct SegmentPlayer: BitwiseCopyable, Sendable {
  /// The buffer and its stalls.
  public private(set) var buffer: PlaybackBuffer
  /// What was watched.
  public private(set) var statistics: PlaybackStatistics
  /// What the session believes about its network.
  public private(set) var estimator: ThroughputEstimator
  /// The bitrate rule.
  private var rule: SessionRule
  private var nextSegment: Int32

  /// A session at the moment the viewer asks to play, starting at media time `offset`.
  ///
  /// Playback starts on a segment border: the one at or before `offset`.
  public init(at time: SimTime, offset: SimDuration = .zero, settings: PlayerSettings, title: TitleView) {
    let capacity = settings.usableCapacity(segmentDuration: title.segmentDuration)
    // A mark that the buffer cannot reach would never let the session play.
    let highestMark = capacity - title.segmentDuration
    let first = title.segment(at: offset)
    let border = title.start(ofSegment: first)
    buffer = PlaybackBuffer(
      at: time, offset: border, startThreshold: min(settings.startThreshold, highestMark),
      resumeThreshold: min(settings.resumeThreshold, highestMark))
    statistics = PlaybackStatistics(offset: border)
    estimator = settings.estimator.makeEstimator()
    rule = SessionRule(
      settings.abr, bufferMs: capacity.milliseconds, ladder: title.ladder, options: settings.options)
    nextSegment = Int32(first)
    if first > 0 { rule.sought(segment: first) }
  }

  /// What to do at `now`.
  public mutating func nextRequest(
    at now: SimTime, settings: PlayerSettings, title: TitleView
  ) -> SegmentAction {
    let segment = Int(nextSegment)
    guard segment < title.segmentCount else { return .nothing }
    settle(at: now, title)
    let level = buffer.level(at: now)
    let excess =
      level + title.duration(ofSegment: segment)
      - settings.usableCapacity(segmentDuration: title.segmentDuration)
    if excess > .zero {
      // A paused buffer does not drain: the rule is not told that the network idled, and the same answer follows later.
      if buffer.phase(at: now) == .playing { rule.waited(milliseconds: excess.milliseconds) }
      return .wait(until: now + excess)
    }
    let isTrusted = statistics.receivedBytes >= settings.trustedAfterBytes
    let believedKbps = isTrusted ? estimator.throughputKbps : nil
    let decision = rule.choose(
      DecisionContext(
        segment: segment, segmentCount: title.segmentCount, levelMs: level.milliseconds,
        throughputKbps: believedKbps ?? settings.initialThroughputKbps, latencyMs: estimator.latencyMs,
        ladder: title.ladder, sizes: title.sizes))
    let delay = SimDuration.nanoseconds(Int64((decision.delayMs * 1e6).rounded()))
    return .request(segment: segment, quality: decision.quality, sendAt: now + delay)
  }

  /// The lower quality to ask for instead of a running download, or `nil` to let it run.
  public func considerAbandon(_ transfer: SegmentTransfer, at now: SimTime, title: TitleView) -> Int? {
    let size = title.bytes(segment: transfer.segment, quality: transfer.quality)
    return rule.considerAbandon(
      DownloadProgress(
        quality: transfer.quality, sizeBits: Double(size) * 8, receivedBits: Double(transfer.receivedBytes) * 8,
        elapsedMs: (now - transfer.requestedAt).milliseconds,
        firstByteMs: (transfer.firstByteAt - transfer.requestedAt).milliseconds,
        levelMs: buffer.level(at: now).milliseconds, latencyMs: estimator.latencyMs, ladder: title.ladder))
  }

  /// The whole segment arrived at `now`.
  @discardableResult
  public mutating func completed(
    _ transfer: SegmentTransfer, at now: SimTime, title: TitleView
  ) -> PlaybackBuffer.Transition {
    settle(at: now, title)
    learn(transfer, at: now)
    let duration = title.duration(ofSegment: transfer.segment)
    let transition = buffer.segmentArrived(
      duration: duration, at: now, isLast: transfer.segment == title.segmentCount - 1)
    statistics.buffered(
      quality: transfer.quality, end: buffer.downloaded, segmentDuration: title.segmentDuration, ladder: title.ladder)
    nextSegment = Int32(transfer.segment + 1)
    rule.downloaded(outcome(transfer, .completed, at: now, title))
    return transition
  }

  /// The request was given up at `now` in favour of `target`.
  ///
  /// The caller requests the same segment at `target` at once; it may also ask `nextRequest` again, as Sabre does.
  public mutating func abandoned(_ transfer: SegmentTransfer, target: Int, at now: SimTime, title: TitleView) {
    settle(at: now, title)
    statistics.received(bytes: transfer.receivedBytes)
    rule.downloaded(outcome(transfer, .abandoned(target: target), at: now, title))
  }

  /// The viewer jumps to a media time.
  ///
  /// Answers whether a running request has become useless.
  public mutating func seek(to target: SimDuration, at now: SimTime, title: TitleView) -> Bool {
    settle(at: now, title)
    let segment = title.segment(at: target)
    let border = title.start(ofSegment: segment)
    if buffer.seek(to: border, at: now) {
      statistics.skipped(to: border, segmentDuration: title.segmentDuration)
      return false
    }
    statistics.sought(to: border)
    nextSegment = Int32(segment)
    rule.sought(segment: segment)
    return true
  }

  /// The viewer pauses.
  public mutating func pause(at now: SimTime) { buffer.pause(at: now) }

  /// The viewer plays on.
  public mutating func resume(at now: SimTime) { buffer.resume(at: now) }

  /// The viewer leaves, or the title is over; everything is closed.
  public mutating func leave(at now: SimTime, title: TitleView) {
    settle(at: now, title)
    buffer.leave(at: now)
  }

  /// Books a stall and what was watched up to `now`; the figures of `buffer` and `statistics` are exact afterwards.
  public mutating func settle(at now: SimTime, _ title: TitleView) {
    buffer.advance(to: now)
    statistics.played(
      to: buffer.playhead(at: now), segmentDuration: title.segmentDuration, ladder: title.ladder)
  }

  private mutating func learn(_ transfer: SegmentTransfer, at now: SimTime) {
    statistics.received(bytes: transfer.receivedBytes)
    guard !transfer.isExcludedFromEstimate else { return }
    estimator.record(
      bytes: transfer.receivedBytes, transfer: now - transfer.firstByteAt,
      latency: transfer.firstByteAt - transfer.requestedAt)
  }

  private func outcome(
    _ transfer: SegmentTransfer, _ ending: DownloadOutcome.Ending, at now: SimTime, _ title: TitleView
  ) -> DownloadOutcome {
    let size = title.bytes(segment: transfer.segment, quality: transfer.quality)
    return DownloadOutcome(
      segment: transfer.segment, quality: transfer.quality, sizeBits: Double(size) * 8,
      receivedBits: Double(transfer.receivedBytes) * 8, totalMs: (now - transfer.requestedAt).milliseconds,
      firstByteMs: (transfer.firstByteAt - transfer.requestedAt).milliseconds,
      levelMs: buffer.level(at: now).milliseconds, ending: ending, ladder: title.ladder)
  }
}

/// A running or finished request, as the owner of the network knows it.
@frozen public struct SegmentTransfer: BitwiseCopyable, Sendable {
  /// Index of the segment.
  public var segment: Int
  /// Quality of the request.
  public var quality: Int
  /// When it was sent.
  public var requestedAt: SimTime
  /// When the first byte arrived.
  public var firstByteAt: SimTime
  /// Bytes received so far.
  public var receivedBytes: Int64
  /// Whether the estimator must not learn from it, for example because it came from a cache so near that it says nothing
  /// about the way to the next segment.
  public var isExcludedFromEstimate: Bool

  /// A request; units as in the properties.
  @inlinable public init(
    segment: Int, quality: Int, requestedAt: SimTime, firstByteAt: SimTime, receivedBytes: Int64,
    isExcludedFromEstimate: Bool = false
  ) {
    self.segment = segment
    self.quality = quality
    self.requestedAt = requestedAt
    self.firstByteAt = firstByteAt
    self.receivedBytes = receivedBytes
    self.isExcludedFromEstimate = isExcludedFromEstimate
  }
}
