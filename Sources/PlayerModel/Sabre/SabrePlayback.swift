// Sabre's playback bookkeeping: the buffer in doubles, what was played, and how fast the player followed its network.

internal import Glibc

/// The buffer of a Sabre session and everything that is counted while it plays.
///
/// Milliseconds throughout.
struct SabrePlayback {
  private let ladder: LadderView
  private let segmentMs: Double
  private let capacityMs: Double
  /// Qualities of all segments ever kept; those before `head` have been played or thrown away.
  private var kept: [UInt8] = []
  private var head = 0
  /// Part of the head segment that has been played.
  private(set) var partialMs = 0.0

  private(set) var totalMs = 0.0
  private(set) var rebufferMs = 0.0
  private(set) var rebufferEvents = 0
  private(set) var utility = 0.0
  private(set) var bitrateSum = 0.0
  private(set) var bitrateChange = 0.0
  private(set) var logBitrateChange = 0.0
  private(set) var switches = 0
  private(set) var played: [UInt8] = []
  private(set) var rampupMs: Double?
  private var rampupOriginMs = 0.0

  private var sustainable = 0
  private var reactions: [Reaction] = []
  private(set) var reactionMs = 0.0

  /// A rise of the network that the player has not answered yet.
  private struct Reaction {
    var startMs: Double
    var target: Int
    /// When a segment of at least `target` began to play, or the network fell again.
    var answeredMs: Double?
  }

  init(ladder: LadderView, segmentMs: Double, capacityMs: Double) {
    self.ladder = ladder
    self.segmentMs = segmentMs
    self.capacityMs = capacityMs
  }

  /// Segments in the buffer.
  var count: Int { kept.count - head }
  /// Media in the buffer.
  var levelMs: Double { segmentMs * Double(count) - partialMs }
  /// Quality of a buffered segment, counted from the head.
  func quality(_ index: Int) -> Int { Int(kept[head + index]) }

  mutating func append(_ quality: Int) { kept.append(UInt8(quality)) }

  /// Overwrites a buffered segment, counted from the end by a negative `offset`.
  mutating func replace(_ offset: Int, with quality: Int) { kept[kept.count + offset] = UInt8(quality) }

  mutating func clear() {
    head = kept.count
    partialMs = 0
  }

  /// The first request arrived; waiting for it is not a stall.
  mutating func begin(afterMs ms: Double) { totalMs += ms }

  mutating func restartRampup() {
    rampupOriginMs = totalMs
    rampupMs = nil
  }

  /// Plays for `duration` milliseconds, stalling when the buffer runs dry.
  ///
  /// Only running dry counts as an event.
  mutating func play(_ duration: Double) {
    var rest = duration
    if count == 0 {
      rebufferMs += rest
      totalMs += rest
      return
    }
    if partialMs > 0 {
      if rest + partialMs < segmentMs {
        partialMs += rest
        totalMs += rest
        return
      }
      rest -= segmentMs - partialMs
      totalMs += segmentMs - partialMs
      head += 1
      partialMs = 0
    }
    while rest > 0, count > 0 {
      begin(quality: quality(0))
      if rest >= segmentMs {
        head += 1
        totalMs += segmentMs
        rest -= segmentMs
      } else {
        partialMs = rest
        totalMs += rest
        rest = 0
      }
    }
    if rest > 0 {
      rebufferMs += rest
      totalMs += rest
      rebufferEvents += 1
    }
    mature(now: totalMs)
  }

  private mutating func begin(quality: Int) {
    let kbps = ladder.bitrateKbps(quality)
    utility += ladder.utility(quality)
    bitrateSum += kbps
    if let last = played.last, Int(last) != quality {
      switches += 1
      let lastKbps = ladder.bitrateKbps(Int(last))
      bitrateChange += abs(kbps - lastKbps)
      // determinism: Sabre uses the C library, and this profile agrees with it.
      logBitrateChange += abs(Glibc.log(kbps / lastKbps))
    }
    played.append(UInt8(quality))
    if rampupMs == nil, quality >= sustainable { rampupMs = totalMs - rampupOriginMs }
    for index in reactions.indices where reactions[index].answeredMs == nil && reactions[index].target <= quality {
      reactions[index].answeredMs = totalMs
    }
  }

  /// The network's first period sustains this quality.
  mutating func beginNetwork(sustaining quality: Int) { sustainable = quality }

  /// The network entered a period that sustains another quality, or the same.
  mutating func networkChanged(sustaining quality: Int, clockMs: Double) {
    guard quality != sustainable else { return }
    let rises = quality > sustainable
    sustainable = quality
    mature(now: clockMs)
    for index in reactions.indices where reactions[index].answeredMs == nil && reactions[index].target > quality {
      reactions[index].answeredMs = clockMs
    }
    guard rises, (0..<count).allSatisfy({ self.quality($0) < quality }),
      reactions.allSatisfy({ $0.target < quality })
    else { return }
    reactions.append(Reaction(startMs: clockMs, target: quality, answeredMs: nil))
  }

  /// Counts the reactions that are older than the buffer is long.
  private mutating func mature(now: Double) {
    while let first = reactions.first, first.startMs < now - capacityMs {
      reactions.removeFirst()
      reactionMs += first.answeredMs.map { min(capacityMs, $0 - first.startMs) } ?? capacityMs
    }
  }
}
