// The qualities a title is offered in. One ladder is shared by all titles of a kind; each title scales its bitrates.

public import SimEngine

#if canImport(Glibc)
  internal import Glibc
#endif

/// An immutable ladder of qualities with their log utilities.
///
/// Quality 0 is the lowest. The utility of quality q is `ln b[q] - ln b[0]` (BOLA, Spiteri et al., INFOCOM 2016,
/// section II-B); it does not change when a title scales all bitrates by one factor, so titles share the ladder.
public final class QualityLadder: Sendable {
  /// Where the logarithms come from.
  public enum Logarithm: Sendable {
    /// The engine's own logarithm: the same bits on every machine. For everything that is simulated.
    case deterministic
    /// The C library's logarithm, as the Sabre profile needs it.
    case platformLibrary
  }

  /// Number of qualities, at least 1.
  public let count: Int
  /// Playing time of a full segment.
  public let segmentDuration: SimDuration
  /// Playing time of a full segment in milliseconds.
  public let segmentMs: Double
  /// `count` bitrates in kbit/s, then their `count` logarithms.
  ///
  /// Written once, in `init`.
  private nonisolated(unsafe) let storage: UnsafeMutablePointer<Double>

  /// A ladder from bitrates in kbit/s.
  ///
  /// - Precondition: `bitratesKbps` is not empty, positive, finite and strictly ascending; the segment duration is
  ///   positive. Readers of files check this first and report the place.
  public init(bitratesKbps: [Double], segmentDuration: SimDuration, logarithm: Logarithm = .deterministic) {
    precondition(Self.isLadder(bitratesKbps), "a ladder needs positive, strictly ascending bitrates")
    precondition(segmentDuration > .zero, "a segment lasts longer than zero")
    count = bitratesKbps.count
    self.segmentDuration = segmentDuration
    segmentMs = Double(segmentDuration.nanoseconds) / 1e6
    storage = .allocate(capacity: 2 * bitratesKbps.count)
    for (quality, kbps) in bitratesKbps.enumerated() {
      (storage + quality).initialize(to: kbps)
      // determinism: the C library is asked for by the Sabre profile only.
      let log = logarithm == .deterministic ? DeterministicMath.log(kbps) : Glibc.log(kbps)
      (storage + count + quality).initialize(to: log)
    }
  }

  deinit { storage.deallocate() }

  /// Whether the bitrates can form a ladder: at least one, positive, finite, strictly ascending.
  public static func isLadder(_ bitratesKbps: [Double]) -> Bool {
    var previous = 0.0
    for kbps in bitratesKbps {
      guard kbps > previous, kbps.isFinite else { return false }
      previous = kbps
    }
    return !bitratesKbps.isEmpty
  }

  /// The bitrates in kbit/s.
  public var bitratesKbps: [Double] { (0..<count).map { storage[$0] } }

  /// The ladder as a title sees it, with every bitrate multiplied by `bitrateScale`.
  ///
  /// The view borrows the ladder's storage: it must not outlive the ladder.
  /// - Parameter qualities: how many of the lowest qualities are offered; all of them if `nil`.
  /// - Precondition: `bitrateScale` is positive and finite, `qualities` from 1 to `count`.
  public func view(bitrateScale: Double = 1, qualities: Int? = nil) -> LadderView {
    assert(bitrateScale > 0 && bitrateScale.isFinite, "a bitrate scale is positive")
    assert(qualities.map { (1...count).contains($0) } ?? true, "a view has at least one quality of the ladder")
    return LadderView(
      bitrates: UnsafePointer(storage), logarithms: UnsafePointer(storage + count), count: qualities ?? count,
      segmentMs: segmentMs, bitrateScale: bitrateScale)
  }
}

/// A title's view of a shared ladder: five words, copied freely, valid while the ladder lives.
@frozen public struct LadderView: BitwiseCopyable {
  @usableFromInline let bitrates: UnsafePointer<Double>
  @usableFromInline let logarithms: UnsafePointer<Double>
  /// Number of qualities.
  public let count: Int
  /// Playing time of a full segment in milliseconds.
  public let segmentMs: Double
  /// Factor on every bitrate of the ladder.
  public let bitrateScale: Double

  @usableFromInline
  init(
    bitrates: UnsafePointer<Double>, logarithms: UnsafePointer<Double>, count: Int, segmentMs: Double,
    bitrateScale: Double
  ) {
    self.bitrates = bitrates
    self.logarithms = logarithms
    self.count = count
    self.segmentMs = segmentMs
    self.bitrateScale = bitrateScale
  }

  /// The highest quality.
  @inlinable public var top: Int { count - 1 }

  /// Bitrate of a quality in kbit/s.
  @inlinable public func bitrateKbps(_ quality: Int) -> Double {
    assert(quality >= 0 && quality < count)
    return bitrates[quality] * bitrateScale
  }

  /// BOLA's utility `ln b[q] - ln b[0]`, at least 0.
  @inlinable public func utility(_ quality: Int) -> Double {
    assert(quality >= 0 && quality < count)
    return logarithms[quality] - logarithms[0]
  }

  /// BOLA-E's utility `ln b[q] + (1 - ln b[0])`, about 1 for the lowest quality.
  @inlinable public func utilityFromOne(_ quality: Int) -> Double {
    assert(quality >= 0 && quality < count)
    return logarithms[quality] + (1 - logarithms[0])
  }

  /// The highest quality whose segment, at its nominal bitrate, arrives within its own playing time.
  ///
  /// The scan stops at the first quality that does not fit: `latency + segment * b / throughput <= segment`.
  /// - Complexity: O(number of qualities).
  @inlinable public func sustainableQuality(throughputKbps: Double, latencyMs: Double) -> Int {
    var quality = 0
    while quality + 1 < count,
      latencyMs + segmentMs * bitrateKbps(quality + 1) / throughputKbps <= segmentMs
    { quality += 1 }
    return quality
  }

  /// The highest quality whose bitrate is at most `kbps`, the lowest if none is.
  @inlinable public func highestQuality(atMostKbps kbps: Double) -> Int {
    var quality = 0
    while quality + 1 < count, bitrateKbps(quality + 1) <= kbps { quality += 1 }
    return quality
  }
}
