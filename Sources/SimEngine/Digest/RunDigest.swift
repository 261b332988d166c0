/// A rolling 64-bit digest of everything that happens: (time, target, kind, draws) of every event, in order.
///
/// Two runs with the same digest did the same; a lost, added, moved or swapped event, or one random draw more or less,
/// changes it. Optional checkpoints tell where two runs part. It proves reproduction, not authenticity: it is no
/// cryptographic hash.
public struct RunDigest: Hashable, Sendable {
  /// The chain so far.
  @usableFromInline var chain: UInt64 = 0x243f_6a88_85a3_08d3
  @usableFromInline var recorded: UInt64 = 0
  @usableFromInline var kept: [UInt64] = []
  @usableFromInline let checkpointMask: UInt64

  /// An empty digest; with `checkpointExponent` k it keeps its value after every 2^k events (k from 0 to 62).
  public init(checkpointExponent: Int? = nil) {
    guard let checkpointExponent else {
      checkpointMask = .max
      return
    }
    precondition((0...62).contains(checkpointExponent), "checkpoints are taken every 2^0 to 2^62 events")
    checkpointMask = (1 << UInt64(checkpointExponent)) - 1
  }

  /// How many events were recorded.
  @inlinable
  public var eventCount: UInt64 { recorded }

  /// The value after every `checkpointInterval` events, in order; empty without checkpoints.
  @inlinable
  public var checkpoints: [UInt64] { kept }

  /// How many events lie between checkpoints, or `nil` without checkpoints.
  public var checkpointInterval: UInt64? { checkpointMask == .max ? nil : checkpointMask + 1 }

  /// Records one event: when, for whom, of which kind, and how many random draws were made so far.
  ///
  /// O(1).
  @inlinable
  public mutating func record(time: SimTime, target: UInt32, kind: UInt8, draws: UInt64) {
    // The word is ready before the chain needs it: one rotation and one multiplication are on the critical path. The
    // multipliers are odd, so that no step forgets a bit of the chain or of the event.
    let who = UInt64(target) &<< 8 | UInt64(kind)
    let word =
      (UInt64(bitPattern: time.nanoseconds) &* 0x9e37_79b9_7f4a_7c15) ^ (who &* 0xc2b2_ae3d_27d4_eb4f)
      ^ (((draws &<< 32) | (draws &>> 32)) &* 0x1656_67b1_9e37_79f9)
    advance(by: word)
    if recorded & checkpointMask == 0 { kept.append(value) }
  }

  @inlinable
  mutating func advance(by word: UInt64) {
    chain = (((chain &<< 29) | (chain &>> 35)) ^ word) &* 0xff51_afd7_ed55_8ccd
    recorded &+= 1
  }

  /// Folds in the digest of a partition of the run.
  ///
  /// Merge partitions in a fixed order; checkpoints are not merged.
  public mutating func merge(_ partition: RunDigest) {
    merge(digestValue: partition.value, events: partition.eventCount)
  }

  /// Folds in a finished digest of which only the value and the number of events are known.
  public mutating func merge(digestValue: UInt64, events: UInt64) {
    let before = recorded
    advance(by: digestValue)
    advance(by: events)
    recorded = before &+ events
  }

  /// The digest of the events so far.
  @inlinable
  public var value: UInt64 { StreamKey.mixed(chain ^ recorded) }

  /// The digest as 16 hexadecimal digits.
  public var hex: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The events, numbered from 0, among which two digests with the same checkpoint interval part; `nil` if they agree.
  ///
  /// O(log n) in the number of checkpoints: once parted, chains never meet again but by a chance of 2^-64.
  public func firstDifference(from other: RunDigest) -> Range<UInt64>? {
    guard value != other.value || eventCount != other.eventCount else { return nil }
    guard checkpointMask == other.checkpointMask, let interval = checkpointInterval else {
      return 0..<max(eventCount, other.eventCount)
    }
    var low = 0
    var high = min(checkpoints.count, other.checkpoints.count)
    while low < high {
      let middle = (low + high) / 2
      if checkpoints[middle] == other.checkpoints[middle] { low = middle + 1 } else { high = middle }
    }
    let start = UInt64(low) * interval
    return start..<min(start + interval, max(eventCount, other.eventCount))
  }
}
