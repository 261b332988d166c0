// The rules of hls.js, Shaka, Media3 and Stagefright: a share of the measured throughput, and conditions on the buffer.

/// A throughput rule with different headroom for keeping and for raising the quality.
///
/// The four players differ only in their numbers, which are named presets here:
/// * candidate for a rise: highest quality with `b <= raiseShare * throughput`;
/// * kept: the last quality while `b <= keepShare * throughput`;
/// * a rise needs `raiseBuffer` of media, a fall happens only below `fallBuffer`, and both wait for the switch interval.
///
/// State: 8 bytes; the presets are shared.
public struct HeadroomRule: AdaptationRule {
  /// A player's numbers.
  public enum Preset: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    /// hls.js: 0.95 to keep, 0.7 to rise; a segment must arrive before the buffer or 4 s are over; abandons.
    case hlsJs
    /// Shaka: 0.95 to keep, 0.85 to rise, 8 s between switches.
    case shaka
    /// Media3: 0.7 for both; rises from 10 s on, falls below 25 s.
    case media3
    /// Stagefright HLS: 0.7 for the choice, bandwidth 1.2 times the current to rise; marks at 7/4 and 9/4 of a segment.
    case stagefright
  }

  /// What a preset says, in shares of the throughput and milliseconds.
  struct Numbers {
    var keepShare: Double
    var raiseShare: Double
    /// Throughput over current bitrate that a rise needs.
    var raiseHeadroom = 0.0
    var raiseBufferMs: Double
    var fallBufferMs: Double
    var switchIntervalMs = 0.0
    /// Time in which a segment must arrive whatever the buffer holds; infinite where that is not asked.
    var starvationMs = Double.infinity
  }

  private let preset: Preset
  private var lastQuality: Int16 = -1
  private var sinceSwitchMs: Float = 0

  /// A rule with a player's numbers.
  public init(_ preset: Preset) { self.preset = preset }

  private func numbers(segmentMs: Double) -> Numbers {
    switch preset {
    case .hlsJs:
      Numbers(keepShare: 0.95, raiseShare: 0.7, raiseBufferMs: 0, fallBufferMs: .infinity, starvationMs: 4000)
    case .shaka:
      Numbers(keepShare: 0.95, raiseShare: 0.85, raiseBufferMs: 0, fallBufferMs: .infinity, switchIntervalMs: 8000)
    case .media3:
      Numbers(keepShare: 0.7, raiseShare: 0.7, raiseBufferMs: 10_000, fallBufferMs: 25_000)
    case .stagefright:
      Numbers(
        keepShare: 1, raiseShare: 0.7, raiseHeadroom: 1.2, raiseBufferMs: min(15_000, 1.75 * segmentMs),
        fallBufferMs: min(20_000, 2.25 * segmentMs))
    }
  }

  /// The next quality by the equations above.
  public mutating func choose(_ context: DecisionContext) -> Decision {
    let ladder = context.ladder
    let numbers = numbers(segmentMs: ladder.segmentMs)
    let throughput = context.throughputKbps
    let last = Int(lastQuality)
    var quality = ladder.highestQuality(atMostKbps: numbers.raiseShare * throughput)
    if last >= 0 {
      let lastKbps = ladder.bitrateKbps(last)
      if quality > last {
        let mayRise =
          context.levelMs >= numbers.raiseBufferMs && throughput >= numbers.raiseHeadroom * lastKbps
          && Double(sinceSwitchMs) >= numbers.switchIntervalMs
        if !mayRise { quality = last }
      } else if quality < last {
        let mayFall =
          lastKbps > numbers.keepShare * throughput && context.levelMs < numbers.fallBufferMs
          && Double(sinceSwitchMs) >= numbers.switchIntervalMs
        if !mayFall { quality = last }
      }
    }
    let patienceMs = max(context.levelMs, numbers.starvationMs)
    while quality > 0 {
      let share = quality > last ? numbers.raiseShare : numbers.keepShare
      if context.bits(segment: context.segment, quality: quality) / (share * throughput) <= patienceMs { break }
      quality -= 1
    }
    if quality != last { sinceSwitchMs = 0 }
    lastQuality = Int16(quality)
    return Decision(quality: quality)
  }

  /// hls.js gives up a request after half a segment's playing time if it would outlast a buffer of less than two
  /// segments, and a lower quality would arrive in time at 0.8 of the measured rate.
  ///
  /// The others let it run.
  public func considerAbandon(_ progress: DownloadProgress) -> Int? {
    guard preset == .hlsJs else { return nil }
    let ladder = progress.ladder
    guard progress.elapsedMs >= ladder.segmentMs / 2, progress.levelMs < 2 * ladder.segmentMs,
      progress.elapsedMs > progress.firstByteMs, progress.receivedBits > 0
    else { return nil }
    let kbps = progress.receivedBits / (progress.elapsedMs - progress.firstByteMs)
    let remainingMs = (progress.sizeBits - progress.receivedBits) / kbps
    guard remainingMs > progress.levelMs else { return nil }
    for target in stride(from: progress.quality - 1, through: 0, by: -1) {
      let ms = ladder.bitrateKbps(target) * ladder.segmentMs / (0.8 * kbps)
      if ms < progress.levelMs || target == 0 { return ms < remainingMs ? target : nil }
    }
    return nil
  }

  /// Takes in how a request ended.
  public mutating func downloaded(_ outcome: DownloadOutcome) {
    lastQuality = Int16(clamping: outcome.quality)
    sinceSwitchMs += Float(outcome.totalMs)
  }

  /// Takes in time idled on a full buffer.
  public mutating func waited(milliseconds: Double) { sinceSwitchMs += Float(milliseconds) }
}
