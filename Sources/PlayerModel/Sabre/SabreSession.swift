// A session in Sabre's semantics, quirks included, for exact agreement with published Sabre results.
//
// The quirks stay here: an abandoned request does not force the quality of the next one (the rule is simply asked again),
// stalls are counted only where the buffer runs dry while playing, progress comes in slices of at least 50 ms and 12 kbit,
// and jumps are not told to every rule.

internal import SimEngine

/// One request of a Sabre session.
public struct SabreRequest: Sendable, Equatable {
  /// Index of the segment.
  public var segment: Int
  /// Quality of the request.
  public var quality: Int
  /// Network clock at the request in milliseconds.
  public var networkMs: Double
  /// Buffer level at the request in milliseconds.
  public var bufferMs: Double
  /// Size of the segment in bits.
  public var sizeBits: Double
  /// Bits received.
  public var receivedBits: Double
  /// Length of the request in milliseconds.
  public var totalMs: Double
  /// Time to the first byte in milliseconds.
  public var firstByteMs: Double
  /// Quality in whose favour it was abandoned, -1 for a replacement that came too late; `nil` if it completed.
  public var abandonTo: Int?
}

/// What a Sabre session came to.
public struct SabreResult: Sendable, Equatable {
  /// Requests made.
  public var downloads = 0
  /// Requests abandoned.
  public var abandoned = 0
  /// Segments overwritten in the buffer.
  public var replaced = 0
  /// Quality changes between segments played in a row.
  public var switches = 0
  /// Mean bitrate of the played segments in kbit/s.
  public var meanBitrateKbps = 0.0
  /// Length of the first request in milliseconds.
  public var startupMs = 0.0
  /// Time stalled in milliseconds.
  public var rebufferMs = 0.0
  /// Stalls that began while playing.
  public var rebufferEvents = 0
  /// Length of the session in milliseconds.
  public var totalPlayMs = 0.0
  /// Network clock at the end in milliseconds.
  public var networkTotalMs = 0.0
  /// Sum of the utilities of the played segments.
  public var playedUtility = 0.0
  /// Sum of the bitrates of the played segments in kbit/s.
  public var playedBitrate = 0.0
  /// Sum of the bitrate changes in kbit/s.
  public var totalBitrateChange = 0.0
  /// Sum of the changes of the logarithm of the bitrate.
  public var totalLogBitrateChange = 0.0
  /// Last estimate of the throughput in kbit/s.
  public var finalThroughputKbps = 0.0
  /// Last estimate of the latency in milliseconds.
  public var finalLatencyMs = 0.0
  /// Requests whose throughput had been overestimated, and by how much on average, in kbit/s.
  public var overestimateCount = 0
  /// Mean overestimate in kbit/s.
  public var overestimateAverage = 0.0
  /// Requests whose throughput had not been overestimated.
  public var goodEstimateCount = 0
  /// Mean underestimate in kbit/s.
  public var goodEstimateAverage = 0.0
  /// Mean of estimate minus throughput over all requests, in kbit/s.
  public var estimateAverage = 0.0
  /// Time until the sustainable quality first played, in milliseconds; `nil` if it never did.
  public var rampupMs: Double?
  /// Time the player took to answer rises of the network, summed, in milliseconds.
  public var reactionMs = 0.0
  /// `sum R - 4.3 rebuffering - sum |dR|` over the played segments, R in Mbit/s.
  public var linearQoE = 0.0
  /// Qualities of the played segments.
  public var qualities: [UInt8] = []
}

/// A session of a rule on a trace in Sabre's semantics.
struct SabreSession<Rule: AdaptationRule> {
  private var rule: Rule
  private let options: SabreOptions
  private let ladder: LadderView
  private let sizes: SegmentSizes
  private let segmentMs: Double
  private let capacityMs: Double
  private let segmentCount: Int
  /// Sustainable quality of every period of the trace.
  private let sustainable: [Int]
  private var network: TraceNetwork
  private var estimator: SabreEstimator
  private var playback: SabrePlayback
  private var result = SabreResult()
  private var seekPending: SabreOptions.Seek?
  private(set) var log: [SabreRequest] = []
  private let keepsLog: Bool

  private static var leastSliceMs: Double { 50 }
  private static var leastSliceBits: Double { 12_000 }

