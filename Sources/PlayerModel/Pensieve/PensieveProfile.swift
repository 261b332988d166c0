// The Pensieve profile: 48 chunks in the semantics of Pensieve's simulator, quirks included.

internal import SimEngine

/// One chunk of a Pensieve session.
public struct PensieveChunk: Sendable, Equatable {
  /// Index of the chunk.
  public var chunk: Int
  /// Clock after the chunk in seconds.
  public var clockSeconds: Double
  /// Quality.
  public var quality: Int
  /// Buffer after the chunk in seconds.
  public var bufferSeconds: Double
  /// Time stalled for it in seconds.
  public var rebufferSeconds: Double
  /// Size in bytes.
  public var bytes: Double
  /// Delay in milliseconds.
  public var delayMs: Double
  /// `R - 4.3 rebuffering - |dR|`, R in Mbit/s.
  public var reward: Double
  /// What was left of the sleep on a full buffer in milliseconds.
  public var returnedSleepMs: Double
}

/// What a Pensieve session came to.
public struct PensieveResult: Sendable, Equatable {
  /// Sum of the rewards without the first chunk's.
  public var linearQoESkippingFirst = 0.0
  /// Sum of all rewards.
  public var linearQoE = 0.0
  /// Time stalled in seconds, without the first chunk's.
  public var rebufferSecondsSkippingFirst = 0.0
  /// The first chunk's stall in seconds.
  public var startupSeconds = 0.0
  /// Chunks after the first that stalled.
  public var rebufferEvents = 0
  /// Mean bitrate of the chunks in kbit/s.
  public var meanBitrateKbps = 0.0
  /// Quality changes between chunks in a row.
  public var switches = 0
  /// Clock at the end in seconds.
  public var endClockSeconds = 0.0
  /// Chunks after which the player slept on a full buffer.
  public var sleepChunks = 0
  /// Buffer at the end in seconds.
  public var finalBufferSeconds = 0.0
  /// Qualities of the chunks.
  public var qualities: [UInt8] = []
}

/// Plays titles on traces exactly as Pensieve's environment does (hongzimao/pensieve).
public enum PensieveProfile {
  /// Chunks of a session.
  public static let chunkCount = 48
  /// Quality of the first chunk.
  public static let firstQuality = 1
  static let capacityMs = 60_000.0
  static let sleepStepMs = 500.0
  static let rebufferPenalty = 4.3

  /// The rules that Pensieve's environment is played with, with Pensieve's own constants for the two it ships.
  ///
  /// BOLA and its relatives may be played too; their buffer is Pensieve's 60 s.
  public static func play(
    title: PlayTitle, samples: BandwidthSamples, rule name: AbrName, ruleOptions: RuleOptions = RuleOptions()
  ) -> (result: PensieveResult, log: [PensieveChunk]) {
    let ladder = title.ladder()
    return withExtendedLifetime(ladder) {
      let view = ladder.view()
      return title.withSizes { sizes in
        switch name {
        case .robustMpc:
          return play(RobustMpcRule<Double>(ties: .last, sizeOffset: 1), view, sizes, samples)
        case .robustMpcStrict:
          return play(RobustMpcRule<Double>(ties: .first, sizeOffset: 1), view, sizes, samples)
        case .bufferBased: return play(BufferBasedRule(), view, sizes, samples)
        case .fixed: return play(FixedRule(quality: ruleOptions.fixedQuality), view, sizes, samples)
        default:
          let rule = SessionRule(name, bufferMs: capacityMs, ladder: view, options: ruleOptions)
          return play(rule, view, sizes, samples)
        }
      }
    }
  }

  private static func play<Rule: AdaptationRule>(
    _ initial: Rule, _ ladder: LadderView, _ sizes: SegmentSizes, _ samples: BandwidthSamples
  ) -> (result: PensieveResult, log: [PensieveChunk]) {
    var rule = initial
    var network = PensieveNetwork(samples)
    var result = PensieveResult()
    var log: [PensieveChunk] = []
    log.reserveCapacity(chunkCount)
    var clockMs = 0.0
    var bufferMs = 0.0
    var quality = min(firstQuality, ladder.top)
    var previousKbps = ladder.bitrateKbps(quality)
    // Pensieve's rules keep their own estimate; the others believe the last transfer.
    var lastKbps = 0.0
    var bitrateSum = 0.0
    for chunk in 0..<chunkCount {
      if chunk > 0 {
        quality =
          rule.choose(
            DecisionContext(
              segment: chunk, segmentCount: chunkCount, levelMs: bufferMs, throughputKbps: lastKbps,
              latencyMs: PensieveNetwork.roundTripMs, ladder: ladder, sizes: sizes)
          ).quality
      }
      let bits = sizes.bits(segment: chunk, quality: quality)
      let delayMs = network.download(bytes: bits / 8)
      clockMs += delayMs
      let rebufferMs = max(delayMs - bufferMs, 0)
      bufferMs = max(bufferMs - delayMs, 0) + ladder.segmentMs
      var sleepMs = 0.0
      if bufferMs > capacityMs {
        let wholeMs = ((bufferMs - capacityMs) / sleepStepMs).rounded(.up) * sleepStepMs
        bufferMs -= wholeMs
        sleepMs = network.sleep(ms: wholeMs)
        clockMs += sleepMs
        result.sleepChunks += 1
        rule.waited(milliseconds: wholeMs)
      }
      let kbps = ladder.bitrateKbps(quality)
      let reward = kbps / 1000 - rebufferPenalty * (rebufferMs / 1000) - abs(kbps - previousKbps) / 1000
      result.linearQoE += reward
      if chunk == 0 {
        result.startupSeconds = rebufferMs / 1000
      } else {
        result.linearQoESkippingFirst += reward
        result.rebufferSecondsSkippingFirst += rebufferMs / 1000
        if rebufferMs > 0 { result.rebufferEvents += 1 }
        if let last = result.qualities.last, Int(last) != quality { result.switches += 1 }
      }
      result.qualities.append(UInt8(quality))
      bitrateSum += kbps
      previousKbps = kbps
      lastKbps = bits / (delayMs - PensieveNetwork.roundTripMs)
      rule.downloaded(
        DownloadOutcome(
          segment: chunk, quality: quality, sizeBits: bits, receivedBits: bits, totalMs: delayMs,
          firstByteMs: PensieveNetwork.roundTripMs, levelMs: bufferMs, ladder: ladder))
      log.append(
        PensieveChunk(
          chunk: chunk, clockSeconds: clockMs / 1000, quality: quality, bufferSeconds: bufferMs / 1000,
          rebufferSeconds: rebufferMs / 1000, bytes: bits / 8, delayMs: delayMs, reward: reward,
          returnedSleepMs: sleepMs))
    }
    result.meanBitrateKbps = bitrateSum / Double(chunkCount)
    result.endClockSeconds = clockMs / 1000
    result.finalBufferSeconds = bufferMs / 1000
    return (result, log)
  }
}