  init(
    rule: Rule, options: SabreOptions, ladder: LadderView, sizes: SegmentSizes, trace: NetworkTrace, keepsLog: Bool
  ) {
    self.rule = rule
    self.options = options
    self.ladder = ladder
    self.sizes = sizes
    self.keepsLog = keepsLog
    segmentMs = ladder.segmentMs
    capacityMs = options.bufferSeconds * 1000
    segmentCount =
      options.movieSeconds.map { max(1, Int(($0 * 1000 / ladder.segmentMs).rounded(.up))) } ?? sizes.rows
    sustainable = trace.periods.map { period in
      let usableKbps = period.bandwidthKbps * (1 - period.latencyMs / ladder.segmentMs)
      var quality = 0
      while quality + 1 < ladder.count, ladder.bitrateKbps(quality + 1) <= usableKbps { quality += 1 }
      return quality
    }
    network = TraceNetwork(trace, recordsEntries: true)
    estimator = SabreEstimator(options.estimator, segmentMs: ladder.segmentMs)
    playback = SabrePlayback(ladder: ladder, segmentMs: ladder.segmentMs, capacityMs: options.bufferSeconds * 1000)
    seekPending = options.seek
  }

  /// Plays the title to its end.
  mutating func run() -> SabreResult {
    playback.beginNetwork(sustaining: sustainable[0])
    requestFirst()
    var next = 1
    while next < segmentCount {
      if let seek = seekPending, Double(next) * segmentMs >= 1000 * seek.whenSeconds {
        seekPending = nil
        next = Int(1000 * seek.toSeconds / segmentMs)
        playback.clear()
        rule.sought(segment: next)
        playback.restartRampup()
        guard next < segmentCount else { break }
      }
      let excess = playback.levelMs + segmentMs - capacityMs
      if excess > 0 {
        idle(excess)
        rule.waited(milliseconds: excess)
      }
      next += request(next)
    }
    playback.play(playback.levelMs)
    playback.clear()
    return finish()
  }

  private mutating func idle(_ ms: Double) {
    // Playing comes first: what the network does meanwhile is judged by the buffer that is left.
    playback.play(ms)
    network.wait(ms: ms)
    noteNetwork()
  }

  private mutating func noteNetwork() {
    guard !network.entered.isEmpty else { return }
    for entry in network.entered {
      playback.networkChanged(sustaining: sustainable[entry.period], clockMs: entry.clockMs)
    }
    network.entered.removeAll(keepingCapacity: true)
  }

  private mutating func requestFirst() {
    let size = sizes.bits(segment: 0, quality: 0)
    let startMs = network.clockMs
    let firstByteMs = network.firstByte()
    let totalMs = firstByteMs + network.transfer(bits: size)
    noteNetwork()
    result.downloads = 1
    result.startupMs = totalMs
    record(0, 0, startMs, 0, size, (size, totalMs, firstByteMs, nil))
    playback.append(0)
    playback.begin(afterMs: totalMs)
    estimator.push(ms: totalMs - firstByteMs, kbps: size / (totalMs - firstByteMs), latencyMs: firstByteMs)
  }

  /// Requests a segment, or a replacement for one.
  ///
  /// Answers by how many segments the session advanced.
  private mutating func request(_ next: Int) -> Int {
    var decision = rule.choose(
      DecisionContext(
        segment: next, segmentCount: segmentCount, levelMs: playback.levelMs,
        throughputKbps: estimator.throughputKbps, latencyMs: estimator.latencyMs, ladder: ladder, sizes: sizes))
    let replacement = replacementOffset(for: decision.quality)
    if replacement != nil { decision.delayMs = 0 }
    if decision.delayMs > 0 { idle(decision.delayMs) }
    let segment = next + (replacement ?? 0)
    let quality = decision.quality
    let size = sizes.bits(segment: segment, quality: quality)
    let startMs = network.clockMs
    let levelMs = playback.levelMs
    let download = fetch(size: size, quality: quality, levelMs: levelMs, replacement: replacement)
    noteNetwork()
    result.downloads += 1
    record(segment, quality, startMs, levelMs, size, download)
    playback.play(download.totalMs)
    var advance = 0
    if download.abandonTo != nil {
      result.abandoned += 1
    } else if let replacement {
      if playback.levelMs + segmentMs * Double(replacement) >= 0 {
        playback.replace(replacement, with: quality)
        result.replaced += 1
      }
    } else {
      playback.append(quality)
      advance = 1
    }
    let ending: DownloadOutcome.Ending =
      switch download.abandonTo {
      case nil: .completed
      case .some(-1): .replacementDropped
      case .some(let target): .abandoned(target: target)
      }
    rule.downloaded(
      DownloadOutcome(
        segment: segment, quality: quality, sizeBits: size, receivedBits: download.bits, totalMs: download.totalMs,
        firstByteMs: download.firstByteMs, levelMs: playback.levelMs, ending: ending,
        isReplacement: replacement != nil, ladder: ladder))
    judgeEstimate(download)
    return advance
  }

  private typealias Download = (bits: Double, totalMs: Double, firstByteMs: Double, abandonTo: Int?)

  private mutating func fetch(size: Double, quality: Int, levelMs: Double, replacement: Int?) -> Download {
    let firstByteMs = network.firstByte()
    guard options.abandons else {
      return (size, firstByteMs + network.transfer(bits: size), firstByteMs, nil)
    }
    var received = 0.0
    var elapsedMs = firstByteMs
    var leastMs = Self.leastSliceMs - firstByteMs
    while true {
      let slice = network.receive(bits: size - received, leastBits: Self.leastSliceBits, leastMs: leastMs)
      leastMs = Self.leastSliceMs
      received += slice.bits
      elapsedMs += slice.ms
      guard received < size else { return (received, elapsedMs, firstByteMs, nil) }
      let level = max(0, levelMs - elapsedMs)
      let target: Int?
      if let replacement {
        target = level + segmentMs * Double(replacement) <= 0 ? -1 : nil
      } else {
        target = rule.considerAbandon(
          DownloadProgress(
            quality: quality, sizeBits: size, receivedBits: received, elapsedMs: elapsedMs, firstByteMs: firstByteMs,
            levelMs: level, latencyMs: estimator.latencyMs, ladder: ladder))
      }
      if let target { return (received, elapsedMs, firstByteMs, target) }
    }
  }

  /// Which buffered segment the choice should replace, counted from the end of the buffer by a negative number.
  private func replacementOffset(for quality: Int) -> Int? {
    guard options.replacement != .none else { return nil }
    let count = playback.count
    let protected = Int((1.5 + playback.partialMs / segmentMs).rounded(.up))
    guard protected < count else { return nil }
    let candidates = protected..<count
    let index =
      options.replacement == .left
      ? candidates.first { playback.quality($0) < quality }
      : candidates.last { playback.quality($0) < quality }
    return index.map { $0 - count }
  }

  private mutating func judgeEstimate(_ download: Download) {
    let transferMs = download.totalMs - download.firstByteMs
    let kbps = download.bits / transferMs
    let error = estimator.throughputKbps - kbps
    if estimator.throughputKbps > kbps {
      result.overestimateCount += 1
      result.overestimateAverage += (error - result.overestimateAverage) / Double(result.overestimateCount)
    } else {
      result.goodEstimateCount += 1
      result.goodEstimateAverage +=
        (kbps - estimator.throughputKbps - result.goodEstimateAverage) / Double(result.goodEstimateCount)
    }
    let count = Double(result.overestimateCount + result.goodEstimateCount)
    result.estimateAverage += (error - result.estimateAverage) / count
    if download.abandonTo == nil {
      estimator.push(ms: transferMs, kbps: kbps, latencyMs: download.firstByteMs)
    }
  }

  private mutating func record(
    _ segment: Int, _ quality: Int, _ startMs: Double, _ levelMs: Double, _ size: Double, _ download: Download
  ) {
    guard keepsLog else { return }
    log.append(
      SabreRequest(
        segment: segment, quality: quality, networkMs: startMs, bufferMs: levelMs, sizeBits: size,
        receivedBits: download.bits, totalMs: download.totalMs, firstByteMs: download.firstByteMs,
        abandonTo: download.abandonTo))
  }

  private mutating func finish() -> SabreResult {
    result.switches = playback.switches
    result.totalPlayMs = playback.totalMs
    result.meanBitrateKbps = playback.bitrateSum / Double(max(1, playback.played.count))
    result.rebufferMs = playback.rebufferMs
    result.rebufferEvents = playback.rebufferEvents
    result.networkTotalMs = network.clockMs
    result.playedUtility = playback.utility
    result.playedBitrate = playback.bitrateSum
    result.totalBitrateChange = playback.bitrateChange
    result.totalLogBitrateChange = playback.logBitrateChange
    result.finalThroughputKbps = estimator.throughputKbps
    result.finalLatencyMs = estimator.latencyMs
    result.rampupMs = playback.rampupMs
    result.reactionMs = playback.reactionMs
    result.qualities = playback.played
    var quality = 0.0
    var change = 0.0
    for (index, played) in playback.played.enumerated() {
      let kbps = ladder.bitrateKbps(Int(played))
      quality += kbps / 1000
      if index > 0 { change += abs(kbps - ladder.bitrateKbps(Int(playback.played[index - 1]))) / 1000 }
    }
    result.linearQoE = quality - 4.3 * playback.rebufferMs / 1000 - change
    return result
  }
}
